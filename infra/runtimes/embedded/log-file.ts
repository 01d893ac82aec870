import { once } from "node:events";
import { closeSync, existsSync, openSync, readSync, statSync, watch } from "node:fs";
import { tailOf } from "../../copies/log-tail";
import type { LogRequest } from "../runtime";

/** Prints the end of a log file, and with `follow` what is written to it until the signal. */
export async function printLog(file: string, { lines, follow }: Omit<LogRequest, "role">): Promise<void> {
  console.log(tailOf(file, lines));
  if (!follow || !existsSync(file)) return;
  let position = statSync(file).size;
  const watcher = watch(file, () => {
    position = printFrom(file, position);
  });
  await once(follow, "abort");
  watcher.close();
}

/** @returns the file's new end */
function printFrom(file: string, position: number): number {
  const { size } = statSync(file);
  if (size <= position) return size;
  const buffer = Buffer.alloc(size - position);
  const descriptor = openSync(file, "r");
  const read = readSync(descriptor, buffer, 0, buffer.length, position);
  closeSync(descriptor);
  process.stdout.write(buffer.subarray(0, read));
  return position + read;
}
