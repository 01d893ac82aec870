import type { Connection } from "../../platform/database/connection";
import { EPOCH_SQL, FIND_LANES_SQL, INSERT_LANES_SQL } from "./load-statements";

/** A lane by the codes of its ports. */
export interface LaneCodes {
  readonly orig: string;
  readonly dest: string;
}

interface LaneRow {
  readonly orig_code: string;
  readonly dest_code: string;
  readonly id: number;
}

/** The table of lanes is not the one the ids were read from: it was reset in between. */
export class StaleLanes extends Error {
  override readonly name = "StaleLanes";
}

/** Ids of lanes, remembered as long as the table of lanes is the same one. */
export class LaneIds {
  readonly #ids = new Map<string, number>();
  #epoch: string | undefined;

  /**
   * The ids of lanes, in their order; lanes that are new are added to the database, in a transaction of their own.
   * @throws what the database throws
   */
  async resolve(connection: Connection, lanes: readonly LaneCodes[]): Promise<Int32Array> {
    const { rows } = await connection.query<{ epoch: string }>(EPOCH_SQL);
    this.#keepFor(rows[0]?.epoch);
    await this.#learn(connection, lanes, FIND_LANES_SQL);
    await this.#learn(connection, lanes, INSERT_LANES_SQL);
    await this.#learn(connection, lanes, FIND_LANES_SQL);
    return Int32Array.from(lanes, (lane) => this.#ids.get(keyOf(lane)) ?? unknownLane(lane));
  }

  /** @throws {StaleLanes} when the ids were read from another table than the one of this epoch */
  verify(epoch: string): void {
    if (epoch === this.#epoch) return;
    this.#keepFor(epoch);
    throw new StaleLanes("the table of lanes was replaced while a batch was loaded");
  }

  #keepFor(epoch: string | undefined): void {
    if (epoch !== this.#epoch) this.#ids.clear();
    this.#epoch = epoch;
  }

  async #learn(connection: Connection, lanes: readonly LaneCodes[], sql: string): Promise<void> {
    const unknown = lanes.filter((lane) => !this.#ids.has(keyOf(lane)));
    if (unknown.length === 0) return;
    const { rows } = await connection.query<LaneRow>(sql, [
      unknown.map(({ orig }) => orig),
      unknown.map(({ dest }) => dest),
    ]);
    for (const { orig_code: orig, dest_code: dest, id } of rows) this.#ids.set(keyOf({ orig, dest }), id);
  }
}

/** No code holds NUL. */
function keyOf({ orig, dest }: LaneCodes): string {
  return `${orig}\0${dest}`;
}

function unknownLane({ orig, dest }: LaneCodes): never {
  throw new Error(`lane ${orig} to ${dest} is missing although it was added`);
}
