// Connections: opened without blocking, served by one epoll, each with what it was sent so far.
#ifndef CONNECTION_H
#define CONNECTION_H
#include "frame.h"
#include "options.h"
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum state { UNOPENED, CONNECTING, UPGRADING, GREETING, READY, CLOSED };

struct connection {
  int fd;
  int index;
  int group;
  enum state state;
  bool stalled;     // does not read any more
  bool waits_write; // the kernel took less than it was given
  char *in;         // the beginning of a frame that is not whole yet
  size_t in_length;
  char *out; // what the kernel has not taken yet
  size_t out_length;
  size_t out_size;
  uint64_t begun;     // when the attempt to connect began, or the ping went out, in ns
  uint64_t retry_at;  // not before then, in ns
  uint64_t received;  // messages
  uint64_t published; // messages; the id of the last one
  uint64_t frames;    // batches taken in on this connection
  size_t unacked;     // bytes of them since the last ack
  // To come back with:
  char session[64];
  char epoch[64];
  uint64_t offset;
};

struct crowd {
  const struct options *options;
  struct connection *all;
  int count;
  int epoll;
  int timer;    // wakes `crowd_poll` for the next paced message
  int opening;  // handshakes under way
  int ready;    // of `all`, how many are READY
  int resumed;  // sessions that the server still knew
  int refused;  // attempts that did not lead to a connection
  bool retries; // an attempt that fails is made again; else the run fails
  bool may_close; // a connection that closes is no failure
};

void crowd_make(struct crowd *crowd, const struct options *options);
// Opens connections from `first` on, at most `opening` at a time, until all are READY; fails after 60 s.
void crowd_open(struct crowd *crowd, int first, int opening);
// Waits for events, at most so many ms, and handles them.
void crowd_poll(struct crowd *crowd, int ms);
// Wakes the next `crowd_poll` at a time.
void crowd_wake_at(struct crowd *crowd, uint64_t ns);

void connection_send(struct crowd *crowd, struct connection *c,
                     enum opcode opcode, const char *payload, size_t length);
// Ends a connection from this side at once.
void connection_drop(struct crowd *crowd, struct connection *c);
// It took the server's greeting: now it counts.
void connection_is_ready(struct crowd *crowd, struct connection *c);
// Leaves everything that comes in where it is.
void connection_stall(struct crowd *crowd, struct connection *c);
#endif
