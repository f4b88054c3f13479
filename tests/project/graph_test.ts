import { assertEquals } from "@std/assert";
import {
  filesInCycles,
  type Import,
  importsFrom,
  read,
  root,
  sourcesAt,
} from "./module_graph.ts";
import { PAGE_FILES, pageFilesModule } from "./page_files.ts";

const LAYERS = {
  common: ["common/"],
  messages: ["messages.ts", "messages/"],
  client: ["client.ts", "client/"],
  hub: ["hub/"],
  adapters: ["adapters/"],
  hubFace: ["hub.ts"],
  server: ["server.ts", "server/"],
  static: ["static/"],
  face: ["mod.ts"],
} as const;

type Layer = keyof typeof LAYERS;

const MAY_IMPORT: Readonly<Record<Layer, readonly Layer[]>> = {
  common: ["common"],
  messages: ["messages", "common"],
  client: ["client", "messages", "common"],
  hub: ["hub", "messages", "common"],
  adapters: ["adapters", "hub", "messages", "common"],
  hubFace: ["hub", "adapters", "messages", "common"],
  server: ["server", "hubFace", "hub", "messages", "adapters", "common"],
  static: ["static", "client", "messages"],
  face: ["messages", "client", "hub", "adapters", "hubFace", "server"],
};

/** Layers that the page loads: the server imports their files as text only. */
const AS_TEXT: readonly Layer[] = ["static", "client", "messages", "common"];

const BUILT_INS: readonly Layer[] = ["server", "adapters"];

function layerOf(path: string): Layer | undefined {
  return (Object.keys(LAYERS) as Layer[]).find((layer) =>
    LAYERS[layer].some((place) =>
      place.endsWith("/") ? path.startsWith(place) : path === place
    )
  );
}

async function sourcesOf(...layers: readonly Layer[]): Promise<string[]> {
  const paths = layers.flatMap((layer) => LAYERS[layer]);
  return (await Promise.all(paths.map(sourcesAt))).flat();
}

function isRelative(specifier: string): boolean {
  return specifier.startsWith("./") || specifier.startsWith("../");
}

function show({ from, specifier }: Import): string {
  return `${from} imports "${specifier}"`;
}

function none(wrong: readonly Import[], rule: string): void {
  assertEquals([...new Set(wrong.map(show))], [], `${rule}:`);
}

Deno.test("modules reached from mod.ts are imported by relative paths, from jsr: or from node:", async () => {
  const imports = await importsFrom(...await sourcesOf("face"));
  none(
    imports.filter(({ specifier }) =>
      !isRelative(specifier) && !specifier.startsWith("jsr:") &&
      !specifier.startsWith("node:")
    ),
    "A module imported from a URL has no import map and must not need npm",
  );
});

