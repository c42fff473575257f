#include "kernel.h"

#include <exception>
#include <new>

namespace mindspore::cpu {

namespace {

constexpr int failed = 1;
thread_local std::string last_error;

int run(void* ctx, void* const* bufs, void* stream) {
  try {
    static_cast<const Kernel*>(ctx)->run(bufs, *static_cast<const ms_host_stream*>(stream));
    return 0;
  } catch (const std::exception& error) {
    last_error = error.what();
    return failed;
  }
}

const char* explain(void*, int) { return last_error.c_str(); }

void destroy(void* ctx) { delete static_cast<Kernel*>(ctx); }

}  // namespace

CKernel to_c(std::unique_ptr<Kernel> kernel) {
  CKernel made{};
  std::uint32_t flags = kernel->on_host ? MS_KERNEL_ON_HOST : 0;
  if (kernel->region(made.region)) {
    flags |= MS_KERNEL_REGION;
  } else if (kernel->direct(made.direct)) {
    flags |= MS_KERNEL_DIRECT;
  }
  ms_kernel& c = made.kernel;
  c.abi = MS_KERNEL_ABI;
  c.flags = flags;
  c.scratch_bytes = kernel->scratch_bytes;
  c.nanoseconds = static_cast<std::uint64_t>(kernel->nanoseconds);
  c.run = run;
  c.explain = explain;
  c.destroy = destroy;
  c.ctx = kernel.release();
  return made;
}

}  // namespace mindspore::cpu
