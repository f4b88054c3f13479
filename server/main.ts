/**
 * The command line: `deno task start`. It prints, and it ends the process; nothing else in Drumbeat does.
 *
 * @module
 */
import { contract } from "../static/contract.ts";
import { HELP, readCommand } from "./command_line.ts";
import { serve } from "./serve.ts";
import { urlsOf } from "./urls.ts";

/** Peers get their goodbye within this time, or are left behind. */
const DRAIN = { overMs: 1000, deadlineMs: 3000 };

const command = readCommand(Deno.args, {
  PORT: Deno.env.get("PORT"),
  HOST: Deno.env.get("HOST"),
});
if (command.run === "help") say(HELP);
else if (command.run === "refuse") {
  complain(`${command.why}. 'deno task start --help' shows the options.`);
  Deno.exit(2);
} else run(command);

function run(
  { port, hostname, limits }: Extract<typeof command, { run: "serve" }>,
): void {
  let server;
  try {
    server = serve({
      port,
      hostname,
      limits,
      contract,
      onError: (error, { stage }) =>
        complain(`${stage}: ${error instanceof Error ? error.stack : error}`),
    });
  } catch (error) {
    complain(
      error instanceof Deno.errors.AddrInUse
        ? `Port ${port} is in use. Choose another one with --port.`
        : `Cannot listen on ${hostname}:${port}: ${
          error instanceof Error ? error.message : error
        }`,
    );
    Deno.exit(1);
  }
  say(
    `Drumbeat listens on ${
      urlsOf(hostname, server.addr.port).join("\n                    ")
    }`,
  );
  let stopping = false;
  const stop = async () => {
    // Whoever asks twice means it.
    if (stopping) Deno.exit(130);
    stopping = true;
    await server.drain(DRAIN);
    Deno.exit(0);
  };
  Deno.addSignalListener("SIGINT", stop);
  Deno.addSignalListener("SIGTERM", stop);
}

/** A full disk behind the output must not end the server. */
function say(text: string): void {
  try {
    console.log(text);
  } catch {
    // Nowhere to say it.
  }
}

function complain(text: string): void {
  try {
    console.error(text);
  } catch {
    // Nowhere to say it.
  }
}
