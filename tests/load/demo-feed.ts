import { join } from "node:path";
import { execa } from "execa";
import { findCheckout } from "infra/copies/checkout";
import { startFeed } from "../upstreams/feed/simulator";

/** `make demo-feed`: a simulated upstream, and a pull of everything that it has into a copy that is up. */
async function main(): Promise<void> {
  const { COPY = "dev", EVENTS = "100000", LATENCY_MS = "150" } = process.env;
  await using upstream = await startFeed({ total: Number(EVENTS), latencyMs: Number(LATENCY_MS) });
  console.log(`A simulated upstream with ${EVENTS} events is at ${upstream.url}.`);
  const { exitCode } = await execa(
    process.execPath,
    [
      join(findCheckout().root, "infra", "bin", "copy.js"),
      "run",
      COPY || "dev",
      "--",
      "rates",
      "feed",
      "run",
      "--anew",
    ],
    { env: { API_BASE_URL: upstream.url, TARGET_API_KEY: upstream.key }, stdio: "inherit", reject: false },
  );
  process.exitCode = exitCode ?? 1;
}

main().catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
});
