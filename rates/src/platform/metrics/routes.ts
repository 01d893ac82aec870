import * as Type from "typebox";
import type { HttpApp } from "../http/http-app";
import { INVALID_REQUEST_RESPONSE } from "../http/problem-schema";
import { NoQuery } from "../http/routes";
import type { Metrics } from "./metrics";

/** Serves the metrics and measures every request. */
export function metricsRoutes(app: HttpApp, metrics: Metrics): void {
  app.addHook("onResponse", (request, reply, done) => {
    const { method, routeOptions } = request;
    metrics.observe({ method, route: routeOptions.url ?? "unknown", status: reply.statusCode, ms: reply.elapsedTime });
    done();
  });
  app.get(
    "/metrics",
    {
      schema: {
        summary: "Metrics in the Prometheus text format",
        querystring: NoQuery,
        response: {
          200: { description: "All metrics of this process", content: { "text/plain": { schema: Type.String() } } },
          400: INVALID_REQUEST_RESPONSE,
        },
      },
    },
    async (_request, reply) => reply.type(metrics.contentType).send(await metrics.render()),
  );
}
