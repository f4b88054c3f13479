#define _GNU_SOURCE
#include "connection.h"
#include "clock.h"
#include "dialect.h"
#include "fail.h"
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#define READ_BYTES (4 * 1024 * 1024)
#define OPEN_TIMEOUT_NS (60 * NS_PER_S)
#define RETRY_NS (100 * NS_PER_MS)
// Small, so that the server soon has to buffer for a stalled reader.
#define STALLED_RECEIVE_BYTES 4096

// All connections read into this buffer. Each keeps only the start of an incomplete frame.
static char read_buffer[READ_BYTES];

static void watch(struct pool *pool, struct connection *c, int operation,
                  uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(pool->epoll, operation, c->fd, &event);
}

void pool_init(struct pool *pool, const struct options *options) {
  *pool = (struct pool){.options = options, .count = options->connections};
  pool->all = calloc((size_t)pool->count, sizeof *pool->all);
  pool->epoll = epoll_create1(0);
  pool->timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
  epoll_ctl(pool->epoll, EPOLL_CTL_ADD, pool->timer, &event);
  for (int i = 0; i < pool->count; i++) {
    pool->all[i].index = i;
    pool->all[i].group = i % options->groups;
  }
}

static int port_of(const struct options *o, const struct connection *c) {
  return o->second_port != 0 && c->index % 2 == 1 ? o->second_port : o->port;
}

static void start_connect(struct pool *pool, struct connection *c) {
  const struct options *o = pool->options;
  struct sockaddr_in server = {.sin_family = AF_INET,
                               .sin_port = htons((uint16_t)port_of(o, c)),
                               .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  int one = 1;
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0)
    fail(EXIT_CONNECTION, "connection %d: %s", c->index, strerror(errno));
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (c->index >= pool->count - o->stalled) {
    int bytes = STALLED_RECEIVE_BYTES;
    setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &bytes, sizeof bytes);
  }
  c->started_at = now_ns();
  c->state = CONNECTING;
  c->in_length = c->out_length = 0;
  c->frames = c->unacked = 0;
  c->waits_write = false;
  pool->opening++;
  connect(c->fd, (struct sockaddr *)&server, sizeof server);
  watch(pool, c, EPOLL_CTL_ADD, EPOLLOUT);
}

void connection_drop(struct pool *pool, struct connection *c) {
  if (c->state == READY) pool->ready--;
  else if (c->state != CLOSED && c->state != UNOPENED) pool->opening--;
  if (c->state != CLOSED && c->state != UNOPENED) close(c->fd);
  c->state = CLOSED;
}

// Handles a connection that the other side or the network closed.
static void handle_close(struct pool *pool, struct connection *c, const char *why) {
  if (c->stalled || c->state == CLOSED) return connection_drop(pool, c);
  if (c->state == READY) {
    if (!pool->may_close)
      fail(EXIT_CONNECTION, "connection %d was closed: %s", c->index, why);
  } else {
    if (!pool->retries)
      fail(EXIT_CONNECTION, "connection %d was refused: %s", c->index, why);
    pool->refused++;
    c->retry_at = now_ns() + RETRY_NS;
  }
  connection_drop(pool, c);
}

