import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS, NO_LIMITS } from "../../../hub/limits.ts";
import {
  parseCommandLine,
  type ServeCommand,
} from "../../../server/cli/command_line.ts";
import { HELP } from "../../../server/cli/help.ts";

function serving(args: string[], env = {}): ServeCommand {
  const command = parseCommandLine(args, env);
  assert(command.run === "serve");
  return command;
}

function refusal(args: string[], env = {}): string {
  const command = parseCommandLine(args, env);
  assert(command.run === "refuse");
  return command.reason;
}

Deno.test("listens on port 8000 of this machine by default, with the default limits", () => {
  const { port, hostname, limits } = serving([]);
  assertEquals([port, hostname, limits], [8000, "127.0.0.1", DEFAULT_LIMITS]);
});

Deno.test("flags take precedence over PORT and HOST, and empty variables count as absent", () => {
  const env = { PORT: "9000", HOST: "0.0.0.0" };
  const of = ({ port, hostname }: ServeCommand) => [port, hostname];
  assertEquals(of(serving([], env)), [9000, "0.0.0.0"]);
  assertEquals(of(serving(["--port", "1", "--hostname=::1"], env)), [1, "::1"]);
  assertEquals(of(serving([], { PORT: "", HOST: "" })), [8000, "127.0.0.1"]);
});

Deno.test("accepts --limits default and none", () => {
  assertEquals(serving(["--limits", "none"]).limits, NO_LIMITS);
  assertEquals(serving(["--limits", "default"]).limits, DEFAULT_LIMITS);
  assertEquals(
    refusal(["--limits", "some"]),
    "--limits must be 'default' or 'none', not 'some'",
  );
});

Deno.test("accepts --transport deno and strict", () => {
  assertEquals(serving([]).transport, "deno");
  assertEquals(serving(["--transport", "strict"]).transport, "strict");
  assertMatch(refusal(["--transport", "ws"]), /'ws'/);
});

Deno.test("accepts same, any and a list of origins for --origins", () => {
  const of = (...args: string[]) => serving(args).origins;
  assertEquals(of(), "same");
  assertEquals(of("--origins", "any"), "any");
  assertEquals(of("--origins", "https://app.example, http://localhost:3000"), [
    "https://app.example",
    "http://localhost:3000",
  ]);
  for (const origins of ["app.example", "https://app.example/", "", "null"]) {
    assertMatch(refusal([`--origins=${origins}`]), /^--origins: /);
  }
});

Deno.test("accepts an integer for --trusted-proxies; the default is 0", () => {
  assertEquals(serving([]).trustedProxies, 0);
  assertEquals(serving(["--trusted-proxies", "2"]).trustedProxies, 2);
  for (const proxies of ["-1", "1.5", "x", ""]) {
    assertMatch(
      refusal([`--trusted-proxies=${proxies}`]),
      /--trusted-proxies must be an integer from 0 to 999/,
    );
  }
});

Deno.test("--store takes precedence over DRUMBEAT_STORE; --store-file replaces both", () => {
  const env = { DRUMBEAT_STORE: "redis://localhost" };
  const of = (args: string[], env = {}) => {
    const { store, storeFile } = serving(args, env);
    return [store, storeFile];
  };
  assertEquals(of([]), [undefined, undefined]);
  assertEquals(of([], { DRUMBEAT_STORE: "" }), [undefined, undefined]);
  assertEquals(of([], env), ["redis://localhost", undefined]);
  assertEquals(of(["--store", "a.db"], env), ["a.db", undefined]);
  assertEquals(of(["--store-file", "s"], env), [undefined, "s"]);
  assertEquals(
    refusal(["--store", "a.db", "--store-file", "s"]),
    "--store and --store-file exclude each other",
  );
  assertEquals(refusal(["--store-file="]), "--store-file must name a file");
});

Deno.test("--store-worker is for a store in a file", () => {
  const worker = (...args: string[]) =>
    serving(["--store-worker", ...args]).storeWorker;
  assertEquals(serving(["--store", "a.db"]).storeWorker, false);
  assertEquals(worker("--store", "a.db"), true);
  assertEquals(worker("--store-file", "s"), true);
  for (const args of [[], ["--store", "redis://localhost"]]) {
    assertEquals(
      refusal(["--store-worker", ...args]),
      "--store-worker needs a store in a file",
    );
  }
});

Deno.test("--durability without a store is refused", () => {
  const args = ["--durability", "full"];
  assertEquals(refusal(args), "--durability needs a store: add --store");
  assertEquals(serving(args, { DRUMBEAT_STORE: "a.db" }).durability, "full");
  assertEquals(serving([...args, "--store-file", "s"]).durability, "full");
});

for (
  const [store, scheme] of [
    ["valkey://u:pa55@localhost", "valkey"],
    ["redis-sentinel://u:pa55@a,b/name", "redis-sentinel"],
    ["http://u:pa55@localhost", "http"],
    ["unix:/run/pa55.sock", "unix"],
  ] as const
) {
  Deno.test(`refuses a store with the scheme '${scheme}', without its password`, () => {
    const reason =
      `has the scheme '${scheme}': it must be the name of a file, redis://… or rediss://…`;
    assertEquals(refusal(["--store", store]), `--store ${reason}`);
    assertEquals(
      refusal([], { DRUMBEAT_STORE: store }),
      `DRUMBEAT_STORE ${reason}`,
    );
  });
}

