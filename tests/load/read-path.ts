/** What the benches of reads ask: one lane, one month. */
export const LANE = { orig: "CNGGZ", dest: "EETLL", month: "2021-01-01", to: "2021-01-31" };

export const READ_PATH = `/rates?date_from=${LANE.month}&date_to=${LANE.to}&orig_code=${LANE.orig}&dest_code=${LANE.dest}`;
