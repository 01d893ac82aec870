import { DockerProvider } from "@cdktf/provider-docker/lib/provider";
import { LocalBackend, TerraformStack } from "cdktf";
import type { Construct } from "constructs";

export interface DockerStackProps {
  /** Where this stack's state is kept. Named outright: a relative path would follow the working directory. */
  readonly stateFile: string;
  /** The engine, as DOCKER_HOST names it; undefined is the provider's default. */
  readonly engine?: string;
}

/** The provider line whose behaviour is known (docs/decisions/007-docker-provider.md); the bindings ask for 3.x. */
const PROVIDER_VERSION = "~> 4.5";

/** A stack of Docker objects with its own state. */
export abstract class DockerStack extends TerraformStack {
  constructor(scope: Construct, id: string, { stateFile, engine }: DockerStackProps) {
    super(scope, id);
    new LocalBackend(this, { path: stateFile });
    new DockerProvider(this, "docker", engine ? { host: engine } : {});
    this.addOverride("terraform.required_providers.docker.version", PROVIDER_VERSION);
  }
}
