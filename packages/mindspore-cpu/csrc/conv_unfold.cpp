// Convolution by unfolding: for element types and shapes that the faster implementations do not take.
//
// The windows of an image become the columns of a matrix [ic * kh * kw, oh * ow]; the three operators are then products
// with it (Chellapilla, Puri and Simard, 2006):
//
//   y = w columns,      columns' cotangent = w^T dy (added back to where the windows came from),      dw = dy columns^T
//
// Half-precision operands are widened to float as a whole, and results rounded once. The derivative for the kernel cuts
// the batch into a number of parts that depends on the shape only.

#include <algorithm>
#include <cstring>
#include <type_traits>

#include "conv.h"
#include "gemm.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

constexpr std::int64_t parts_of_batch = 16;

template <class T>
constexpr Element arithmetic = std::is_same_v<T, double> ? Element::f64 : Element::f32;

// The matrix of the windows of one image's group.
template <class T>
void unfold(const ConvShape& s, const T* image, T* columns) {
  for (std::int64_t c = 0; c < s.ic / s.groups; ++c) {
    for (std::int64_t ky = 0; ky < s.kh; ++ky) {
      for (std::int64_t kx = 0; kx < s.kw; ++kx) {
        for (std::int64_t y = 0; y < s.oh; ++y, columns += s.ow) {
          const std::int64_t row = y * s.stride_h + ky * s.dilation_h - s.top;
          const T* line = image + (c * s.ih + row) * s.iw;
          for (std::int64_t x = 0; x < s.ow; ++x) {
            const std::int64_t column = x * s.stride_w + kx * s.dilation_w - s.left;
            const bool inside = row >= 0 && row < s.ih && column >= 0 && column < s.iw;
            columns[x] = inside ? line[column] : T{};
          }
        }
      }
    }
  }
}

// The adjoint: adds the columns to the image's elements.
template <class T>
void fold(const ConvShape& s, const T* columns, T* image) {
  for (std::int64_t c = 0; c < s.ic / s.groups; ++c) {
    for (std::int64_t ky = 0; ky < s.kh; ++ky) {
      for (std::int64_t kx = 0; kx < s.kw; ++kx) {
        for (std::int64_t y = 0; y < s.oh; ++y, columns += s.ow) {
          const std::int64_t row = y * s.stride_h + ky * s.dilation_h - s.top;
          if (row < 0 || row >= s.ih) continue;
          T* line = image + (c * s.ih + row) * s.iw;
          for (std::int64_t x = 0; x < s.ow; ++x) {
            const std::int64_t column = x * s.stride_w + kx * s.dilation_w - s.left;
            if (column >= 0 && column < s.iw) line[column] += columns[x];
          }
        }
      }
    }
  }
}

// S is the stored type, T the type of the arithmetic.
template <class S, class T>
class UnfoldKernel final : public Kernel {
 public:
  UnfoldKernel(ConvKind kind, const ConvShape& shape, const ConvEpilogue& epilogue)
      : kind_(kind), shape_(shape), epilogue_(epilogue) {
    image_ = shape.n * shape.ic * shape.ih * shape.iw;
    weights_ = shape.oc * (shape.ic / shape.groups) * shape.kh * shape.kw;
    result_ = shape.n * shape.oc * shape.oh * shape.ow;
    taps_ = shape.ic / shape.groups * shape.kh * shape.kw;
    positions_ = shape.oh * shape.ow;
    channels_ = shape.oc / shape.groups;
    parts_ = kind == ConvKind::weight_grad ? std::clamp<std::int64_t>(shape.n, 1, parts_of_batch) : shape.n;
    most_threads_ = threads();
    lay_out();
    nanoseconds = 1000 + shape.multiplications() / gemm_rate(arithmetic<T>) * 1.5;
    buffers = epilogue.bias ? 4 : 3;
    description = "unfolding";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* scratch = static_cast<char*>(stream.scratch);
    const T* first = widened(given[0], first_size(), scratch + first_offset_);
    const T* second = widened(given[1], second_size(), scratch + second_offset_);
    T* out = converts ? reinterpret_cast<T*>(scratch + out_offset_) : static_cast<T*>(given[buffers - 1]);
    T* partial = reinterpret_cast<T*>(scratch + parts_offset_);
    if (kind_ == ConvKind::input_grad) std::memset(out, 0, static_cast<std::size_t>(image_) * sizeof(T));
    parallel(std::min(threads_for(nanoseconds), most_threads_), [&](int thread, int count) {
      char* own = scratch + threads_offset_ + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(parts_, thread, count);
      for (std::int64_t k = range.begin; k < range.end; ++k) {
        switch (kind_) {
          case ConvKind::forward: forward(k, first, second, epilogue_.bias ? given[2] : nullptr, own, out); break;
          case ConvKind::input_grad: input_grad(k, first, second, own, out); break;
          case ConvKind::weight_grad: weight_grad(k, first, second, own, partial + k * weights_); break;
        }
      }
    });
    if (kind_ == ConvKind::weight_grad) {
      for (std::int64_t i = 0; i < weights_; ++i) {
        T sum = partial[i];
        for (std::int64_t k = 1; k < parts_; ++k) sum += partial[k * weights_ + i];
        out[i] = sum;
      }
    }
    if constexpr (converts) {
      for (std::int64_t i = 0; i < out_size(); ++i) static_cast<S*>(given[buffers - 1])[i] = narrow<S>(out[i]);
    }
  }

