/** One image to build: everything that decides its content is in `hash`. */
export interface ImageBuild {
  readonly name: ImageName;
  /** Twelve hex digits of the content: files, Dockerfile, base. */
  readonly hash: string;
  /** Repository and tag; the tag is the content hash. */
  readonly reference: string;
  /** Absolute path of the folder with the Dockerfile and what it copies. */
  readonly context: string;
  /** The image to build on, as `ARG BASE`. */
  readonly base: string;
  readonly labels: Readonly<Record<string, string>>;
}

export const IMAGE_NAMES = ["database", "queue", "api", "proxy"] as const;
export type ImageName = (typeof IMAGE_NAMES)[number];
