import { execa } from "execa";

/** The load generator is written in C, so that little of a small machine goes into asking. */
export const GENERATOR = "wrk";

/** One thread answers for all clients, so that the side that is measured has the rest of a small machine. */
const THREADS = 1;

/**
 * Asks one question over and over on connections that stay open.
 * @returns answers a second
 * @throws {Error} with what was printed when any answer was not a success
 */
export async function answersPerSecond(url: string, load: { clients: number; seconds: number }): Promise<number> {
  const { stdout } = await execa(GENERATOR, [
    `--threads=${THREADS}`,
    `--connections=${load.clients}`,
    `--duration=${load.seconds}s`,
    url,
  ]);
  const rate = Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)?.[1]);
  if (!(rate > 0) || /Non-2xx|Socket errors/.test(stdout)) throw new Error(`${url} did not always answer:\n${stdout}`);
  return rate;
}
