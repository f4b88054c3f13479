// What can be measured. Each prints one line of JSON.
#ifndef MODES_H
#define MODES_H
#include "connection.h"

// Fan-out, topics, echo, requests: in a closed loop or at a pace.
void measure_traffic(struct crowd *crowd);
// All connect at once.
void measure_storm(struct crowd *crowd);
// What an idle connection costs in memory.
void measure_idle(struct crowd *crowd);
// What pings cost in CPU.
void measure_heartbeat(struct crowd *crowd);
// All but one leave, miss messages, come back at once and are brought them.
void measure_replay(struct crowd *crowd);
// The server restarts, all come back at once.
void measure_restart(struct crowd *crowd);
#endif
