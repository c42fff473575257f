// Threads divide the problems, or where these are few the places that are written, not the updates: each goes over all
// updates and adds those that fall into its part, so that sums are formed in one order.

#include "scatter.h"

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <type_traits>

#include "threads.h"

namespace mindspore::cpu {

namespace {

// The index at `k`; -1 where it is too large for a signed number.
std::int64_t index_at(Element type, const void* data, std::int64_t k) {
  switch (type) {
    case Element::i8: return static_cast<const std::int8_t*>(data)[k];
    case Element::u8: return static_cast<const std::uint8_t*>(data)[k];
    case Element::i16: return static_cast<const std::int16_t*>(data)[k];
    case Element::u16: return static_cast<const std::uint16_t*>(data)[k];
    case Element::i32: return static_cast<const std::int32_t*>(data)[k];
    case Element::u32: return static_cast<const std::uint32_t*>(data)[k];
    default: return std::max<std::int64_t>(-1, static_cast<const std::int64_t*>(data)[k]);
  }
}

// S: the stored type; sums are formed in T, in scratch memory where the two differ.
template <class S>
class ScatterKernel final : public Kernel {
 public:
  using T = decltype(wide(S{}));

  explicit ScatterKernel(const ScatterSpec& spec) : spec_(spec) {
    total_ = spec.outer * spec.size * spec.inner;
    if (!std::is_same_v<S, T>) scratch_bytes = static_cast<std::uint64_t>(total_) * sizeof(T);
    buffers = 4;
    nanoseconds = 20 + static_cast<double>(total_) * 0.1 +
                  static_cast<double>(spec.outer * spec.count) * (2 + 0.3 * static_cast<double>(spec.inner));
    description = "scatter";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const S* x = static_cast<const S*>(given[0]);
    const S* updates = static_cast<const S*>(given[2]);
    S* y = static_cast<S*>(given[3]);
    T* sums = std::is_same_v<S, T> ? reinterpret_cast<T*>(y) : static_cast<T*>(stream.scratch);
    parallel(threads_for(nanoseconds), [&](int thread, int count) {
      const bool apart = spec_.outer >= count;  // enough problems for all threads
      const Range problems = apart ? part(spec_.outer, thread, count) : Range{0, spec_.outer};
      const Range places = apart ? Range{0, spec_.size} : part(spec_.size, thread, count);
      for (std::int64_t o = problems.begin; o < problems.end; ++o) {
        const std::int64_t begin = (o * spec_.size + places.begin) * spec_.inner;
        const std::int64_t end = (o * spec_.size + places.end) * spec_.inner;
        for (std::int64_t i = begin; i < end; ++i) sums[i] = wide(x[i]);
        spec_.own_index ? add_elements(o, places, given[1], updates, sums) : add_rows(o, places, given[1], updates, sums);
        if constexpr (!std::is_same_v<S, T>) {
          for (std::int64_t i = begin; i < end; ++i) y[i] = narrow<S>(sums[i]);
        }
      }
    });
  }

 private:
  void add_rows(std::int64_t o, const Range& places, const void* indices, const S* updates, T* sums) const {
    if (add_numbers(o, places, indices, 0, updates, sums)) return;
    for (std::int64_t i = 0; i < spec_.count; ++i) {
      const std::int64_t place = index_at(spec_.index, indices, i);
      if (place < places.begin || place >= places.end) continue;
      const S* from = updates + (o * spec_.count + i) * spec_.inner;
      T* to = sums + (o * spec_.size + place) * spec_.inner;
      for (std::int64_t j = 0; j < spec_.inner; ++j) to[j] += wide(from[j]);
    }
  }

  // Rows of one element, at places of the usual types, the first of which stands at `first`; false for others.
  bool add_numbers(std::int64_t o, const Range& places, const void* indices, std::int64_t first, const S* updates,
                   T* sums) const {
    if (spec_.inner != 1) return false;
    if (spec_.index == Element::i32) {
      add_numbers(o, places, static_cast<const std::int32_t*>(indices) + first, updates, sums);
    } else if (spec_.index == Element::i64) {
      add_numbers(o, places, static_cast<const std::int64_t*>(indices) + first, updates, sums);
    } else {
      return false;
    }
    return true;
  }

