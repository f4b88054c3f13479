#include "counters.h"
#include "fail.h"
#include <inttypes.h>
#include <stdlib.h>

struct counters counters;

void counters_init(const struct options *options) {
  counters.by_group = calloc((size_t)options->groups, sizeof *counters.by_group);
}

void count_delivery(struct connection *c, const struct message *message,
                    uint64_t now) {
  // One connection publishes to a topic, so there is only one valid order.
  if (message->number != c->received)
    fail(EXIT_DELIVERY,
         "connection %d: message %" PRIu64 " came where %" PRIu64
         " was expected",
         c->index, message->number, c->received);
  c->received++;
  counters.delivered++;
  counters.by_group[c->group]++;
  histogram_add(&counters.latencies,
                message->stamp > 0 ? now - message->stamp : 0);
}

void count_pong(struct connection *c, uint64_t now) {
  counters.pongs++;
  histogram_add(&counters.latencies, now - c->started_at);
}
