/** The name of the images' stack. No copy's stack can be called so. */
export const IMAGES_STACK = "rates-images";

export function copyStackName(copy: string): string {
  return `copy-${copy}`;
}
