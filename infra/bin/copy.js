#!/usr/bin/env node
/**
 * The `copy` command. It runs a bundle of infra/cli, made anew when its source has changed, so that a command starts in
 * a fraction of a second. Plain JavaScript: it has to run before anything is built.
 */
const path = require("node:path");

const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 20 || (major === 20 && minor < 19)) {
  console.error(`copy needs Node >= 20.19 and found ${process.versions.node}: install a newer Node and try again.`);
  process.exit(1);
}

const { ensureBundle } = require("./bundle");

const root = path.join(__dirname, "..", "..");

ensureBundle({ root, entry: "infra/cli/program.ts", outfile: "infra/dist/copy.js" }).then(
  (bundle) => require(bundle),
  (error) => {
    console.error(`copy cannot be built: ${error.message}\nInstall the dependencies first: npm ci`);
    process.exit(1);
  },
);
