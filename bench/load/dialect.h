// How each kind of server wants to be spoken to: what makes a connection ready, a publish, a delivery.
#ifndef DIALECT_H
#define DIALECT_H
#include "connection.h"

const char *dialect_path(char *out, size_t size, const struct options *options,
                         const struct connection *c);
const char *dialect_header(const struct options *options);
// The upgrade is done: says what the server waits for.
void dialect_greet(struct crowd *crowd, struct connection *c);
// A text message came in at `now`.
void dialect_receive(struct crowd *crowd, struct connection *c,
                     const char *text, size_t length, uint64_t now);
// Publishes the next message of the connection's group (or requests it), with the time it counts from.
void dialect_publish(struct crowd *crowd, struct connection *c, uint64_t stamp);
// Pings the server, which answers with a pong.
void dialect_ping(struct crowd *crowd, struct connection *c);
#endif
