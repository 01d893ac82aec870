/**
 * Bundles TypeScript into one file and knows when that file is still good. Plain JavaScript: the `copy` command needs
 * it before anything is built.
 */
const fs = require("node:fs");
const path = require("node:path");

/** @typedef {{ root: string, entry: string, outfile: string }} Bundle paths; entry and outfile relative to root */

/**
 * Builds the bundle when a file that went into it has changed since, or when there is none.
 * @param {Bundle} bundle
 * @returns {Promise<string>} the absolute path of the bundle; a source map lies beside it
 * @throws esbuild's BuildFailure, which lists the errors of the source
 */
async function ensureBundle(bundle) {
  const outfile = path.join(bundle.root, bundle.outfile);
  if (!isCurrent(bundle)) await buildBundle(bundle);
  return outfile;
}

/**
 * How a bundle is built, for a one-off build and for an incremental one alike. Node 20 is the oldest that has to run it.
 * @param {Bundle} bundle
 * @returns {import("esbuild").BuildOptions & { metafile: true, write: false }}
 */
function bundleOptions({ root, entry, outfile }) {
  return {
    absWorkingDir: root,
    entryPoints: [entry],
    outfile,
    bundle: true,
    platform: "node",
    target: "node20",
    // esbuild brings a program of its own; the other two are optional parts of chokidar and pg that are not installed.
    external: ["esbuild", "fsevents", "pg-native", "cdktf", "constructs", "@cdktf/*"],
    sourcemap: "linked",
    // Source texts would double the map; file and line are what a stack trace needs.
    sourcesContent: false,
    plugins: [withoutMapsOfLibraries],
    metafile: true,
    write: false,
    logLevel: "silent",
  };
}

/**
 * Libraries are left out of the source map: reading theirs costs every start of the service 0.5 s of CPU and 58 MiB that
 * stay (measured with `--enable-source-maps`), and no line of ours is in it.
 * @type {import("esbuild").Plugin}
 */
const withoutMapsOfLibraries = {
  name: "without-maps-of-libraries",
  setup(build) {
    build.onLoad({ filter: /[\\/]node_modules[\\/].*\.[cm]?js$/ }, ({ path: file }) => {
      const code = fs.readFileSync(file, "utf8");
      return {
        contents: `${code}\n//# sourceMappingURL=data:application/json;base64,${mapOfNothing(code)}`,
        loader: "default",
      };
    });
  },
};

/**
 * A source map that knows a place behind the end of the code and no other: esbuild leaves out what it does not find, but
 * makes a map of its own where one is empty.
 * @param {string} code
 * @returns {string} as base64
 */
function mapOfNothing(code) {
  const mappings = `${";".repeat(code.split("\n").length + 1)}AAAA`;
  return Buffer.from(JSON.stringify({ version: 3, sources: [""], mappings })).toString("base64");
}

/** @param {Bundle} bundle */
async function buildBundle(bundle) {
  // Loaded when needed: most commands never build.
  const { build } = require("esbuild");
  const begun = Date.now();
  const { metafile, outputFiles } = await build(bundleOptions(bundle));
  const files = Object.keys(metafile.inputs);
  fs.mkdirSync(path.join(bundle.root, path.dirname(bundle.outfile)), { recursive: true });
  for (const output of outputFiles) replace(output.path, output.contents);
  // A file that was saved meanwhile may be in the bundle as it was before: the next command builds again.
  const saved = files.some((file) => fs.statSync(path.join(bundle.root, file)).mtimeMs >= begun);
  // Last: only with it are the other two believed.
  if (!saved) replace(manifestOf(bundle), JSON.stringify({ files, fingerprint: fingerprint(bundle.root, files) }));
}

/** @param {Bundle} bundle */
function isCurrent(bundle) {
  try {
    const built = JSON.parse(fs.readFileSync(manifestOf(bundle), "utf8"));
    return (
      fs.existsSync(path.join(bundle.root, bundle.outfile)) &&
      fingerprint(bundle.root, built.files).join() === built.fingerprint.join()
    );
  } catch {
    return false; // never built, or an input is gone
  }
}

/**
 * Size and time of each input, which is what an editor, a checkout, a pull or an installation changes.
 * @param {string} root
 * @param {string[]} files
 */
function fingerprint(root, files) {
  return files.map((file) => {
    const { mtimeMs, size } = fs.statSync(path.join(root, file));
    return `${size}:${mtimeMs}`;
  });
}

/** @param {Bundle} bundle */
function manifestOf({ root, outfile }) {
  return path.join(root, `${outfile}.inputs.json`);
}

/**
 * Renamed into place, so that two commands that build at once never run half a file.
 * @param {string} file
 * @param {string | Uint8Array} content
 */
function replace(file, content) {
  const taken = `${file}.${process.pid}.tmp`;
  fs.writeFileSync(taken, content);
  fs.renameSync(taken, file);
}

module.exports = { ensureBundle, bundleOptions };
