// Clients that reconnect all at once: after a disconnect, and after a restart of the server.
#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include "modes.h"
#include "process.h"
#include "counters.h"
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Seconds until the server is back.
#define RESTART_NS (60 * NS_PER_S)

static uint64_t timeout_ends(const struct pool *pool) {
  return now_ns() + (uint64_t)(pool->options->timeout * 1e9);
}

static void publish_all(struct pool *pool, uint64_t count) {
  struct connection *publisher = &pool->all[0];
  uint64_t end = timeout_ends(pool);
  while (publisher->received < count) {
    // A few at a time: the publisher's own deliveries show that the messages are in the log.
    while (publisher->published < count &&
           publisher->published < publisher->received + 64)
      dialect_publish(pool, publisher, now_ns());
    pool_poll(pool, 10);
    if (now_ns() > end)
      fail(EXIT_DELIVERY, "the publisher got %" PRIu64 " of %" PRIu64,
           publisher->received, count);
  }
}

static void wait_for(struct pool *pool, uint64_t deliveries) {
  uint64_t end = timeout_ends(pool), seen = counters.delivered;
  while (counters.delivered < deliveries) {
    pool_poll(pool, 10);
    if (counters.delivered != seen) {
      seen = counters.delivered;
      end = timeout_ends(pool);
    } else if (now_ns() > end)
      fail(EXIT_DELIVERY, "%" PRIu64 " of %" PRIu64 " deliveries are missing",
           deliveries - counters.delivered, deliveries);
  }
}

void measure_replay(struct pool *pool) {
  const struct options *o = pool->options;
  uint64_t count = (uint64_t)pool->count, missed = (uint64_t)o->messages;
  pool_open(pool, 0, o->opening);
  // All have received one message, because Socket.IO resumes from the last one.
  publish_all(pool, 1);
  wait_for(pool, count);
  for (int i = 1; i < pool->count; i++) connection_drop(pool, &pool->all[i]);
  publish_all(pool, 1 + missed);
  pool->resumed = 0;
  double cpu = cpu_seconds(o->pid), own = own_cpu_seconds();
  uint64_t start = now_ns();
  pool_open(pool, 1, o->opening);
  double back = (double)(now_ns() - start) / 1e9;
  wait_for(pool, count * (1 + missed));
  double seconds = (double)(now_ns() - start) / 1e9;
  if (pool->resumed < pool->count - 1)
    fail(EXIT_DELIVERY, "only %d of %d sessions were resumed", pool->resumed,
         pool->count - 1);
  printf("{\"mode\":\"replay\",\"connections\":%d,\"messages\":%d,"
         "\"seconds\":%.4f,\"backSeconds\":%.4f,\"perSecond\":%.1f,"
         "\"serverCpuSeconds\":%.2f,\"loadCpu\":%.4f}\n",
         pool->count, o->messages, seconds, back,
         (double)((count - 1) * missed) / seconds, cpu_seconds(o->pid) - cpu,
         (own_cpu_seconds() - own) / seconds);
}

// The caller writes "go PID" when the new server listens.
static int wait_for_server(struct pool *pool) {
  struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
  char line[64];
  uint64_t end = now_ns() + RESTART_NS;
  while (poll(&in, 1, 0) == 0) {
    pool_poll(pool, 5);
    if (now_ns() > end) fail(EXIT_CONNECTION, "no 'go PID' on stdin in time");
  }
  int pid;
  if (fgets(line, sizeof line, stdin) == NULL ||
      sscanf(line, "go %d", &pid) != 1)
    fail(EXIT_USAGE, "expected 'go PID' on stdin");
  return pid;
}

void measure_restart(struct pool *pool) {
  const struct options *o = pool->options;
  uint64_t count = (uint64_t)pool->count, kept = (uint64_t)o->messages;
  pool_open(pool, 0, o->opening);
  publish_all(pool, kept);
  wait_for(pool, count * kept);
  pool->may_close = pool->retries = true;
  puts("ready");
  int pid = wait_for_server(pool);
  for (int i = 0; i < pool->count; i++) connection_drop(pool, &pool->all[i]);
  pool->resumed = pool->refused = 0;
  double own = own_cpu_seconds();
  uint64_t start = now_ns();
  pool_open(pool, 0, o->opening);
  double seconds = (double)(now_ns() - start) / 1e9;
  if (pool->resumed < pool->count)
    fail(EXIT_DELIVERY, "only %d of %d sessions were resumed", pool->resumed,
         pool->count);
  printf("{\"mode\":\"restart\",\"connections\":%d,\"seconds\":%.4f,"
         "\"refused\":%d,\"resumed\":%d,\"serverCpuSeconds\":%.2f,"
         "\"loadCpu\":%.4f}\n",
         pool->count, seconds, pool->refused, pool->resumed,
         cpu_seconds(pid), (own_cpu_seconds() - own) / seconds);
}
