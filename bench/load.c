// load: a WebSocket load generator, one thread on epoll. bench/load.ts takes the same options and prints the same line.
//
// All connections receive; the first of them publish. A delivery is one occurrence of "ts": in what comes in, so a frame
// that carries many messages counts as many deliveries. Publishing is a closed loop, with so many messages in flight, or
// paced. In templates, % becomes the number of the connection's topic, @ the publisher's own sequence number from 1, and
// (in --resume) $S, $E and $O the session, epoch and offset that the server told last. Prints one line of JSON.
//
//   -p PORT           where the server listens, on 127.0.0.1
//   -n CONNECTIONS    how many there are                                   -P PUBLISHERS  how many of them publish
//   -m MESSAGES       how many to publish at most                          -w WINDOW      messages in flight
//   -s BYTES          the size of a message                                -u PATH        template of the path
//   --seconds S       publish for so long, and count only that             --warmup S     publish for so long before
//   --pace RATE       messages per second, instead of the closed loop
//   --topics T        connection i is in topic i % T: a message is delivered to one T-th of the connections
//   --proto NAME      the subprotocol      --hello TEXT   template of the first frame     --ready TEXT  then wait for this
//   --prefix TEXT     template before each message         --suffix TEXT  after it
//   --ack-bytes B     answer {"type":"ack","frames":n} each time B bytes of batches came in (drumbeat.v1)
//   --connecting C    handshakes under way at a time       --warm K       memory counts from when so many are connected
//   --idle S          sit idle for so long before publishing               --ping-every MS  each one pings in that time
//   --stalled K       the last so many stop reading before publishing begins
//   --replay M        cut all but the first, let it publish M messages, reconnect the others with --resume, count theirs
//   --resume TEXT     template of the first frame of a connection that comes back
//   --restart         say {"event":"ready"}, wait for a line with the new server's pid, reconnect everybody with --resume
//   --pid PID         the server, for its processor time and memory
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define SECOND 1000000000ull
#define SETTLE_NS (SECOND * 3 / 10)
#define CONNECT_NS (SECOND * 60)
#define STALL_NS (SECOND * 10)
// Every so many deliveries of a connection one is timed. A prime: batches are of 8 or 64.
#define SAMPLE 7
// A loopback address has some 28,000 ports for one server: more connections come from more addresses.
#define PORTS_PER_ADDRESS 20000

// ---- Options

static int port = 8000, connections = 100, publishers = 1, window = 1, size = 100, topics = 1;
static int connecting = 128, warm = 0, stalled = 0, server_pid = 0;
static uint64_t messages = UINT64_MAX, replay = 0;
static double seconds = 0, warmup = 0, pace = 0, idle = 0, ping_every = 0;
static size_t ack_bytes = 0;
static bool restart = false;
static const char *path = "/", *proto = "", *hello = "", *resume = "", *ready_text = "", *prefix = "", *suffix = "";

static void fail(const char *what) {
  fprintf(stderr, "load: %s\n", what);
  exit(2);
}

