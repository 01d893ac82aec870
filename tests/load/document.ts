import { execFileSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { cpus, totalmem } from "node:os";
import { join } from "node:path";
import { findCheckout } from "infra/copies/checkout";

const TITLES = {
  copies: "Copies, measured by `make bench`",
  batches: "Batches, measured by `make bench`",
  reads: "Reads, measured by `make bench`",
  events: "Pushed events, measured by `make bench`",
  feed: "The feed, measured by `make bench`",
  prove: "Proved by `make prove`",
} as const;

/** The parts of docs/benchmarks.md, each of a run of its own. */
export type Section = keyof typeof TITLES;

const INTRODUCTION = `# Benchmarks

Written by \`make bench\` and \`make prove\`; nothing here is typed by hand. Machines differ and are noisy: compare rows of
one run with each other, not with another machine's. Seconds are medians of 5 with the smallest and the largest.
`;

/** Replaces one section of docs/benchmarks.md and leaves the others as they are. */
export function writeSection(section: Section, body: string): void {
  const file = documentFile();
  const parts = { ...readSections(file), [section]: `${machine()}\n\n${body}` };
  const text = (Object.keys(TITLES) as Section[])
    .filter((name) => parts[name])
    .map((name) => `## ${TITLES[name]}\n\n<!-- ${name} -->\n${parts[name]?.trim()}\n<!-- /${name} -->\n`);
  writeFileSync(file, [INTRODUCTION, ...text].join("\n"));
  console.log(`\n${body}\n\nwritten to ${file}`);
}

/** Rows as a Markdown table. */
export function markdownTable(header: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(" | ")} |`;
  return [line(header), line(header.map(() => "---")), ...rows.map(line)].join("\n");
}

/** The rows of a section's table as it stands in the document; none where there is no such section. */
export function readRows(section: Section): string[][] {
  const lines = (readSections(documentFile())[section] ?? "").split("\n").filter((line) => line.startsWith("| "));
  return lines.slice(2).map((line) => line.slice(2, -2).split(" | "));
}

/** The commit that is measured. */
export function commit(): string {
  return execFileSync("git", ["rev-parse", "--short", "HEAD"], { encoding: "utf8" }).trim();
}

function documentFile(): string {
  return join(findCheckout().root, "docs", "benchmarks.md");
}

function readSections(file: string): Partial<Record<Section, string>> {
  const text = existsSync(file) ? readFileSync(file, "utf8") : "";
  const sections = text.matchAll(/<!-- (\w+) -->\n(.*?)\n<!-- \/\1 -->/gs);
  return Object.fromEntries([...sections].map(([, name, body]) => [name, body]));
}

/** What the figures were taken on. */
function machine(): string {
  const changed = execFileSync("git", ["status", "--porcelain"], { encoding: "utf8" }).trim() !== "";
  const [cpu] = cpus();
  const memory = Math.round(totalmem() / 1024 ** 3);
  const date = new Date().toISOString().slice(0, 10);
  return (
    `Commit ${commit()}${changed ? " with uncommitted changes" : ""}, ${date}; ${cpus().length} cores (${cpu?.model.trim()}), ` +
    `${memory} GiB, ${process.platform} ${process.arch}, Node ${process.versions.node}.`
  );
}
