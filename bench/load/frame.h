// WebSocket frames, RFC 6455 section 5: clients mask them, servers do not.
#ifndef FRAME_H
#define FRAME_H
#include <stddef.h>

enum opcode { CONTINUATION = 0, TEXT = 1, BINARY = 2, CLOSE = 8, PING = 9, PONG = 10 };

#define FRAME_HEADER_MAX 14

struct frame {
  enum opcode opcode;
  int fin;
  const char *payload;
  size_t length;
};

// Writes the header of a client's frame and returns its length. The mask is zero, so the payload is unchanged.
size_t frame_header(char *out, enum opcode opcode, size_t length);
// Parses a server's frame at `bytes` and returns its length with the header, 0 while it is incomplete.
size_t frame_read(struct frame *frame, const char *bytes, size_t length);
#endif