static void read_options(int count, char **args) {
  struct { const char *name; char kind; void *value; } known[] = {
    {"-p", 'i', &port}, {"-n", 'i', &connections}, {"-P", 'i', &publishers}, {"-w", 'i', &window}, {"-s", 'i', &size},
    {"-m", 'u', &messages}, {"-u", 's', &path}, {"--topics", 'i', &topics}, {"--connecting", 'i', &connecting},
    {"--warm", 'i', &warm}, {"--stalled", 'i', &stalled}, {"--pid", 'i', &server_pid}, {"--replay", 'u', &replay},
    {"--seconds", 'd', &seconds}, {"--warmup", 'd', &warmup}, {"--pace", 'd', &pace}, {"--idle", 'd', &idle},
    {"--ping-every", 'd', &ping_every}, {"--ack-bytes", 'z', &ack_bytes}, {"--proto", 's', &proto},
    {"--hello", 's', &hello}, {"--resume", 's', &resume}, {"--ready", 's', &ready_text}, {"--prefix", 's', &prefix},
    {"--suffix", 's', &suffix}, {"--restart", 'b', &restart},
  };
  for (int i = 1; i < count; i++) {
    bool found = false;
    for (size_t k = 0; k < sizeof known / sizeof *known && !found; k++) {
      if (strcmp(args[i], known[k].name)) continue;
      found = true;
      if (known[k].kind == 'b') { *(bool *)known[k].value = true; break; }
      if (++i == count) fail("an option has no value");
      switch (known[k].kind) {
        case 'i': *(int *)known[k].value = atoi(args[i]); break;
        case 'u': *(uint64_t *)known[k].value = strtoull(args[i], NULL, 10); break;
        case 'z': *(size_t *)known[k].value = strtoull(args[i], NULL, 10); break;
        case 'd': *(double *)known[k].value = atof(args[i]); break;
        case 's': *(const char **)known[k].value = args[i]; break;
      }
    }
    if (!found) { fprintf(stderr, "load: there is no option %s\n", args[i]); exit(2); }
  }
  if (connections < 1 || window < 1 || topics < 1 || connecting < 1 || publishers < 1) fail("a count is below 1");
  if (publishers > connections) publishers = connections;
  if (stalled >= connections) fail("everybody is stalled");
}

// ---- Time, processor, memory

static uint64_t now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * SECOND + t.tv_nsec;
}

/** Processor seconds that the server has used, all threads; -1: unknown. */
static double server_cpu(void) {
  clockid_t clock;
  struct timespec t;
  if (!server_pid || clock_getcpuclockid(server_pid, &clock) || clock_gettime(clock, &t)) return -1;
  return t.tv_sec + t.tv_nsec / 1e9;
}

static double own_cpu(void) {
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return t.tv_sec + t.tv_nsec / 1e9;
}

/** A field of the server's /proc/PID/status in MiB, such as VmRSS; -1: unknown. */
static double server_memory(const char *field) {
  char name[64], line[256];
  double mib = -1;
  snprintf(name, sizeof name, "/proc/%d/status", server_pid);
  FILE *file = server_pid ? fopen(name, "r") : NULL;
  if (!file) return -1;
  while (fgets(line, sizeof line, file)) {
    if (!strncmp(line, field, strlen(field)) && line[strlen(field)] == ':') {
      mib = atof(line + strlen(field) + 1) / 1024;
    }
  }
  fclose(file);
  return mib;
}

// ---- A histogram with 128 steps for each power of two: less than 1 % off

#define STEPS 128
typedef struct { uint64_t counts[64 * STEPS], total, largest; } histogram;

static int step_of(uint64_t value) {
  if (value < STEPS) return value;
  int power = 63 - __builtin_clzll(value);
  return (power - 6) * STEPS + (int)(value >> (power - 7)) - STEPS;
}

static double value_at(int step) {
  if (step < STEPS) return step;
  return (double)(((uint64_t)(step % STEPS + STEPS)) << (step / STEPS - 1));
}

static void add(histogram *h, uint64_t value) {
  h->counts[step_of(value)]++;
  h->total++;
  if (value > h->largest) h->largest = value;
}

/** The value below which this share of all lies, in ms. */
static double quantile_ms(const histogram *h, double share) {
  uint64_t wanted = (uint64_t)(share * h->total), seen = 0;
  for (int i = 0; i < 64 * STEPS; i++) {
    if ((seen += h->counts[i]) > wanted) return value_at(i) / 1e6;
  }
  return h->largest / 1e6;
}

// ---- Connections

typedef struct { char *bytes; size_t length, capacity; } buffer;

typedef struct {
  int fd, index;
  enum { IDLE, CONNECTING, UPGRADING, OPEN } state;
  bool ready, back;
  uint64_t began, deliveries, batches, unacked, sequence;
  unsigned long long offset;
  char session[128], epoch[64];
  buffer rest, out;
} connection;

static int epoll;
static connection *all;
static histogram latency, handshakes;
static bool recording = false;
static uint64_t delivered = 0, frames = 0, bytes = 0, closed = 0, refused = 0, ready = 0, resumed = 0, pongs = 0;

