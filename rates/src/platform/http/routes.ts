import * as Type from "typebox";
import type { Database } from "../database/database";
import { DatabaseUnavailable } from "../database/failure";
import type { HttpApp } from "./http-app";
import type { Lifecycle } from "./lifecycle";
import type { Probes } from "./probes";
import { Problem } from "./problem";
import { DATABASE_UNAVAILABLE_RESPONSE, INVALID_REQUEST_RESPONSE, problemResponse } from "./problem-schema";

/** The query of a route that takes no fields. */
export const NoQuery = Type.Object({}, { additionalProperties: false });

const Hello = Type.Object(
  { message: Type.String() },
  { description: "A greeting", examples: [{ message: "Hello world!" }] },
);
const Alive = Type.Object(
  { status: Type.Literal("alive") },
  { description: "The process is alive", examples: [{ status: "alive" }] },
);
const Ready = Type.Object(
  { status: Type.Literal("ready") },
  { description: "Requests will be answered", examples: [{ status: "ready" }] },
);

const Healthy = Type.Object(
  { status: Type.Literal("healthy") },
  { description: "This process serves, and the proxy knows it", examples: [{ status: "healthy" }] },
);

const NOT_SERVING = problemResponse("Asked by a proxy (header `X-Probe`): not ready yet, or draining.", {
  type: "about:blank",
  title: "Not Found",
  status: 404,
  detail: "This process is draining: send it no more requests.",
});

const UNKNOWN_TO_PROXY_REASON = "The proxy has not asked this process twice yet.";
const UNHEALTHY = problemResponse("Not ready yet, or unknown to the proxy in front.", {
  type: "about:blank",
  title: "Service Unavailable",
  status: 503,
  detail: UNKNOWN_TO_PROXY_REASON,
});

/** What the routes of the platform answer from. */
export interface PlatformParts {
  readonly database: Database;
  readonly lifecycle: Lifecycle;
  readonly probes: Probes;
  /** Whether a proxy has to know this process before it counts as healthy. */
  readonly isGated: boolean;
}

/** The greeting, and the questions of whoever runs or routes to this process. */
export function platformRoutes(app: HttpApp, parts: PlatformParts): void {
  const { database, lifecycle, probes } = parts;
  app.get(
    "/",
    { schema: { summary: "Greets", querystring: NoQuery, response: { 200: Hello, 400: INVALID_REQUEST_RESPONSE } } },
    async () => ({ message: "Hello world!" }),
  );
  app.get(
    "/health",
    {
      schema: {
        summary: "Whether the process is alive; asks nothing else",
        querystring: NoQuery,
        response: { 200: Alive, 400: INVALID_REQUEST_RESPONSE },
      },
    },
    async () => ({ status: "alive" as const }),
  );
  app.get(
    "/ready",
    {
      schema: {
        summary: "Whether requests will be answered",
        description:
          "To a proxy, which sends the header `X-Probe`: 200 from when the process was first ready until it drains, whatever " +
          "the database does, so that an outage is answered here and not by an empty proxy. To others: by the database's state, " +
          "which has to have every migration that this version knows.",
        querystring: NoQuery,
        response: { 200: Ready, 400: INVALID_REQUEST_RESPONSE, 404: NOT_SERVING, 503: DATABASE_UNAVAILABLE_RESPONSE },
      },
    },
    async (request) => {
      await (request.headers["x-probe"] === undefined ? checkReady(database, lifecycle) : answerProbe(parts));
      return { status: "ready" as const };
    },
  );
  app.get(
    "/healthy",
    {
      schema: {
        summary: "Whether a new revision may take over: the container's own check",
        querystring: NoQuery,
        response: { 200: Healthy, 400: INVALID_REQUEST_RESPONSE, 503: UNHEALTHY },
      },
    },
    async () => {
      if (!lifecycle.isServing) throw new Problem(503, notServingReason(lifecycle));
      if (parts.isGated && !probes.isKnown) throw new Problem(503, UNKNOWN_TO_PROXY_REASON);
      return { status: "healthy" as const };
    },
  );
}

async function answerProbe({ lifecycle, probes }: PlatformParts): Promise<void> {
  probes.answered(lifecycle);
  if (!lifecycle.isServing) throw new Problem(404, notServingReason(lifecycle));
}

async function checkReady(database: Database, lifecycle: Lifecycle): Promise<void> {
  if (!lifecycle.isServing) throw new DatabaseUnavailable(notServingReason(lifecycle));
  await database.check();
}

function notServingReason({ isDraining }: Lifecycle): string {
  return isDraining ? "This process is draining: send it no more requests." : "This process is still starting.";
}