Deno.test("accepts names of files with a colon", () => {
  for (const store of ["a:b.db", "./C:x", "data/unix.db"]) {
    assertEquals(serving(["--store", store]).store, store);
  }
});

Deno.test("accepts a port from 0 to 65535", () => {
  assertEquals(serving(["--port", "0"]).port, 0);
  assertEquals(serving(["--port", "65535"]).port, 65535);
  for (const port of ["65536", "-1", "x", "", "80.5", "1e3", " 80", "123456"]) {
    assertMatch(
      refusal([`--port=${port}`]),
      /^--port must be an integer from 0 to 65535, not '/,
    );
  }
  assertMatch(refusal([], { PORT: "x" }), /^PORT must be an integer from/);
});

Deno.test("refuses unknown flags and other words, and names them", () => {
  assertMatch(refusal(["--prot", "1"]), /'--prot'/);
  assertMatch(refusal(["serve"]), /'serve'/);
  assertMatch(refusal(["-p", "1"]), /'-p'/);
  assertMatch(refusal(["--port"]), /--port/);
});

Deno.test("a refusal has one line", () => {
  for (
    const args of [["--prot"], ["serve"], ["--port"], ["--port", "x"], [
      "--help=1",
    ]]
  ) {
    assertMatch(refusal(args), /^[^\n]+$/);
  }
});

Deno.test("--help and -h print a text that names every flag and variable", () => {
  for (const args of [["--help"], ["-h"], ["--port", "1", "--help"]]) {
    assertEquals(parseCommandLine(args, {}).run, "help");
  }
  const flags =
    "port hostname workers limits origins trusted-proxies cert key store store-file store-worker durability log metrics " +
    "admin-token-file drain-over drain-deadline transport help";
  for (const flag of flags.split(" ")) {
    assert(HELP.includes(`\n  --${flag}`), flag);
  }
  for (
    const word of [
      "-h",
      "PORT",
      "HOST",
      "DRUMBEAT_STORE",
      "DRUMBEAT_ADMIN_TOKEN",
    ]
  ) {
    assert(HELP.includes(word), word);
  }
  for (const line of HELP.split("\n")) assert(line.length < 80, line);
});

Deno.test("accepts ms and seconds for --drain-over and --drain-deadline", () => {
  const of = (...args: string[]) => {
    const { overMs, deadlineMs } = serving(args).drain;
    return [overMs, deadlineMs];
  };
  assertEquals(of(), [1_000, 3_000]);
  assertEquals(of("--drain-over", "5s"), [5_000, 7_000]);
  assertEquals(of("--drain-over=250", "--drain-deadline=9500ms"), [250, 9_500]);
  for (const flag of ["--drain-over", "--drain-deadline"]) {
    for (const time of ["-1", "1m", "", "1e3", "99999999"]) {
      assertMatch(
        refusal([`${flag}=${time}`]),
        /must be a time such as 500ms or 5s, not/,
      );
    }
  }
});

Deno.test("requires --cert and --key together", () => {
  assertEquals(serving([]).tls, undefined);
  const files = ["--cert", "c.pem", "--key", "k.pem"];
  assertEquals(serving(files).tls, { cert: "c.pem", key: "k.pem" });
  for (
    const args of [files.slice(0, 2), files.slice(2), ["--cert=", "--key="]]
  ) {
    assertMatch(refusal(args), /must be given together/);
  }
});

Deno.test("accepts --log json and text; log and metrics are off by default", () => {
  const of = (...args: string[]) => {
    const { log, metrics, adminTokenFile } = serving(args);
    return [log, metrics, adminTokenFile];
  };
  assertEquals(of(), [undefined, false, undefined]);
  assertEquals(
    of("--log", "json", "--metrics", "--admin-token-file", "token"),
    ["json", true, "token"],
  );
  assertEquals(of("--log=text")[0], "text");
  for (const log of ["xml", ""]) {
    assertMatch(refusal([`--log=${log}`]), /--log must be 'json' or 'text'/);
  }
});

Deno.test("accepts an integer from 1 for --workers; the default is 1", () => {
  assertEquals([serving([]).workers, serving(["--workers", "8"]).workers], [
    1,
    8,
  ]);
  for (const wrong of ["0", "-1", "two", "1.5", "1000", ""]) {
    assertMatch(
      refusal([`--workers=${wrong}`]),
      /--workers must be an integer from 1 to 999/,
    );
  }
  const strict = ["--workers", "2", "--transport", "strict"];
  assertMatch(refusal(strict), /--workers does not support --transport strict/);
  for (const flag of ["--log=json", "--metrics"]) {
    assertMatch(
      refusal(["--workers=2", flag]),
      /--workers does not support --log and --metrics/,
    );
  }
});
