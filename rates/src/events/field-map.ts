import type { EventFields } from "./fields";

/** A field as a client sent it. */
export interface Found {
  /** The client's own name for it. */
  readonly name: string;
  readonly value: unknown;
}

/** The fields of one event, as far as it has them. */
export interface FoundFields {
  readonly client: Found | undefined;
  readonly metric: Found | undefined;
  readonly amount: Found | undefined;
  readonly timestamp: Found | undefined;
  readonly eventId: Found | undefined;
}

type Container = Readonly<Record<string, unknown>>;
type Finder = (containers: readonly Container[]) => Found | undefined;

/**
 * Makes the function that finds the fields of an event, which is flat or has them in an inner object. The client is
 * looked for outside first, since that is who speaks; everything else inside first.
 */
export function compileFields(fields: EventFields): (event: Container) => FoundFields {
  const payload = finder(fields.payload);
  const client = finder(fields.client);
  const metric = finder(fields.metric);
  const amount = finder(fields.amount);
  const timestamp = finder(fields.timestamp);
  const eventId = finder(fields.eventId);
  return (event) => {
    const inner = payload([event])?.value;
    const outsideFirst = isObject(inner) ? [event, inner] : [event];
    const insideFirst = outsideFirst.toReversed();
    return {
      client: client(outsideFirst),
      metric: metric(insideFirst),
      amount: amount(insideFirst),
      timestamp: timestamp(insideFirst),
      eventId: eventId(insideFirst),
    };
  };
}

/** Whether a value has fields. */
export function isObject(value: unknown): value is Container {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Only an event's own properties count, so that `toString` is no field, and neither is anything behind `__proto__`. */
function finder(names: readonly string[]): Finder {
  return (containers) => {
    for (const container of containers) {
      for (const name of names) {
        if (Object.hasOwn(container, name) && isGiven(container[name])) return { name, value: container[name] };
      }
    }
    return undefined;
  };
}

function isGiven(value: unknown): boolean {
  return value !== null && value !== undefined && !(typeof value === "string" && value.trim() === "");
}
