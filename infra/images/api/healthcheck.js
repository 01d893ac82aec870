/** Asks /healthy, and leaves a mark once it was answered: the next check waits first (infra/stacks/api.ts). */
const fs = require("node:fs");

const MARK = "/tmp/healthy";

fetch(`http://127.0.0.1:${process.env["PORT"] || 3000}/healthy`).then(({ ok }) => {
  if (!ok) process.exit(1);
  fs.writeFileSync(MARK, "");
});
