// One message: a `chat`, or above 2,000 bytes `data`, which no stock server checks, that carries when it counts from and
// its number in its topic, in a text of fixed length. Below MESSAGE_STAMPED there is only room for the number, and the
// latencies are zero.
#ifndef MESSAGE_H
#define MESSAGE_H
#include <stdint.h>

#define MESSAGE_MIN 35
#define MESSAGE_STAMPED 64
#define MESSAGE_MAX 65536

struct message {
  uint64_t stamp;  // ns
  uint64_t number; // 0, 1, 2, … in its topic
};

// Writes a message of `bytes` bytes as JSON and returns that length.
int message_write(char *out, int bytes, uint64_t stamp, uint64_t number);
// Finds the next message between `text` and `end`, however it is wrapped; returns where to look on, or NULL.
const char *message_next(struct message *message, const char *text,
                         const char *end, int bytes);
#endif
