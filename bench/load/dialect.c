#define _GNU_SOURCE
#include "dialect.h"
#include "fail.h"
#include "message.h"
#include "counters.h"
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

// A quarter of the window: docs/protocol.md, "Credit".
#define ACK_BYTES (64 * 1024)

static bool starts(const char *text, size_t length, const char *with) {
  size_t size = strlen(with);
  return length >= size && memcmp(text, with, size) == 0;
}

// Copies the string that follows a key.
static void copy_string_after(char *out, size_t size, const char *text, size_t length,
                       const char *key) {
  const char *found = memmem(text, length, key, strlen(key));
  if (found == NULL) return;
  found += strlen(key);
  size_t i = 0;
  while (found < text + length && *found != '"' && i + 1 < size)
    out[i++] = *found++;
  out[i] = 0;
}

static bool contains(const char *text, size_t length, const char *part) {
  return memmem(text, length, part, strlen(part)) != NULL;
}

static void send_text(struct pool *pool, struct connection *c,
                      const char *text, int length) {
  connection_send(pool, c, TEXT, text, (size_t)length);
}

const char *dialect_path(char *out, size_t size, const struct options *options,
                         const struct connection *c) {
  if (options->dialect == DRUMBEAT) return "/ws";
  const char *base = options->dialect == SOCKETIO
                         ? "/socket.io/?EIO=4&transport=websocket&"
                         : "/?";
  snprintf(out, size, "%stopic=%d", base, c->group);
  return out;
}

const char *dialect_header(const struct options *options) {
  return options->dialect == DRUMBEAT
             ? "Sec-WebSocket-Protocol: drumbeat.v1\r\n"
             : "";
}

static void topic_of(char *out, size_t size, const struct options *options,
                     int group) {
  if (options->groups == 1) snprintf(out, size, "lobby");
  else snprintf(out, size, "room:%d", group);
}

static void hello(struct pool *pool, struct connection *c) {
  const struct options *o = pool->options;
  char topic[32], text[64 + 32 * GROUPS_EACH_MAX];
  topic_of(topic, sizeof topic, o, c->group);
  int length;
  if (groups_each(o) > 1) {
    length = sprintf(text, "{\"type\":\"hello\",\"topics\":{");
    for (int k = 0; k < groups_each(o); k++) {
      topic_of(topic, sizeof topic, o, c->group + k * pool->count);
      length += sprintf(text + length, "%s\"%s\":{}", k > 0 ? "," : "", topic);
    }
    length += sprintf(text + length, "}}");
  } else if (c->session[0] != 0)
    length = snprintf(text, sizeof text,
                      "{\"type\":\"hello\",\"session\":\"%s\",\"topics\":{"
                      "\"%s\":{\"epoch\":\"%s\",\"offset\":%" PRIu64 "}}}",
                      c->session, topic, c->epoch, c->offset);
  else
    length = snprintf(text, sizeof text,
                      "{\"type\":\"hello\",\"topics\":{\"%s\":{}}}", topic);
  send_text(pool, c, text, length);
}

void dialect_start(struct pool *pool, struct connection *c) {
  if (pool->options->dialect == DRUMBEAT) hello(pool, c);
  else if (pool->options->dialect == SOCKETIO) {
    char text[256] = "40";
    int length = 2;
    if (c->session[0] != 0)
      length = snprintf(text, sizeof text, "40{\"pid\":\"%s\",\"offset\":\"%s\"}",
                        c->session, c->epoch);
    send_text(pool, c, text, length);
  }
}

static void read_messages(struct pool *pool, struct connection *c,
                          const char *text, size_t length, uint64_t now) {
  struct message message;
  const char *end = text + length;
  while ((text = message_next(&message, text, end, pool->options->bytes)) !=
         NULL) {
    count_delivery(c, &message, now);
    c->offset++;
  }
}

static void acknowledge(struct pool *pool, struct connection *c,
                        size_t length) {
  char text[64];
  // Spread, as clients do at random: otherwise all would acknowledge the same message.
  if (c->frames++ == 0)
    c->unacked = (size_t)ACK_BYTES * (size_t)c->index / (size_t)pool->count;
  if ((c->unacked += length) < ACK_BYTES) return;
  c->unacked = 0;
  send_text(pool, c, text,
            snprintf(text, sizeof text,
                     "{\"type\":\"ack\",\"frames\":%" PRIu64 "}", c->frames));
}

