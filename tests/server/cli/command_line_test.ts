import { assert, assertEquals, assertMatch } from "@std/assert";
import { DEFAULT_LIMITS, NO_LIMITS } from "../../../hub/limits.ts";
import { readCommand } from "../../../server/cli/command_line.ts";
import { HELP } from "../../../server/cli/help.ts";

type Serving = Extract<ReturnType<typeof readCommand>, { run: "serve" }>;

function serving(args: string[], env = {}): Serving {
  const command = readCommand(args, env);
  assert(command.run === "serve");
  return command;
}

function refusal(args: string[], env = {}): string {
  const command = readCommand(args, env);
  assert(command.run === "refuse");
  return command.why;
}

Deno.test("without anything it listens on port 8000 of this machine, with the default limits", () => {
  const { port, hostname, limits } = serving([]);
  assertEquals([port, hostname, limits], [8000, "127.0.0.1", DEFAULT_LIMITS]);
});

Deno.test("PORT and HOST count, flags count more, empty ones are as if they were not there", () => {
  const env = { PORT: "9000", HOST: "0.0.0.0" };
  const of = ({ port, hostname }: Serving) => [port, hostname];
  assertEquals(of(serving([], env)), [9000, "0.0.0.0"]);
  assertEquals(of(serving(["--port", "1", "--hostname=::1"], env)), [1, "::1"]);
  assertEquals(of(serving([], { PORT: "", HOST: "" })), [8000, "127.0.0.1"]);
});

Deno.test("--limits is default or none", () => {
  assertEquals(serving(["--limits", "none"]).limits, NO_LIMITS);
  assertEquals(serving(["--limits", "default"]).limits, DEFAULT_LIMITS);
  assertMatch(refusal(["--limits", "some"]), /'some'/);
});

Deno.test("--transport is deno or strict", () => {
  assertEquals(serving([]).transport, "deno");
  assertEquals(serving(["--transport", "strict"]).transport, "strict");
  assertMatch(refusal(["--transport", "ws"]), /'ws'/);
});

Deno.test("--origins is same, any, or a list of origins", () => {
  const of = (...args: string[]) => serving(args).origins;
  assertEquals(of(), "same");
  assertEquals(of("--origins", "any"), "any");
  assertEquals(of("--origins", "https://app.example, http://localhost:3000"), [
    "https://app.example",
    "http://localhost:3000",
  ]);
  for (const origins of ["app.example", "https://app.example/", "", "null"]) {
    assertMatch(refusal([`--origins=${origins}`]), /Not an origin/);
  }
});

Deno.test("--trusted-proxies is a number, and there is none unless it says so", () => {
  assertEquals(serving([]).trustedProxies, 0);
  assertEquals(serving(["--trusted-proxies", "2"]).trustedProxies, 2);
  for (const proxies of ["-1", "1.5", "x", ""]) {
    assertMatch(
      refusal([`--trusted-proxies=${proxies}`]),
      /--trusted-proxies is a number/,
    );
  }
});

Deno.test("a port is a number from 0 to 65535", () => {
  assertEquals(serving(["--port", "0"]).port, 0);
  assertEquals(serving(["--port", "65535"]).port, 65535);
  for (const port of ["65536", "-1", "x", "", "80.5", "1e3", " 80", "123456"]) {
    assertMatch(
      refusal([`--port=${port}`]),
      /A port is a number from 0 to 65535/,
    );
  }
  assertMatch(refusal([], { PORT: "x" }), /A port is a number/);
});

Deno.test("flags that do not exist, and words that are no flags, are refused by name", () => {
  assertMatch(refusal(["--prot", "1"]), /'--prot'/);
  assertMatch(refusal(["serve"]), /'serve'/);
  assertMatch(refusal(["-p", "1"]), /'-p'/);
  assertMatch(refusal(["--port"]), /--port/);
});

Deno.test("a refusal is one line", () => {
  for (
    const args of [["--prot"], ["serve"], ["--port"], ["--port", "x"], [
      "--help=1",
    ]]
  ) {
    assertMatch(refusal(args), /^[^\n]+$/);
  }
});

Deno.test("--help and -h ask for help, which names every flag and variable", () => {
  for (const args of [["--help"], ["-h"], ["--port", "1", "--help"]]) {
    assertEquals(readCommand(args, {}).run, "help");
  }
  for (
    const word of ["--port", "--hostname", "--limits", "--help", "PORT", "HOST"]
  ) {
    assert(HELP.includes(word), word);
  }
});

Deno.test("--drain-over and --drain-deadline are times, in ms or in seconds", () => {
  const of = (...args: string[]) => {
    const { overMs, deadlineMs } = serving(args).drain;
    return [overMs, deadlineMs];
  };
  assertEquals(of(), [1_000, 3_000]);
  assertEquals(of("--drain-over", "5s"), [5_000, 7_000]);
  assertEquals(of("--drain-over=250", "--drain-deadline=9500ms"), [250, 9_500]);
  for (const flag of ["--drain-over", "--drain-deadline"]) {
    for (const time of ["-1", "1m", "", "1e3", "99999999"]) {
      assertMatch(refusal([`${flag}=${time}`]), /is a time such as/);
    }
  }
});

Deno.test("--cert and --key go together", () => {
  assertEquals(serving([]).tls, undefined);
  const files = ["--cert", "c.pem", "--key", "k.pem"];
  assertEquals(serving(files).tls, { cert: "c.pem", key: "k.pem" });
  for (
    const args of [files.slice(0, 2), files.slice(2), ["--cert=", "--key="]]
  ) {
    assertMatch(refusal(args), /go together/);
  }
});

Deno.test("--log is json or text, --metrics is asked for", () => {
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
    assertMatch(refusal([`--log=${log}`]), /--log is 'json' or 'text'/);
  }
});

Deno.test("--workers is a number from 1 on, and 1 unless told otherwise", () => {
  assertEquals([serving([]).workers, serving(["--workers", "8"]).workers], [
    1,
    8,
  ]);
  for (const wrong of ["0", "-1", "two", "1.5", "1000", ""]) {
    assertMatch(refusal([`--workers=${wrong}`]), /--workers is a number/);
  }
  const strict = ["--workers", "2", "--transport", "strict"];
  assertMatch(refusal(strict), /--workers is for the transport 'deno'/);
  for (const flag of ["--log=json", "--metrics"]) {
    assertMatch(refusal(["--workers=2", flag]), /--workers has no --log/);
  }
});
