#include "tally.h"
#include "fail.h"
#include <inttypes.h>
#include <stdlib.h>

struct tally tally;

void tally_make(const struct options *options) {
  tally.by_group = calloc((size_t)options->groups, sizeof *tally.by_group);
}

void tally_delivery(struct connection *c, const struct message *message,
                    uint64_t now) {
  // One connection publishes to a topic, so there is only one valid order.
  if (message->number != c->received)
    fail(EXIT_DELIVERY,
         "connection %d: message %" PRIu64 " came where %" PRIu64
         " was expected",
         c->index, message->number, c->received);
  c->received++;
  tally.delivered++;
  tally.by_group[c->group]++;
  histogram_add(&tally.latencies,
                message->stamp > 0 ? now - message->stamp : 0);
}

void tally_pong(struct connection *c, uint64_t now) {
  tally.pongs++;
  histogram_add(&tally.latencies, now - c->begun);
}
