// Measures the cost of idle connections: opening them, their memory, their pings.
#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include "modes.h"
#include "process.h"
#include "counters.h"
#include <inttypes.h>
#include <stdio.h>

static void rest(struct pool *pool, double seconds) {
  uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
  for (uint64_t now; (now = now_ns()) < end;)
    pool_poll(pool, (int)((end - now) / NS_PER_MS) + 1);
}

void measure_storm(struct pool *pool) {
  int pid = pool->options->pid;
  double cpu = cpu_seconds(pid), own = own_cpu_seconds();
  uint64_t start = now_ns();
  pool->retries = true;
  pool_open(pool, 0, pool->options->opening);
  double seconds = (double)(now_ns() - start) / 1e9;
  printf("{\"mode\":\"storm\",\"connections\":%d,\"seconds\":%.4f,"
         "\"refused\":%d,\"serverCpuSeconds\":%.2f,\"loadCpu\":%.4f}\n",
         pool->count, seconds, pool->refused, cpu_seconds(pid) - cpu,
         (own_cpu_seconds() - own) / seconds);
}

void measure_idle(struct pool *pool) {
  const struct options *o = pool->options;
  double before = pss_kib(o->pid);
  pool_open(pool, 0, o->opening);
  rest(pool, o->settle);
  double after = pss_kib(o->pid);
  printf("{\"mode\":\"idle\",\"connections\":%d,\"baseMib\":%.1f,"
         "\"fullMib\":%.1f,\"kibPerConnection\":%.3f}\n",
         pool->count, before / 1024, after / 1024,
         (after - before) / pool->count);
}

// Ping k is sent at k * interval / clients, which spreads the pings evenly.
void measure_heartbeat(struct pool *pool) {
  const struct options *o = pool->options;
  pool_open(pool, 0, o->opening);
  rest(pool, o->settle);
  double gap = o->interval * 1e9 / pool->count;
  double cpu = cpu_seconds(o->pid), own = own_cpu_seconds();
  uint64_t start = now_ns(), sent = 0;
  uint64_t end = start + (uint64_t)(o->seconds * 1e9);
  for (uint64_t now; (now = now_ns()) < end;) {
    uint64_t planned;
    while ((planned = start + (uint64_t)((double)sent * gap)) <= now) {
      struct connection *c = &pool->all[sent++ % (uint64_t)pool->count];
      c->started_at = planned;
      dialect_ping(pool, c);
    }
    pool_wake_at(pool, planned);
    pool_poll(pool, 10);
  }
  double seconds = (double)(now_ns() - start) / 1e9;
  double used = cpu_seconds(o->pid) - cpu;
  own = own_cpu_seconds() - own;
  end = now_ns() + (uint64_t)(o->timeout * 1e9);
  while (counters.pongs < sent) {
    if (now_ns() > end)
      fail(EXIT_DELIVERY, "%" PRIu64 " of %" PRIu64 " pongs are missing",
           sent - counters.pongs, sent);
    pool_poll(pool, 10);
  }
  printf("{\"mode\":\"heartbeat\",\"connections\":%d,\"pings\":%" PRIu64
         ",\"seconds\":%.3f,\"serverCpu\":%.4f,\"p50Ms\":%.4f,"
         "\"p99Ms\":%.4f,\"loadCpu\":%.4f}\n",
         pool->count, sent, seconds, used / seconds,
         histogram_ms(&counters.latencies, 0.5),
         histogram_ms(&counters.latencies, 0.99), own / seconds);
}
