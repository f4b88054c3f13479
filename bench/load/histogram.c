#include "histogram.h"
#include <string.h>

void histogram_clear(struct histogram *h) { memset(h, 0, sizeof *h); }

static unsigned bucket_of(uint64_t ns) {
  if (ns < HISTOGRAM_SUB) return (unsigned)ns;
  unsigned shift = 63 - (unsigned)__builtin_clzll(ns) - 6;
  unsigned bucket = (shift + 1) * HISTOGRAM_SUB +
                    (unsigned)((ns >> shift) - HISTOGRAM_SUB);
  return bucket < HISTOGRAM_BUCKETS ? bucket : HISTOGRAM_BUCKETS - 1;
}

// Returns the middle of a bucket.
static uint64_t value_of(unsigned bucket) {
  if (bucket < HISTOGRAM_SUB) return bucket;
  unsigned shift = bucket / HISTOGRAM_SUB - 1;
  uint64_t low = (uint64_t)(HISTOGRAM_SUB + bucket % HISTOGRAM_SUB) << shift;
  return low + ((1ull << shift) >> 1);
}

void histogram_add(struct histogram *h, uint64_t ns) {
  h->counts[bucket_of(ns)]++;
  h->count++;
  if (ns > h->max) h->max = ns;
}

double histogram_ms(const struct histogram *h, double share) {
  if (h->count == 0) return 0;
  uint64_t wanted = (uint64_t)(share * (double)h->count), seen = 0;
  for (unsigned i = 0; i < HISTOGRAM_BUCKETS; i++) {
    seen += h->counts[i];
    if (seen > wanted) return (double)value_of(i) / 1e6;
  }
  return (double)h->max / 1e6;
}
