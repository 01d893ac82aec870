import { Container } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import type { DockerNames } from "../copies/docker-names";
import { containerDefaults } from "./container";

export interface ProxyProps {
  readonly names: DockerNames;
  readonly image: string;
  readonly network: string;
  readonly configVolume: string;
  /** The copy's port. */
  readonly publishedPort: number;
  readonly publishedOn: string;
  readonly dependsOn: readonly Container[];
}

/** Nobody waits for it: the API's own check does, by the probes that it counts. */
const HEALTHCHECK = {
  test: ["CMD-SHELL", "echo 'show info' | nc 127.0.0.1 9999 | grep -q '^Name: HAProxy'"],
  interval: "15s",
  timeout: "3s",
  retries: 3,
};

/** HAProxy, the copy's only published HTTP port. Its configuration lies in a volume, so a change is a reload. */
export class HaProxy extends Construct {
  readonly container: Container;

  constructor(scope: Construct, id: string, props: ProxyProps) {
    super(scope, id);
    const { names } = props;
    const { name, labels } = { name: names.container("proxy"), labels: names.labels("proxy") };
    this.container = new Container(this, "process", {
      ...containerDefaults({ name, labels, memoryMiB: 64, healthcheck: HEALTHCHECK }),
      image: props.image,
      // Master-worker mode, in which a USR2 hands the listeners to the new configuration.
      command: ["haproxy", "-W", "-db", "-f", "/etc/rates/haproxy.cfg"],
      entrypoint: [],
      dependsOn: [...props.dependsOn],
      networksAdvanced: [{ name: props.network }],
      ports: [{ internal: 8080, external: props.publishedPort, ip: props.publishedOn }],
      user: "99:99",
      readOnly: true,
      tmpfs: { "/tmp": "size=16m,mode=1777" },
      volumes: [{ volumeName: props.configVolume, containerPath: "/etc/rates", readOnly: true }],
    });
  }
}
