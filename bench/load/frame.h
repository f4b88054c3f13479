// WebSocket frames, RFC 6455 section 5: what a client sends is masked, what a server sends is not.
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

// Writes the header of a client's frame and returns its length. The mask is zero, which leaves the payload as it is.
size_t frame_header(char *out, enum opcode opcode, size_t length);
// Takes one server's frame off `bytes`: returns how long it is with its header, 0 when it is not whole yet.
size_t frame_read(struct frame *frame, const char *bytes, size_t length);
#endif
