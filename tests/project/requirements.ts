/**
 * Prints what a run of all tests will skip on this machine, and about how long it takes: the first line of `deno task test`.
 *
 * @module
 */
import { hasProgram } from "../deploy/programs.ts";

/** Programs that tests run, the packages of Debian that have them, and the skipped tests. */
const PROGRAMS: readonly (readonly [string, string, string])[] = [
  ["chromium", "chromium", "the page in Chromium"],
  ["firefox-esr", "firefox-esr", "the page in Firefox"],
  ["WebKitWebDriver", "webkit2gtk-driver", "the page in WebKit"],
  ["redis-server", "redis-server", "the Redis store"],
  ["cc", "gcc libc6-dev", "the load generator"],
  ["script", "bsdutils", "Ctrl-C in a terminal"],
  ["setsid", "util-linux", "a signal to a process group"],
  ["openssl", "openssl", "TLS"],
  ["systemd-analyze", "systemd", "the systemd unit"],
  ...["nginx", "haproxy", "apache2", "caddy", "lighttpd", "h2o"].map((name) =>
    [name, name, `${name} in front`] as const
  ),
  ["varnishd", "varnish", "Varnish in front"],
];

const present = await Promise.all(PROGRAMS.map(([name]) => hasProgram(name)));
const missing = PROGRAMS.filter((_, i) => !present[i]);
console.log(
  "About 4 minutes on an idle machine, longer on a busy one. " +
    (missing.length === 0
      ? "Every program that the tests need is installed."
      : `Skipped, because a program is missing (apt-get install ${
        missing.map(([, name]) => name).join(" ")
      }): ${missing.map(([, , tests]) => tests).join(", ")}.`),
);
