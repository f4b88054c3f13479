// Counts deliveries and their latencies. A message out of order ends the run.
#ifndef TALLY_H
#define TALLY_H
#include "connection.h"
#include "histogram.h"
#include "message.h"

struct tally {
  uint64_t delivered; // messages, all connections together
  uint64_t pongs;
  uint64_t *by_group; // the same by group
  struct histogram latencies;
};

extern struct tally tally;

void tally_make(const struct options *options);
void tally_delivery(struct connection *c, const struct message *message,
                    uint64_t now);
void tally_pong(struct connection *c, uint64_t now);
#endif
