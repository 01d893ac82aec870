/** The base images that our own images are built on; which one of the pair is used reaches a Dockerfile as `ARG BASE`. */
export type BaseName = "postgres" | "node" | "haproxy";

export interface Pin {
  /** The public image. */
  readonly reference: string;
  /** The version both of the pair carry, part of the stand-in's name. */
  readonly version: string;
}

export const PINS: Readonly<Record<BaseName, Pin>> = {
  postgres: { reference: "postgres:13.5", version: "13.5" },
  node: { reference: "node:24-slim", version: "24" },
  // The Alpine variant: the other one has no program that talks to a socket.
  haproxy: { reference: "haproxy:2.6-alpine", version: "2.6" },
};

export const BASE_NAMES: readonly BaseName[] = ["postgres", "node", "haproxy"];

/**
 * The local name of the image that stands in for a public one. It is apart from every public name, so the public image
 * is never shadowed; another recipe is another name.
 * @param key hash of the recipe
 */
export function standInName(base: BaseName, key: string): string {
  return `rates-base/${base}:${PINS[base].version}-${key}`;
}