Deno.test("mod.ts loads no file of the page before a request for the page", async () => {
  const imports = Map.groupBy(
    await importsFrom(...await sourcesOf("face")),
    ({ from }) => from,
  );
  const reached = new Set(["mod.ts"]);
  // The loop also visits what it adds.
  for (const path of reached) {
    for (const { to, dynamic, typeOnly } of imports.get(path) ?? []) {
      if (!dynamic && !typeOnly) reached.add(to);
    }
  }
  assertEquals(
    [...reached].filter((path) => /^(?:static|server\/page)\//.test(path)),
    [],
  );
});

Deno.test("server/page/files.ts lists what the page and the client load", async () => {
  assertEquals(
    await read(PAGE_FILES),
    await pageFilesModule(),
    "run `deno task page:files`",
  );
});

Deno.test("modules reached from client.ts and messages.ts are imported by relative paths with their ending", async () => {
  const imports = await importsFrom(...await sourcesOf("client", "messages"));
  none(
    imports.filter(({ specifier, text }) =>
      !isRelative(specifier) || !specifier.endsWith(".ts") || text
    ),
    "The browser loads these files",
  );
});

Deno.test("only tests, benchmarks and examples import bare names", async () => {
  const layers = Object.keys(LAYERS) as Layer[];
  const imports = await importsFrom(...await sourcesOf(...layers));
  none(
    imports.filter(({ from, specifier }) =>
      layerOf(from) !== undefined && !isRelative(specifier) &&
      !/^(jsr|npm|node):/.test(specifier)
    ),
    "A module imported from a URL has no import map",
  );
});

for (const layer of Object.keys(LAYERS) as Layer[]) {
  const allowed = MAY_IMPORT[layer];
  Deno.test(`${layer} imports nothing but ${allowed.join(", ")}`, async () => {
    const imports = await importsFrom(...await sourcesOf(layer));
    none(
      imports.filter(({ from, specifier, to, text }) => {
        if (layerOf(from) !== layer) {
          return false;
        }
        if (!isRelative(specifier)) {
          return !BUILT_INS.includes(layer);
        }
        const target = layerOf(to);
        return target === undefined ||
          !(allowed.includes(target) ||
            layer === "server" && to === SHARED ||
            layer === "server" && text && AS_TEXT.includes(target));
      }),
      "An import points up the layers of architecture.md",
    );
  });
}

/** The parts of the hub: its folders, the files that connect them, and the ground, which is every other file. */
const HUB_PARTS = [
  "log",
  "peers",
  "access",
  "presence",
  "protocol",
  "observe",
  "assembly",
  "ground",
] as const;

type HubPart = typeof HUB_PARTS[number];

/** The files that connect the parts of the hub. */
const ASSEMBLY = [
  "attach",
  "core",
  "create_hub",
  "drain",
  "hub",
  "hub_peer",
  "hub_topic",
  "options",
  "store_events",
  "transport",
].map((name) => `hub/${name}.ts`);

/** The parts that a part may import, besides itself and the ground. */
const HUB_MAY_IMPORT: Readonly<Record<HubPart, readonly HubPart[]>> = {
  log: [],
  peers: ["log", "access"],
  access: ["peers"],
  presence: ["log", "peers"],
  observe: ["log", "peers"],
  protocol: ["log", "peers", "access", "presence", "observe"],
  assembly: ["log", "peers", "access", "presence", "observe", "protocol"],
  ground: [],
};

function hubPartOf(path: string): HubPart | undefined {
  if (!path.startsWith("hub/")) return undefined;
  if (ASSEMBLY.includes(path)) return "assembly";
  const folder = path.split("/")[1]!;
  return HUB_PARTS.find((part) => part === folder) ?? "ground";
}

for (const part of HUB_PARTS) {
  const allowed = [part, ...HUB_MAY_IMPORT[part], "ground"];
  Deno.test(`hub: ${part} imports nothing of the hub but ${[...new Set(allowed)].join(", ")}`, async () => {
    const imports = await importsFrom(...await sourcesOf("hub"));
    none(
      imports.filter(({ from, to }) => {
        if (hubPartOf(from) !== part) return false;
        const target = hubPartOf(to);
        return target !== undefined && !allowed.includes(target);
      }),
      "An import points up the hub's folders (architecture.md)",
    );
  });
}

for (const layer of Object.keys(LAYERS) as Layer[]) {
  Deno.test(`${layer} has no import cycle, types included`, async () => {
    const imports = await importsFrom(...await sourcesOf(layer));
    assertEquals(
      filesInCycles(
        imports.filter(({ from, text }) => layerOf(from) === layer && !text),
      ),
      [],
    );
  });
}

Deno.test("the rule about cycles finds every file of a cycle, and no other file", () => {
  const imports = ["a b", "b c", "c b", "c d", "e e"].map((edge) => {
    const [from = "", to = ""] = edge.split(" ");
    return { from, to };
  });
  assertEquals(filesInCycles(imports), ["b", "c", "e"]);
});

const PORTS = [
  "hub/clock.ts",
  "hub/ids.ts",
  "hub/log/log.ts",
  "hub/log/deduplication.ts",
  "hub/log/eviction.ts",
  "hub/log/record.ts",
  "hub/log/retention.ts",
  "hub/observe/metrics.ts",
  "hub/socket.ts",
  "hub/log/store.ts",
  "hub/log/tiered_store.ts",
  "hub/log/topic_options.ts",
];

/** The contract of the stock server and its page: the one file of the page that also runs on the server. */
const SHARED = "static/contract.ts";

Deno.test("adapters import no code of the hub but its ports", async () => {
  const imports = await importsFrom(...await sourcesOf("adapters"));
  none(
    imports.filter(({ from, to, typeOnly }) =>
      layerOf(from) === "adapters" && layerOf(to) === "hub" && !typeOnly &&
      !PORTS.includes(to)
    ),
    "An adapter implements a port; it does not use the hub",
  );
});

const RUNTIME = new Set([
  "Deno",
  "process",
  "WebSocket",
  "MessageChannel",
  "BroadcastChannel",
  "setTimeout",
  "setInterval",
  "setImmediate",
  "clearTimeout",
  "clearInterval",
  "clearImmediate",
]);

/** Names a property, a member or a parameter of a type: not the global of that name. */
function isOnlyAName(node: Deno.lint.Identifier): boolean {
  const parent: Deno.lint.Node = node.parent;
  switch (parent.type) {
    case "MemberExpression":
      return parent.property === node && !parent.computed &&
        !(parent.object.type === "Identifier" &&
          parent.object.name === "globalThis");
    case "Property":
    case "PropertyDefinition":
    case "MethodDefinition":
      return parent.key === node && !parent.computed &&
        !("shorthand" in parent && parent.shorthand);
    case "TSPropertySignature":
    case "TSMethodSignature":
      return true;
    default:
      return false;
  }
}

function runtimeNames(path: string, source: string): string[] {
  const found = new Set<string>();
  Deno.lint.runPlugin(
    {
      name: "layers",
      rules: {
        "no-runtime": {
          create: () => ({
            Identifier(node) {
              if (RUNTIME.has(node.name) && !isOnlyAName(node)) {
                found.add(node.name);
              }
            },
          }),
        },
      },
    },
    path,
    source,
  );
  return [...found].map((name) => `${path} uses ${name}`);
}

Deno.test("the hub and the messages use no global of the runtime: Deno, WebSocket, timers, message channels", async () => {
  const wrong: string[] = [];
  for (const path of await sourcesOf("hub", "messages")) {
    wrong.push(...runtimeNames(path, await read(path)));
  }
  assertEquals(wrong, [], "Sockets, the clock and the store are ports:");
});

Deno.test("the rule about the runtime distinguishes globals from names", () => {
  assertEquals(
    runtimeNames(
      "hub/a.ts",
      `// Deno.serve, new WebSocket, setTimeout
       interface Clock { setTimeout(): void; Deno: string }
       clock.setTimeout(); const text = "Deno"; ({ WebSocket: 1 });`,
    ),
    [],
  );
  assertEquals(
    runtimeNames(
      "hub/a.ts",
      `Deno.now(); let a: WebSocket; globalThis.setTimeout(f); ({ setInterval });`,
    ),
    ["Deno", "WebSocket", "setTimeout", "setInterval"].map((name) =>
      `hub/a.ts uses ${name}`
    ),
  );
});

interface Config {
  readonly name: string;
  readonly version: string;
  readonly exports: Readonly<Record<string, string>>;
  readonly links: readonly string[];
  readonly imports: Readonly<Record<string, string>>;
  readonly compilerOptions: Readonly<Record<string, unknown>>;
}

async function config(path: string): Promise<Config> {
  return JSON.parse(await read(path)) as Config;
}

function satisfies(version: string, range: string): boolean {
  const [major, minor = 0, patch = 0] = range.slice(1).split(".").map(Number);
  const [a = 0, b = 0, c = 0] = version.split(".").map(Number);
  return range.startsWith("^") && a === major && a > 0 &&
    (b > minor || b === minor && c >= patch);
}

Deno.test("each @std import of deno.json has a link in std/, and each link an import", async () => {
  const { links, imports } = await config("deno.json");
  const linked = await Promise.all(
    links.map(async (link) => (await config(`${link}/deno.json`)).name),
  );
  assertEquals(
    linked.toSorted(),
    Object.keys(imports).filter((name) => name.startsWith("@std/")).toSorted(),
  );
  const folders: string[] = [];
  for await (const entry of Deno.readDir(new URL("std/", root))) {
    if (entry.isDirectory) {
      folders.push(`./std/${entry.name}`);
    }
  }
  assertEquals(links.toSorted(), folders.toSorted());
});

Deno.test("each link's version lies in the range that deno.json imports", async () => {
  const { links, imports } = await config("deno.json");
  for (const link of links) {
    const { name, version } = await config(`${link}/deno.json`);
    const [, packageName, range = ""] =
      /^jsr:(@std\/\w+)@(.+)$/.exec(imports[name] ?? "") ?? [];
    assertEquals(packageName, name);
    assertEquals(
      satisfies(version, range),
      true,
      `${link} is ${version}, deno.json imports ${range}`,
    );
  }
});

Deno.test("inline jsr: imports name the range of deno.json and an export that the link has", async () => {
  const { imports } = await config("deno.json");
  const wrong: string[] = [];
  const used = await importsFrom(
    ...await sourcesOf(...Object.keys(LAYERS) as Layer[]),
  );
  for (const { from, specifier } of used) {
    const [, name, range, path = ""] =
      /^jsr:(@std\/\w+)@([^/]+)(\/.*)?$/.exec(specifier) ?? [];
    if (!specifier.startsWith("jsr:")) {
      continue;
    }
    if (name === undefined || imports[name] !== `jsr:${name}@${range}`) {
      wrong.push(`${from}: "${specifier}" is not the range of deno.json`);
      continue;
    }
    const { exports } = await config(
      `${name.replace("@std/", "std/")}/deno.json`,
    );
    if (exports[`.${path}`] === undefined) {
      wrong.push(`${from}: "${specifier}" is not an export of the link`);
    }
  }
  assertEquals(wrong, []);
});

Deno.test("the links all re-export one version of deno-std", async () => {
  const { links } = await config("deno.json");
  const versions = new Set<string>();
  for (const link of links) {
    const { exports } = await config(`${link}/deno.json`);
    for (const file of Object.values(exports)) {
      const text = await read(`${link}/${file}`);
      for (const [, version = ""] of text.matchAll(/npm:deno-std@([\d.]+)/g)) {
        versions.add(version);
      }
    }
  }
  assertEquals(versions.size, 1, [...versions].join(", "));
});

Deno.test("the browser's type check has the compiler options of deno.json and the DOM for its library", async () => {
  const { compilerOptions } = await config("deno.json");
  const browser = await config("tests/project/browser.json");
  const { lib, ...options } = browser.compilerOptions;
  assertEquals(options, compilerOptions);
  assertEquals(
    (lib as string[]).filter((name) => name.startsWith("deno")),
    [],
  );
});
