/**
 * Builds the client's sources in the project of a new user, with Vite's templates for React and for no framework, and runs
 * the React page in Chromium beside a server on another port: `deno task test:vite`. The packages come from npm. Not a part
 * of `deno task test`, because they are large downloads.
 *
 * @module
 */
import { serve } from "../../mod.ts";
import { launchChromium } from "../page/drivers/chromium.ts";
import { until } from "../page/driven_lobby.ts";

const CREATE_VITE = "create-vite@9.3.0";
const root = new URL("../../", import.meta.url).pathname;
/** The files that the README names. */
const SOURCES = ["client.ts", "client", "messages.ts", "messages", "common"];

const REACT_APP = `
import { useEffect, useState } from "react";
import { connect } from "./drumbeat/client.ts";

export default function App() {
  const [lines, setLines] = useState<string[]>([]);
  useEffect(() => {
    const client = connect(new URLSearchParams(location.search).get("server")!);
    const lobby = client.topic("lobby");
    lobby.on("chat", ({ text }) => setLines((before) => [...before, String(text)]));
    void lobby.publish({ type: "chat", text: "from React" });
    return () => void client.close();
  }, []);
  return <ul>{lines.map((line, i) => <li key={i}>{line}</li>)}</ul>;
}
`;

const PLAIN_APP = `
import { connect } from "./drumbeat/client.ts";

const lobby = connect("/ws").topic("lobby");
lobby.on("chat", ({ text }) => document.body.append(String(text)));
`;

async function run(command: string, args: string[], cwd: string) {
  const { success, stdout, stderr } = await new Deno.Command(command, {
    args,
    cwd,
    stdin: "null",
  }).output();
  const text = new TextDecoder();
  const output = text.decode(stdout) + text.decode(stderr);
  if (!success) {
    throw new Error(`${command} ${args.join(" ")} failed\n${output}`);
  }
}

/** Creates a project from a template, with the client's sources and one module, and builds it. */
async function build(
  folder: string,
  template: string,
  file: string,
  source: string,
): Promise<string> {
  await run(
    "npx",
    ["-y", CREATE_VITE, template, "--template", template],
    folder,
  );
  const project = `${folder}/${template}`;
  await Deno.mkdir(`${project}/src/drumbeat`);
  for (const name of SOURCES) {
    await run("cp", ["-r", `${root}${name}`, "src/drumbeat/"], project);
  }
  await Deno.writeTextFile(`${project}/src/${file}`, source);
  await run("npm", ["install", "--silent", "--no-audit"], project);
  await run("npm", ["run", "build"], project);
  console.log(`${template}: built`);
  return project;
}

/** Serves the files of a build. */
function serveFiles(folder: string): Deno.HttpServer<Deno.NetAddr> {
  const types: Record<string, string> = {
    html: "text/html",
    js: "text/javascript",
    css: "text/css",
    svg: "image/svg+xml",
  };
  return Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, async (
    request,
  ) => {
    const { pathname } = new URL(request.url);
    const path = pathname === "/" ? "/index.html" : pathname;
    const type = types[path.slice(path.lastIndexOf(".") + 1)];
    return new Response(await Deno.readFile(folder + path), {
      headers: type === undefined ? {} : { "content-type": type },
    });
  });
}

const folder = await Deno.makeTempDir({ prefix: "drumbeat-vite-" });
try {
  await build(folder, "vanilla-ts", "main.ts", PLAIN_APP);
  const react = await build(folder, "react-ts", "App.tsx", REACT_APP);
  await using files = serveFiles(`${react}/dist`);
  const origin = `http://127.0.0.1:${files.addr.port}`;
  await using server = serve({
    port: 0,
    hostname: "127.0.0.1",
    origins: [origin],
    page: false,
  });
  const browser = await launchChromium();
  const url = `ws://127.0.0.1:${server.addr.port}/ws`;
  const page = await browser.open(
    `${origin}/?server=${encodeURIComponent(url)}`,
  );
  await until(
    page,
    "document.querySelector('li')?.textContent === 'from React'",
  );
  console.log("react-ts: the page of another port received its message");
  await browser.close();
} finally {
  await Deno.remove(folder, { recursive: true });
}