static void flush(struct pool *pool, struct connection *c) {
  size_t sent = 0;
  while (sent < c->out_length) {
    ssize_t n = send(c->fd, c->out + sent, c->out_length - sent, MSG_NOSIGNAL);
    // The next read reports an error.
    if (n < 0) break;
    sent += (size_t)n;
  }
  c->out_length -= sent;
  memmove(c->out, c->out + sent, c->out_length);
  bool waits = c->out_length > 0;
  if (waits == c->waits_write) return;
  c->waits_write = waits;
  if (!c->stalled)
    watch(pool, c, EPOLL_CTL_MOD, waits ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

static void append(struct connection *c, const char *bytes, size_t length) {
  if (c->out_length + length > c->out_size) {
    c->out_size = (c->out_length + length) * 2;
    c->out = realloc(c->out, c->out_size);
  }
  memcpy(c->out + c->out_length, bytes, length);
  c->out_length += length;
}

void connection_send(struct pool *pool, struct connection *c,
                     enum opcode opcode, const char *payload, size_t length) {
  char header[FRAME_HEADER_MAX];
  append(c, header, frame_header(header, opcode, length));
  append(c, payload, length);
  if (!c->waits_write) flush(pool, c);
}

static void request_upgrade(struct pool *pool, struct connection *c) {
  int error = 0;
  socklen_t size = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &size);
  if (error != 0) return handle_close(pool, c, strerror(error));
  char request[512], path[128];
  int length = snprintf(
      request, sizeof request,
      "GET %s HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\n"
      "Connection: Upgrade\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
      "Sec-WebSocket-Version: 13\r\n%s\r\n",
      dialect_path(path, sizeof path, pool->options, c),
      port_of(pool->options, c),
      dialect_header(pool->options));
  c->state = UPGRADING;
  watch(pool, c, EPOLL_CTL_MOD, EPOLLIN);
  append(c, request, (size_t)length);
  flush(pool, c);
}

// Returns the length of the answer's head, 0 while it is incomplete.
static size_t read_upgrade(struct pool *pool, struct connection *c,
                           const char *bytes, size_t length) {
  char *end = memmem(bytes, length, "\r\n\r\n", 4);
  if (end == NULL) return 0;
  if (length < 12 || memcmp(bytes + 9, "101", 3) != 0) {
    char line[64];
    snprintf(line, sizeof line, "%.*s", (int)strcspn(bytes, "\r"), bytes);
    handle_close(pool, c, line);
    return 0;
  }
  c->state = STARTING;
  dialect_start(pool, c);
  return (size_t)(end + 4 - bytes);
}

static void handle_frame(struct pool *pool, struct connection *c,
                         const struct frame *frame, uint64_t now) {
  if (!frame->fin || frame->opcode == CONTINUATION)
    fail(EXIT_CONNECTION, "fragmented messages are not supported");
  if (frame->opcode == PING)
    connection_send(pool, c, PONG, frame->payload, frame->length);
  else if (frame->opcode == CLOSE) {
    const unsigned char *code = (const unsigned char *)frame->payload;
    char why[64];
    snprintf(why, sizeof why, "code %d",
             frame->length < 2 ? 1005 : code[0] << 8 | code[1]);
    connection_send(pool, c, CLOSE, frame->payload,
                    frame->length < 2 ? 0 : 2);
    handle_close(pool, c, why);
  } else if (frame->opcode == TEXT)
    dialect_receive(pool, c, frame->payload, frame->length, now);
}

static void read_available(struct pool *pool, struct connection *c) {
  if (c->in_length > 0) memcpy(read_buffer, c->in, c->in_length);
  // One byte less, for the zero at the end of an answer that is read as a string.
  ssize_t n = recv(c->fd, read_buffer + c->in_length,
                   READ_BYTES - 1 - c->in_length, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) return handle_close(pool, c, n == 0 ? "end of stream" : strerror(errno));
  // The clock is read once for all messages of one read.
  uint64_t now = now_ns();
  size_t length = c->in_length + (size_t)n, at = 0;
  read_buffer[length] = 0;
  if (c->state == UPGRADING) at = read_upgrade(pool, c, read_buffer, length);
  while (c->state == STARTING || c->state == READY) {
    struct frame frame;
    size_t size = frame_read(&frame, read_buffer + at, length - at);
    if (size == 0) break;
    at += size;
    handle_frame(pool, c, &frame, now);
  }
  size_t rest = length - at;
  if (rest >= READ_BYTES - 1)
    fail(EXIT_CONNECTION, "a frame above %d bytes", READ_BYTES);
  if (rest > 0) c->in = realloc(c->in, rest);
  if (rest > 0) memcpy(c->in, read_buffer + at, rest);
  c->in_length = rest;
}

void connection_ready(struct pool *pool, struct connection *c) {
  if (c->state != STARTING) return;
  c->state = READY;
  pool->opening--;
  pool->ready++;
}

void connection_stall(struct pool *pool, struct connection *c) {
  c->stalled = true;
  epoll_ctl(pool->epoll, EPOLL_CTL_DEL, c->fd, NULL);
}

void pool_poll(struct pool *pool, int ms) {
  struct epoll_event events[512];
  int count = epoll_wait(pool->epoll, events, 512, ms);
  for (int i = 0; i < count; i++) {
    struct connection *c = events[i].data.ptr;
    if (c == NULL) {
      uint64_t times;
      if (read(pool->timer, &times, sizeof times) < 0) continue;
    } else if (c->state == CONNECTING) request_upgrade(pool, c);
    else if (c->state != CLOSED) {
      if (events[i].events & EPOLLOUT) flush(pool, c);
      if (events[i].events & ~(uint32_t)EPOLLOUT) read_available(pool, c);
    }
  }
}

void pool_wake_at(struct pool *pool, uint64_t ns) {
  struct itimerspec at = {.it_value = {.tv_sec = (time_t)(ns / NS_PER_S),
                                       .tv_nsec = (long)(ns % NS_PER_S)}};
  timerfd_settime(pool->timer, TFD_TIMER_ABSTIME, &at, NULL);
}

void pool_open(struct pool *pool, int first, int opening) {
  uint64_t end = now_ns() + OPEN_TIMEOUT_NS;
  int next = first;
  while (pool->ready < pool->count) {
    uint64_t now = now_ns();
    if (now > end)
      fail(EXIT_CONNECTION, "only %d of %d connections are ready after 60 s",
           pool->ready, pool->count);
    for (; next < pool->count && pool->opening < opening; next++) {
      struct connection *c = &pool->all[next];
      if (c->state == UNOPENED || c->state == CLOSED) start_connect(pool, c);
      // Answers to the first connections arrive while the last ones are opened.
      if (next % 64 == 63) pool_poll(pool, 0);
    }
    if (pool->retries && next == pool->count)
      for (int i = first; i < pool->count && pool->opening < opening; i++) {
        struct connection *c = &pool->all[i];
        if (c->state == CLOSED && c->retry_at <= now) start_connect(pool, c);
      }
    pool_poll(pool, 10);
  }
}
