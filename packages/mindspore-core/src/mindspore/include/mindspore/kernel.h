// The C interface of a kernel.
//
// A kernel is a function with its own state. It reads and writes device buffers, whose addresses it gets in the order
// that was agreed when it was built: inputs, then outputs. This struct is all that an executor knows about it, so a
// kernel may come from any package and any compiler. It travels through Python as a capsule called
// MS_KERNEL_CAPSULE, which owns the struct; whoever uses the kernel keeps the capsule alive.
#pragma once

#include <stdint.h>

#define MS_KERNEL_ABI 1u
#define MS_KERNEL_CAPSULE "mindspore.kernel.1"

// The kernel touches its buffers from the host: the executor waits for the stream before it runs it.
#define MS_KERNEL_ON_HOST 1u

// The kernel is the first member of an ms_direct_kernel.
#define MS_KERNEL_DIRECT 2u

#ifdef __cplusplus
extern "C" {
#endif

typedef struct ms_kernel {
  uint32_t abi;            // MS_KERNEL_ABI
  uint32_t flags;          // MS_KERNEL_ON_HOST or 0
  uint64_t scratch_bytes;  // temporary memory that the stream must offer while the kernel runs
  uint64_t nanoseconds;    // estimated time on one core of the host, 0 where unknown
  void* ctx;
  // Runs, or enqueues, the work. 0 is success; any other number is passed to `explain`. Must be safe to call from
  // several threads at once with different streams.
  int (*run)(void* ctx, void* const* bufs, void* stream);
  // What a number that `run` returned on this thread means; the text stays until the thread runs a kernel again. May be
  // null.
  const char* (*explain)(void* ctx, int code);
  // Ends the kernel. May be null.
  void (*destroy)(void* ctx);
} ms_kernel;

// A part of a direct kernel: does the units [begin, end) of `units`. It raises nothing and waits for nobody.
typedef struct ms_phase {
  void (*run)(char* const* bufs, int64_t begin, int64_t end);
  int64_t units;
} ms_phase;

// A kernel on the host's memory that does so little that it is best done by the calling thread. An executor may call its
// phases one after the other, each with all of its units, instead of `kernel.run`, which does the same. `bufs` are
// `params`, the address of `scratch_bytes` of temporary memory, and then the kernel's buffers.
typedef struct ms_direct_kernel {
  ms_kernel kernel;
  void* params;
  const ms_phase* phases;
  uint64_t count;
} ms_direct_kernel;

// What `stream` points to on devices whose memory is the host's.
typedef struct ms_host_stream {
  void* scratch;     // at least `scratch_bytes`, aligned to 64
  int32_t threads;   // how many threads the kernel may use
} ms_host_stream;

#ifdef __cplusplus
}
#endif
