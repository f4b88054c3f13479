#include "options.h"
#include "fail.h"
#include "message.h"
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

static const char *const modes[] = {"traffic", "storm", "idle", "heartbeat",
                                    "replay", "restart"};
static const char *const dialects[] = {"plain", "drumbeat", "socketio"};

static int choice(const char *flag, const char *word,
                  const char *const *choices, size_t count) {
  for (size_t i = 0; i < count; i++)
    if (strcmp(word, choices[i]) == 0) return (int)i;
  fail(EXIT_USAGE, "%s must not be '%s'", flag, word);
}

static double number(const char *flag, const char *word, double least,
                     double most) {
  char *end;
  double value = strtod(word, &end);
  if (*word == 0 || *end != 0 || !(value >= least) || !(value <= most))
    fail(EXIT_USAGE, "%s must be a number from %g to %g, not '%s'", flag, least,
         most, word);
  return value;
}

#define LEAST_BYTES MESSAGE_MIN
#define MOST_BYTES MESSAGE_MAX

static const struct {
  const char *flag;
  size_t field;
  double least, most;
} counts[] = {
    {"--port", offsetof(struct options, port), 1, 65535},
    {"--second-port", offsetof(struct options, second_port), 1, 65535},
    {"--pid", offsetof(struct options, pid), 0, 1 << 30},
    {"--second-pid", offsetof(struct options, second_pid), 0, 1 << 30},
    {"--store-pid", offsetof(struct options, store_pid), 0, 1 << 30},
    {"--connections", offsetof(struct options, connections), 1, 100000},
    {"--groups", offsetof(struct options, groups), 1, 100000},
    {"--in-flight", offsetof(struct options, in_flight), 1, 10000},
    {"--messages", offsetof(struct options, messages), 0, 1e9},
    {"--bytes", offsetof(struct options, bytes), LEAST_BYTES, MOST_BYTES},
    {"--stalled", offsetof(struct options, stalled), 0, 100000},
    {"--opening", offsetof(struct options, opening), 1, 100000},
};

static const struct {
  const char *flag;
  size_t field;
  double least, most;
} measures[] = {
    {"--pace", offsetof(struct options, pace), 0, 1e6},
    {"--seconds", offsetof(struct options, seconds), 0.01, 600},
    {"--warmup", offsetof(struct options, warmup), 0, 60},
    {"--settle", offsetof(struct options, settle), 0, 60},
    {"--timeout", offsetof(struct options, timeout), 0.1, 60},
    {"--interval", offsetof(struct options, interval), 0.01, 600},
};

#define LENGTH(array) (sizeof(array) / sizeof *(array))

static bool set(struct options *o, const char *flag, const char *word) {
  if (strcmp(flag, "--mode") == 0)
    o->mode = (enum mode)choice(flag, word, modes, LENGTH(modes));
  else if (strcmp(flag, "--dialect") == 0)
    o->dialect = (enum dialect)choice(flag, word, dialects, LENGTH(dialects));
  else {
    for (size_t i = 0; i < LENGTH(counts); i++)
      if (strcmp(flag, counts[i].flag) == 0) {
        *(int *)((char *)o + counts[i].field) =
            (int)number(flag, word, counts[i].least, counts[i].most);
        return true;
      }
    for (size_t i = 0; i < LENGTH(measures); i++)
      if (strcmp(flag, measures[i].flag) == 0) {
        *(double *)((char *)o + measures[i].field) =
            number(flag, word, measures[i].least, measures[i].most);
        return true;
      }
    return false;
  }
  return true;
}

struct options read_options(int count, char **words) {
  struct options o = {
      .connections = 100, .groups = 1, .in_flight = 1, .seconds = 2,
      .bytes = 100, .interval = 10, .opening = 128, .timeout = 10,
  };
  for (int i = 1; i < count; i++) {
    if (strcmp(words[i], "--request") == 0) {
      o.request = true;
      continue;
    }
    if (strcmp(words[i], "--round-robin") == 0) {
      o.round_robin = true;
      continue;
    }
    if (i + 1 == count) fail(EXIT_USAGE, "the value of '%s' is missing", words[i]);
    if (!set(&o, words[i], words[i + 1]))
      fail(EXIT_USAGE, "unknown option '%s'", words[i]);
    i++;
  }
  if (o.port == 0) fail(EXIT_USAGE, "--port is missing");
  int reading = o.connections - o.stalled;
  // A connection in several groups distinguishes messages by their order: its next one follows after a round.
  bool several = o.round_robin && o.dialect == DRUMBEAT && o.stalled == 0 &&
                 o.groups % o.connections == 0 && o.in_flight < o.connections &&
                 o.groups / o.connections <= GROUPS_EACH_MAX;
  if (o.groups > reading && !several)
    fail(EXIT_USAGE, "there are fewer reading connections than groups");
  if (o.round_robin && o.groups <= reading && reading % o.groups != 0)
    fail(EXIT_USAGE, "--round-robin requires groups of one size");
  if (o.round_robin && (o.pace > 0 || o.messages > 0))
    fail(EXIT_USAGE, "--round-robin excludes a pace and a number of messages");
  return o;
}

int publishers(const struct options *o) {
  return o->groups < o->connections ? o->groups : o->connections;
}

int groups_each(const struct options *o) {
  return o->groups > o->connections ? o->groups / o->connections : 1;
}
