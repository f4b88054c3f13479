#include "frame.h"
#include <stdint.h>
#include <string.h>

size_t frame_header(char *out, enum opcode opcode, size_t length) {
  unsigned char *o = (unsigned char *)out;
  size_t at = 2;
  o[0] = (unsigned char)(0x80 | opcode);
  if (length < 126) o[1] = (unsigned char)(0x80 | length);
  else if (length < 65536) {
    o[1] = 0x80 | 126;
    o[2] = (unsigned char)(length >> 8);
    o[3] = (unsigned char)length;
    at = 4;
  } else {
    o[1] = 0x80 | 127;
    for (int i = 0; i < 8; i++)
      o[2 + i] = (unsigned char)((uint64_t)length >> (56 - 8 * i));
    at = 10;
  }
  memset(o + at, 0, 4);
  return at + 4;
}

size_t frame_read(struct frame *frame, const char *bytes, size_t length) {
  const unsigned char *b = (const unsigned char *)bytes;
  if (length < 2) return 0;
  size_t size = b[1] & 127, header = 2;
  if (size == 126) {
    if (length < 4) return 0;
    size = (size_t)b[2] << 8 | b[3];
    header = 4;
  } else if (size == 127) {
    if (length < 10) return 0;
    size = 0;
    for (int i = 0; i < 8; i++) size = size << 8 | b[2 + i];
    header = 10;
  }
  if (length - header < size) return 0;
  frame->opcode = (enum opcode)(b[0] & 15);
  frame->fin = b[0] >> 7;
  frame->payload = bytes + header;
  frame->length = size;
  return header + size;
}
