import { readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { cacheDirectory } from "../../artefacts/cache";
import { findProgram } from "../../artefacts/tools";
import { writeFileAtomically } from "../../copies/registry";
import { engineVersion } from "../../images/engine";
import { BASE_NAMES, PINS } from "../../images/pins";
import { scratchConfiguration, terraformProgram } from "./terraform";

/** Whether the registries that the docker runtime would fetch from answer this machine. */
export interface RegistryAnswers {
  /** The engine can pull the pinned base images. */
  readonly images: boolean;
  /** Terraform can install the provider. */
  readonly provider: boolean;
}

interface Remembered {
  /** Who was asked and what for: another engine or another Terraform asks anew. */
  readonly asked: string;
  /** ms since 1970 */
  readonly at: number;
  readonly answers: RegistryAnswers;
}

/** A registry that answers does so within 1 s; a network that drops packets never does. */
const LIMIT_MS = 3_000;

/** A tool that tidies up before it ends gets as long as it takes to remove a file. */
const TIDY_UP_MS = 500;

const REMEMBERED_MS = 10 * 60_000;

/** What the tools say once a registry has answered and before they download: there they are stopped. */
const PULL_BEGINS = /Pulling from|up to date/;
const INSTALLATION_BEGINS = /^- (Installing|Using previously-installed)/;

/**
 * Finds out whether the registries answer, by beginning what a first `up` would do: by the engine, whose network and
 * mirrors count, and by Terraform as the user has configured it. Remembered for 10 minutes.
 */
export async function askRegistries(now = Date.now()): Promise<RegistryAnswers> {
  const asked = questionOf(process.env);
  const known = recall();
  if (known?.asked === asked && now >= known.at && now - known.at < REMEMBERED_MS) return known.answers;
  const [engine, terraform] = [await engineVersion(), findProgram(terraformProgram())];
  const images = engine ? imagesAnswer() : false;
  const provider = terraform ? providerAnswers() : false;
  const answers = { images: await images, provider: await provider };
  // Without engine or Terraform nobody was asked, and one that is started a moment later has to be.
  if (engine && terraform) remember({ asked, at: now, answers });
  return answers;
}

/** Whether the engine can pull an image, by default the smallest of the pinned ones. */
export function imagesAnswer(reference = PINS.haproxy.reference): Promise<boolean> {
  return saysWithin({ program: "docker", args: ["pull", reference], cwd: tmpdir(), sign: PULL_BEGINS });
}

/** Whether Terraform can install the provider. @param env what the user's environment is to be taken for */
export async function providerAnswers(env: Readonly<Record<string, string>> = {}): Promise<boolean> {
  using folder = scratchConfiguration();
  const args = ["init", "-backend=false", "-input=false", "-no-color"];
  const settings = { CHECKPOINT_DISABLE: "1", ...env };
  return saysWithin({ program: terraformProgram(), args, cwd: folder.path, env: settings, sign: INSTALLATION_BEGINS });
}

interface Saying {
  readonly program: string;
  readonly args: readonly string[];
  readonly cwd: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly sign: RegExp;
}

/** Runs a program until a line of its output shows the sign, it ends, or the limit is over. */
async function saysWithin({ program, args, cwd, env = {}, sign }: Saying): Promise<boolean> {
  const limits = { timeout: LIMIT_MS, forceKillAfterDelay: TIDY_UP_MS };
  const running = execa(program, args, { ...limits, cwd, env, reject: false, stdin: "ignore" });
  let said = false;
  for await (const line of running) {
    said ||= sign.test(line);
    if (said) running.kill();
  }
  await running;
  return said;
}

function questionOf(env: NodeJS.ProcessEnv): string {
  const surroundings = ["DOCKER_HOST", "DOCKER_CONTEXT", "TF_CLI_CONFIG_FILE"].map((name) => env[name] ?? "");
  const references = BASE_NAMES.map((base) => PINS[base].reference);
  return JSON.stringify([...surroundings, findProgram(terraformProgram()) ?? "", ...references]);
}

function memory(): string {
  return join(cacheDirectory(), "registries.json");
}

function recall(): Remembered | undefined {
  try {
    return JSON.parse(readFileSync(memory(), "utf8")) as Remembered;
  } catch {
    return undefined; // nobody has asked yet
  }
}

function remember(answers: Remembered): void {
  writeFileAtomically(memory(), `${JSON.stringify(answers)}\n`);
}
