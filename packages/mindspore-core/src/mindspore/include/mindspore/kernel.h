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

// The kernel is the first member of an ms_region_kernel.
#define MS_KERNEL_REGION 4u

// What a region kernel returns when a service told it to end.
#define MS_KERNEL_ENDED (-1)

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

// An entry of a tape. The addresses of the entries of those of its values that are tapes lie behind it, the other values
// one behind the other from `data` on, each aligned to 64.
typedef struct ms_entry {
  struct ms_entry* rest;  // the entry before this one, or null
  char* data;
} ms_entry;

// What an executor does for a region kernel, in the thread that runs it. A kernel that is told to end returns
// MS_KERNEL_ENDED at once; the executor then raises the error that it knows.
typedef struct ms_services {
  void* executor;  // the first argument of the functions
  // Called now and then by loops. Not 0: end.
  int (*poll)(void* executor);
  // Entries with room for so many bytes of values and so many tapes, at least one, linked by `rest`. Null: end.
  ms_entry* (*take)(void* executor, uint64_t bytes, uint64_t cells);
  // Entries of that size that are in no tape, linked by `rest`, to be used again.
  void (*give)(void* executor, uint64_t bytes, uint64_t cells, ms_entry* first);
} ms_services;

// A kernel on the host's memory that runs a whole region of a plan: a loop with all its trips. Some of its buffers may be
// places of tapes, each of which holds the address of the tape's last entry. An executor calls `run_region`; `kernel.run`
// only reports that it is none.
typedef struct ms_region_kernel {
  ms_kernel kernel;
  int (*run_region)(void* ctx, void* const* bufs, void* stream, const ms_services* services);
} ms_region_kernel;

// What `stream` points to on devices whose memory is the host's.
typedef struct ms_host_stream {
  void* scratch;     // at least `scratch_bytes`, aligned to 64
  int32_t threads;   // how many threads the kernel may use
} ms_host_stream;

#ifdef __cplusplus
}
#endif
