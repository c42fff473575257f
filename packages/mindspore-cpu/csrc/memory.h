// Host memory for buffers, arenas and scratch: one block cache for the process.
#pragma once

#include <cstddef>
#include <cstdint>

#include <mindspore/buffer.h>

namespace mindspore::cpu {

// Raw memory of the system, aligned to 64; blocks of 2 MiB and more are aligned to huge pages and ask for them.
struct SystemMemory {
  void* allocate(std::size_t bytes);
  void release(void* data, std::size_t bytes) noexcept;
};

using HostCache = kit::BlockCache<SystemMemory>;

// The cache from which everything is allocated. It is never destroyed: buffers may outlive the module.
HostCache& host_cache();

// A block from the cache, for the length of a scope.
class HostBlock {
 public:
  explicit HostBlock(std::size_t bytes) : data_(host_cache().allocate(bytes)), bytes_(bytes) {}
  ~HostBlock() { host_cache().release(data_, bytes_); }
  HostBlock(const HostBlock&) = delete;
  HostBlock& operator=(const HostBlock&) = delete;
  char* data() const { return static_cast<char*>(data_); }

 private:
  void* data_;
  std::size_t bytes_;
};

}  // namespace mindspore::cpu
