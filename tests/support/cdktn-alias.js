/**
 * For `node --require`: whoever asks for cdktf gets its fork cdktn, as an alias in package.json would do, and the
 * constructs that the fork is installed with.
 */
const modules = /** @type {{ _resolveFilename: (request: string, ...rest: unknown[]) => string }} */ (
  /** @type {unknown} */ (require("node:module"))
);

const resolve = modules._resolveFilename;
/** @param {string} request @param {unknown[]} rest */
const redirected = (request, ...rest) => {
  const name = request.replace(/^cdktf(?=$|\/)/, "cdktn");
  if (name === request && !/^constructs($|\/)/.test(request)) return resolve(request, ...rest);
  // As if this file asked: here is where the fork is installed.
  return resolve(name, module);
};
modules._resolveFilename = redirected;
