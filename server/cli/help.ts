/** The text of `--help`. */
export const HELP = `Drumbeat: a WebSocket hub with a page.

Usage: deno task start [options]

Network
  --port NUMBER         port to listen on; 0 for any free port
                        (default: the variable PORT, or 8000)
  --hostname ADDRESS    address to listen on; 0.0.0.0 accepts other devices
                        (default: the variable HOST, or 127.0.0.1)
  --cert FILE           certificate for TLS, as PEM (default: plain HTTP)
  --key FILE            its private key, as PEM
  --transport NAME      deno, or strict: over node:http and ws, which close
                        stalled peers and bound what the runtime does not, see
                        docs/security.md (default: deno)
  --workers NUMBER      number of workers for the sockets; the logs stay in one
                        place. Linux only, and not with --log, --metrics or
                        --transport strict (default: 1)

Access
  --origins LIST        pages that may connect: same for pages of this server,
                        any for every page, or a list:
                        https://app.example,http://localhost:3000
                        (default: same)
  --trusted-proxies N   number of proxies in front of this server whose
                        X-Forwarded-For is trusted (default: 0)
  --limits NAME         default, or none: no limits for connections, topics and
                        incoming messages, for load tests (default: default)

Store
  --store FILE|URL      keep the logs in a SQLite file, or in a Redis that
                        several servers can share:
                        redis://[user:password@]host[:port][/database]
                        [?prefix=NAME]; rediss:// for TLS
                        (default: the variable DRUMBEAT_STORE, or in memory)
  --store-file FILE     file of the value of --store: other users of the
                        machine cannot read a password in it
  --store-worker        commit to the file in a worker: a slow disk does not
                        stop heartbeats and other topics; on a fast disk it
                        costs CPU and throughput (default: no worker)
  --durability NAME     full or relaxed (default: full for a file, relaxed for
                        Redis). File: full waits until the disk has written a
                        message; relaxed does not, and starts new logs after a
                        crash. Redis: full requires that it keeps every
                        message; relaxed lets a restart or failover drop the
                        last ones

Operation
  --log FORMAT          json or text: log connections, refusals and failures to
                        the standard output (default: no log)
  --metrics             answer /metrics, in the format of Prometheus, to
                        requests with the admin token (16 characters or more)
  --admin-token-file FILE
                        file of the admin token
                        (default: the variable DRUMBEAT_ADMIN_TOKEN)
  --drain-over TIME     when the server ends, disconnect the peers over this
                        time (default: 1s)
  --drain-deadline TIME end after this time, even if peers do not answer
                        (default: --drain-over + 2s)
  --help, -h            print this text

A TIME is a number of milliseconds (500, 500ms) or of seconds (5s). Ctrl-C,
SIGTERM and SIGHUP drain the server and end it; a second signal, more than
300 ms after the first, ends it at once.

Permissions (deno task start sets them):
  --allow-net
  --allow-env=PORT,HOST,DRUMBEAT_STORE,DRUMBEAT_ADMIN_TOKEN
  --allow-sys=networkInterfaces  to print the URLs for other devices
  --allow-read, --allow-write    for the folder of --store FILE
  --allow-read                   for the files of --cert, --key and
                                 --admin-token-file and --store-file, and for
                                 the folder of Drumbeat with --store-worker,
                                 --log, --metrics and --workers
  --unstable-net                 for --workers`;
