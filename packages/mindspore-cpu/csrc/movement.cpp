#include "movement.h"

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <stdexcept>
#include <utility>

#include "threads.h"

namespace mindspore::cpu {

namespace {

struct Axis {
  std::int64_t size, from, to;
};

// 16 bytes that are only copied.
struct Wide {
  std::uint64_t part[2];
};

constexpr std::int64_t tile = 16;  // elements along each side of a transposed tile

// A two-dimensional block, inner axis last. Where the source is not contiguous along the inner axis but is along the
// outer one, it goes tile by tile, so that cache lines of both sides are used whole.
template <class T>
void copy_block(const Axis& outer, const Axis& inner, const T* from, T* to) {
  if (inner.from == 1 && inner.to == 1) {
    for (std::int64_t i = 0; i < outer.size; ++i) {
      std::memcpy(to + i * outer.to, from + i * outer.from, static_cast<std::size_t>(inner.size) * sizeof(T));
    }
    return;
  }
  if (outer.from != 1 || inner.to != 1) {
    for (std::int64_t i = 0; i < outer.size; ++i) {
      for (std::int64_t j = 0; j < inner.size; ++j) to[i * outer.to + j * inner.to] = from[i * outer.from + j * inner.from];
    }
    return;
  }
  for (std::int64_t i0 = 0; i0 < outer.size; i0 += tile) {
    const std::int64_t i1 = std::min(outer.size, i0 + tile);
    for (std::int64_t j0 = 0; j0 < inner.size; j0 += tile) {
      const std::int64_t j1 = std::min(inner.size, j0 + tile);
      for (std::int64_t i = i0; i < i1; ++i) {
        for (std::int64_t j = j0; j < j1; ++j) to[i * outer.to + j] = from[i + j * inner.from];
      }
    }
  }
}

// A copy with its axes merged where both sides allow it, and ordered: [rest..., outer, inner]; the inner axis is the one
// along which the target is contiguous, the outer one that along which the source is.
class Copy {
 public:
  explicit Copy(const StridedCopy& given) : bytes_(given.bytes), from_(given.from_offset), to_(given.to_offset) {
    for (std::size_t k = 0; k < given.sizes.size(); ++k) {
      if (given.sizes[k] != 1) axes_.push_back({given.sizes[k], given.from_steps[k], given.to_steps[k]});
      count_ *= given.sizes[k];
    }
    std::stable_sort(axes_.begin(), axes_.end(),
                     [](const Axis& a, const Axis& b) { return std::abs(a.to) > std::abs(b.to); });
    merge();
    while (axes_.size() < 2) axes_.insert(axes_.begin(), {1, 0, 0});
    for (std::size_t k = 0; k + 2 < axes_.size(); ++k) {
      if (axes_[k].from == 1 && axes_.back().from != 1) std::swap(axes_[k], axes_[axes_.size() - 2]);
    }
  }

  std::int64_t count() const { return count_; }
  std::int64_t bytes() const { return bytes_; }

  // Units of work that may run in parallel: blocks, and rows within them.
  std::int64_t units() const {
    if (count_ == 0) return 0;
    return count_ / axes_.back().size / axes_[axes_.size() - 2].size * pieces();
  }

  void run(const char* from, char* to, std::int64_t begin, std::int64_t end) const {
    switch (bytes_) {
      case 1: return run_as<std::uint8_t>(from, to, begin, end);
      case 2: return run_as<std::uint16_t>(from, to, begin, end);
      case 4: return run_as<std::uint32_t>(from, to, begin, end);
      case 8: return run_as<std::uint64_t>(from, to, begin, end);
      default: return run_as<Wide>(from, to, begin, end);
    }
  }

 private:
  // Neighbouring axes become one where stepping over the inner one leads to the next element of the outer one.
  void merge() {
    for (std::size_t k = 1; k < axes_.size();) {
      const Axis& outer = axes_[k - 1];
      const Axis& inner = axes_[k];
      if (outer.from == inner.from * inner.size && outer.to == inner.to * inner.size) {
        axes_[k - 1] = {outer.size * inner.size, inner.from, inner.to};
        axes_.erase(axes_.begin() + static_cast<std::ptrdiff_t>(k));
      } else {
        ++k;
      }
    }
  }

