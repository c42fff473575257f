// The cache of device memory blocks from which buffers are made.
//
// A training loop makes and drops buffers of the same few sizes in every step. Asking the system each time costs page
// faults (on the host) or a synchronisation (on a device), so a freed block goes to a list of its size class and comes
// back from there. Classes are spaced by an eighth of a power of two, as in jemalloc, so at most an eighth of a block
// is lost to rounding. The cache is bounded: over its limit the largest idle blocks go back to the system first.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <new>
#include <vector>

#include <mindspore/namespace.h>

MS_KIT_OPEN

struct CacheUse {
  std::uint64_t in_use;   // bytes in blocks that are handed out
  std::uint64_t peak;     // the largest value of in_use so far
  std::uint64_t idle;     // bytes in blocks that wait to be used again
  std::uint64_t held;     // the largest value of in_use + idle so far
  std::uint64_t requests; // how often the source was asked for memory
};

template <class Source>
class BlockCache {
 public:
  static constexpr unsigned smallest_bits = 6;  // 64 bytes
  static constexpr unsigned steps_bits = 3;     // 8 classes per power of two

  BlockCache(Source source, std::uint64_t idle_limit) : source_(source), idle_limit_(idle_limit) {}
  BlockCache(const BlockCache&) = delete;
  BlockCache& operator=(const BlockCache&) = delete;
  ~BlockCache() { trim(0); }

  // The bytes that may lie idle.
  std::uint64_t idle_limit() const { return idle_limit_; }

  // The number of the smallest class that holds `bytes`.
  static unsigned class_of(std::size_t bytes) {
    const std::size_t units = bytes <= 64 ? 1 : (bytes + 63) >> smallest_bits;  // in 64-byte units
    if (units <= (1u << steps_bits)) return static_cast<unsigned>(units - 1);
    const unsigned log = 63u - static_cast<unsigned>(__builtin_clzll(units - 1));
    const unsigned shift = log - steps_bits;
    const std::size_t step = (units - 1) >> shift;  // 8 .. 15
    return ((log - steps_bits + 1) << steps_bits) + static_cast<unsigned>(step - (1u << steps_bits));
  }

  // The size in bytes of blocks of a class.
  static std::size_t class_bytes(unsigned index) {
    if (index < (1u << steps_bits)) return static_cast<std::size_t>(index + 1) << smallest_bits;
    const unsigned shift = (index >> steps_bits) - 1;
    const std::size_t step = (index & ((1u << steps_bits) - 1)) + (1u << steps_bits);
    return ((step + 1) << shift) << smallest_bits;
  }

  // A block of at least `bytes`; std::bad_alloc where the source has no room even after the idle blocks were returned.
  void* allocate(std::size_t bytes) {
    if (bytes > (std::size_t{1} << 62)) throw std::bad_alloc();
    const unsigned index = class_of(bytes);
    const std::size_t size = class_bytes(index);
    std::lock_guard<std::mutex> guard(mutex_);
    void* data = nullptr;
    if (!idle_[index].empty()) {
      data = idle_[index].back();
      idle_[index].pop_back();
      use_.idle -= size;
    } else {
      data = ask(size);
    }
    use_.in_use += size;
    note_peaks();
    return data;
  }

  // A block for a while, which goes back by `give_back` with the same `bytes`: an idle block up to four times as large
  // will do, so that those who take turns share one.
  void* borrow(std::size_t bytes) {
    if (bytes > (std::size_t{1} << 62)) throw std::bad_alloc();
    const unsigned first = class_of(bytes);
    {
      std::lock_guard<std::mutex> guard(mutex_);
      for (unsigned index = first; index <= first + (2u << steps_bits) && index < class_count; ++index) {
        if (idle_[index].empty()) continue;
        void* data = idle_[index].back();
        if (index != first) lent_.push_back({data, index});
        idle_[index].pop_back();
        use_.idle -= class_bytes(index);
        use_.in_use += class_bytes(index);
        note_peaks();
        return data;
      }
    }
    return allocate(bytes);
  }

  void give_back(void* data, std::size_t bytes) noexcept {
    unsigned index = class_of(bytes);
    {
      std::lock_guard<std::mutex> guard(mutex_);
      for (Lent& lent : lent_) {
        if (lent.data != data) continue;
        index = lent.index;
        lent = lent_.back();
        lent_.pop_back();
        break;
      }
    }
    release(data, class_bytes(index));
  }

  // Takes back a block that was allocated with the same `bytes`.
  void release(void* data, std::size_t bytes) noexcept {
    const unsigned index = class_of(bytes);
    const std::size_t size = class_bytes(index);
    std::lock_guard<std::mutex> guard(mutex_);
    use_.in_use -= size;
    if (size > idle_limit_ || !remember(index, data)) {
      source_.release(data, size);
      return;
    }
    use_.idle += size;
    if (use_.idle > idle_limit_) shrink(idle_limit_);
  }

  // Returns idle blocks, the largest first, until at most `keep` bytes are idle.
  void trim(std::uint64_t keep) noexcept {
    std::lock_guard<std::mutex> guard(mutex_);
    shrink(keep);
  }

  // No more than this many bytes are taken from the source: a request beyond is answered as if there were no room.
  void limit(std::uint64_t bytes) {
    std::lock_guard<std::mutex> guard(mutex_);
    limit_ = bytes;
  }

  // Start these peaks again from what is in use now.
  void reset_peaks(bool in_use, bool held) {
    std::lock_guard<std::mutex> guard(mutex_);
    if (in_use) use_.peak = 0;
    if (held) use_.held = 0;
    note_peaks();
  }

  CacheUse use() {
    std::lock_guard<std::mutex> guard(mutex_);
    return use_;
  }

  // For fork handlers: the lock must not be held by another thread at the moment of a fork.
  void lock() { mutex_.lock(); }
  void unlock() { mutex_.unlock(); }

 private:
  static constexpr unsigned class_count = (64 - smallest_bits) << steps_bits;

  // A block that was lent for fewer bytes than its class holds.
  struct Lent {
    void* data;
    unsigned index;
  };

  bool remember(unsigned index, void* data) noexcept {
    try {
      idle_[index].push_back(data);
      return true;
    } catch (const std::bad_alloc&) {
      return false;
    }
  }

  void note_peaks() noexcept {
    if (use_.in_use > use_.peak) use_.peak = use_.in_use;
    if (use_.in_use + use_.idle > use_.held) use_.held = use_.in_use + use_.idle;
  }

  void* ask(std::size_t size) {
    ++use_.requests;
    if (use_.in_use + use_.idle + size > limit_) {
      if (use_.in_use + size > limit_) throw std::bad_alloc();
      shrink(limit_ - use_.in_use - size);
    }
    try {
      return source_.allocate(size);
    } catch (const std::bad_alloc&) {
      shrink(0);
      return source_.allocate(size);
    }
  }

  void shrink(std::uint64_t keep) noexcept {
    for (unsigned index = class_count; index-- > 0 && use_.idle > keep;) {
      const std::size_t size = class_bytes(index);
      while (!idle_[index].empty() && use_.idle > keep) {
        source_.release(idle_[index].back(), size);
        idle_[index].pop_back();
        use_.idle -= size;
      }
    }
  }

  std::mutex mutex_;
  Source source_;
  std::uint64_t idle_limit_;
  std::uint64_t limit_ = ~std::uint64_t{0};
  CacheUse use_{};
  std::array<std::vector<void*>, class_count> idle_;
  std::vector<Lent> lent_;
};

MS_KIT_CLOSE
