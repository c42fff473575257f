// Pooling: each plane by itself, plain loops over windows; planes of float32 and half precision by way of blocks
// (`pool_blocked_impl.h`).
//
// A window's maximum is found in row-major order, and so is the place to which a cotangent goes: the first tap that equals
// the maximum, where NaN equals NaN. Half-precision values are compared and added as floats.

#include "pool.h"

#include <algorithm>
#include <cstring>
#include <limits>
#include <type_traits>

#include "isa.h"
#include "pool_windows.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

template <class T>
bool same(T a, T b) {
  return a == b || (a != a && b != b);
}

// The place of the first maximum of a window, or -1.
template <class S>
std::int64_t first_maximum(const PoolShape& s, const Window& window, const S* x, S y) {
  std::int64_t found = -1;
  const auto target = wide(y);
  visit(s, window, [&](std::int64_t place) {
    if (!same(wide(x[place]), target)) return false;
    found = place;
    return true;
  });
  return found;
}

template <class S>
class PoolKernel final : public Kernel {
 public:
  using T = decltype(wide(S{}));

  PoolKernel(PoolKind kind, Element element, const PoolShape& shape) : kind_(kind), shape_(shape) {
    fast_ = element == Element::f32 && isa() == Isa::avx512 && (kind == PoolKind::max || kind == PoolKind::max_grad) &&
            shape.id == 1 && shape.kd == 1 && shape.kh == 2 && shape.kw == 2 && shape.stride_h == 2 && shape.stride_w == 2 && shape.top == 0 &&
            shape.left == 0 && shape.dilation_h == 1 && shape.dilation_w == 1 && shape.ih >= 2 * shape.oh &&
            shape.iw >= 2 * shape.ow;
    most_threads_ = threads();
    if (pool_moves_of(element) >= 0 && !fast_) {
      blocks_ = pool_blocks_for(kind);
      if (blocks_ != nullptr && shape.planes < blocks_->block) blocks_ = nullptr;
      moves_ = pool_moves_of(element);
    }
    const bool adds = kind == PoolKind::max_grad || kind == PoolKind::mean_grad;
    if (adds && !std::is_same_v<S, T>) {
      thread_bytes_ = round_up(static_cast<std::uint64_t>(shape.image()) * sizeof(T), 64);
    }
    if (blocks_ != nullptr) thread_bytes_ = std::max(thread_bytes_, pool_channels_bytes(*blocks_, kind, shape));
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    const double windows = static_cast<double>(shape.planes * shape.output());
    const double taps = static_cast<double>(shape.taps());
    nanoseconds = 50 + windows * (fast_ ? (kind == PoolKind::max ? 0.4 : 1.0)
                                  : blocks_ != nullptr ? 0.5 + 0.1 * taps
                                                       : 2.0 + 0.7 * taps);
    buffers = kind == PoolKind::max || kind == PoolKind::mean || kind == PoolKind::mean_grad ? 2
              : kind == PoolKind::max_index                                                  ? 3
                                                                                             : 4;
    description = fast_ ? "pooling 2x2" : blocks_ != nullptr ? "pooling of several planes" : "pooling";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const std::int64_t groups = blocks_ == nullptr ? 0 : shape_.planes / blocks_->block;
    const std::int64_t grouped = blocks_ == nullptr ? 0 : groups * blocks_->block;
    const std::int64_t units = groups + shape_.planes - grouped;
    const int wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads_for(nanoseconds), most_threads_), units));
    parallel(wanted, [&](int thread, int count) {
      char* own = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(units, thread, count);
      for (std::int64_t unit = range.begin; unit < range.end; ++unit) {
        if (unit < groups) {
          compute_group(unit * blocks_->block, given, reinterpret_cast<float*>(own));
        } else {
          compute(grouped + unit - groups, given, reinterpret_cast<T*>(own));
        }
      }
    });
  }

 private:
  // As many planes at once as a vector has lanes, by way of a plane of blocks.
  void compute_group(std::int64_t plane, void* const* given, float* own) const {
    const std::int64_t image = shape_.image(), output = shape_.output();
    const std::int64_t steps[] = {kind_ == PoolKind::mean_grad ? output : image,
                                  kind_ == PoolKind::mean_grad ? image : output, output, image};
    void* begins[4];
    for (int k = 0; k < buffers; ++k) begins[k] = static_cast<S*>(given[k]) + plane * steps[k];
    pool_channels(*blocks_, blocks_->planes[moves_], kind_, shape_, begins, steps, own);
  }

  void compute(std::int64_t plane, void* const* given, T* own) const {
    const std::int64_t image = plane * shape_.image();
    const std::int64_t result = plane * shape_.output();
    const S* first = static_cast<const S*>(given[0]);
    const S* y = static_cast<const S*>(given[1]) + result;
    switch (kind_) {
      case PoolKind::max: return maximum(first + image, static_cast<S*>(given[1]) + result);
      case PoolKind::max_grad:
        return spread(first + image, y, static_cast<const S*>(given[2]) + result, static_cast<S*>(given[3]) + image, own);
      case PoolKind::max_pick:
        return pick(first + image, y, static_cast<const S*>(given[2]) + image, static_cast<S*>(given[3]) + result);
      case PoolKind::max_index: return index(first + image, y, static_cast<std::int64_t*>(given[2]) + result);
      case PoolKind::mean: return mean(first + image, static_cast<S*>(given[1]) + result);
      case PoolKind::mean_grad: return share(first + result, static_cast<S*>(given[1]) + image, own);
    }
  }

  void maximum(const S* x, S* y) const {
    if constexpr (std::is_same_v<S, float>) {
      if (fast_) return max_pool_2x2_avx512(shape_, x, y);
    }
    for_windows(shape_, [&](std::int64_t output, const Window& window) {
      T best = -std::numeric_limits<T>::infinity();
      visit(shape_, window, [&](std::int64_t place) {
        const T value = wide(x[place]);
        if (value > best || value != value) best = value;
        return false;
      });
      y[output] = narrow<S>(best);
    });
  }

  void spread(const S* x, const S* y, const S* dy, S* dx, T* own) const {
    if constexpr (std::is_same_v<S, float>) {
      if (fast_) return max_pool_2x2_grad_avx512(shape_, x, y, dy, dx);
    }
    add_into(dx, own, [&](T* sums) {
      for_windows(shape_, [&](std::int64_t output, const Window& window) {
        if (shape_.positive && !(wide(y[output]) > 0)) return;
        const std::int64_t place = first_maximum(shape_, window, x, y[output]);
        if (place >= 0) sums[place] += wide(dy[output]);
      });
    });
  }

  void pick(const S* x, const S* y, const S* z, S* picked) const {
    for_windows(shape_, [&](std::int64_t output, const Window& window) {
      const std::int64_t place = first_maximum(shape_, window, x, y[output]);
      picked[output] = place >= 0 ? z[place] : S{};
    });
  }

  void index(const S* x, const S* y, std::int64_t* places) const {
    for_windows(shape_, [&](std::int64_t output, const Window& window) {
      places[output] = first_maximum(shape_, window, x, y[output]);
    });
  }

  void mean(const S* x, S* y) const {
    for_windows(shape_, [&](std::int64_t output, const Window& window) {
      T sum{};
      visit(shape_, window, [&](std::int64_t place) {
        sum += wide(x[place]);
        return false;
      });
      y[output] = narrow<S>(sum / static_cast<T>(divisor(shape_, window)));
    });
  }

  void share(const S* dy, S* dx, T* own) const {
    add_into(dx, own, [&](T* sums) {
      for_windows(shape_, [&](std::int64_t output, const Window& window) {
        const T value = wide(dy[output]) / static_cast<T>(divisor(shape_, window));
        visit(shape_, window, [&](std::int64_t place) {
          sums[place] += value;
          return false;
        });
      });
    });
  }

  // Lets `body` add into a plane of zeros; rounded once where the stored type is narrower.
  template <class Body>
  void add_into(S* dx, T* own, Body body) const {
    const std::int64_t count = shape_.image();
    if constexpr (std::is_same_v<S, T>) {
      std::memset(dx, 0, static_cast<std::size_t>(count) * sizeof(S));
      body(dx);
    } else {
      std::memset(own, 0, static_cast<std::size_t>(count) * sizeof(T));
      body(own);
      for (std::int64_t i = 0; i < count; ++i) dx[i] = narrow<S>(own[i]);
    }
  }

  PoolKind kind_;
  PoolShape shape_;
  bool fast_;
  const PoolBlocks* blocks_ = nullptr;
  int moves_ = 0;
  int most_threads_;
  std::uint64_t thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_pool(PoolKind kind, Element element, const PoolShape& shape) {
  switch (element) {
    case Element::f32: return std::make_unique<PoolKernel<float>>(kind, element, shape);
    case Element::f64: return std::make_unique<PoolKernel<double>>(kind, element, shape);
    case Element::f16: return std::make_unique<PoolKernel<Half>>(kind, element, shape);
    case Element::bf16: return std::make_unique<PoolKernel<Bfloat>>(kind, element, shape);
    default: return nullptr;
  }
}

}  // namespace mindspore::cpu
