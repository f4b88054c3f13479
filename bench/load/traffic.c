#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include "modes.h"
#include "process.h"
#include "tally.h"
#include <inttypes.h>
#include <stdio.h>

struct snapshot {
  uint64_t at; // ns
  uint64_t delivered;
  uint64_t published;
  double server_cpu, store_cpu, own_cpu; // s
};

static struct snapshot look(const struct crowd *crowd) {
  const struct options *o = crowd->options;
  struct snapshot at = {
      .at = now_ns(),
      .delivered = tally.delivered,
      .server_cpu = cpu_seconds(o->pid) + cpu_seconds(o->second_pid),
      .store_cpu = cpu_seconds(o->store_pid),
      .own_cpu = own_cpu_seconds(),
  };
  for (int i = 0; i < publishers(o); i++)
    at.published += crowd->all[i].published;
  return at;
}

// Returns the number of reading connections of a group.
static uint64_t members(const struct crowd *crowd, int group) {
  const struct options *o = crowd->options;
  if (o->request || o->groups > crowd->count) return 1;
  int reading = crowd->count - o->stalled;
  return (uint64_t)((reading - group + o->groups - 1) / o->groups);
}

// A closed loop: a group whose messages have arrived publishes the next ones.
static void publish_in_flight(struct crowd *crowd) {
  const struct options *o = crowd->options;
  for (int g = 0; g < o->groups; g++) {
    struct connection *c = &crowd->all[g];
    uint64_t count = members(crowd, g);
    while (c->published * count <
               tally.by_group[g] + (uint64_t)o->in_flight * count &&
           (o->messages == 0 || c->published < (uint64_t)o->messages))
      dialect_publish(crowd, c, now_ns());
  }
}

// A closed loop over all groups, with as many messages in flight as in one group alone.
static void publish_in_turn(struct crowd *crowd, uint64_t *sent) {
  const struct options *o = crowd->options;
  uint64_t count = members(crowd, 0);
  while (*sent * count < tally.delivered + (uint64_t)o->in_flight * count)
    dialect_publish(crowd, &crowd->all[(*sent)++ % (uint64_t)publishers(o)],
                    now_ns());
}

// At a pace, each latency starts at the planned time, so that a late server or load generator is visible (coordinated
// omission).
static void publish_paced(struct crowd *crowd, uint64_t start, uint64_t *sent) {
  const struct options *o = crowd->options;
  double gap = (double)NS_PER_S / o->pace;
  uint64_t most = (uint64_t)o->messages * (uint64_t)o->groups;
  for (;;) {
    uint64_t planned = start + (uint64_t)((double)*sent * gap);
    if (most > 0 && *sent == most) return;
    if (planned > now_ns()) return crowd_wake_at(crowd, planned);
    dialect_publish(crowd, &crowd->all[*sent % (uint64_t)o->groups], planned);
    ++*sent;
  }
}

static uint64_t expected(const struct crowd *crowd) {
  uint64_t sum = 0;
  for (int g = 0; g < publishers(crowd->options); g++)
    sum += crowd->all[g].published * members(crowd, g);
  return sum;
}

static bool all_published(const struct crowd *crowd) {
  const struct options *o = crowd->options;
  if (o->messages == 0) return false;
  for (int g = 0; g < o->groups; g++)
    if (crowd->all[g].published < (uint64_t)o->messages) return false;
  return true;
}

static void print(const struct crowd *crowd, const struct snapshot *from,
                  const struct snapshot *to, double peak) {
  const struct options *o = crowd->options;
  const struct histogram *h = &tally.latencies;
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
         crowd->count, o->groups, tally.delivered, expected(crowd), seconds,
         delivered / seconds, histogram_ms(h, 0.5), histogram_ms(h, 0.99),
         histogram_ms(h, 0.999), (double)h->max / 1e6, cpu / seconds,
         delivered > 0 ? cpu * 1e6 / delivered : 0,
         cpu > 0 ? delivered / cpu : 0, peak / 1024, store / seconds,
         published > 0 ? store * 1e6 / published : 0,
         (to->own_cpu - from->own_cpu) / seconds);
}

void measure_traffic(struct crowd *crowd) {
  const struct options *o = crowd->options;
  crowd_open(crowd, 0, o->opening);
  for (int i = crowd->count - o->stalled; i < crowd->count; i++)
    connection_stall(crowd, &crowd->all[i]);
  reset_peak(o->pid);
  uint64_t start = now_ns(), last = start, seen = 0, sent = 0;
  uint64_t warm = start + (uint64_t)(o->warmup * 1e9);
  uint64_t end = warm + (uint64_t)(o->seconds * 1e9);
  struct snapshot from = look(crowd), to = from;
  bool warming = o->warmup > 0, publishing = true, timed_out = false;
  for (;;) {
    uint64_t now = now_ns();
    if (warming && now >= warm) {
      warming = false;
      histogram_clear(&tally.latencies);
      from = look(crowd);
    }
    if (publishing && now >= end) {
      publishing = false;
      timed_out = true;
      to = look(crowd);
    }
    if (publishing && o->pace > 0) publish_paced(crowd, start, &sent);
    else if (publishing && o->round_robin) publish_in_turn(crowd, &sent);
    else if (publishing) publish_in_flight(crowd);
    if (publishing && all_published(crowd)) publishing = false;
    if (!publishing && tally.delivered >= expected(crowd)) break;
    crowd_poll(crowd, 10);
    if (tally.delivered != seen) {
      seen = tally.delivered;
      last = now;
    } else if (now - last > (uint64_t)(o->timeout * 1e9))
      fail(EXIT_DELIVERY, "%" PRIu64 " of %" PRIu64 " deliveries are missing",
           expected(crowd) - tally.delivered, expected(crowd));
  }
  if (!timed_out) to = look(crowd);
  print(crowd, &from, &to, peak_kib(o->pid));
}
