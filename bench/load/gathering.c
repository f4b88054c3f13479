// Measures the cost of idle connections: opening them, their memory, their pings.
#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include "modes.h"
#include "process.h"
#include "tally.h"
#include <inttypes.h>
#include <stdio.h>

static void rest(struct crowd *crowd, double seconds) {
  uint64_t end = now_ns() + (uint64_t)(seconds * 1e9);
  for (uint64_t now; (now = now_ns()) < end;)
    crowd_poll(crowd, (int)((end - now) / NS_PER_MS) + 1);
}

void measure_storm(struct crowd *crowd) {
  int pid = crowd->options->pid;
  double cpu = cpu_seconds(pid), own = own_cpu_seconds();
  uint64_t start = now_ns();
  crowd->retries = true;
  crowd_open(crowd, 0, crowd->options->opening);
  double seconds = (double)(now_ns() - start) / 1e9;
  printf("{\"mode\":\"storm\",\"connections\":%d,\"seconds\":%.4f,"
         "\"refused\":%d,\"serverCpuSeconds\":%.2f,\"loadCpu\":%.4f}\n",
         crowd->count, seconds, crowd->refused, cpu_seconds(pid) - cpu,
         (own_cpu_seconds() - own) / seconds);
}

void measure_idle(struct crowd *crowd) {
  const struct options *o = crowd->options;
  double before = pss_kib(o->pid);
  crowd_open(crowd, 0, o->opening);
  rest(crowd, o->settle);
  double after = pss_kib(o->pid);
  printf("{\"mode\":\"idle\",\"connections\":%d,\"baseMib\":%.1f,"
         "\"fullMib\":%.1f,\"kibPerConnection\":%.3f}\n",
         crowd->count, before / 1024, after / 1024,
         (after - before) / crowd->count);
}

// Ping k is sent at k * interval / clients, which spreads the pings evenly.
void measure_heartbeat(struct crowd *crowd) {
  const struct options *o = crowd->options;
  crowd_open(crowd, 0, o->opening);
  rest(crowd, o->settle);
  double gap = o->interval * 1e9 / crowd->count;
  double cpu = cpu_seconds(o->pid), own = own_cpu_seconds();
  uint64_t start = now_ns(), sent = 0;
  uint64_t end = start + (uint64_t)(o->seconds * 1e9);
  for (uint64_t now; (now = now_ns()) < end;) {
    uint64_t planned;
    while ((planned = start + (uint64_t)((double)sent * gap)) <= now) {
      struct connection *c = &crowd->all[sent++ % (uint64_t)crowd->count];
      c->begun = planned;
      dialect_ping(crowd, c);
    }
    crowd_wake_at(crowd, planned);
    crowd_poll(crowd, 10);
  }
  double seconds = (double)(now_ns() - start) / 1e9;
  double used = cpu_seconds(o->pid) - cpu;
  own = own_cpu_seconds() - own;
  end = now_ns() + (uint64_t)(o->timeout * 1e9);
  while (tally.pongs < sent) {
    if (now_ns() > end)
      fail(EXIT_DELIVERY, "%" PRIu64 " of %" PRIu64 " pongs are missing",
           sent - tally.pongs, sent);
    crowd_poll(crowd, 10);
  }
  printf("{\"mode\":\"heartbeat\",\"connections\":%d,\"pings\":%" PRIu64
         ",\"seconds\":%.3f,\"serverCpu\":%.4f,\"p50Ms\":%.4f,"
         "\"p99Ms\":%.4f,\"loadCpu\":%.4f}\n",
         crowd->count, sent, seconds, used / seconds,
         histogram_ms(&tally.latencies, 0.5),
         histogram_ms(&tally.latencies, 0.99), own / seconds);
}