 private:
  static constexpr bool converts = !std::is_same_v<S, T>;

  std::int64_t first_size() const { return kind_ == ConvKind::input_grad ? result_ : image_; }
  std::int64_t second_size() const { return kind_ == ConvKind::weight_grad ? result_ : weights_; }
  std::int64_t out_size() const {
    return kind_ == ConvKind::forward ? result_ : kind_ == ConvKind::input_grad ? image_ : weights_;
  }

  void lay_out() {
    auto take = [this](std::int64_t count) {
      const std::uint64_t offset = scratch_bytes;
      scratch_bytes += round_up(static_cast<std::uint64_t>(count) * sizeof(T), 64);
      return offset;
    };
    first_offset_ = take(converts ? first_size() : 0);
    second_offset_ = take(converts ? second_size() : 0);
    out_offset_ = take(converts ? out_size() : 0);
    parts_offset_ = take(kind_ == ConvKind::weight_grad ? parts_ * weights_ : 0);
    const std::uint64_t one = round_up(static_cast<std::uint64_t>(taps_ * positions_) * sizeof(T), 64);
    const std::uint64_t two =
        kind_ == ConvKind::weight_grad ? round_up(static_cast<std::uint64_t>(channels_ * taps_) * sizeof(T), 64) : 0;
    const std::int64_t most = std::max({channels_, taps_, positions_});
    const Gemm largest{arithmetic<T>, most, most, most, {nullptr, 1, 2}, {nullptr, 1, 2}, nullptr, 1, nullptr, false};
    product_offset_ = one + two;
    sums_offset_ = one;
    thread_bytes_ = one + two + gemm_scratch_bytes(largest);
    threads_offset_ = scratch_bytes;
    scratch_bytes += thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
  }

  static const T* widened(const void* data, std::int64_t count, char* place) {
    if constexpr (converts) {
      T* to = reinterpret_cast<T*>(place);
      for (std::int64_t i = 0; i < count; ++i) to[i] = widen(static_cast<const S*>(data)[i]);
      return to;
    } else {
      return static_cast<const T*>(data);
    }
  }

  void multiply(std::int64_t m, std::int64_t n, std::int64_t k, MatrixView a, MatrixView b, T* c, char* own) const {
    gemm({arithmetic<T>, m, n, k, a, b, c, n, nullptr, false}, {0, m, 0, n}, own + product_offset_);
  }

  const T* image_of(const T* images, std::int64_t n, std::int64_t g) const {
    return images + (n * shape_.ic + g * (shape_.ic / shape_.groups)) * shape_.ih * shape_.iw;
  }

  void forward(std::int64_t n, const T* x, const T* w, const void* bias, char* own, T* y) const {
    T* columns = reinterpret_cast<T*>(own);
    for (std::int64_t g = 0; g < shape_.groups; ++g) {
      unfold(shape_, image_of(x, n, g), columns);
      multiply(channels_, positions_, taps_, {w + g * channels_ * taps_, taps_, 1}, {columns, positions_, 1},
               y + (n * shape_.oc + g * channels_) * positions_, own);
    }
    if (epilogue_.bias || epilogue_.relu) finish(static_cast<const S*>(bias), y + n * shape_.oc * positions_);
  }

