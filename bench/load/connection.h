// Connections, opened without blocking and served by one epoll.
#ifndef CONNECTION_H
#define CONNECTION_H
#include "frame.h"
#include "options.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state { UNOPENED, CONNECTING, UPGRADING, STARTING, READY, CLOSED };

struct connection {
  int fd;
  int index;
  int group;
  enum state state;
  bool stalled;     // does not read any more
  bool waits_write; // the kernel accepted only a part of the data
  char *in;         // the start of an incomplete frame
  size_t in_length;
  char *out; // unsent bytes
  size_t out_length;
  size_t out_size;
  uint64_t started_at; // the start of the connection attempt, or of the ping, in ns
  uint64_t retry_at;  // the earliest time of the next attempt, in ns
  uint64_t received;  // messages
  uint64_t published; // messages; the id of the last one
  uint64_t frames;    // batches received on this connection
  size_t unacked;     // bytes of them since the last ack
  // For a resume:
  char session[64];
  char epoch[64];
  uint64_t offset;
};

struct pool {
  const struct options *options;
  struct connection *all;
  int count;
  int epoll;
  int timer;    // wakes `pool_poll` for the next paced message
  int opening;  // handshakes under way
  int ready;    // the number of READY connections
  int resumed;  // resumed sessions
  int refused;  // failed attempts
  bool retries; // failed attempts are repeated; otherwise the run fails
  bool may_close; // a closed connection does not fail the run
};

void pool_init(struct pool *pool, const struct options *options);
// Opens connections from `first` on, at most `opening` at a time, until all are READY; fails after 60 s.
void pool_open(struct pool *pool, int first, int opening);
// Waits for events, at most this number of ms, and handles them.
void pool_poll(struct pool *pool, int ms);
// Wakes the next `pool_poll` at a time.
void pool_wake_at(struct pool *pool, uint64_t ns);

void connection_send(struct pool *pool, struct connection *c,
                     enum opcode opcode, const char *payload, size_t length);
// Closes a connection at once.
void connection_drop(struct pool *pool, struct connection *c);
// Marks a connection as ready, after the server's first frame.
void connection_ready(struct pool *pool, struct connection *c);
// Stops reading from a connection.
void connection_stall(struct pool *pool, struct connection *c);
#endif
