import { createHash } from "node:crypto";
import type { ContainerConfig, ContainerHealthcheck } from "@cdktf/provider-docker/lib/container";
import { graceMs } from "../copies/environment";

/** What every container of a copy has, whatever it runs: no capability, no swap, an end in order, bounded logs. */
export function containerDefaults(props: ContainerShape): Omit<ContainerConfig, "image"> {
  const { healthcheck } = props;
  return {
    name: props.name,
    labels: labelList({ ...props.labels, ...(healthcheck ? { [LABEL_HEALTHCHECK]: hashOf(healthcheck) } : {}) }),
    ...(healthcheck ? { healthcheck } : {}),
    // The engine would fill in twice the memory, and every plan would show a change.
    memory: props.memoryMiB,
    memorySwap: props.memoryMiB,
    capabilities: { drop: ["ALL"] },
    securityOpts: ["no-new-privileges"],
    restart: "unless-stopped",
    // Unset, the provider kills without grace.
    destroyGraceSeconds: props.graceSeconds ?? GRACE_SECONDS,
    logDriver: "json-file",
    logOpts: { "max-size": "10m", "max-file": "3" },
  };
}

export interface ContainerShape {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly memoryMiB: number;
  readonly healthcheck?: ContainerHealthcheck;
  /** Between the signal to end and the one that kills; GRACE_SECONDS unless given. */
  readonly graceSeconds?: number;
}

/** The provider does not apply another health check, but another label replaces the container. */
const LABEL_HEALTHCHECK = "rates.healthcheck";

function hashOf(healthcheck: ContainerHealthcheck): string {
  return createHash("sha256").update(JSON.stringify(healthcheck)).digest("hex").slice(0, 12);
}

/** A database writes what it holds, a proxy turns away; both take less than a second. */
export const GRACE_SECONDS = 20;
/** The provider gives up a removal after 20 minutes. */
const MOST_GRACE_SECONDS = 1_140;

/** The grace of an API process: it may have a batch in flight, which it finishes. */
export function apiGraceSeconds(environment: Readonly<Partial<Record<string, string>>>): number {
  return Math.min(Math.ceil(graceMs(environment) / 1_000), MOST_GRACE_SECONDS);
}

/**
 * A health check that asks often until it is answered and lingers after that by itself (the script sleeps), hence the long
 * timeout. No start interval: the engine of API 1.41 does not know it. At 300 ms a new container is found healthy at the
 * first look of `wait`, one second after its start; at 1 s it was at the second. Ten retries are three seconds.
 */
export function lingeringHealthcheck(test: readonly string[], interval = "1s"): ContainerHealthcheck {
  return { test: [...test], interval, timeout: "30s", retries: 10, startPeriod: "1m0s" };
}

/** `wait` gives up after this many seconds and leaves a tainted container; a start takes two. */
export const WAIT_TIMEOUT_SECONDS = 30;

export function labelList(labels: Readonly<Record<string, string>>): { label: string; value: string }[] {
  return Object.entries(labels).map(([label, value]) => ({ label, value }));
}
