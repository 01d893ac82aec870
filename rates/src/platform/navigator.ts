/**
 * pg asks where it runs: by `navigator`, which Node has from 21 on, else by making a `Response`, for which Node 20
 * loads its whole fetch implementation: 27 ms of start-up. To be imported before pg.
 */
if (!("navigator" in globalThis)) {
  Object.assign(globalThis, { navigator: { userAgent: `Node.js/${process.versions.node.split(".", 1)[0]}` } });
}
