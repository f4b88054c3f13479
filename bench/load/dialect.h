// The dialect of each server: the frames that make a connection ready, a publish, a delivery.
#ifndef DIALECT_H
#define DIALECT_H
#include "connection.h"

const char *dialect_path(char *out, size_t size, const struct options *options,
                         const struct connection *c);
const char *dialect_header(const struct options *options);
// Sends the first frame after the upgrade.
void dialect_start(struct pool *pool, struct connection *c);
// Handles a text message that arrived at `now`.
void dialect_receive(struct pool *pool, struct connection *c,
                     const char *text, size_t length, uint64_t now);
// Publishes the next message of the connection's group (or requests it), with the start of its latency.
void dialect_publish(struct pool *pool, struct connection *c, uint64_t stamp);
// Pings the server, which answers with a pong.
void dialect_ping(struct pool *pool, struct connection *c);
#endif