static void reserve(buffer *b, size_t capacity) {
  if (capacity <= b->capacity) return;
  b->capacity = capacity * 2;
  if (!(b->bytes = realloc(b->bytes, b->capacity))) fail("out of memory");
}

static void put(buffer *b, const void *data, size_t length) {
  reserve(b, b->length + length);
  memcpy(b->bytes + b->length, data, length);
  b->length += length;
}

static void put_text(buffer *b, const char *text) { put(b, text, strlen(text)); }

static void put_number(buffer *b, unsigned long long number) {
  char digits[24];
  put(b, digits, snprintf(digits, sizeof digits, "%llu", number));
}

/** Appends a template, filled in for a connection. */
static void put_template(buffer *b, const char *template, const connection *c) {
  for (const char *at = template; *at; at++) {
    if (*at == '@') put_number(b, c->sequence);
    else if (*at == '%') put_number(b, c->index % topics);
    else if (*at == '$' && at[1] == 'S') put_text(b, c->session), at++;
    else if (*at == '$' && at[1] == 'E') put_text(b, c->epoch), at++;
    else if (*at == '$' && at[1] == 'O') put_number(b, c->offset), at++;
    else put(b, at, 1);
  }
}

static void watch(connection *c, int operation, uint32_t events) {
  struct epoll_event event = {.events = events, .data.ptr = c};
  epoll_ctl(epoll, operation, c->fd, &event);
}

static void send_out(connection *c) {
  size_t sent = 0;
  while (sent < c->out.length) {
    ssize_t n = send(c->fd, c->out.bytes + sent, c->out.length - sent, MSG_NOSIGNAL);
    if (n < 0) break;
    sent += n;
  }
  bool waited = sent < c->out.length;
  memmove(c->out.bytes, c->out.bytes + sent, c->out.length - sent);
  c->out.length -= sent;
  if (c->state == OPEN) watch(c, EPOLL_CTL_MOD, waited ? EPOLLIN | EPOLLOUT : EPOLLIN);
}

/** Sends one frame. It is masked, as it must be, with the key 0: the bytes stay as they are. */
static void send_frame(connection *c, int opcode, const char *payload, size_t length) {
  unsigned char head[14] = {0x80 | opcode};
  int at = 2;
  if (length < 126) head[1] = 0x80 | length;
  else {
    at = length < 65536 ? 4 : 10;
    head[1] = 0x80 | (at == 4 ? 126 : 127);
    for (int i = 2; i < at; i++) head[i] = (uint64_t)length >> (8 * (at - 1 - i));
  }
  bool waiting = c->out.length > 0;
  put(&c->out, head, at + 4);
  put(&c->out, payload, length);
  // What waits for the kernel goes first, when the kernel says so.
  if (!waiting) {
    ssize_t n = send(c->fd, c->out.bytes, c->out.length, MSG_NOSIGNAL);
    if (n == (ssize_t)c->out.length) c->out.length = 0;
    else send_out(c);
  }
}

static void send_text(connection *c, const char *text) { send_frame(c, 1, text, strlen(text)); }

static void say_hello(connection *c) {
  const char *template = c->back ? resume : hello;
  if (!*template) return;
  buffer text = {0};
  put_template(&text, template, c);
  send_frame(c, 1, text.bytes, text.length);
  free(text.bytes);
}

static void mark_ready(connection *c) {
  c->ready = true;
  ready++;
  add(&handshakes, now() - c->began);
}

static void connect_one(connection *c) {
  c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
  if (c->fd < 0) fail("no more sockets: raise ulimit -n");
  int one = 1, small = 4096;
  setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
  if (c->index >= connections - stalled) setsockopt(c->fd, SOL_SOCKET, SO_RCVBUF, &small, sizeof small);
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons(port), .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
  struct sockaddr_in from = {.sin_family = AF_INET};
  from.sin_addr.s_addr = htonl(INADDR_LOOPBACK + c->index / PORTS_PER_ADDRESS);
  if (c->index >= PORTS_PER_ADDRESS) bind(c->fd, (void *)&from, sizeof from);
  c->state = CONNECTING;
  c->ready = false;
  c->began = now();
  c->deliveries = c->batches = c->unacked = 0;
  c->rest.length = c->out.length = 0;
  if (connect(c->fd, (void *)&to, sizeof to) && errno != EINPROGRESS) { refused++; return; }
  watch(c, EPOLL_CTL_ADD, EPOLLIN | EPOLLOUT);
}