  // Into how many pieces the outer axis of a block is cut.
  std::int64_t pieces() const { return std::max<std::int64_t>(1, axes_[axes_.size() - 2].size / tile); }

  template <class T>
  void run_as(const char* from, char* to, std::int64_t begin, std::int64_t end) const {
    const Axis& outer = axes_[axes_.size() - 2];
    const std::int64_t cuts = pieces();
    for (std::int64_t unit = begin; unit < end; ++unit) {
      std::int64_t block = unit / cuts;
      std::int64_t source = from_;
      std::int64_t target = to_;
      for (std::size_t k = axes_.size() - 2; k-- > 0;) {
        source += block % axes_[k].size * axes_[k].from;
        target += block % axes_[k].size * axes_[k].to;
        block /= axes_[k].size;
      }
      const Range rows = part(outer.size, static_cast<int>(unit % cuts), static_cast<int>(cuts));
      copy_block<T>({rows.end - rows.begin, outer.from, outer.to}, axes_.back(),
                    reinterpret_cast<const T*>(from) + source + rows.begin * outer.from,
                    reinterpret_cast<T*>(to) + target + rows.begin * outer.to);
    }
  }

  std::int64_t bytes_, from_, to_;
  std::int64_t count_ = 1;
  std::vector<Axis> axes_;
};

class CopyKernel final : public Kernel {
 public:
  CopyKernel(const std::vector<StridedCopy>& copies, std::int64_t total, std::vector<std::uint8_t> fill)
      : total_(total), fill_(std::move(fill)) {
    for (const StridedCopy& copy : copies) copies_.emplace_back(copy);
    buffers = static_cast<int>(copies_.size()) + 1;
    nanoseconds = 20;
    for (const Copy& copy : copies_) nanoseconds += static_cast<double>(copy.count() * copy.bytes()) * 0.12;
    description = "copy";
  }

  void run(void* const* given, const ms_host_stream&) const override {
    char* to = static_cast<char*>(given[copies_.size()]);
    fill(to);
    for (std::size_t k = 0; k < copies_.size(); ++k) {
      const Copy& copy = copies_[k];
      const std::int64_t units = copy.units();
      const double cost = static_cast<double>(copy.count() * copy.bytes()) * 0.12;
      parallel(static_cast<int>(std::min<std::int64_t>(threads_for(cost), units)), [&](int thread, int count) {
        const Range range = part(units, thread, count);
        copy.run(static_cast<const char*>(given[k]), to, range.begin, range.end);
      });
    }
  }

 private:
  void fill(char* to) const {
    if (fill_.empty()) return;
    const std::size_t size = fill_.size();
    const std::size_t bytes = static_cast<std::size_t>(total_) * size;
    if (bytes == 0) return;
    if (std::all_of(fill_.begin(), fill_.end(), [this](std::uint8_t b) { return b == fill_[0]; })) {
      std::memset(to, fill_[0], bytes);
      return;
    }
    std::memcpy(to, fill_.data(), size);
    for (std::size_t done = size; done < bytes;) {  // doubles what is there
      const std::size_t more = std::min(done, bytes - done);
      std::memcpy(to + done, to, more);
      done += more;
    }
  }

  std::vector<Copy> copies_;
  std::int64_t total_;
  std::vector<std::uint8_t> fill_;
};

}  // namespace

std::unique_ptr<Kernel> make_copies(std::vector<StridedCopy> copies, std::int64_t total,
                                    std::vector<std::uint8_t> fill) {
  for (const StridedCopy& copy : copies) {
    if (copy.bytes != 1 && copy.bytes != 2 && copy.bytes != 4 && copy.bytes != 8 && copy.bytes != 16) {
      throw std::invalid_argument("copies: elements must have 1, 2, 4, 8 or 16 bytes");
    }
    if (copy.sizes.size() != copy.from_steps.size() || copy.sizes.size() != copy.to_steps.size()) {
      throw std::invalid_argument("copies: each axis needs a size and two steps");
    }
  }
  return std::make_unique<CopyKernel>(copies, total, std::move(fill));
}

}  // namespace mindspore::cpu
