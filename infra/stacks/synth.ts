import { join } from "node:path";
import { App } from "cdktf";
import type { Api } from "./api";
import { CopyStack, type CopyStackProps } from "./copy-stack";
import { ImagesStack, type ImagesStackProps } from "./images-stack";
import type { Postgres } from "./postgres";
import { copyStackName, IMAGES_STACK } from "./stack-names";

/** Writes the images' configuration below `outdir`. @returns the folder that Terraform works in */
export function synthImages(outdir: string, props: ImagesStackProps): string {
  const app = newApp(outdir);
  new ImagesStack(app, IMAGES_STACK, props);
  return synth(app, outdir, IMAGES_STACK);
}

/** Writes one copy's configuration below `outdir`. @returns the folder, and the addresses of its API processes */
export function synthCopy(outdir: string, copy: string, props: CopyStackProps): SynthesisedCopy {
  const app = newApp(outdir);
  const stack = new CopyStack(app, copyStackName(copy), props);
  const addresses = stack.apis.map(addressOf);
  return { folder: synth(app, outdir, copyStackName(copy)), addresses, database: addressOf(stack.database) };
}

function addressOf({ container }: Pick<Api | Postgres, "container">): string {
  return `docker_container.${container.friendlyUniqueId}`;
}

export interface SynthesisedCopy {
  readonly folder: string;
  /** Terraform addresses of the API processes, of all wanted revisions. */
  readonly addresses: readonly string[];
  /** Terraform address of the database. */
  readonly database: string;
}

function newApp(outdir: string): App {
  return new App({ outdir, skipValidation: false });
}

function synth(app: App, outdir: string, stack: string): string {
  app.synth();
  return join(outdir, "stacks", stack);
}
