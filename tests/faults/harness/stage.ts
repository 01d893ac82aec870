import { nextFreePort } from "infra/copies/ports";
import type { ServiceEnvironment } from "rates/src/config";
import { environmentFor } from "rates/testing/api";
import { ask } from "rates/testing/http";
import { ServiceProcess } from "rates/testing/service-process";
import { type TestServer, testServer } from "../../support/server";
import { type TcpProxy, tcpProxy } from "../../support/tcp-proxy";
import { until } from "../../support/until";
import type { FaultKind } from "./schedule";

/** Apart from those of copies, of test servers and of the bench; below those for outgoing connections. */
const SERVICE_PORTS = { first: 22_000, last: 22_999 };

/** The servers of many runs, one after another; `await using` ends them. */
export interface Servers extends AsyncDisposable {
  readonly data: TestServer;
  readonly queue: TestServer;
}

export async function startServers(): Promise<Servers> {
  const [data, queue] = await Promise.all([testServer(), testServer()]);
  return {
    data,
    queue,
    async [Symbol.asyncDispose]() {
      await Promise.all([data[Symbol.asyncDispose](), queue[Symbol.asyncDispose]()]);
    },
  };
}

export interface StageParts {
  readonly servers: Servers;
  /** The service's file. */
  readonly bundle: string;
  readonly environment: Partial<ServiceEnvironment>;
}

/** A database of one of the servers, and how the service reaches it. */
interface Place {
  readonly server: TestServer;
  readonly database: string;
  readonly proxy: TcpProxy;
}

/**
 * The system of one run: a service in a process of its own with an empty queue and the shipped data, each behind a proxy. It
 * keeps its port however often the service is killed. `await using` ends it and removes its databases.
 */
export class Stage implements AsyncDisposable {
  #service: ServiceProcess;

  private constructor(
    private readonly parts: StageParts,
    readonly data: Place,
    readonly queue: Place,
    readonly port: number,
  ) {
    this.#service = this.#spawn();
  }

  static async open(parts: StageParts): Promise<Stage> {
    const { servers } = parts;
    const first = SERVICE_PORTS.first + Math.floor(Math.random() * 900);
    const [data, queue, port] = await Promise.all([
      placeOn(servers.data, "migrated"),
      placeOn(servers.queue, "empty"),
      nextFreePort({ range: { ...SERVICE_PORTS, first }, reserved: new Map() }),
    ]);
    const stage = new Stage(parts, data, queue, port);
    try {
      await stage.#untilServing();
      return stage;
    } catch (error) {
      await stage[Symbol.asyncDispose]();
      throw error;
    }
  }

  get pid(): number {
    return this.#service.pid;
  }

  /** What the service has written since it was last started. */
  get lines(): readonly string[] {
    return this.#service.lines;
  }

  async inflict({ target, means }: FaultKind): Promise<void> {
    if (target === "api") {
      this.#service.signal(means === "kill" ? "SIGKILL" : "SIGSTOP");
      if (means === "kill") await this.#service.exit;
      return;
    }
    const { server, proxy } = this[target];
    if (means === "kill") await server.kill();
    else if (means === "stop") server.pause();
    else if (means === "hole") proxy.blackhole();
    else {
      if (means === "refuse") await proxy.refuse();
      proxy.reset();
    }
  }

  async mend({ target, means }: FaultKind): Promise<void> {
    if (target === "api") {
      if (means === "stop") return this.#service.signal("SIGCONT");
      this.#service = this.#spawn();
      return this.#untilServing();
    }
    const { server, proxy } = this[target];
    if (means === "kill") await server.start();
    else if (means === "stop") server.resume();
    else if (means === "refuse") await proxy.accept();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#service[Symbol.asyncDispose]();
    for (const { server, database, proxy } of [this.data, this.queue]) {
      await proxy[Symbol.asyncDispose]();
      await using admin = await server.connect("postgres");
      await admin.query(`DROP DATABASE ${database} WITH (FORCE)`);
    }
  }

  #spawn(): ServiceProcess {
    const { bundle, environment } = this.parts;
    const [data, queue] = [this.data, this.queue].map(accessOf);
    const queueAccess = { QUEUE_URL: queue?.url ?? "", QUEUE_PASSWORD_FILE: queue?.passwordFile ?? "" };
    const own = { ...queueAccess, PORT: String(this.port), LOG_LEVEL: "warn", ...environment };
    return new ServiceProcess(bundle, environmentFor(data ?? { url: "", passwordFile: "" }, own));
  }

  async #untilServing(): Promise<void> {
    const service = this.#service;
    await until("the service to answer", async () => (await ask(this.port, "/health")).status === 200).catch(
      (cause) => {
        throw new Error(`the service does not serve:\n${service.lines.join("\n")}`, { cause });
      },
    );
  }
}

async function placeOn(server: TestServer, template: "migrated" | "empty"): Promise<Place> {
  const [database, proxy] = await Promise.all([server.createDatabase(template), tcpProxy(server.port)]);
  return { server, database, proxy };
}

function accessOf({ server, database, proxy }: Place) {
  const url = `postgresql://${server.user}@${server.host}:${proxy.port}/${database}`;
  return { url, passwordFile: server.passwordFile };
}
