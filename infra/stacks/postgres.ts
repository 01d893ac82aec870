import { Container } from "@cdktf/provider-docker/lib/container";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Construct } from "constructs";
import { type DockerNames, SECRETS_FOLDER } from "../copies/docker-names";
import { containerDefaults, labelList, lingeringHealthcheck, WAIT_TIMEOUT_SECONDS } from "./container";

export interface PostgresProps {
  readonly names: DockerNames;
  readonly role: "database" | "queue";
  /** By which the other containers of the copy know it. */
  readonly host: string;
  readonly image: string;
  readonly network: string;
  readonly dataVolume: string;
  readonly secretsVolume: string;
  /** The port for people and commands. */
  readonly publishedPort: number;
  readonly publishedOn: string;
  readonly memoryMiB: number;
  /** What parallel queries share, in MiB. */
  readonly sharedMiB: number;
  readonly dependsOn: readonly Container[];
}

/** PostgreSQL 13.5 with its data in a volume, which the engine fills from the image on first use. */
export class Postgres extends Construct {
  readonly container: Container;

  constructor(scope: Construct, id: string, props: PostgresProps) {
    super(scope, id);
    const { names, role } = props;
    const { name, labels } = { name: names.container(role), labels: names.labels(role) };
    const data = new Volume(this, "data", { name: props.dataVolume, labels: labelList(labels) });
    const healthcheck = lingeringHealthcheck(["CMD", "/opt/rates/healthcheck.sh"], "300ms");
    this.container = new Container(this, "server", {
      ...containerDefaults({ name, labels, memoryMiB: props.memoryMiB, healthcheck }),
      image: props.image,
      dependsOn: [...props.dependsOn],
      networksAdvanced: [{ name: props.network, aliases: [props.host] }],
      ports: [{ internal: 5432, external: props.publishedPort, ip: props.publishedOn }],
      volumes: [
        { volumeName: data.name, containerPath: "/pgdata" },
        { volumeName: props.secretsVolume, containerPath: SECRETS_FOLDER, readOnly: true },
      ],
      // SIGINT is PostgreSQL's fast shutdown: sessions end, a checkpoint is written.
      stopSignal: "SIGINT",
      shmSize: props.sharedMiB,
      wait: true,
      waitTimeout: WAIT_TIMEOUT_SECONDS,
    });
  }
}
