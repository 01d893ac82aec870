/**
 * Asks /healthy. Once it was answered, the next checks wait first: a Node process every second and container would take
 * the machine.
 */
const fs = require("node:fs");

const MARK = "/tmp/healthy";
const LINGER_MS = 20_000;

setTimeout(
  async () => {
    const response = await fetch(`http://127.0.0.1:${process.env["PORT"] || 3000}/healthy`);
    if (!response.ok) process.exit(1);
    fs.writeFileSync(MARK, "");
  },
  fs.existsSync(MARK) ? LINGER_MS : 0,
);
