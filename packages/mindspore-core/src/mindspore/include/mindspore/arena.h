// Device memory with one owner.
//
// A `Source` is where raw memory comes from: `void* allocate(std::size_t)`, which throws std::bad_alloc where there is
// no room and aligns to 64, and `void release(void*, std::size_t) noexcept`.
#pragma once

#include <cstddef>
#include <utility>

#include <mindspore/namespace.h>

MS_KIT_OPEN

template <class Source>
class Arena {
 public:
  Arena() = default;

  Arena(Source& source, std::size_t bytes) : source_(&source), bytes_(bytes) {
    if (bytes_ != 0) data_ = source.allocate(bytes_);
  }

  Arena(Arena&& other) noexcept { swap(other); }

  Arena& operator=(Arena&& other) noexcept {
    swap(other);
    return *this;
  }

  ~Arena() {
    if (data_ != nullptr) source_->release(data_, bytes_);
  }

  char* data() const { return static_cast<char*>(data_); }
  std::size_t bytes() const { return bytes_; }

 private:
  void swap(Arena& other) noexcept {
    std::swap(source_, other.source_);
    std::swap(data_, other.data_);
    std::swap(bytes_, other.bytes_);
  }

  Source* source_ = nullptr;
  void* data_ = nullptr;
  std::size_t bytes_ = 0;
};

MS_KIT_CLOSE
