import { randomBytes } from "node:crypto";
import { createInterface } from "node:readline";
import { execa } from "execa";
import { Problem } from "../../copies/problem";
import { openAsSuperuser, type SuperuserSession } from "./superuser";

/** Where the data of a running server comes from, and the volume that takes it. */
export interface HotCopy {
  /** The container of the running server. */
  readonly container: string;
  /** Its data volume, and the empty one to fill. */
  readonly from: string;
  readonly to: string;
  /** An image with a shell: the server's own. */
  readonly image: string;
  /** What the container that copies is labelled with, so that it is swept where it outlives the command. */
  readonly labels: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
}

/**
 * Copies the data of a running server as it is, file by file, while the server goes on: files that change meanwhile are put
 * right from the write-ahead log when the copy is started. The slot keeps that log from being recycled; it and the backup
 * belong to the session and end with it, so whatever is killed, nothing of them stays in the running server.
 */
export async function hotCopy(request: HotCopy): Promise<void> {
  await using session = openAsSuperuser(request.container);
  await session.ask("SET client_min_messages = warning");
  const slot = `branch_${randomBytes(6).toString("hex")}`;
  await session.ask(`SELECT FROM pg_create_physical_replication_slot('${slot}', true, true)`);
  // Fast: the checkpoint at once, instead of over minutes. Not exclusive: the label is handed to us, not written there.
  const [first = ""] = await session.ask(`SELECT pg_walfile_name(pg_start_backup('${slot}', true, false))`);
  const container = startContainer(request);
  await container.says("copied");
  await container.finish(await endBackup(session, first));
}

interface Backup {
  /** What the server has to find as `backup_label`. */
  readonly label: string;
  /** The files of the write-ahead log that were written during the backup. */
  readonly segments: readonly string[];
}

/** @param first the segment of the log that the backup began in */
async function endBackup(session: SuperuserSession, first: string): Promise<Backup> {
  // In hexadecimal, because the label has several lines.
  const [stopped = ""] = await session.ask(
    "SELECT pg_walfile_name(lsn), encode(convert_to(labelfile, 'UTF8'), 'hex'), spcmapfile FROM pg_stop_backup(false, false)",
  );
  const [last = "", label = "", tablespaces] = stopped.split("|");
  if (tablespaces) throw new Problem("The copy has a tablespace outside its data volume, so it cannot be branched.");
  const segments = await session.ask(
    `SELECT name FROM pg_ls_waldir() WHERE name ~ '^[0-9A-F]{24}$' AND name BETWEEN '${first}' AND '${last}'`,
  );
  return { label: Buffer.from(label, "hex").toString(), segments };
}

interface CopyingContainer {
  /** Waits for a line. */
  says(line: string): Promise<void>;
  /** Hands over what the backup ended with, and waits for the end. */
  finish(backup: Backup): Promise<void>;
}

function startContainer({ from, to, image, labels, signal }: HotCopy): CopyingContainer {
  const args = [
    // A signal ends the client at once; the container is swept by its labels.
    ...["run", "--interactive", "--rm", "--sig-proxy=false", "--pull", "never", "--network", "none"],
    ...["--user", "0", "--entrypoint", "sh"],
    ...Object.entries(labels).flatMap(([label, value]) => ["--label", `${label}=${value}`]),
    ...["--mount", `type=volume,source=${from},target=/from,readonly`],
    ...["--mount", `type=volume,source=${to},target=/to,volume-nocopy`],
    ...[image, "-c", COPY_FILES],
  ];
  const running = execa("docker", args, { reject: false, buffer: { stdout: false }, cancelSignal: signal });
  const lines = createInterface({ input: running.stdout })[Symbol.asyncIterator]();
  const fail = async () => {
    const { stderr } = await running;
    signal.throwIfAborted();
    throw new Problem(`The data files could not be copied from volume ${from}:\n${stderr}`);
  };
  return {
    async says(line) {
      const { value } = await lines.next();
      if (value !== line) await fail();
    },
    async finish({ label, segments }) {
      running.stdin.end(`${segments.join(" ")}\n${label}`);
      if ((await running).failed) await fail();
    },
  };
}

/**
 * What runs in the container. Left out is what belongs to the running server alone; its folders have to be there, empty. A
 * file may be gone when its turn comes (a table was dropped): that is no failure. GNU cp skips one that is exchanged under its
 * hands, and is asked again. pg_control goes last, as in pg_basebackup. After `copied` the log's segments are named on a line,
 * and the rest of the input is the label.
 */
const COPY_FILES = `
set -eu
umask 077
cd /from
copy() {
  until cp -a "$@" 2>/tmp/errors; do
    grep -v ': No such file or directory$' /tmp/errors >/tmp/others || return 0
    if grep -v 'replaced while being copied$' /tmp/others >&2; then return 1; fi
  done
}
for entry in *; do
  case $entry in
    pg_wal | pg_replslot | pg_dynshmem | pg_notify | pg_serial | pg_snapshots | pg_stat_tmp | pg_subtrans)
      mkdir "/to/$entry"
      chown "$(stat -c %u:%g "$entry")" "/to/$entry" ;;
    postmaster.* | identity.sha256 | backup_label* | tablespace_map*) ;;
    *) copy "$entry" /to/ ;;
  esac
done
cp -a global/pg_control /to/global/
echo copied
read -r segments
mkdir /to/pg_wal/archive_status
for segment in $segments; do cp -a "pg_wal/$segment" /to/pg_wal/; done
cat > /to/backup_label
chown "$(stat -c %u:%g .)" /to /to/pg_wal/archive_status /to/backup_label
chmod 700 /to
`;
