// The latencies of all deliveries. 64 buckets for each power of two keep the error below 1.6 %.
#ifndef HISTOGRAM_H
#define HISTOGRAM_H
#include <stdint.h>

#define HISTOGRAM_SUB 64
#define HISTOGRAM_BUCKETS (HISTOGRAM_SUB * 60)

struct histogram {
  uint64_t counts[HISTOGRAM_BUCKETS];
  uint64_t count;
  uint64_t max;
};

void histogram_clear(struct histogram *h);
void histogram_add(struct histogram *h, uint64_t ns);
// Returns the quantile (0 to 1) in ms.
double histogram_ms(const struct histogram *h, double share);
#endif
