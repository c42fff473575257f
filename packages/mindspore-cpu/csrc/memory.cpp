#include "memory.h"

#include <cstdlib>
#include <new>

#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

namespace mindspore::cpu {

namespace {

constexpr std::size_t huge_page = std::size_t{1} << 21;

// A quarter of the machine's memory may lie idle in the cache.
std::uint64_t idle_limit() {
  const long pages = sysconf(_SC_PHYS_PAGES);
  const long page = sysconf(_SC_PAGESIZE);
  if (pages <= 0 || page <= 0) return std::uint64_t{1} << 30;
  return static_cast<std::uint64_t>(pages) * static_cast<std::uint64_t>(page) / 4;
}

}  // namespace

void* SystemMemory::allocate(std::size_t bytes) {
  const std::size_t align = bytes >= huge_page ? huge_page : 64;
  void* data = nullptr;
  if (posix_memalign(&data, align, bytes) != 0) throw std::bad_alloc();
  if (bytes >= huge_page) madvise(data, bytes, MADV_HUGEPAGE);  // advice: no harm where it is refused
  return data;
}

void SystemMemory::release(void* data, std::size_t) noexcept { std::free(data); }

HostCache& host_cache() {
  static HostCache* cache = [] {
    auto* made = new HostCache(SystemMemory{}, idle_limit());
    pthread_atfork([] { host_cache().lock(); }, [] { host_cache().unlock(); }, [] { host_cache().unlock(); });
    return made;
  }();
  return *cache;
}

}  // namespace mindspore::cpu
