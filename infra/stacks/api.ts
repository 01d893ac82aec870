import { Container } from "@cdktf/provider-docker/lib/container";
import { Construct } from "constructs";
import { API_HOST, type DockerNames, LABEL_REVISION, SECRETS_FOLDER, SPOOL_FOLDER } from "../copies/docker-names";
import { apiGraceSeconds, containerDefaults, lingeringHealthcheck, WAIT_TIMEOUT_SECONDS } from "./container";

export interface ApiProps {
  readonly names: DockerNames;
  readonly image: string;
  readonly network: string;
  readonly secretsVolume: string;
  readonly revision: string;
  readonly index: number;
  readonly environment: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly heapMiB: number;
  readonly dependsOn: readonly Container[];
}

/**
 * The shell lingers in the place of Node, which would hold 12 MiB a container meanwhile. Without its mark, the script asks at
 * once.
 */
const HEALTHCHECK = lingeringHealthcheck([
  "CMD-SHELL",
  "[ -f /tmp/healthy ] && sleep 20 && rm -f /tmp/healthy; node /app/healthcheck.js",
]);

/**
 * One API process of one revision. The revision is part of the address, so another one is added beside it and removed
 * after it, and a failed one can be tried again or left (measured: replacing in place can do neither).
 */
export class Api extends Construct {
  readonly container: Container;

  constructor(scope: Construct, id: string, props: ApiProps) {
    super(scope, id);
    const { names, revision } = props;
    const labels = { ...names.labels("api"), [LABEL_REVISION]: revision };
    const name = names.api(revision, props.index);
    this.container = new Container(this, "process", {
      ...containerDefaults({
        name,
        labels,
        memoryMiB: props.memoryMiB,
        healthcheck: HEALTHCHECK,
        graceSeconds: apiGraceSeconds(props.environment),
      }),
      image: props.image,
      command: ["node", "--enable-source-maps", `--max-old-space-size=${props.heapMiB}`, "/app/rates.js", "api"],
      dependsOn: [...props.dependsOn],
      networksAdvanced: [{ name: props.network, aliases: [API_HOST] }],
      env: Object.entries(props.environment)
        .map(([key, value]) => `${key}=${value}`)
        .sort(),
      user: "1000:1000",
      readOnly: true,
      tmpfs: { "/tmp": "size=64m,mode=1777" },
      volumes: [
        { volumeName: props.secretsVolume, containerPath: SECRETS_FOLDER, readOnly: true },
        // Batches on their way in are larger than memory, where /tmp is. Without a name it goes with its container.
        { containerPath: SPOOL_FOLDER },
      ],
      wait: true,
      waitTimeout: WAIT_TIMEOUT_SECONDS,
    });
  }
}
