#!/usr/bin/env bash
# Redis 7.0.15 (Debian 12): a primary that never ended and never was a replica changes its replication id when its first
# replica connects, and then names no former id; after a failover and a failback it names one.
#
# The replication id (`master_replid` of INFO) is documented as the id of a history of data: two servers with one id and
# one offset have the same data. A program that shares a server uses it to detect that the data may be an older copy.
# Guess, before it was run: the id stays while a process runs as a primary, and changes when a replica is promoted.
# Seen: it also changes when the first replica connects to a server that had none, while nothing is lost.
# `master_replid2` then is all zeros. After the server was a replica and is a primary again, with the same process
# (`run_id`), `master_replid2` has the former id of the other server.
# So a comparison of the id alone reports a loss that did not happen, and a comparison of `run_id` alone misses one that did.
# A program must compare `master_replid` and look whether `master_replid2` names a history.
set -euo pipefail
version='5:7.0.15-1~deb12u*'
folder=$(mktemp -d)
trap 'for pid in ${pids:-}; do kill "$pid" 2>/dev/null || true; done; rm -rf "$folder"' EXIT
cd "$folder"
for package in redis-server redis-tools; do apt-get download -qq "$package=$version" 2>/dev/null; done
for file in ./*.deb; do dpkg-deb -x "$file" .; done
server=$folder/usr/bin/redis-check-rdb # The same program: its name chooses what it does.
ln -sf "$(readlink -f "$server")" "$folder/redis-server"

port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }
start() { "$folder/redis-server" --port "$1" --bind 127.0.0.1 --save '' --repl-diskless-sync-delay 0 --dir "$folder" >/dev/null & pids="${pids:-} $!"; }
ask() { "$folder/usr/bin/redis-cli" -p "$@"; }
field() { ask "$1" info | tr -d '\r' | sed -n "s/^$2://p"; }
until_field() { until [ "$(field "$1" "$2" 2>/dev/null)" = "$3" ]; do sleep 0.1; done; }

a=$(port)
b=$(port)
start "$a"
start "$b"
until_field "$a" role master
until_field "$b" role master
run=$(field "$a" run_id)
first=$(field "$a" master_replid)
ask "$b" replicaof 127.0.0.1 "$a" >/dev/null
until_field "$b" master_link_status up
second=$(field "$a" master_replid)
former() { [[ "$(field "$a" master_replid2)" =~ ^0+$ ]] && echo 'no former id' || echo 'a former id'; }
seen="first replica: $([ "$second" = "$first" ] && echo 'the same id' || echo 'another id'), $(former)"
ask "$b" replicaof no one >/dev/null
ask "$a" replicaof 127.0.0.1 "$b" >/dev/null
until_field "$a" master_link_status up
ask "$a" replicaof no one >/dev/null
third=$(field "$a" master_replid)
seen="$seen
failover and failback: $([ "$third" = "$second" ] && echo 'the same id' || echo 'another id'), $(former)
$([ "$(field "$a" run_id)" = "$run" ] && echo 'the same process' || echo 'another process')"
expected='first replica: another id, no former id
failover and failback: another id, a former id
the same process'
echo "$seen"
[ "$seen" = "$expected" ] || { echo "The behaviour has changed." >&2; exit 1; }
