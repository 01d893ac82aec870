/**
 * The import rules of the house (docs/architecture.md): which folder may know which. `make check` runs them.
 * Files named *.test.ts lie beside their source and belong to `tests`, so they may import everything.
 */
const TEST = "[.]test[.]ts$";

module.exports = {
  forbidden: [
    { name: "no-cycles", severity: "error", from: {}, to: { circular: true } },
    {
      name: "no-unresolvable",
      comment: "every import is a file here or a declared dependency",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: "nobody-imports-tests",
      severity: "error",
      from: { path: "^(infra|db|rates)/", pathNot: TEST },
      to: { path: ["^tests/", TEST] },
    },
    {
      name: "rates-stands-alone",
      comment: "the service runs in an image of its own; it brings its migrations along",
      severity: "error",
      from: { path: "^rates/", pathNot: TEST },
      to: { path: "^(infra|db)/", pathNot: "^db/migrate[.]ts$" },
    },
    {
      name: "db-stands-alone",
      severity: "error",
      from: { path: "^db/", pathNot: TEST },
      to: { path: "^(infra|rates)/" },
    },
    {
      name: "infra-knows-only-the-config-of-rates",
      comment:
        "a copy's environment is built from the service's own spec; nothing else of the service is infra's business",
      severity: "error",
      from: { path: "^infra/", pathNot: TEST },
      to: { path: "^rates/", pathNot: "^rates/src/config[.]ts$" },
    },
    {
      name: "capabilities-import-only-the-platform",
      comment: "learn one capability, know all: none of them knows another",
      severity: "error",
      from: { path: "^rates/src/(?!platform/)([^/]+)/", pathNot: TEST },
      to: { path: "^rates/src/[^/]+/", pathNot: ["^rates/src/platform/", "^rates/src/$1/"] },
    },
    {
      name: "the-platform-knows-no-capability",
      severity: "error",
      from: { path: "^rates/src/platform/", pathNot: TEST },
      to: { path: "^rates/src/[^/]+/", pathNot: "^rates/src/platform/" },
    },
    {
      name: "cdktf-only-in-infra",
      severity: "error",
      from: { pathNot: "^infra/" },
      to: { path: "node_modules/(cdktf|constructs|@cdktf)/" },
    },
  ],
  options: {
    doNotFollow: { path: ["node_modules", "(^|/)dist/"] },
    exclude: { path: "(^|/)dist/" },
    tsConfig: { fileName: "tsconfig.json" },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      extensions: [".ts", ".js", ".cjs", ".json"],
      exportsFields: ["exports"],
      conditionNames: ["types", "import", "require", "node", "default"],
    },
  },
};
