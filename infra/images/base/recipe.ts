import type { Clause } from "./contract";

/** How one stand-in is made. All of it goes into the hash that names the image. */
export interface BaseRecipe {
  /** Debian packages; they come with what they depend on. */
  readonly packages: readonly string[];
  /** What Debian does not have in the right version. */
  readonly program?: Program;
  /** Accounts beside root and nobody. */
  readonly accounts: readonly Account[];
  /** Folders that everybody may write to, as /tmp is: their owner does not depend on who builds. */
  readonly openFolders: readonly string[];
  /** Symbolic links by their place. */
  readonly links: Readonly<Record<string, string>>;
  /** Instructions of the image, as a Dockerfile has them. */
  readonly settings: readonly string[];
}

/** Something from another registry. */
export interface Program {
  readonly from: "maven" | "npm";
  /** What the registry calls it, with its version. */
  readonly coordinate: string;
  /** Where in the image it goes. */
  readonly folder: string;
}

/** User and group of one name and number. */
export interface Account {
  readonly name: string;
  readonly id: number;
  readonly home: string;
}

/** A recipe with what our Dockerfiles may rely on in its result and in the public image alike. */
export interface Base {
  readonly recipe: BaseRecipe;
  readonly contract: readonly Clause[];
}

/** Every stand-in: a shell and tools, the C library and C++'s, time zones. */
export const COMMON_PACKAGES = ["busybox-static", "libc6", "libgcc-s1", "libstdc++6", "tzdata"] as const;
