import { execFileSync } from "node:child_process";
import { chownSync, mkdtempSync, rmdirSync, rmSync, statfsSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

/** A file system of a few megabytes that is really full when it is full; `using` unmounts it. */
export interface SmallDisk extends Disposable {
  readonly path: string;
  /** Takes all room but this much. */
  fill(leftMib: number): void;
  /** Gives back what `fill` took. */
  makeRoom(): void;
  /** Bytes that are free. */
  free(): number;
}

const MIB = 1024 * 1024;

/** Mounts one. @param owner a path whose owner is to own the disk as well */
export function smallDisk(mib: number, owner: string): SmallDisk {
  const path = mkdtempSync(join(tmpdir(), "rates-small-disk-"));
  mount(path, mib);
  const { uid, gid } = statSync(owner);
  chownSync(path, uid, gid);
  const ballast = join(path, "ballast");
  const free = () => {
    const { bavail, bsize } = statfsSync(path);
    return bavail * bsize;
  };
  return {
    path,
    free,
    fill: (leftMib) => writeFileSync(ballast, Buffer.alloc(free() - leftMib * MIB)),
    makeRoom: () => rmSync(ballast),
    [Symbol.dispose]: () => unmount(path),
  };
}

/** For `needs`: whether such a disk can be had here. Most users may not mount, and need not be able to. */
export const SMALL_DISK = {
  async find(): Promise<string | undefined> {
    const path = mkdtempSync(join(tmpdir(), "rates-small-disk-"));
    try {
      mount(path, 1);
      unmount(path);
      return undefined;
    } catch (error) {
      rmdirSync(path);
      return `no disk can be mounted here, which takes Linux and root: ${error instanceof Error ? error.message : error}`;
    }
  },
  async excuse(): Promise<string | undefined> {
    return process.getuid?.() === 0 ? undefined : "no disk can be mounted here, which takes root";
  },
};

function mount(path: string, mib: number): void {
  execFileSync("mount", ["-t", "tmpfs", "-o", `size=${mib}m`, "rates-small-disk", path], { stdio: "pipe" });
}

/** Lazily: whoever still holds a file there must not keep the mount. */
function unmount(path: string): void {
  execFileSync("umount", ["--lazy", path], { stdio: "pipe" });
  rmdirSync(path);
}
