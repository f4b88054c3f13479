// Counts deliveries and their latencies. A message out of order ends the run.
#ifndef COUNTERS_H
#define COUNTERS_H
#include "connection.h"
#include "histogram.h"
#include "message.h"

struct counters {
  uint64_t delivered; // messages, all connections together
  uint64_t pongs;
  uint64_t *by_group; // the same by group
  struct histogram latencies;
};

extern struct counters counters;

void counters_init(const struct options *options);
void count_delivery(struct connection *c, const struct message *message,
                    uint64_t now);
void count_pong(struct connection *c, uint64_t now);
#endif
