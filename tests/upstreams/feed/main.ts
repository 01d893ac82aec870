import { FeedServer } from "./server";
import { type Switches, switchesOf } from "./switches";
import { Upstream } from "./upstream";

/** What `FeedSimulator` hands over in the environment as FEED_UPSTREAM. */
interface Setting {
  readonly switches: Switches;
  /** 0 for any. */
  readonly port: number;
  /** Processes of this upstream before: each has faults of its own. */
  readonly starts: number;
  readonly arrivals: { readonly count: number; readonly at: number };
}

async function main(): Promise<void> {
  const { switches, port, starts, arrivals } = setting();
  const server = new FeedServer(new Upstream(switches, arrivals), switches.seed + starts);
  await server.listen(port);
  if (process.send === undefined) {
    console.log(`the feed is at http://127.0.0.1:${server.port}, X-API-Key: ${switches.key}`);
  } else {
    // The process that started it is gone: nobody is going to end this one.
    process.on("disconnect", () => process.exit());
    process.send({ port: server.port });
  }
}

function setting(): Setting {
  const { FEED_UPSTREAM, SWITCHES = "{}", PORT = "0" } = process.env;
  if (FEED_UPSTREAM !== undefined) return JSON.parse(FEED_UPSTREAM);
  const switches = switchesOf(JSON.parse(SWITCHES));
  return { switches, port: Number(PORT), starts: 0, arrivals: { count: 0, at: Date.now() } };
}

void main();