static void cut(connection *c) {
  if (c->fd >= 0) close(c->fd);
  c->fd = -1;
  c->state = IDLE;
}

static void connected(connection *c) {
  int error = 0;
  socklen_t length = sizeof error;
  getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &error, &length);
  if (error) { refused++; cut(c); return; }
  buffer request = {0};
  put_text(&request, "GET ");
  put_template(&request, path, c);
  char rest[512];
  put(&request, rest, snprintf(rest, sizeof rest,
    " HTTP/1.1\r\nHost: 127.0.0.1:%d\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
    "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n%s%s%s\r\n",
    port, *proto ? "Sec-WebSocket-Protocol: " : "", proto, *proto ? "\r\n" : ""));
  put(&c->out, request.bytes, request.length);
  free(request.bytes);
  c->state = UPGRADING;
  send_out(c);
  watch(c, EPOLL_CTL_MOD, EPOLLIN);
}

// ---- What comes in

/** Copies what follows a mark up to the next quote. */
static void copy_field(char *to, size_t most, const char *payload, size_t length, const char *mark) {
  const char *at = memmem(payload, length, mark, strlen(mark)), *end = payload + length;
  size_t n = 0;
  if (!at) return;
  for (at += strlen(mark); at < end && *at != '"' && n + 1 < most; at++) to[n++] = *at;
  to[n] = 0;
}

static void note_place(connection *c, const char *payload, size_t length) {
  char offset[32] = "0";
  copy_field(c->session, sizeof c->session, payload, length, "\"session\":\"");
  copy_field(c->epoch, sizeof c->epoch, payload, length, "\"epoch\":\"");
  copy_field(offset, sizeof offset, payload, length, "\"offset\":");
  c->offset = strtoull(offset, NULL, 10);
  if (memmem(payload, length, "\"resumed\":true", 14)) resumed++;
}

static bool starts_with(const char *payload, size_t length, const char *text) {
  size_t n = strlen(text);
  return length >= n && !memcmp(payload, text, n);
}

static void count_deliveries(connection *c, const char *payload, size_t length) {
  static const char mark[] = "\"ts\":";
  const char *end = payload + length, *at = payload;
  uint64_t moment = 0;
  // At least so many bytes of a message follow its mark: they need not be searched.
  size_t skip = size > 100 ? size - 100 : size > 60 ? size - 60 : 0;
  while ((at = memmem(at, end - at, mark, sizeof mark - 1))) {
    at += sizeof mark - 1;
    c->deliveries++;
    delivered++;
    if (recording && (pace > 0 || c->deliveries % SAMPLE == 0)) {
      uint64_t sent = 0;
      for (const char *digit = at; digit < end && *digit >= '0' && *digit <= '9'; digit++) sent = sent * 10 + *digit - '0';
      if (!moment) moment = now();
      add(&latency, moment - sent);
    }
    if ((size_t)(end - at) <= skip) return;
    at += skip;
  }
}

static void acknowledge(connection *c, size_t length) {
  c->batches++;
  if ((c->unacked += length) < ack_bytes) return;
  char ack[64];
  snprintf(ack, sizeof ack, "{\"type\":\"ack\",\"frames\":%llu}", (unsigned long long)c->batches);
  c->unacked = 0;
  send_text(c, ack);
}

static void take_frame(connection *c, int opcode, const char *payload, size_t length) {
  frames++;
  bytes += length;
  if (opcode == 9) { send_frame(c, 10, payload, length); return; }
  if (opcode == 8) return;
  if (starts_with(payload, length, "{\"type\":\"ping\"")) { send_text(c, "{\"type\":\"pong\"}"); return; }
  if (starts_with(payload, length, "{\"type\":\"pong\"")) { pongs++; return; }
  // The ping of Engine.IO.
  if (length == 1 && *payload == '2') { send_text(c, "3"); return; }
  if (!c->ready && memmem(payload, length, ready_text, strlen(ready_text))) {
    note_place(c, payload, length);
    mark_ready(c);
    return;
  }
  if (ack_bytes && starts_with(payload, length, "{\"type\":\"batch\"")) acknowledge(c, length);
  count_deliveries(c, payload, length);
}

