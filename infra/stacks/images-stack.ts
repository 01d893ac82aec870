import { Image } from "@cdktf/provider-docker/lib/image";
import { TerraformOutput } from "cdktf";
import type { Construct } from "constructs";
import type { ImageBuild } from "../images/image-build";
import { DockerStack, type DockerStackProps } from "./provider";

export interface ImagesStackProps extends DockerStackProps {
  readonly builds: readonly ImageBuild[];
}

/**
 * The images of a checkout. One state, because two states must never own one tag. An image's address carries its
 * content hash: a new one is built beside the old, which stays for the copies that run it until `copy prune`.
 */
export class ImagesStack extends DockerStack {
  constructor(scope: Construct, id: string, props: ImagesStackProps) {
    super(scope, id, props);
    for (const build of props.builds) {
      const image = new Image(this, `${build.name}-${build.hash}`, {
        name: build.reference,
        keepLocally: true,
        buildAttribute: {
          context: build.context,
          buildArgs: { BASE: build.base },
          label: build.labels,
          // What is built depends on the pinned base and the context alone.
          pullParent: false,
          forceRemove: true,
        },
      });
      new TerraformOutput(this, `${build.name}-id`, { value: image.imageId });
    }
  }
}
