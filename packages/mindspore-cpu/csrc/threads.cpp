#include "threads.h"

#include <algorithm>
#include <atomic>
#include <cmath>
#include <cstdio>
#include <new>
#include <stdexcept>
#include <string>
#include <type_traits>

#include <omp.h>
#include <pthread.h>

namespace mindspore::cpu {

namespace {

// A parallel region costs about 2 microseconds to enter and leave while the pool's threads spin, so each thread
// should have a few times that to do.
constexpr double nanoseconds_per_thread = 8000;

// The whole cores that the control group grants this process; a large number where it sets no quota.
int quota_of_cores() {
  long long quota = 0;
  long long period = 0;
  if (std::FILE* file = std::fopen("/sys/fs/cgroup/cpu.max", "r")) {
    const int read = std::fscanf(file, "%lld %lld", &quota, &period);
    std::fclose(file);
    if (read == 2 && quota > 0 && period > 0) return static_cast<int>(std::max(1LL, (quota + period / 2) / period));
  }
  return 1 << 20;
}

std::atomic<int>& count() {
  static std::atomic<int> value{std::max(1, std::min(omp_get_max_threads(), quota_of_cores()))};
  return value;
}

std::atomic<bool> in_child{false};
std::aligned_storage_t<sizeof(std::mutex), alignof(std::mutex)> lock_place;

// In the child another thread of the parent may have held the lock; that thread does not exist here.
void enter_child() {
  in_child.store(true);
  new (&lock_place) std::mutex();
}

const bool handlers_installed = [] {
  new (&lock_place) std::mutex();
  pthread_atfork(nullptr, nullptr, enter_child);
  return true;
}();

}  // namespace

int threads() { return in_child.load(std::memory_order_relaxed) ? 1 : count().load(std::memory_order_relaxed); }

void set_threads(int wanted) {
  if (wanted < 1) throw std::invalid_argument("set_threads: got " + std::to_string(wanted) + ", expected at least 1");
  count().store(wanted);
}

bool forked() { return in_child.load(); }

bool worth_threads(double nanoseconds) { return nanoseconds >= 2 * nanoseconds_per_thread; }

int threads_for(double nanoseconds) {
  const int most = threads();
  if (most == 1 || !worth_threads(nanoseconds)) return 1;
  return static_cast<int>(std::min<double>(most, nanoseconds / nanoseconds_per_thread));
}

std::mutex& region_lock() { return *std::launder(reinterpret_cast<std::mutex*>(&lock_place)); }

OmpThreads::OmpThreads(int count) : before_(omp_get_max_threads()), changed_(before_ != count) {
  if (changed_) omp_set_num_threads(count);
}

OmpThreads::~OmpThreads() {
  if (changed_) omp_set_num_threads(before_);
}

void run_parallel(int wanted, void (*body)(void*, int, int), void* context) {
  wanted = std::min(wanted, threads());
  std::unique_lock<std::mutex> guard(region_lock(), std::defer_lock);
  if (wanted <= 1 || !guard.try_lock()) {
    body(context, 0, 1);
    return;
  }
#pragma omp parallel num_threads(wanted)
  body(context, omp_get_thread_num(), omp_get_num_threads());
}

}  // namespace mindspore::cpu
