import type { Clause } from "./contract";
import { type Base, COMMON_PACKAGES } from "./recipe";

/** Inside the container's own network, so nobody else reaches it. */
const STATS_PORT = "9999";

const CONFIGURATION = `global
  stats socket ipv4@127.0.0.1:${STATS_PORT} level admin
defaults
  mode http
  timeout connect 1s
  timeout client 1s
  timeout server 1s
listen none
  bind 127.0.0.1:8080
  http-request return status 204
`;

/** A worker is forked and its sockets opened: 0.1 s here. */
const START_MS = 10_000;

/**
 * What our Dockerfile may rely on. Not on: the public image's entrypoint, STOPSIGNAL, /usr/local/etc/haproxy, bash,
 * socat, or a Unix socket that nc talks to (Debian's busybox cannot): bind the stats socket to loopback.
 */
const contract: readonly Clause[] = [
  { says: "a shell", run: ["sh", "-c", "echo shell"], expect: /^shell$/ },
  { says: "haproxy 2.6 on the PATH", run: ["haproxy", "-v"], expect: /version 2\.6\./ },
  { says: "the user is haproxy, 99", run: ["id", "-u"], expect: /^99$/ },
  { says: "the group is haproxy, 99", run: ["id", "-g"], expect: /^99$/ },
  { says: "Prometheus metrics are built in", run: ["haproxy", "-vv"], expect: /prometheus-exporter/ },
  { says: "files can be written to /tmp", run: ["tee", "/tmp/haproxy.cfg"], input: CONFIGURATION, expect: /^global/ },
  { says: "haproxy -c checks a file", run: ["haproxy", "-c", "-f", "/tmp/haproxy.cfg"], expect: /is valid/ },
  { says: "master-worker mode", run: ["haproxy", "-W", "-db", "-f", "/tmp/haproxy.cfg"], background: true },
  {
    says: "nc talks to the stats socket",
    run: ["nc", "127.0.0.1", STATS_PORT],
    input: "show info\n",
    expect: /^Version: 2\.6/m,
    withinMs: START_MS,
  },
];

/** HAProxy 2.6 is Debian's. Its installation script, not run here, would make the user under some free number. */
export const haproxy: Base = {
  recipe: {
    packages: [...COMMON_PACKAGES, "haproxy"],
    accounts: [{ name: "haproxy", id: 99, home: "/var/lib/haproxy" }],
    openFolders: [],
    links: {},
    settings: ["ENV PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "USER haproxy"],
  },
  contract,
};