  template <class Index>
  void add_numbers(std::int64_t o, const Range& places, const Index* at, const S* updates, T* sums) const {
    const S* from = updates + o * spec_.count;
    T* to = sums + o * spec_.size;
    for (std::int64_t i = 0; i < spec_.count; ++i) {
      const auto place = static_cast<std::int64_t>(at[i]);
      if (place >= places.begin && place < places.end) to[place] += wide(from[i]);
    }
  }

  void add_elements(std::int64_t o, const Range& places, const void* indices, const S* updates, T* sums) const {
    if (add_numbers(o, places, indices, o * spec_.count, updates, sums)) return;
    for (std::int64_t i = 0; i < spec_.count; ++i) {
      const std::int64_t first = (o * spec_.count + i) * spec_.inner;
      for (std::int64_t j = 0; j < spec_.inner; ++j) {
        const std::int64_t place = index_at(spec_.index, indices, first + j);
        if (place < places.begin || place >= places.end) continue;
        sums[(o * spec_.size + place) * spec_.inner + j] += wide(updates[first + j]);
      }
    }
  }

  ScatterSpec spec_;
  std::int64_t total_;
};

class UpdateKernel final : public Kernel {
 public:
  explicit UpdateKernel(const UpdateSpec& spec) : spec_(spec) {
    buffers = 4;
    const double bytes = static_cast<double>(spec.row_bytes);
    nanoseconds = 20 + static_cast<double>(spec.rows) * bytes * 0.03 + static_cast<double>(spec.count) * (2 + 0.1 * bytes);
    description = "scatter, the last one stays";
  }

  void run(void* const* given, const ms_host_stream&) const override {
    const char* x = static_cast<const char*>(given[0]);
    char* y = static_cast<char*>(given[3]);
    parallel(threads_for(nanoseconds), [&](int thread, int count) {
      const Range places = part(spec_.rows, thread, count);
      const std::size_t begin = static_cast<std::size_t>(places.begin) * spec_.row_bytes;
      const std::size_t bytes = static_cast<std::size_t>(places.end - places.begin) * spec_.row_bytes;
      if (x != y && bytes != 0) std::memcpy(y + begin, x + begin, bytes);
      switch (spec_.row_bytes) {
        case 1: return write<1>(places, given, y);
        case 2: return write<2>(places, given, y);
        case 4: return write<4>(places, given, y);
        case 8: return write<8>(places, given, y);
        default: return write<0>(places, given, y);
      }
    });
  }

 private:
  // fixed: the size of a row where it is one element, so that a copy is one instruction.
  template <std::size_t fixed>
  void write(const Range& places, void* const* given, char* y) const {
    const std::size_t bytes = fixed != 0 ? fixed : spec_.row_bytes;
    const char* updates = static_cast<const char*>(given[2]);
    for (std::int64_t i = 0; i < spec_.count; ++i) {
      const std::int64_t place = index_at(spec_.index, given[1], i);
      if (place < places.begin || place >= places.end) continue;
      std::memcpy(y + static_cast<std::size_t>(place) * bytes, updates + static_cast<std::size_t>(i) * bytes, bytes);
    }
  }

  UpdateSpec spec_;
};

}  // namespace

std::unique_ptr<Kernel> make_scatter_update(const UpdateSpec& spec) { return std::make_unique<UpdateKernel>(spec); }

std::unique_ptr<Kernel> make_scatter_add(const ScatterSpec& spec) {
  switch (spec.element) {
    case Element::f16: return std::make_unique<ScatterKernel<Half>>(spec);
    case Element::bf16: return std::make_unique<ScatterKernel<Bfloat>>(spec);
    case Element::f32: return std::make_unique<ScatterKernel<float>>(spec);
    case Element::f64: return std::make_unique<ScatterKernel<double>>(spec);
    case Element::i8:
    case Element::u8: return std::make_unique<ScatterKernel<std::uint8_t>>(spec);
    case Element::i16:
    case Element::u16: return std::make_unique<ScatterKernel<std::uint16_t>>(spec);
    case Element::i32:
    case Element::u32: return std::make_unique<ScatterKernel<std::uint32_t>>(spec);
    default: return std::make_unique<ScatterKernel<std::uint64_t>>(spec);
  }
}

}  // namespace mindspore::cpu
