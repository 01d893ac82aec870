import type { RouteOptions } from "fastify";
import { Problem } from "./problem";

interface KnownRoute {
  readonly pattern: RegExp;
  readonly methods: Set<string>;
}

/** Enough of an unknown path to recognise it. */
const MOST_CHARACTERS = 200;

/** The routes of an app, to tell a path that does not exist from a method that a path does not have. */
export class KnownRoutes {
  readonly #byUrl = new Map<string, KnownRoute>();

  /** To be called with every route that is registered. */
  note({ url, method }: Pick<RouteOptions, "url" | "method">): void {
    const route = this.#byUrl.get(url) ?? { pattern: patternOf(url), methods: new Set() };
    for (const each of [method].flat()) route.methods.add(each);
    this.#byUrl.set(url, route);
  }

  /** The answer to a request that no route takes: 405 with `Allow` where the path has other methods, else 404. */
  refusal(path: string): Problem {
    const methods = [...this.#byUrl.values()]
      .filter(({ pattern }) => pattern.test(path))
      .flatMap((route) => [...route.methods]);
    if (methods.length === 0)
      return new Problem(404, `There is nothing at ${shortened(path)}; /openapi.json lists what there is.`);
    const allow = [...new Set(methods)].sort().join(", ");
    return new Problem(405, `${shortened(path)} answers ${allow} only.`, { headers: { Allow: allow } });
  }
}

/** Of `/batches/:id` the pattern that matches `/batches/7`. */
function patternOf(url: string): RegExp {
  const literal = (text: string) => text.replace(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${url.split(/:\w+/).map(literal).join("[^/]+")}$`);
}

function shortened(path: string): string {
  return path.length > MOST_CHARACTERS ? `${path.slice(0, MOST_CHARACTERS)}...` : path;
}
