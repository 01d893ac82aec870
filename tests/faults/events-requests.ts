/** As many as meet in one group commit and leave the machine to the servers. */
export const CLIENTS = 8;
/** Requests of one client, which sends each until it is acknowledged. */
export const REQUESTS = 25;
/** Most events of a request. */
const MOST = 5;
/** The first of a minute: events of one run meet in few rows of the rollup, as they do in use. */
const TIME = Date.UTC(2024, 0, 15, 10, 30);

/** A request of a client, as it is sent, again and again. */
export interface EventRequest {
  readonly client: string;
  /** The events' amounts: each client has each of them once, so they tell the events apart. One may be there twice. */
  readonly amounts: readonly number[];
  readonly body: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How often it is sent at the same moment. */
  readonly abreast: number;
  /** Whether it is sent once more after it was acknowledged. */
  readonly again: boolean;
  /** Whether a simulated failure goes before it. */
  readonly failsFirst: boolean;
}

type Form = (client: string, amount: number) => object;

/**
 * What makes an event the same when it comes again: its content, its own id, or the request's key. The last two have no time,
 * so that only the id or the key can tell.
 */
const FORMS: readonly { readonly form: Form; readonly hasKey: boolean }[] = [
  {
    form: (source, amount) => ({
      source,
      payload: { metric: "view", amount: String(amount), timestamp: TIME + amount },
    }),
    hasKey: false,
  },
  {
    form: (client, value) => ({ client_id: client, eventId: `${client}-${value}`, event_type: "click", value }),
    hasKey: false,
  },
  { form: (source, amount) => ({ source, metric: "purchase", amount }), hasKey: true },
];

/** The requests of one client. @param random decides everything */
export function drawRequests(client: string, random: () => number): EventRequest[] {
  let next = 1;
  return Array.from({ length: REQUESTS }, (_, index) => {
    const { form, hasKey } = FORMS[Math.floor(random() * FORMS.length)] ?? { form: () => ({}), hasKey: false };
    const count = random() < 0.5 ? 1 : 1 + Math.floor(random() * MOST);
    const fresh = Array.from({ length: count }, (_each, place) => next + place);
    next += count;
    // With a key, each place of a request is an event of its own.
    const amounts = !hasKey && random() < 0.2 ? [...fresh, next - 1] : fresh;
    const events = amounts.map((amount) => form(client, amount));
    return {
      client,
      amounts,
      body: JSON.stringify(events.length === 1 ? events[0] : events),
      headers: { "Content-Type": "application/json", ...(hasKey && { "Idempotency-Key": `${client}-${index}` }) },
      abreast: random() < 0.2 ? 2 : 1,
      again: random() < 0.2,
      failsFirst: random() < 0.1,
    };
  });
}
