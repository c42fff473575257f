// The one pool of threads: OpenMP's.
//
// libgomp keeps a pool for every thread that ever started a parallel region, and a pool's threads do not survive a
// fork. Two rules follow. Parallel regions take one lock of the process, so that however many threads call, only one
// region runs at a time; where the lock is taken, our own loops run serially instead of waiting, which gives the same
// numbers because no result depends on the number of threads. And in a forked child everything runs on one thread.
#pragma once

#include <cstdint>
#include <mutex>

namespace mindspore::cpu {

// The number of threads that kernels may use now: what `set_threads` or OMP_NUM_THREADS said, 1 in a forked child.
int threads();

// Throws std::invalid_argument unless `count` is at least 1.
void set_threads(int count);

// Whether this process was forked from one that had loaded this module.
bool forked();

// Whether work of this length on one core is worth more than one thread, if there are some.
bool worth_threads(double nanoseconds);

// How many threads are worth their synchronisation for work of this length on one core.
int threads_for(double nanoseconds);

// The lock of the process around parallel regions.
std::mutex& region_lock();

// Sets the number of threads that OpenMP code called from this thread will use, for the length of a scope.
class OmpThreads {
 public:
  explicit OmpThreads(int count);
  ~OmpThreads();
  OmpThreads(const OmpThreads&) = delete;
  OmpThreads& operator=(const OmpThreads&) = delete;

 private:
  int before_;
  bool changed_;
};

// Calls `body(context, thread, count)` once on each of `count` threads, where `count` is `wanted`, or 1 where another
// thread is inside a parallel region. `body` must not throw.
void run_parallel(int wanted, void (*body)(void* context, int thread, int count), void* context);

// The same for a callable.
template <class Body>
void parallel(int wanted, Body&& body) {
  if (wanted <= 1) {
    body(0, 1);
    return;
  }
  run_parallel(
      wanted, [](void* context, int thread, int count) { (*static_cast<Body*>(context))(thread, count); }, &body);
}

// The part of `units` that thread `thread` of `count` does: [first, second), contiguous and nearly equal.
struct Range {
  std::int64_t begin;
  std::int64_t end;
};

inline Range part(std::int64_t units, int thread, int count) {
  return {units * thread / count, units * (thread + 1) / count};
}

}  // namespace mindspore::cpu
