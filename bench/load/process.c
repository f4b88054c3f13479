#include "process.h"
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

double cpu_seconds(int pid) {
  clockid_t clock;
  struct timespec used;
  // More precise than the ticks of /proc: a heartbeat uses only a few of them in a second.
  if (pid == 0 || clock_getcpuclockid(pid, &clock) != 0 ||
      clock_gettime(clock, &used) != 0)
    return 0;
  return (double)used.tv_sec + (double)used.tv_nsec / 1e9;
}

double own_cpu_seconds(void) {
  struct rusage used;
  getrusage(RUSAGE_SELF, &used);
  return (double)(used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
         (double)(used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
}

static double field_kib(int pid, const char *name, const char *field) {
  char path[64], line[256];
  double kib = 0;
  if (pid == 0) return 0;
  snprintf(path, sizeof path, "/proc/%d/%s", pid, name);
  FILE *file = fopen(path, "r");
  if (file == NULL) return 0;
  size_t length = strlen(field);
  while (fgets(line, sizeof line, file) != NULL)
    if (strncmp(line, field, length) == 0) {
      sscanf(line + length, "%lf", &kib);
      break;
    }
  fclose(file);
  return kib;
}

double pss_kib(int pid) {
  double pss = field_kib(pid, "smaps_rollup", "Pss:");
  return pss > 0 ? pss : field_kib(pid, "status", "VmRSS:");
}

double peak_kib(int pid) { return field_kib(pid, "status", "VmHWM:"); }

void reset_peak(int pid) {
  char path[64];
  snprintf(path, sizeof path, "/proc/%d/clear_refs", pid);
  FILE *file = fopen(path, "w");
  if (file == NULL) return;
  fputs("5", file);
  fclose(file);
}
