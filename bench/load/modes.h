// The modes of the load generator. Each prints one line of JSON.
#ifndef MODES_H
#define MODES_H
#include "connection.h"

// Fan-out, topics, echo, requests: in a closed loop or at a pace.
void measure_traffic(struct pool *pool);
// All connect at once.
void measure_storm(struct pool *pool);
// The memory of an idle connection.
void measure_idle(struct pool *pool);
// The CPU time of pings.
void measure_heartbeat(struct pool *pool);
// All but one disconnect, miss messages, reconnect at once and receive them.
void measure_replay(struct pool *pool);
// The server restarts, and all reconnect at once.
void measure_restart(struct pool *pool);
#endif