/** Takes the head of the answer; returns its length, 0: not all of it is there. */
static size_t take_head(connection *c, const char *data, size_t length) {
  const char *end = memmem(data, length, "\r\n\r\n", 4);
  if (!end) return 0;
  if (strncmp(data + 9, "101", 3)) {
    fprintf(stderr, "load: refused: %.*s\n", (int)(length > 200 ? 200 : length), data);
    exit(2);
  }
  c->state = OPEN;
  if (!*ready_text) mark_ready(c);
  say_hello(c);
  return end + 4 - data;
}

/** Takes the whole frames; returns how many bytes they were. */
static size_t take_frames(connection *c, const char *data, size_t length) {
  size_t at = 0;
  while (length - at >= 2) {
    const unsigned char *b = (const unsigned char *)data + at;
    size_t n = b[1] & 127, head = n == 126 ? 4 : n == 127 ? 10 : 2;
    if (length - at < head) break;
    if (n > 125) {
      n = 0;
      for (size_t i = 2; i < head; i++) n = n << 8 | b[i];
    }
    if (length - at - head < n) break;
    take_frame(c, b[0] & 15, data + at + head, n);
    at += head + n;
  }
  return at;
}

static void lost(connection *c) {
  closed++;
  cut(c);
}

static void receive(connection *c) {
  // One buffer for all: only what is not a whole frame yet is kept by connection.
  static buffer in;
  reserve(&in, c->rest.length + 256 * 1024);
  memcpy(in.bytes, c->rest.bytes, c->rest.length);
  ssize_t n = recv(c->fd, in.bytes + c->rest.length, in.capacity - c->rest.length, 0);
  if (n < 0 && errno == EAGAIN) return;
  if (n <= 0) { lost(c); return; }
  size_t length = c->rest.length + n, at = 0;
  if (c->state == UPGRADING) at = take_head(c, in.bytes, length);
  if (c->state == OPEN) at += take_frames(c, in.bytes + at, length - at);
  c->rest.length = 0;
  if (at < length) put(&c->rest, in.bytes + at, length - at);
}

/** Waits for events, and handles them. */
static void pump(int ms) {
  static struct epoll_event events[512];
  int n = epoll_wait(epoll, events, 512, ms);
  for (int i = 0; i < n; i++) {
    connection *c = events[i].data.ptr;
    // The timer of paced publishing.
    if (!c || c->fd < 0) continue;
    if (c->state == CONNECTING) { connected(c); continue; }
    if (events[i].events & EPOLLOUT) send_out(c);
    if (events[i].events & (EPOLLIN | EPOLLHUP | EPOLLERR)) receive(c);
  }
}

static void pump_for(uint64_t ns) {
  for (uint64_t end = now() + ns; now() < end;) pump(20);
}

// ---- Phases

static double memory_warm = -1;

/** Connects the connections from `first` on; `ready` counts those that got through. */
static void connect_from(int first, int at_a_time) {
  uint64_t until = now() + CONNECT_NS, wanted = connections - first;
  ready = 0;
  for (int begun = 0; ready < wanted;) {
    while (begun < (int)wanted && begun - (int)ready < at_a_time) connect_one(all + first + begun++);
    if (memory_warm < 0 && (int)ready >= warm) memory_warm = server_memory("VmRSS");
    pump(20);
    if (now() > until || refused > 0 || closed > 0) {
      fprintf(stderr, "load: %llu of %llu connected, %llu refused, %llu closed\n", (unsigned long long)ready,
        (unsigned long long)wanted, (unsigned long long)refused, (unsigned long long)closed);
      exit(3);
    }
  }
}

