import { once } from "node:events";
import { join } from "node:path";
import { watch } from "chokidar";
import type { ServiceEnvironment } from "rates/src/config";
import { findCheckout } from "../copies/checkout";
import { type Copy, copyOf } from "../copies/copy";
import { serviceEnvironment, sharedEnvironment } from "../copies/environment";
import { keepEventFields } from "../copies/event-fields";
import { promisePort } from "../copies/port-ledger";
import { Problem } from "../copies/problem";
import { requireRecord } from "../copies/registry";
import { runtimeOf } from "../runtimes/choice";
import { DevServer } from "./dev-server";
import { interruption } from "./interruption";

/** Apart from the copies' own ports, so that `dev` never takes the one a copy wants next. */
const DEV_PORTS = { first: 4000, last: 4099 };

/** An editor saves one file in several steps; what comes within this time is one save. */
const SETTLE_MS = 20;

/** `copy dev NAME`: the service from source on a port of its own, against the copy's database, anew at every save. */
export async function dev(name: string, options: { readonly port?: number }): Promise<void> {
  const checkout = findCheckout();
  const copy = copyOf(checkout, requireRecord(checkout, name));
  const port = await choosePort(copy, options.port);
  const environment = await devEnvironment(copy, port);
  // In the checkout, from where the libraries are found.
  const folder = join(checkout.root, "rates", "dist", `dev-${name}-${process.pid}`);
  using interrupted = interruption();
  await using server = new DevServer(checkout.root, folder, environment);
  const source = join(checkout.root, "rates", "src");
  await using _watcher = watchSource(source, () => void server.reload());
  await server.reload();
  console.log(
    `dev: http://127.0.0.1:${port} runs ${source} on the data of copy "${name}". Save a file to see it change.`,
  );
  await once(interrupted.signal, "abort");
}

/** Promised to this process alone: it ends with it. */
function choosePort({ checkout, record }: Copy, port: number | undefined): Promise<number> {
  const owner = { file: join(checkout.copiesDir, record.name, "dev", "port"), title: `copy dev ${record.name}` };
  return promisePort({ owner, range: DEV_PORTS, port });
}

async function devEnvironment(copy: Copy, port: number): Promise<ServiceEnvironment> {
  const runtime = runtimeOf(copy.record);
  const { state } = await runtime.inspect(copy);
  const { name } = copy.record;
  if (state !== "running") throw new Problem(`Copy "${name}" is ${state}. Bring it up first: make up COPY=${name}`);
  keepEventFields(copy);
  const shared = sharedEnvironment(copy.checkout, copy.record);
  const [database, queue] = [await runtime.database(copy), await runtime.queue(copy)];
  const place = { database, queue, host: "127.0.0.1", port, proxyGate: false, processes: 1 };
  return serviceEnvironment(copy, { shared, revision: "dev", ...place });
}

function watchSource(directory: string, onSave: () => void): AsyncDisposable {
  let timer: NodeJS.Timeout | undefined;
  const ignored = (path: string) => path.endsWith(".test.ts");
  const watcher = watch(directory, { ignoreInitial: true, ignored }).on("all", () => {
    clearTimeout(timer);
    timer = setTimeout(onSave, SETTLE_MS);
  });
  return { [Symbol.asyncDispose]: () => watcher.close() };
}
