/** What `--help` prints. */
export const HELP = `Drumbeat: a WebSocket hub, and its page.

Usage: deno task start [options]

  --port NUMBER         the port to listen on, 0 for any free one   [PORT, 8000]
  --hostname ADDRESS    the address to listen on; 0.0.0.0: every one this
                        machine has, so that a phone can join       [HOST, 127.0.0.1]
  --workers N           sockets in so many workers, for as many cores; the
                        logs stay in one place (Linux). Without --log,
                        --metrics and --transport strict            [1]
  --origins LIST        the pages that may connect, such as
                        https://app.example,http://localhost:3000;
                        same: this server's own; any: all           [same]
  --trusted-proxies N   how many proxies in front say, in
                        X-Forwarded-For, whose address it is        [0]
  --cert FILE           speak TLS, with this certificate (PEM) ...  [plain HTTP]
  --key FILE            ... and this private key (PEM)
  --transport deno|strict  strict: over node:http and ws, which bound what
                        the runtime cannot (docs/security.md)       [deno]
  --limits default|none none lifts inbound limits, for load tests   [default]
  --store FILE|URL      keep the logs in this file, over restarts; or in
                        Redis, with other servers:
                        redis://[user:password@]host[:port][/database]
                        [?prefix=app:], rediss:// for TLS           [in memory]
  --durability full|relaxed  what a commit to a file waits for: the disk, or
                        nothing (an unclean end begins a new epoch);
                        whether Redis loses nothing when it ends    [full; relaxed]
  --log json|text       a line for each connection, refusal and failure  [none]
  --metrics             answer /metrics, in Prometheus' format; needs the
                        admin token, at least 16 characters
  --admin-token-file FILE  where that token is          [DRUMBEAT_ADMIN_TOKEN]
  --drain-over TIME     at the end, peers go spread over this time  [1s]
  --drain-deadline TIME and after this one nobody is waited for  [2s more]
  --help                this text

In brackets: the environment variable that sets it, and the default. A time is
a number of milliseconds, or of seconds with an s. Ctrl-C, or SIGTERM, ends the
server; a second one ends it at once.
Permissions: --allow-net and --allow-env=PORT,HOST; with --allow-sys=networkInterfaces
it can also tell the addresses at which other devices find it. --store FILE
needs --allow-read and --allow-write for the file's folder, --cert and --key
--allow-read. --workers needs --unstable-net, and --allow-read for the folder of
Drumbeat itself, as do --log and --metrics; --metrics the variable, or a file.`;
