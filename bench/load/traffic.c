#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include "modes.h"
#include "process.h"
#include "counters.h"
#include <inttypes.h>
#include <stdio.h>

struct snapshot {
  uint64_t at; // ns
  uint64_t delivered;
  uint64_t published;
  double server_cpu, store_cpu, own_cpu; // s
};

static struct snapshot take_snapshot(const struct pool *pool) {
  const struct options *o = pool->options;
  struct snapshot at = {
      .at = now_ns(),
      .delivered = counters.delivered,
      .server_cpu = cpu_seconds(o->pid) + cpu_seconds(o->second_pid),
      .store_cpu = cpu_seconds(o->store_pid),
      .own_cpu = own_cpu_seconds(),
  };
  for (int i = 0; i < publishers(o); i++)
    at.published += pool->all[i].published;
  return at;
}

// Returns the number of reading connections of a group.
static uint64_t members(const struct pool *pool, int group) {
  const struct options *o = pool->options;
  if (o->request || o->groups > pool->count) return 1;
  int reading = pool->count - o->stalled;
  return (uint64_t)((reading - group + o->groups - 1) / o->groups);
}

// A closed loop: a group whose messages have arrived publishes the next ones.
static void publish_in_flight(struct pool *pool) {
  const struct options *o = pool->options;
  for (int g = 0; g < o->groups; g++) {
    struct connection *c = &pool->all[g];
    uint64_t count = members(pool, g);
    while (c->published * count <
               counters.by_group[g] + (uint64_t)o->in_flight * count &&
           (o->messages == 0 || c->published < (uint64_t)o->messages))
      dialect_publish(pool, c, now_ns());
  }
}

// A closed loop over all groups, with as many messages in flight as in one group alone.
static void publish_in_turn(struct pool *pool, uint64_t *sent) {
  const struct options *o = pool->options;
  uint64_t count = members(pool, 0);
  while (*sent * count < counters.delivered + (uint64_t)o->in_flight * count)
    dialect_publish(pool, &pool->all[(*sent)++ % (uint64_t)publishers(o)],
                    now_ns());
}

// At a pace, each latency starts at the planned time, so that a late server or load generator is visible (coordinated
// omission).
static void publish_paced(struct pool *pool, uint64_t start, uint64_t *sent) {
  const struct options *o = pool->options;
  double gap = (double)NS_PER_S / o->pace;
  uint64_t most = (uint64_t)o->messages * (uint64_t)o->groups;
  for (;;) {
    uint64_t planned = start + (uint64_t)((double)*sent * gap);
    if (most > 0 && *sent == most) return;
    if (planned > now_ns()) return pool_wake_at(pool, planned);
    dialect_publish(pool, &pool->all[*sent % (uint64_t)o->groups], planned);
    ++*sent;
  }
}

static uint64_t expected(const struct pool *pool) {
  uint64_t sum = 0;
  for (int g = 0; g < publishers(pool->options); g++)
    sum += pool->all[g].published * members(pool, g);
  return sum;
}

static bool all_published(const struct pool *pool) {
  const struct options *o = pool->options;
  if (o->messages == 0) return false;
  for (int g = 0; g < o->groups; g++)
    if (pool->all[g].published < (uint64_t)o->messages) return false;
  return true;
}

static void print(const struct pool *pool, const struct snapshot *from,
                  const struct snapshot *to, double peak) {
  const struct options *o = pool->options;
  const struct histogram *h = &counters.latencies;
  double seconds = (double)(to->at - from->at) / 1e9;
  double delivered = (double)(to->delivered - from->delivered);
  double cpu = to->server_cpu - from->server_cpu;
  double store = to->store_cpu - from->store_cpu;
  double published = (double)(to->published - from->published);
  printf("{\"mode\":\"traffic\",\"connections\":%d,\"groups\":%d,"
         "\"delivered\":%" PRIu64 ",\"expected\":%" PRIu64
         ",\"seconds\":%.3f,\"perSecond\":%.1f,\"p50Ms\":%.4f,"
         "\"p99Ms\":%.4f,\"p999Ms\":%.4f,\"maxMs\":%.4f,\"serverCpu\":%.4f,"
         "\"serverCpuUs\":%.4f,\"perCpuSecond\":%.1f,\"peakMib\":%.1f,"
         "\"storeCpu\":%.4f,\"storeCpuUs\":%.4f,\"loadCpu\":%.4f}\n",
         pool->count, o->groups, counters.delivered, expected(pool), seconds,
         delivered / seconds, histogram_ms(h, 0.5), histogram_ms(h, 0.99),
         histogram_ms(h, 0.999), (double)h->max / 1e6, cpu / seconds,
         delivered > 0 ? cpu * 1e6 / delivered : 0,
         cpu > 0 ? delivered / cpu : 0, peak / 1024, store / seconds,
         published > 0 ? store * 1e6 / published : 0,
         (to->own_cpu - from->own_cpu) / seconds);
}

void measure_traffic(struct pool *pool) {
  const struct options *o = pool->options;
  pool_open(pool, 0, o->opening);
  for (int i = pool->count - o->stalled; i < pool->count; i++)
    connection_stall(pool, &pool->all[i]);
  reset_peak(o->pid);
  uint64_t start = now_ns(), last = start, seen = 0, sent = 0;
  uint64_t warm = start + (uint64_t)(o->warmup * 1e9);
  uint64_t end = warm + (uint64_t)(o->seconds * 1e9);
  struct snapshot from = take_snapshot(pool), to = from;
  bool warming = o->warmup > 0, publishing = true, timed_out = false;
  for (;;) {
    uint64_t now = now_ns();
    if (warming && now >= warm) {
      warming = false;
      histogram_clear(&counters.latencies);
      from = take_snapshot(pool);
    }
    if (publishing && now >= end) {
      publishing = false;
      timed_out = true;
      to = take_snapshot(pool);
    }
    if (publishing && o->pace > 0) publish_paced(pool, start, &sent);
    else if (publishing && o->round_robin) publish_in_turn(pool, &sent);
    else if (publishing) publish_in_flight(pool);
    if (publishing && all_published(pool)) publishing = false;
    if (!publishing && counters.delivered >= expected(pool)) break;
    pool_poll(pool, 10);
    if (counters.delivered != seen) {
      seen = counters.delivered;
      last = now;
    } else if (now - last > (uint64_t)(o->timeout * 1e9))
      fail(EXIT_DELIVERY, "%" PRIu64 " of %" PRIu64 " deliveries are missing",
           expected(pool) - counters.delivered, expected(pool));
  }
  if (!timed_out) to = take_snapshot(pool);
  print(pool, &from, &to, peak_kib(o->pid));
}
