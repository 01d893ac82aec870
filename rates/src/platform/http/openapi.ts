import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify from "fastify";
import * as Type from "typebox";
import { type HttpApp, SCHEMA_CONTROLLER } from "./http-app";
import { INVALID_REQUEST_RESPONSE } from "./problem-schema";
import { NoQuery } from "./routes";

/** The first version whose schemas are JSON Schema, as TypeBox writes it. */
const OPENAPI_VERSION = "3.1.0";

interface Document {
  readonly openapi: string;
}

const INFO = {
  title: "rates",
  version: "1",
  description:
    "Average prices between ports. Every answer carries `X-Request-Id` (a client's own is kept) and `X-Revision`; " +
    "every error is problem+json (RFC 9457), and unknown query fields are refused. All days are UTC.",
};

/**
 * Serves the OpenAPI document of all routes. It is made when it is first asked for, from the same route functions
 * registered on an app that never listens: the generator and its libraries would cost every start 25 ms.
 */
export function openapiRoutes(app: HttpApp, addRoutes: (app: HttpApp) => void): void {
  let document: Promise<Document> | undefined;
  app.get(
    "/openapi.json",
    {
      schema: {
        summary: "This document",
        querystring: NoQuery,
        response: {
          200: Type.Object({ openapi: Type.String() }, { description: "An OpenAPI document" }),
          400: INVALID_REQUEST_RESPONSE,
        },
      },
    },
    async () => {
      document ??= describe(addRoutes);
      return await document;
    },
  );
}

async function describe(addRoutes: (app: HttpApp) => void): Promise<Document> {
  const { fastifySwagger } = await import("@fastify/swagger");
  const app = fastify({ schemaController: SCHEMA_CONTROLLER }).withTypeProvider<TypeBoxTypeProvider>();
  await app.register(fastifySwagger, { openapi: { openapi: OPENAPI_VERSION, info: INFO } });
  addRoutes(app);
  await app.ready();
  return { openapi: OPENAPI_VERSION, ...app.swagger() };
}