/** Sits idle; with pings, the connections take turns. Returns the server's processor seconds. */
static double sit_idle(uint64_t *pings) {
  double cpu = server_cpu();
  uint64_t began = now(), end = began + (uint64_t)(idle * 1e9);
  while (now() < end) {
    if (ping_every > 0) {
      double due = (now() - began) / 1e6 / ping_every * connections;
      while (*pings < due) send_text(all + (*pings)++ % connections, "{\"type\":\"ping\",\"time\":1700000000000}");
    }
    pump(ping_every > 0 ? 1 : 20);
  }
  return cpu < 0 ? -1 : server_cpu() - cpu;
}

static void publish_one(connection *c, uint64_t number) {
  static buffer frame;
  frame.length = 0;
  c->sequence++;
  put_template(&frame, prefix, c);
  size_t start = frame.length;
  put_text(&frame, "{\"type\":\"chat\",\"ts\":");
  put_number(&frame, now());
  put_text(&frame, ",\"seq\":");
  put_number(&frame, number);
  put_text(&frame, ",\"text\":\"x");
  while (frame.length - start + 2 < (size_t)size) put(&frame, "x", 1);
  put_text(&frame, "\"}");
  put_text(&frame, suffix);
  send_frame(c, 1, frame.bytes, frame.length);
}

typedef struct { uint64_t at, delivered, frames, bytes; double server, own; } moment;

static moment look(void) {
  return (moment){now(), delivered, frames, bytes, server_cpu(), own_cpu()};
}

/** Wakes the next `pump` at a time. */
static void wake_at(int timer, uint64_t at) {
  struct itimerspec spec = {.it_value = {.tv_sec = at / SECOND, .tv_nsec = at % SECOND}};
  timerfd_settime(timer, TFD_TIMER_ABSTIME, &spec, NULL);
}

typedef struct { moment from, to; uint64_t sent, missing; } published;

/** Publishes, with `fan` deliveries expected of each message. */
static published publish(uint64_t most, uint64_t fan) {
  published p = {0};
  int timer = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
  struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.ptr = NULL};
  epoll_ctl(epoll, EPOLL_CTL_ADD, timer, &event);
  uint64_t base = delivered, began = now(), progress = began, last = delivered;
  uint64_t start = began + (uint64_t)(warmup * 1e9), end = seconds > 0 ? start + (uint64_t)(seconds * 1e9) : UINT64_MAX;
  for (;;) {
    uint64_t moment = now();
    if (!p.from.at && moment >= start) { p.from = look(); recording = true; }
    if (p.from.at && !p.to.at && moment >= end) { p.to = look(); recording = false; }
    bool more = p.sent < most && moment < end;
    while (more && p.sent < most) {
      bool due = pace > 0 ? p.sent <= (now() - began) / 1e9 * pace : p.sent * fan < delivered - base + window * fan;
      if (!due) break;
      publish_one(all + p.sent % publishers, p.sent);
      p.sent++;
    }
    if (!more && delivered - base >= p.sent * fan) break;
    if (pace > 0 && more) wake_at(timer, began + (uint64_t)(p.sent / pace * 1e9));
    pump(20);
    if (delivered != last) last = delivered, progress = now();
    else if (now() - progress > STALL_NS) break;
  }
  if (!p.to.at) p.to = look();
  recording = false;
  close(timer);
  uint64_t expected = p.sent * fan, got = delivered - base;
  p.missing = expected > got ? expected - got : 0;
  return p;
}

static void stall(void) {
  for (int i = connections - stalled; i < connections; i++) epoll_ctl(epoll, EPOLL_CTL_DEL, all[i].fd, NULL);
}

/** Cuts all but the first, which publishes; then the others come back, each to its place. */
static published run_replay(void) {
  for (int i = 1; i < connections; i++) cut(all + i);
  pump_for(SETTLE_NS);
  published own = publish(replay, 1);
  pump_for(SETTLE_NS);
  delivered = 0;
  handshakes = (histogram){0};
  published p = {.from = look(), .sent = own.sent};
  for (int i = 1; i < connections; i++) all[i].back = true;
  connect_from(1, connections);
  uint64_t expected = (connections - 1) * replay, last = delivered, progress = now();
  while (delivered < expected && now() - progress < STALL_NS) {
    pump(20);
    if (delivered != last) last = delivered, progress = now();
  }
  p.to = look();
  p.missing = expected > delivered ? expected - delivered : 0;
  return p;
}

