// The CPU and memory of a process: the server's, by its id, and the load generator's, which must not be the bottleneck.
#ifndef PROCESS_H
#define PROCESS_H

// CPU seconds, user and system, all threads; 0 without a process.
double cpu_seconds(int pid);
// The same for the load generator.
double own_cpu_seconds(void);
// Proportional set size in KiB: pages that are shared count for a part. Falls back on the resident set.
double pss_kib(int pid);
// Largest resident set in KiB since `reset_peak`, or since it started where the kernel does not let that be reset.
double peak_kib(int pid);
void reset_peak(int pid);
#endif
