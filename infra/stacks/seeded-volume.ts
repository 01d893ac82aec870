import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { Container } from "@cdktf/provider-docker/lib/container";
import { Volume } from "@cdktf/provider-docker/lib/volume";
import { Construct } from "constructs";
import { containerDefaults, labelList } from "./container";

export interface SeededVolumeProps {
  readonly volume: string;
  readonly container: string;
  readonly labels: Readonly<Record<string, string>>;
  /** Any image with a program that ends with 0. */
  readonly image: string;
  /** Absolute path on this machine by file name in the volume. */
  readonly files: Readonly<Record<string, string>>;
}

/** Where the seeding container sees the volume. */
const MOUNT = "/seed";

/**
 * A small volume filled with files over the engine's API, so it works on a remote engine too: a container that ends at
 * once takes the upload. The files' content does not appear in the state, only its hash.
 */
export class SeededVolume extends Construct {
  readonly volumeName: string;
  readonly seed: Container;

  constructor(scope: Construct, id: string, props: SeededVolumeProps) {
    super(scope, id);
    const labels = labelList(props.labels);
    const volume = new Volume(this, "volume", { name: props.volume, labels });
    this.volumeName = volume.name;
    this.seed = new Container(this, "seed", {
      ...containerDefaults({ name: props.container, labels: props.labels, memoryMiB: 16 }),
      image: props.image,
      command: ["true"],
      entrypoint: [],
      user: "0",
      restart: "no",
      mustRun: false,
      networkMode: "none",
      volumes: [{ volumeName: volume.name, containerPath: MOUNT }],
      upload: Object.entries(props.files).map(([name, source]) => ({
        file: `${MOUNT}/${name}`,
        source,
        sourceHash: hashOf(source),
        // Read by the unprivileged users of several containers; the volume is mounted by this copy's containers alone.
        permissions: "0444",
      })),
    });
  }
}

function hashOf(file: string): string {
  return createHash("sha256").update(readFileSync(file)).digest("hex");
}
