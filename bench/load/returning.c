// Clients that reconnect all at once: after a disconnect, and after a restart of the server.
#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include "modes.h"
#include "process.h"
#include "tally.h"
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

// Seconds until the server is back.
#define RESTART_NS (60 * NS_PER_S)

static uint64_t timeout_ends(const struct crowd *crowd) {
  return now_ns() + (uint64_t)(crowd->options->timeout * 1e9);
}

static void publish_all(struct crowd *crowd, uint64_t count) {
  struct connection *publisher = &crowd->all[0];
  uint64_t end = timeout_ends(crowd);
  while (publisher->received < count) {
    // A few at a time: the publisher's own deliveries show that the messages are in the log.
    while (publisher->published < count &&
           publisher->published < publisher->received + 64)
      dialect_publish(crowd, publisher, now_ns());
    crowd_poll(crowd, 10);
    if (now_ns() > end)
      fail(EXIT_DELIVERY, "the publisher got %" PRIu64 " of %" PRIu64,
           publisher->received, count);
  }
}

static void wait_for(struct crowd *crowd, uint64_t deliveries) {
  uint64_t end = timeout_ends(crowd), seen = tally.delivered;
  while (tally.delivered < deliveries) {
    crowd_poll(crowd, 10);
    if (tally.delivered != seen) {
      seen = tally.delivered;
      end = timeout_ends(crowd);
    } else if (now_ns() > end)
      fail(EXIT_DELIVERY, "%" PRIu64 " of %" PRIu64 " deliveries are missing",
           deliveries - tally.delivered, deliveries);
  }
}

void measure_replay(struct crowd *crowd) {
  const struct options *o = crowd->options;
  uint64_t count = (uint64_t)crowd->count, missed = (uint64_t)o->messages;
  crowd_open(crowd, 0, o->opening);
  // All have received one message, because Socket.IO resumes from the last one.
  publish_all(crowd, 1);
  wait_for(crowd, count);
  for (int i = 1; i < crowd->count; i++) connection_drop(crowd, &crowd->all[i]);
  publish_all(crowd, 1 + missed);
  crowd->resumed = 0;
  double cpu = cpu_seconds(o->pid), own = own_cpu_seconds();
  uint64_t start = now_ns();
  crowd_open(crowd, 1, o->opening);
  double back = (double)(now_ns() - start) / 1e9;
  wait_for(crowd, count * (1 + missed));
  double seconds = (double)(now_ns() - start) / 1e9;
  if (crowd->resumed < crowd->count - 1)
    fail(EXIT_DELIVERY, "only %d of %d sessions were resumed", crowd->resumed,
         crowd->count - 1);
  printf("{\"mode\":\"replay\",\"connections\":%d,\"messages\":%d,"
         "\"seconds\":%.4f,\"backSeconds\":%.4f,\"perSecond\":%.1f,"
         "\"serverCpuSeconds\":%.2f,\"loadCpu\":%.4f}\n",
         crowd->count, o->messages, seconds, back,
         (double)((count - 1) * missed) / seconds, cpu_seconds(o->pid) - cpu,
         (own_cpu_seconds() - own) / seconds);
}

// The caller writes "go PID" when the new server listens.
static int wait_for_server(struct crowd *crowd) {
  struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
  char line[64];
  uint64_t end = now_ns() + RESTART_NS;
  while (poll(&in, 1, 0) == 0) {
    crowd_poll(crowd, 5);
    if (now_ns() > end) fail(EXIT_CONNECTION, "no 'go PID' on stdin in time");
  }
  int pid;
  if (fgets(line, sizeof line, stdin) == NULL ||
      sscanf(line, "go %d", &pid) != 1)
    fail(EXIT_USAGE, "expected 'go PID' on stdin");
  return pid;
}

void measure_restart(struct crowd *crowd) {
  const struct options *o = crowd->options;
  uint64_t count = (uint64_t)crowd->count, kept = (uint64_t)o->messages;
  crowd_open(crowd, 0, o->opening);
  publish_all(crowd, kept);
  wait_for(crowd, count * kept);
  crowd->may_close = crowd->retries = true;
  puts("ready");
  int pid = wait_for_server(crowd);
  for (int i = 0; i < crowd->count; i++) connection_drop(crowd, &crowd->all[i]);
  crowd->resumed = crowd->refused = 0;
  double own = own_cpu_seconds();
  uint64_t start = now_ns();
  crowd_open(crowd, 0, o->opening);
  double seconds = (double)(now_ns() - start) / 1e9;
  if (crowd->resumed < crowd->count)
    fail(EXIT_DELIVERY, "only %d of %d sessions were resumed", crowd->resumed,
         crowd->count);
  printf("{\"mode\":\"restart\",\"connections\":%d,\"seconds\":%.4f,"
         "\"refused\":%d,\"resumed\":%d,\"serverCpuSeconds\":%.2f,"
         "\"loadCpu\":%.4f}\n",
         crowd->count, seconds, crowd->refused, crowd->resumed,
         cpu_seconds(pid), (own_cpu_seconds() - own) / seconds);
}
