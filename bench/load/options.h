// The command line of the load generator. bench/generator.ts writes it.
#ifndef OPTIONS_H
#define OPTIONS_H
#include <stdbool.h>
#include <stdint.h>

// Groups that one connection can be in: its hello names them all.
#define GROUPS_EACH_MAX 100

enum mode { TRAFFIC, STORM, IDLE, HEARTBEAT, REPLAY, RESTART };
enum dialect { PLAIN, DRUMBEAT, SOCKETIO };

struct options {
  int port;
  int second_port; // the port of the second node, for every other connection; 0: one node
  int pid;         // the server's process, for its CPU and memory; 0: do not measure
  int second_pid;  // the second node's process: its CPU counts as the server's
  int store_pid;   // the shared store's process, for its CPU
  enum mode mode;
  enum dialect dialect;
  int connections;
  int groups;        // connection i is in group i % groups; the first of each group publishes
                     // more groups than connections: connection i is in all groups g with g % connections == i
  bool request;      // a publisher asks for a reply to itself instead of publishing
  bool round_robin;  // messages are published to one group after the other, and `in_flight` counts all of them
  int in_flight;     // messages of a group that are published and not delivered to all of it
  double pace;       // messages a second of all groups, instead of `in_flight`; 0: closed loop
  int messages;      // of each group; 0: until the time is up
  double seconds;    // the duration of the measurement
  double warmup;     // seconds of the same before
  int bytes;         // of one message
  int stalled;       // the number of connections, from the last one, that stop reading
  double settle;     // seconds of rest before memory is read
  double timeout;   // seconds without a delivery after which the missing ones count as lost
  double interval;   // seconds between two pings of a client
  int opening;       // concurrent handshakes
};

struct options read_options(int count, char **words);
// Connections that publish: the first ones.
int publishers(const struct options *options);
// Groups that one connection is in.
int groups_each(const struct options *options);
#endif
