import { expect, test } from "vitest";
import { releaseIn } from "./platform";

test.each([
  ['ID=debian\nVERSION_CODENAME=bookworm\nID="x"\n', "bookworm"],
  ['VERSION_CODENAME="noble"\n', "noble"],
  ["ID=alpine\nPRETTY_NAME=VERSION_CODENAME=bookworm\n", "unknown"],
])("the release in %j is %s", (text, release) => {
  expect(releaseIn(text)).toBe(release);
});
