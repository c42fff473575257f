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

}  // namespace mindspore::cpu
