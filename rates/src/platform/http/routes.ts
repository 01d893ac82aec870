import * as Type from "typebox";
import type { Database } from "../database/database";
import { DatabaseUnavailable } from "../database/failure";
import type { HttpApp } from "./http-app";
import type { Lifecycle } from "./lifecycle";
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

const NOT_SERVING = problemResponse("Asked by a proxy (header `X-Probe`): not ready yet, or draining.", {
  type: "about:blank",
  title: "Not Found",
  status: 404,
  detail: "This process is draining: send it no more requests.",
});

/** The greeting, and the questions of whoever runs or routes to this process. */
export function platformRoutes(
  app: HttpApp,
  { database, lifecycle }: { database: Database; lifecycle: Lifecycle },
): void {
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
          "the database does, so that an outage is answered here and not by an empty proxy. To others: by the database's state.",
        querystring: NoQuery,
        response: { 200: Ready, 400: INVALID_REQUEST_RESPONSE, 404: NOT_SERVING, 503: DATABASE_UNAVAILABLE_RESPONSE },
      },
    },
    async (request) => {
      await (request.headers["x-probe"] === undefined ? checkReady(database, lifecycle) : checkServing(lifecycle));
      return { status: "ready" as const };
    },
  );
}

async function checkServing(lifecycle: Lifecycle): Promise<void> {
  if (!lifecycle.isServing) throw new Problem(404, notServingReason(lifecycle));
}

async function checkReady(database: Database, lifecycle: Lifecycle): Promise<void> {
  if (!lifecycle.isServing) throw new DatabaseUnavailable(notServingReason(lifecycle));
  await database.check();
}

function notServingReason({ isDraining }: Lifecycle): string {
  return isDraining ? "This process is draining: send it no more requests." : "This process is still starting.";
}
