import type { RequestListener } from "node:http";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifyServerOptions,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import type { Config } from "../../config";
import { sendError } from "./error-handler";
import type { Front } from "./front";
import { KnownRoutes } from "./known-routes";
import type { Lifecycle } from "./lifecycle";
import { type LogTarget, loggerOptions } from "./log";
import { MalformedRequests } from "./malformed-requests";
import { Problem } from "./problem";
import { queryEncodingProblem } from "./query-encoding";
import { requestIdOf } from "./request-id";
import { RequestLog } from "./request-log";
import { compileValidator } from "./validation";

/** Fastify with types from TypeBox schemas. */
export type HttpApp = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

/** A client that sends its headers slower than this, in ms, holds a connection for nothing. */
const HEADERS_TIMEOUT_MS = 20_000;
/** How often, in ms, connections are looked through for slow clients; it bounds how late they are answered. */
const CHECKING_INTERVAL_MS = 1_000;
/**
 * For the whole request with its body, in ms; Node's own default, which fastify would turn off. A batch may take longer
 * to arrive, and has a limit of its own that is to speak first.
 */
const REQUEST_TIMEOUT_MS = 300_000;
const BATCH_ALLOWANCE_MS = 10_000;

type SchemaController = NonNullable<FastifyServerOptions["schemaController"]>;
type ValidatorFactory = NonNullable<NonNullable<SchemaController["compilersFactory"]>["buildValidator"]>;

/**
 * Validators from TypeBox and plain JSON.stringify, so that neither ajv nor fast-json-stringify is loaded (60 ms of
 * start-up). Answers are built by our own code in the documented order and the tests hold them against their schemas.
 */
export const SCHEMA_CONTROLLER: SchemaController = {
  compilersFactory: {
    // fastify's types know ajv alone; what it calls is the compiler that setValidatorCompiler takes.
    buildValidator: (() => compileValidator) as unknown as ValidatorFactory,
    buildSerializer: () => () => JSON.stringify,
  },
};

interface Surroundings {
  readonly config: Config;
  readonly lifecycle: Lifecycle;
  readonly logTarget?: LogTarget | undefined;
  /** Answers what it can before the request is routed. */
  readonly front?: Front;
}

/**
 * An HTTP app: every answer it gives carries `X-Request-Id` and `X-Revision`, every error is problem+json, and while
 * the process drains every answer closes its connection.
 * @param addRoutes registers the routes
 */
export function createHttpApp(surroundings: Surroundings, addRoutes: (app: HttpApp) => void): HttpApp {
  const malformed = new MalformedRequests(surroundings.config.REVISION);
  const stamp = stamper(surroundings);
  const app: HttpApp = fastify({
    ...optionsFrom(surroundings),
    clientErrorHandler: (error, socket) => malformed.answer(error, socket, app.log),
    frameworkErrors(error, request, reply) {
      stamp(reply);
      sendError(error, request, reply);
    },
  }).withTypeProvider<TypeBoxTypeProvider>();
  if (surroundings.front) putInFront(surroundings.front, app);
  malformed.watch(app.server);
  // An expectation that nobody knows may be ignored (RFC 9110, 10.1.1); Node's own answer would carry no id.
  app.server.on("checkExpectation", (request, response) => app.server.emit("request", request, response));
  addHooks(app, surroundings.lifecycle, stamp);
  app.setErrorHandler(sendError);
  addRoutes(app);
  return app;
}

function putInFront(front: Front, { server, log }: HttpApp): void {
  const routed = server.listeners("request") as ((...args: Parameters<RequestListener>) => void)[];
  server.removeAllListeners("request");
  server.on("request", (request, response) => {
    if (front.answer(request, response, log)) return;
    for (const listener of routed) listener(request, response);
  });
}

type Stamp = (reply: FastifyReply) => void;

/** Makes the function that puts on an answer what every answer carries. */
function stamper({ config, lifecycle }: Surroundings): Stamp {
  return (reply) => {
    reply.headers({ "X-Request-Id": reply.request.id, "X-Revision": config.REVISION });
    closeIfDraining(lifecycle, reply);
  };
}

function closeIfDraining(lifecycle: Lifecycle, reply: FastifyReply): void {
  if (lifecycle.isDraining) reply.header("Connection", "close");
}

function optionsFrom({ config, logTarget }: Surroundings) {
  return {
    logger: loggerOptions(config, logTarget),
    logController: new RequestLog(),
    requestIdHeader: false as const,
    genReqId: ({ headers }: RawRequestDefaultExpression) => requestIdOf(headers),
    schemaController: SCHEMA_CONTROLLER,
    keepAliveTimeout: config.HTTP_KEEP_ALIVE_MS,
    requestTimeout: Math.max(REQUEST_TIMEOUT_MS, config.BATCH_TIMEOUT_MS + BATCH_ALLOWANCE_MS),
    // A missing Host header is refused below, like every other error.
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CHECKING_INTERVAL_MS,
      requireHostHeader: false,
    },
    // While the process drains, requests on connections that are still open are answered as ever.
    return503OnClosing: false,
  };
}

function addHooks(app: HttpApp, lifecycle: Lifecycle, stamp: Stamp): void {
  const routes = new KnownRoutes();
  app.addHook("onRoute", (route) => routes.note(route));
  app.addHook("onRequest", (request, reply, done) => {
    stamp(reply);
    // Before the body is looked at, so that neither its type nor its size hides the reason.
    done(refusalOf(request, routes));
  });
  // Once more, because the drain may have begun while the request was worked on.
  app.addHook("onSend", (_request, reply, _payload, done) => {
    closeIfDraining(lifecycle, reply);
    done();
  });
}

function refusalOf({ headers, is404, raw, url }: FastifyRequest, routes: KnownRoutes): Problem | undefined {
  if (headers.host === undefined && raw.httpVersion === "1.1") return new Problem(400, "The Host header is missing.");
  return is404 ? routes.refusal(url.split("?", 1)[0] ?? url) : queryEncodingProblem(url);
}