static void receive_drumbeat(struct pool *pool, struct connection *c,
                             const char *text, size_t length, uint64_t now) {
  char answer[64];
  if (starts(text, length, "{\"type\":\"batch\"")) {
    acknowledge(pool, c, length);
    read_messages(pool, c, text, length, now);
  } else if (starts(text, length, "{\"type\":\"reply\"")) {
    read_messages(pool, c, text, length, now);
  } else if (starts(text, length, "{\"type\":\"pong\"")) {
    count_pong(c, now);
  } else if (starts(text, length, "{\"type\":\"ping\"")) {
    send_text(pool, c, answer,
              snprintf(answer, sizeof answer,
                       "{\"type\":\"pong\",\"frames\":%" PRIu64 "}",
                       c->frames));
  } else if (starts(text, length, "{\"type\":\"start\"")) {
    const char *offset = memmem(text, length, "\"offset\":", 9);
    if (offset == NULL) fail(EXIT_CONNECTION, "%.*s", (int)length, text);
    if (contains(text, length, "\"resumed\":true") &&
        contains(text, length, "\"recovered\":true"))
      pool->resumed++;
    c->offset = strtoull(offset + 9, NULL, 10);
    copy_string_after(c->session, sizeof c->session, text, length, "\"session\":\"");
    copy_string_after(c->epoch, sizeof c->epoch, text, length, "\"epoch\":\"");
    connection_ready(pool, c);
  } else if (starts(text, length, "{\"type\":\"gap\"") ||
             starts(text, length, "{\"type\":\"error\""))
    fail(EXIT_DELIVERY, "connection %d received: %.*s", c->index,
         (int)(length < 200 ? length : 200), text);
}

static void receive_socketio(struct pool *pool, struct connection *c,
                             const char *text, size_t length, uint64_t now) {
  if (starts(text, length, "40{")) {
    char old[sizeof c->session];
    strcpy(old, c->session);
    copy_string_after(c->session, sizeof c->session, text, length, "\"pid\":\"");
    if (old[0] != 0 && strcmp(old, c->session) == 0) pool->resumed++;
    connection_ready(pool, c);
  } else if (starts(text, length, "430[]")) count_pong(c, now);
  else if (length == 1 && text[0] == '2') send_text(pool, c, "3", 1);
  else {
    read_messages(pool, c, text, length, now);
    // With state recovery, the last element of each event is an offset.
    const char *offset = memmem(text, length, "},\"", 3);
    if (c->session[0] != 0 && offset != NULL)
      copy_string_after(c->epoch, sizeof c->epoch, offset,
                 length - (size_t)(offset - text), "},\"");
  }
}

void dialect_receive(struct pool *pool, struct connection *c,
                     const char *text, size_t length, uint64_t now) {
  if (pool->options->dialect == DRUMBEAT)
    receive_drumbeat(pool, c, text, length, now);
  else if (pool->options->dialect == SOCKETIO)
    receive_socketio(pool, c, text, length, now);
  else if (starts(text, length, "{\"type\":\"start\""))
    connection_ready(pool, c);
  else if (starts(text, length, "{\"type\":\"pong\"")) count_pong(c, now);
  else read_messages(pool, c, text, length, now);
}

void dialect_publish(struct pool *pool, struct connection *c,
                     uint64_t stamp) {
  char topic[32], text[MESSAGE_MAX + 128];
  const struct options *o = pool->options;
  uint64_t number = c->published++;
  int length = 0;
  if (o->dialect == DRUMBEAT) {
    int turn = (int)(number % (uint64_t)groups_each(o));
    topic_of(topic, sizeof topic, o, c->group + turn * pool->count);
    length = o->request
                 ? sprintf(text,
                           "{\"type\":\"request\",\"id\":%" PRIu64
                           ",\"method\":\"echo\",\"data\":",
                           number + 1)
                 : sprintf(text,
                           "{\"type\":\"publish\",\"id\":%" PRIu64
                           ",\"topic\":\"%s\",\"message\":",
                           number + 1, topic);
  } else if (o->dialect == SOCKETIO) {
    length = o->request ? sprintf(text, "42%" PRIu64 "[\"m\",", number + 1)
                        : sprintf(text, "42[\"m\",");
  }
  length += message_write(text + length, o->bytes, stamp, number);
  if (o->dialect == DRUMBEAT) text[length++] = '}';
  else if (o->dialect == SOCKETIO) text[length++] = ']';
  send_text(pool, c, text, length);
}

void dialect_ping(struct pool *pool, struct connection *c) {
  char text[64] = "420[\"ping\"]";
  if (pool->options->dialect == DRUMBEAT)
    snprintf(text, sizeof text,
             "{\"type\":\"ping\",\"time\":%" PRIu64 ",\"frames\":%" PRIu64 "}",
             c->started_at / 1000000, c->frames);
  else if (pool->options->dialect == PLAIN)
    snprintf(text, sizeof text, "{\"type\":\"ping\",\"time\":%" PRIu64 "}",
             c->started_at / 1000000);
  send_text(pool, c, text, (int)strlen(text));
}