  void finish(const S* bias, T* y) const {
    for (std::int64_t o = 0; o < shape_.oc; ++o) {
      const T shift = bias == nullptr ? T{} : wide(bias[o]);
      for (std::int64_t i = 0; i < positions_; ++i, ++y) {
        *y += shift;
        if (epilogue_.relu && *y < 0) *y = 0;
      }
    }
  }

  void input_grad(std::int64_t n, const T* dy, const T* w, char* own, T* dx) const {
    T* columns = reinterpret_cast<T*>(own);
    for (std::int64_t g = 0; g < shape_.groups; ++g) {
      multiply(taps_, positions_, channels_, {w + g * channels_ * taps_, 1, taps_},
               {dy + (n * shape_.oc + g * channels_) * positions_, positions_, 1}, columns, own);
      fold(shape_, columns, const_cast<T*>(image_of(dx, n, g)));
    }
  }

  void weight_grad(std::int64_t number, const T* x, const T* dy, char* own, T* dw) const {
    T* columns = reinterpret_cast<T*>(own);
    T* sums = reinterpret_cast<T*>(own + sums_offset_);
    std::memset(dw, 0, static_cast<std::size_t>(weights_) * sizeof(T));
    const Range samples = part(shape_.n, static_cast<int>(number), static_cast<int>(parts_));
    for (std::int64_t n = samples.begin; n < samples.end; ++n) {
      for (std::int64_t g = 0; g < shape_.groups; ++g) {
        unfold(shape_, image_of(x, n, g), columns);
        multiply(channels_, taps_, positions_, {dy + (n * shape_.oc + g * channels_) * positions_, positions_, 1},
                 {columns, 1, positions_}, sums, own);
        T* to = dw + g * channels_ * taps_;
        for (std::int64_t i = 0; i < channels_ * taps_; ++i) to[i] += sums[i];
      }
    }
  }

  ConvKind kind_;
  ConvShape shape_;
  ConvEpilogue epilogue_;
  std::int64_t image_, weights_, result_, taps_, positions_, channels_, parts_;
  int most_threads_;
  std::uint64_t first_offset_, second_offset_, out_offset_, parts_offset_, threads_offset_;
  std::uint64_t product_offset_, sums_offset_, thread_bytes_;
};

}  // namespace

std::unique_ptr<Kernel> make_conv_unfold(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue) {
  switch (element) {
    case Element::f32: return std::make_unique<UnfoldKernel<float, float>>(kind, shape, epilogue);
    case Element::f64: return std::make_unique<UnfoldKernel<double, double>>(kind, shape, epilogue);
    case Element::f16: return std::make_unique<UnfoldKernel<Half, float>>(kind, shape, epilogue);
    case Element::bf16: return std::make_unique<UnfoldKernel<Bfloat, float>>(kind, shape, epilogue);
    default: return nullptr;
  }
}

namespace {

// oneDNN's blocked formats multiply a handful of channels by four or more; where its alternatives are as bad, the plain
// product is better.
bool unfold_first(ConvKind kind, const ConvShape& shape) {
  const bool few = shape.groups == 1 && std::min(shape.ic, shape.oc) <= 4;
  return few && (kind == ConvKind::input_grad || shape.kh * shape.kw == 1);
}

}  // namespace

std::unique_ptr<Kernel> make_conv(ConvKind kind, Element element, const ConvShape& shape,
                                  const ConvEpilogue& epilogue) {
  const bool unfold = unfold_first(kind, shape);
  const auto second = unfold ? make_conv_unfold : make_conv_onednn;
  const auto third = unfold ? make_conv_onednn : make_conv_unfold;
  for (const auto make : {make_conv_direct, second, third}) {
    if (auto kernel = make(kind, element, shape, epilogue)) return kernel;
  }
  return nullptr;
}

const char* conv_choice(ConvKind kind, Element element, const ConvShape& shape, const ConvEpilogue& epilogue) {
  if (make_conv_direct(kind, element, shape, epilogue)) return "direct";
  return unfold_first(kind, shape) ? "unfold" : "onednn";
}

}  // namespace mindspore::cpu
