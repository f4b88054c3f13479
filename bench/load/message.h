// One message: a `chat`, or above 2,000 bytes `data`, which no stock server checks. Its text has a fixed length and contains
// the start of its latency and its number in the topic. Below MESSAGE_STAMPED bytes it contains only the number, and the
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
// Finds the next message between `text` and `end` in any envelope; returns the place behind it, or NULL.
const char *message_next(struct message *message, const char *text,
                         const char *end, int bytes);
#endif
