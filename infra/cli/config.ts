import { readEnvironment, VARIABLE_NAMES, variables } from "rates/src/config";
import { findCheckout } from "../copies/checkout";
import { Problem } from "../copies/problem";
import { formatTable } from "./table";

/** `copy config [KEY]`: the settings a copy would get now, and where each value comes from. */
export async function config(key: string | undefined, options: { readonly json: boolean }): Promise<void> {
  const { values, origins } = readEnvironment({ env: process.env, directory: findCheckout().root });
  const names = VARIABLE_NAMES.filter((name) => key === undefined || name === key);
  if (names.length === 0) throw new Problem(`There is no setting ${key}. There is: ${VARIABLE_NAMES.join(", ")}.`);
  const rows = names.map((name) => {
    const origin = origins[name];
    const from = "file" in origin ? `${origin.source} (${origin.file})` : origin.source;
    return {
      name,
      value: values[name] ?? variables[name].fallback,
      from: values[name] === undefined ? "default" : from,
    };
  });
  console.log(options.json ? JSON.stringify(rows, null, 2) : formatTable(rows));
}
