import { Container } from "@cdktf/provider-docker/lib/container";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Construct } from "constructs";
import { DATABASE_HOST, type DockerNames } from "../copies/docker-names";
import { containerDefaults, labelList, lingeringHealthcheck, WAIT_TIMEOUT_SECONDS } from "./container";

export interface DatabaseProps {
  readonly names: DockerNames;
  readonly image: string;
  readonly network: string;
  readonly secretsVolume: string;
  /** The port for people and commands. */
  readonly publishedPort: number;
  readonly publishedOn: string;
  readonly memoryMiB: number;
  readonly dependsOn: readonly Container[];
}

/** PostgreSQL 13.5 with the copy's data in a volume, which the engine fills from the image on first use. */
export class Database extends Construct {
  readonly container: Container;

  constructor(scope: Construct, id: string, props: DatabaseProps) {
    super(scope, id);
    const { names } = props;
    const data = new Volume(this, "data", { name: names.dataVolume, labels: labelList(names.labels("database")) });
    const { name, labels } = { name: names.container("database"), labels: names.labels("database") };
    const healthcheck = lingeringHealthcheck(["CMD", "/opt/rates/healthcheck.sh"], "300ms");
    this.container = new Container(this, "server", {
      ...containerDefaults({ name, labels, memoryMiB: props.memoryMiB, healthcheck }),
      image: props.image,
      dependsOn: [...props.dependsOn],
      networksAdvanced: [{ name: props.network, aliases: [DATABASE_HOST] }],
      ports: [{ internal: 5432, external: props.publishedPort, ip: props.publishedOn }],
      volumes: [
        { volumeName: data.name, containerPath: "/pgdata" },
        { volumeName: props.secretsVolume, containerPath: "/run/secrets", readOnly: true },
      ],
      // SIGINT is PostgreSQL's fast shutdown: sessions end, a checkpoint is written.
      stopSignal: "SIGINT",
      // Parallel queries share memory here; the engine's 64 MiB is little for them.
      shmSize: 256,
      wait: true,
      waitTimeout: WAIT_TIMEOUT_SECONDS,
    });
  }
}
