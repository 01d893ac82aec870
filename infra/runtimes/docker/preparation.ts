import { checkReferences } from "db/dump/references";
import { Problem } from "../../copies/problem";
import type { ServiceBundle } from "../../images/api/bundle";
import type { ImageName } from "../../images/image-build";
import { buildStep } from "../common";
import type { Stage, Step, UpContext } from "../runtime";
import { chooseSources } from "./airgap";
import { ensureImages, type KnownSources } from "./images";
import { Once } from "./once";

/** What the steps hand on. */
export interface Progress {
  bundle?: ServiceBundle;
  sources?: KnownSources;
  images?: Record<ImageName, string>;
}

/** What the images of a copy are decided by, beside the code and the settings. */
export interface Ingredients {
  /** Whether the dump is new to this copy. */
  readonly takesDump: boolean;
  /** The database image that is there to stay; undefined bakes the copy's dump. */
  readonly database: string | undefined;
}

/** What `up` and a `reset` to a changed dump begin with: every image of the copy. */
export function preparation(context: UpContext, progress: Progress, ingredients: Ingredients): Stage[] {
  return [
    [buildStep(context, progress), sourcesStep(progress), dumpStep(context, ingredients)],
    [imagesStep(context, progress, ingredients)],
  ];
}

export async function knownSources(): Promise<KnownSources> {
  const { images, provider } = await chooseSources();
  if (images && provider) return { images, provider };
  throw new Problem("Neither the public registries answer nor is the airgap cache complete. Build it: make airgap");
}

export function known<Key extends keyof Progress>(progress: Progress, ...keys: Key[]): Required<Pick<Progress, Key>> {
  const missing = keys.filter((key) => progress[key] === undefined);
  if (missing.length > 0) throw new Error(`a step ran before ${missing.join(" and ")} was known`);
  return progress as Required<Pick<Progress, Key>>;
}

function sourcesStep(progress: Progress): Step {
  return {
    title: "Images and provider",
    async run() {
      progress.sources = await knownSources();
      return `from the ${progress.sources.images}`;
    },
  };
}

const checkedDumps = new Once<Awaited<ReturnType<typeof checkReferences>>>();

/** In Node, where it can name file and line; the image's build only loads what was found right here. */
function dumpStep({ copy }: UpContext, { takesDump }: Ingredients): Step {
  return {
    title: "Dump",
    async run() {
      if (!takesDump) return "data kept";
      const { path, sha256 } = copy.record.dump;
      const { rows } = await checkedDumps.ask(`${sha256} ${path}`, () => checkReferences(path));
      return `${rows.prices} prices in ${path}`;
    },
  };
}

function imagesStep({ copy, signal }: UpContext, progress: Progress, { database }: Ingredients): Step {
  return {
    title: "Images",
    async run(report) {
      const { bundle, sources } = known(progress, "bundle", "sources");
      const request = { checkout: copy.checkout, bundle, sources, dump: copy.record.dump };
      progress.images = await ensureImages(database ? { ...request, kept: database } : request, { signal, report });
      return Object.values(progress.images).join(", ");
    },
  };
}
