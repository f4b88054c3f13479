// What was delivered, and how long it took. A message out of its turn ends the run.
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
