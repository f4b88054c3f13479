// The load generator: one thread, one epoll, one run, one line of JSON on stdout. It exits with 0 only if every message
// was delivered once and in order, and no connection was closed.
#include "fail.h"
#include "modes.h"
#include "counters.h"
#include <stdio.h>
#include <sys/resource.h>

// Raises the limit of open files, which is usually 1,024.
static void raise_file_limit(void) {
  struct rlimit files;
  getrlimit(RLIMIT_NOFILE, &files);
  files.rlim_cur = files.rlim_max;
  setrlimit(RLIMIT_NOFILE, &files);
}

int main(int count, char **words) {
  struct options options = read_options(count, words);
  struct pool pool;
  // The caller reads the output line by line.
  setvbuf(stdout, NULL, _IOLBF, 0);
  raise_file_limit();
  pool_init(&pool, &options);
  counters_init(&options);
  switch (options.mode) {
  case TRAFFIC: measure_traffic(&pool); break;
  case STORM: measure_storm(&pool); break;
  case IDLE: measure_idle(&pool); break;
  case HEARTBEAT: measure_heartbeat(&pool); break;
  case REPLAY: measure_replay(&pool); break;
  case RESTART: measure_restart(&pool); break;
  }
  return 0;
}