/** Waits for another server to take the place of this one; then everybody comes back. */
static double run_restart(void) {
  char line[64];
  puts("{\"event\":\"ready\"}");
  fflush(stdout);
  if (!fgets(line, sizeof line, stdin)) fail("nobody restarted the server");
  server_pid = atoi(line);
  for (int i = 0; i < connections; i++) { cut(all + i); all[i].back = true; }
  handshakes = (histogram){0};
  uint64_t began = now();
  connect_from(0, connections);
  return (now() - began) / 1e9;
}

/** Prints a number with a name; what is unknown is null. */
static void number(const char *name, double value, int digits, const char *after) {
  if (value < 0) printf("\"%s\":null%s", name, after);
  else printf("\"%s\":%.*f%s", name, digits, value, after);
}

int main(int count, char **args) {
  read_options(count, args);
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
  epoll = epoll_create1(0);
  if (!(all = calloc(connections, sizeof *all))) fail("out of memory");
  for (int i = 0; i < connections; i++) all[i] = (connection){.fd = -1, .index = i};

  double memory_before = server_memory("VmRSS"), restarted = -1;
  uint64_t pings = 0, began = now();
  connect_from(0, connecting);
  double connect_seconds = (now() - began) / 1e9;
  histogram *first = malloc(sizeof *first);
  *first = handshakes;
  pump_for(SETTLE_NS);
  double idle_cpu = sit_idle(&pings);
  double memory_connected = server_memory("VmRSS");
  published p = {0};
  if (restart) { restarted = run_restart(); *first = handshakes; }
  else if (replay) p = run_replay();
  else if (messages > 0) {
    stall();
    p = publish(messages, connections / topics - stalled);
  }

  double took = (p.to.at - p.from.at) / 1e9;
  uint64_t deliveries = p.to.delivered - p.from.delivered;
  printf("{\"connections\":%d,\"messages\":%llu,\"deliveries\":%llu,", connections, (unsigned long long)p.sent,
    (unsigned long long)deliveries);
  number("seconds", took, 4, ",");
  number("perSecond", took > 0 ? deliveries / took : 0, 1, ",\"latencyMs\":{");
  number("p50", quantile_ms(&latency, .5), 4, ",");
  number("p99", quantile_ms(&latency, .99), 4, ",");
  number("p999", quantile_ms(&latency, .999), 4, ",");
  number("max", latency.largest / 1e6, 4, "},");
  printf("\"frames\":%llu,\"bytes\":%llu,", (unsigned long long)(p.to.frames - p.from.frames),
    (unsigned long long)(p.to.bytes - p.from.bytes));
  number("serverCpuSeconds", p.from.server < 0 ? -1 : p.to.server - p.from.server, 4, ",");
  number("loadCpuShare", took > 0 ? (p.to.own - p.from.own) / took : 0, 4, ",\"memoryMiB\":{");
  number("before", memory_before, 3, ",");
  number("warm", memory_warm, 3, ",");
  number("connected", memory_connected, 3, ",");
  number("end", server_memory("VmRSS"), 3, ",");
  number("peak", server_memory("VmHWM"), 3, "},\"connect\":{");
  number("seconds", restarted >= 0 ? restarted : connect_seconds, 4, ",");
  number("p50Ms", quantile_ms(first, .5), 3, ",");
  number("p99Ms", quantile_ms(first, .99), 3, ",");
  printf("\"resumed\":%llu},\"idle\":{", (unsigned long long)resumed);
  number("seconds", idle, 2, ",");
  number("serverCpuSeconds", idle_cpu, 4, ",");
  printf("\"pings\":%llu,\"pongs\":%llu},\"missing\":%llu,\"closed\":%llu}\n", (unsigned long long)pings,
    (unsigned long long)pongs, (unsigned long long)p.missing, (unsigned long long)closed);
  return 0;
}
