#define _GNU_SOURCE
#include "message.h"
#include <stdbool.h>
#include <stddef.h>
#include <string.h>

#define HEAD "{\"type\":\"chat\",\"text\":\""
// The stock server accepts a `chat` of at most this length, and other types of any length.
#define LARGE_HEAD "{\"type\":\"data\",\"text\":\""
#define MOST_CHAT_BYTES 2000
#define TAIL "\"}"
// No server's envelope contains `ts:` in its ids and keys.
#define MARK "ts:"
#define LENGTH(text) (sizeof(text) - 1)
#define STAMP_DIGITS 16
#define NUMBER_DIGITS 10
#define MARKED (LENGTH(MARK) + STAMP_DIGITS + 1 + NUMBER_DIGITS)
// The digits of a text of ten bytes. No run has more messages.
#define SHORT_DIGITS 7
#define SHORT_MARKED (LENGTH(MARK) + SHORT_DIGITS)

static char *digits(char *out, uint64_t value, int count) {
  for (int i = count - 1; i >= 0; i--, value /= 10)
    out[i] = (char)('0' + value % 10);
  return out + count;
}

static uint64_t value_of(const char *text, int count) {
  uint64_t value = 0;
  for (int i = 0; i < count; i++) value = value * 10 + (uint64_t)(text[i] - '0');
  return value;
}

int message_write(char *out, int bytes, uint64_t stamp, uint64_t number) {
  char *at = out;
  memcpy(at, bytes > MOST_CHAT_BYTES ? LARGE_HEAD MARK : HEAD MARK,
         LENGTH(HEAD MARK));
  at += LENGTH(HEAD MARK);
  if (bytes < MESSAGE_STAMPED) at = digits(at, number, SHORT_DIGITS);
  else {
    at = digits(at, stamp, STAMP_DIGITS);
    *at++ = ':';
    at = digits(at, number, NUMBER_DIGITS);
  }
  size_t marked = bytes < MESSAGE_STAMPED ? SHORT_MARKED : MARKED;
  size_t padding = (size_t)bytes - LENGTH(HEAD) - marked - LENGTH(TAIL);
  memset(at, 'x', padding);
  memcpy(at + padding, TAIL, LENGTH(TAIL));
  return bytes;
}

const char *message_next(struct message *message, const char *text,
                         const char *end, int bytes) {
  if (text >= end) return NULL;
  const char *found = memmem(text, (size_t)(end - text), MARK, LENGTH(MARK));
  // Skips the padding.
  size_t rest = (size_t)bytes - LENGTH(HEAD);
  if (found == NULL || (size_t)(end - found) < rest) return NULL;
  found += LENGTH(MARK);
  bool stamped = bytes >= MESSAGE_STAMPED;
  message->stamp = stamped ? value_of(found, STAMP_DIGITS) : 0;
  message->number = stamped
                        ? value_of(found + STAMP_DIGITS + 1, NUMBER_DIGITS)
                        : value_of(found, SHORT_DIGITS);
  found -= LENGTH(MARK);
  return found + rest;
}
