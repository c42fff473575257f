/* A kernel of another package, in plain C: y[i] = x[i] + ctx[0] for four floats. */
#include <mindspore/kernel.h>

static int run(void* ctx, void* const* bufs, void* stream) {
  const ms_host_stream* host = stream;
  const float* x = bufs[0];
  float* y = bufs[1];
  if (host->threads < 1) return 1;
  for (int i = 0; i < 4; ++i) y[i] = x[i] + *(const float*)ctx;
  return 0;
}

static float amount = 1;

__attribute__((visibility("default"))) ms_kernel add_one = {MS_KERNEL_ABI, 0, 0, 0, &amount, run, 0, 0};
