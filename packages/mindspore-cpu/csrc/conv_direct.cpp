// Direct convolution: which shapes it takes, and how the work is divided among threads (see conv_direct.h).

#include "conv_direct.h"

#include <algorithm>
#include <cstring>

#include "isa.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

constexpr double multiplications_per_nanosecond = 45;  // on one core, with AVX-512
constexpr std::int64_t pixels_per_band = 1024;         // whose sums fill one level-1 cache
constexpr std::int64_t parts_of_batch = 16;
constexpr std::int64_t bytes_of_images = 1 << 20;  // that are gathered by one thread
constexpr std::int64_t channels_worth_broadcasts = 16;  // of the image: transposing results is little beside them

std::int64_t blocks_of_lanes(std::int64_t size) { return (size + lanes - 1) / lanes; }

// The cotangents of one vector of images.
std::int64_t bytes_of_vector(const ConvShape& s) {
  return s.oc * s.oh * s.ow * lanes * static_cast<std::int64_t>(sizeof(float));
}

// How much of the arithmetic is on elements that exist.
double channel_use(const ConvShape& s) { return static_cast<double>(s.oc) / (lanes * blocks_of_lanes(s.oc)); }
double column_use(const ConvShape& s) { return static_cast<double>(s.ow) / (lanes * blocks_of_lanes(s.ow)); }

WeightView plain_weights(const ConvShape& s, const float* w) {
  return {w, s.ic * s.kh * s.kw, s.kh * s.kw, s.kw, 1};
}

// The kernel of the convolution `s` as the convolution `derivative_for_image(s)` reads it.
WeightView turned_weights(const ConvShape& s, const float* w) {
  return {w + s.kh * s.kw - 1, s.kh * s.kw, s.ic * s.kh * s.kw, -s.kw, -1};
}

// With stride 1 the derivative for the image is a convolution of the padded cotangent.
ConvShape derivative_for_image(const ConvShape& s) {
  ConvShape d = s;
  d.ic = s.oc, d.ih = s.oh, d.iw = s.ow;
  d.oc = s.ic, d.oh = s.ih, d.ow = s.iw;
  d.top = s.dilation_h * (s.kh - 1) - s.top;
  d.left = s.dilation_w * (s.kw - 1) - s.left;
  d.bottom = s.ih - s.oh - d.top + s.dilation_h * (s.kh - 1);
  d.right = s.iw - s.ow - d.left + s.dilation_w * (s.kw - 1);
  return d;
}

class ForwardKernel final : public Kernel {
 public:
  // `original` is the convolution whose derivative is computed, where `turned`.
  ForwardKernel(const ConvShape& shape, const ConvShape& original, bool turned, const ConvEpilogue& epilogue)
      : shape_(shape), original_(original), epilogue_(epilogue), turned_(turned) {
    by_channels_ = channel_use(shape) > column_use(shape) ||
                   (channel_use(shape) == column_use(shape) && shape.ic >= channels_worth_broadcasts);
    most_threads_ = threads();
    const std::int64_t bands_wanted =
        std::max<std::int64_t>((shape.oh * shape.ow + pixels_per_band - 1) / pixels_per_band,
                               (2 * most_threads_ + shape.n - 1) / shape.n);
    rows_ = std::max<std::int64_t>(2, (shape.oh + bands_wanted - 1) / bands_wanted);
    rows_ = std::min(rows_, shape.oh);
    bands_ = (shape.oh + rows_ - 1) / rows_;
    images_ = by_channels_ || shape.n < most_images * most_threads_ ? 1 : most_images;
    const std::int64_t channels = by_channels_ ? lanes * blocks_of_lanes(shape.oc) : shape.oc;
    packed_bytes_ = round_up(static_cast<std::uint64_t>(channels * shape.ic * shape.kh * shape.kw) * sizeof(float), 64);
    pixel_bytes_ = by_channels_ ? static_cast<std::uint64_t>(rows_ * shape.ow * lanes) * sizeof(float) : 0;
    tap_bytes_ = round_up(static_cast<std::uint64_t>(shape.ic * shape.kh * shape.kw) * sizeof(std::int64_t), 64);
    image_bytes_ = 0;
    for (std::int64_t band = 0; band < bands_; ++band) {
      image_bytes_ = std::max<std::uint64_t>(image_bytes_, round_up(view_bytes(shape, rows_inside(shape, rows(band))), 64));
    }
    thread_bytes_ = pixel_bytes_ + tap_bytes_ + images_ * image_bytes_;
    scratch_bytes = packed_bytes_ + static_cast<std::uint64_t>(most_threads_) * thread_bytes_;
    nanoseconds = shape.multiplications() / multiplications_per_nanosecond;
    buffers = epilogue.bias ? 4 : 3;
    description = by_channels_ ? "direct, lanes are channels" : "direct, lanes are columns";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* scratch = static_cast<char*>(stream.scratch);
    const auto* image = static_cast<const float*>(given[0]);
    const auto* w = static_cast<const float*>(given[1]);
    const auto* bias = epilogue_.bias ? static_cast<const float*>(given[2]) : nullptr;
    auto* y = static_cast<float*>(given[buffers - 1]);
    auto* packed = reinterpret_cast<float*>(scratch);
    const WeightView weights = turned_ ? turned_weights(original_, w) : plain_weights(shape_, w);
    by_channels_ ? pack_channels(shape_, weights, packed) : pack_columns(shape_, weights, packed);
    const std::int64_t units = (shape_.n + images_ - 1) / images_ * bands_;
    parallel(std::min(threads_for(nanoseconds), most_threads_), [&](int thread, int count) {
      char* own = scratch + packed_bytes_ + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(units, thread, count);
      for (std::int64_t unit = range.begin; unit < range.end; ++unit) {
        compute(unit, image, packed, bias, own, y);
      }
    });
  }

 private:
  void compute(std::int64_t unit, const float* images, const float* packed, const float* bias, char* memory,
               float* results) const {
    const std::int64_t first = unit / bands_ * images_;
    const int count = static_cast<int>(std::min(images_, shape_.n - first));
    const Rows outputs = rows(unit % bands_);
    const Rows inputs = rows_inside(shape_, outputs);
    ImageView views[most_images];
    for (int k = 0; k < count; ++k) {
      const float* image = images + (first + k) * shape_.ic * shape_.ih * shape_.iw;
      views[k] = view_image(shape_, image, inputs, first + k + 1 < shape_.n,
                            reinterpret_cast<float*>(memory + pixel_bytes_ + tap_bytes_ + k * image_bytes_));
    }
    const Taps taps = tap_offsets(shape_, views[0], reinterpret_cast<std::int64_t*>(memory + pixel_bytes_));
    float* y = results + first * shape_.oc * shape_.oh * shape_.ow;
    if (by_channels_) {
      forward_channels(shape_, views[0], taps, packed, bias, epilogue_.relu, outputs, reinterpret_cast<float*>(memory), y);
    } else {
      forward_columns(shape_, views, count, taps, packed, bias, epilogue_.relu, outputs, y);
    }
  }

  Rows rows(std::int64_t band) const {
    return {band * rows_, std::min(rows_, shape_.oh - band * rows_)};
  }

  ConvShape shape_, original_;
  ConvEpilogue epilogue_;
  bool turned_, by_channels_;
  int most_threads_;
  std::int64_t rows_, bands_, images_;
  std::uint64_t packed_bytes_, pixel_bytes_, tap_bytes_, image_bytes_, thread_bytes_;
};

// Whether the lanes should be images: where a batch fills vectors, two at least, and these fit, gathered, into a
// second-level cache; with a stride one vector is enough, because there is no other way.
bool lanes_are_images(const ConvShape& s) {
  const std::int64_t blocks = blocks_of_lanes(s.n);
  const std::int64_t least = s.stride_h != 1 || s.stride_w != 1 ? 1 : 2;
  return 4 * s.n >= 3 * lanes * blocks && blocks >= least && least * bytes_of_vector(s) <= bytes_of_images;
}

class ImagesKernel final : public Kernel {
 public:
  explicit ImagesKernel(const ConvShape& shape) : shape_(shape), most_threads_(threads()) {
    const std::int64_t per_thread = (blocks_of_lanes(shape.n) + most_threads_ - 1) / most_threads_;
    vectors_ = static_cast<int>(std::min({std::int64_t{most_images}, per_thread, bytes_of_images / bytes_of_vector(shape)}));
    units_ = (shape.n + vectors_ * lanes - 1) / (vectors_ * lanes);
    packed_bytes_ = round_up(static_cast<std::uint64_t>(shape.oc * shape.ic * shape.kh * shape.kw) * sizeof(float), 64);
    thread_bytes_ = round_up(images_bytes(shape, vectors_), 64);
    scratch_bytes = packed_bytes_ + static_cast<std::uint64_t>(most_threads_) * thread_bytes_;
    nanoseconds = shape.multiplications() / multiplications_per_nanosecond;
    buffers = 3;
    description = "direct, lanes are images";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* scratch = static_cast<char*>(stream.scratch);
    const auto* cotangents = static_cast<const float*>(given[0]);
    auto* results = static_cast<float*>(given[2]);
    auto* packed = reinterpret_cast<float*>(scratch);
    pack_images(shape_, static_cast<const float*>(given[1]), packed);
    const std::int64_t step = vectors_ * lanes;
    const int wanted = static_cast<int>(std::min<std::int64_t>(std::min(threads_for(nanoseconds), most_threads_), units_));
    parallel(wanted, [&](int thread, int count) {
      char* own = scratch + packed_bytes_ + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(units_, thread, count);
      for (std::int64_t unit = range.begin; unit < range.end; ++unit) {
        const std::int64_t first = unit * step;
        input_grad_images(shape_, cotangents + first * shape_.oc * shape_.oh * shape_.ow,
                          std::min(step, shape_.n - first), vectors_, packed, own,
                          results + first * shape_.ic * shape_.ih * shape_.iw);
      }
    });
  }

 private:
  ConvShape shape_;
  int most_threads_, vectors_;
  std::int64_t units_;
  std::uint64_t packed_bytes_, thread_bytes_;
};

class WeightKernel final : public Kernel {
 public:
  explicit WeightKernel(const ConvShape& shape) : shape_(shape) {
    by_channels_ = channel_use(shape) >= column_use(shape);
    most_threads_ = threads();
    parts_ = std::min(shape.n, parts_of_batch);
    taps_ = shape.ic * shape.kh * shape.kw;
    sums_ = lanes * (by_channels_ ? blocks_of_lanes(shape.oc) : shape.oc) * taps_;
    pixel_bytes_ = by_channels_ ? round_up(shape.oh * shape.ow, lanes) * lanes * sizeof(float) : 0;
    thread_bytes_ = pixel_bytes_ + round_up(view_bytes(shape, rows_with_padding(shape)), 64);
    const std::uint64_t all_sums = static_cast<std::uint64_t>(parts_ * sums_) * sizeof(float);
    scratch_bytes = all_sums + static_cast<std::uint64_t>(most_threads_) * thread_bytes_;
    nanoseconds = shape.multiplications() / multiplications_per_nanosecond;
    buffers = 3;
    description = by_channels_ ? "direct, lanes are channels" : "direct, lanes are columns";
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const auto* images = static_cast<const float*>(given[0]);
    const auto* cotangents = static_cast<const float*>(given[1]);
    auto* sums = static_cast<float*>(stream.scratch);
    char* memory = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(parts_ * sums_) * sizeof(float);
    parallel(std::min(threads_for(nanoseconds), most_threads_), [&](int thread, int count) {
      char* own = memory + static_cast<std::uint64_t>(thread) * thread_bytes_;
      const Range range = part(parts_, thread, count);
      for (std::int64_t k = range.begin; k < range.end; ++k) compute(k, images, cotangents, own, sums + k * sums_);
    });
    for (std::int64_t k = 1; k < parts_; ++k) {
      for (std::int64_t i = 0; i < sums_; ++i) sums[i] += sums[k * sums_ + i];
    }
    by_channels_ ? spread_channels(sums, static_cast<float*>(given[2]))
                 : add_lanes(sums, static_cast<float*>(given[2]));
  }

 private:
  void compute(std::int64_t number, const float* images, const float* cotangents, char* memory, float* sums) const {
    std::memset(sums, 0, static_cast<std::size_t>(sums_) * sizeof(float));
    const Range samples = part(shape_.n, static_cast<int>(number), static_cast<int>(parts_));
    for (std::int64_t n = samples.begin; n < samples.end; ++n) {
      const ImageView view = view_image(shape_, images + n * shape_.ic * shape_.ih * shape_.iw, rows_with_padding(shape_),
                                        n + 1 < shape_.n, reinterpret_cast<float*>(memory + pixel_bytes_));
      const float* dy = cotangents + n * shape_.oc * shape_.oh * shape_.ow;
      if (by_channels_) {
        weights_channels(shape_, view, dy, reinterpret_cast<float*>(memory), sums);
      } else {
        weights_columns(shape_, view, dy, n + 1 < shape_.n, sums);
      }
    }
  }

  // [block][tap][16] to [oc][tap].
  void spread_channels(const float* sums, float* dw) const {
    for (std::int64_t o = 0; o < shape_.oc; ++o) {
      const float* from = sums + o / lanes * taps_ * lanes + o % lanes;
      for (std::int64_t t = 0; t < taps_; ++t) dw[o * taps_ + t] = from[t * lanes];
    }
  }

  // [oc][tap][16] to [oc][tap].
  void add_lanes(const float* sums, float* dw) const {
    for (std::int64_t t = 0; t < shape_.oc * taps_; ++t) {
      float quarter[4];
      for (int i = 0; i < 4; ++i) {
        quarter[i] = (sums[t * lanes + i] + sums[t * lanes + 4 + i]) + (sums[t * lanes + 8 + i] + sums[t * lanes + 12 + i]);
      }
      dw[t] = (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]);
    }
  }

  ConvShape shape_;
  bool by_channels_;
  int most_threads_;
  std::int64_t parts_, taps_, sums_;
  std::uint64_t pixel_bytes_, thread_bytes_;
};

// oneDNN's blocked kernels win as soon as both channel counts fill their blocks; and work that has few taps is bound by
// the number of sums that fit into registers here.
bool suits(ConvKind kind, const ConvShape& s) {
  if (s.groups != 1 || s.n == 0 || s.oc == 0 || s.ic == 0 || s.oh == 0 || s.ow == 0) return false;
  if (kind == ConvKind::weight_grad) return s.kw >= 3 && std::min(s.ic, s.oc) < lanes && s.ic * s.oc <= 1024;
  return s.kh * s.kw >= 4 && std::min(s.ic, s.oc) <= lanes && s.ic * s.oc <= 1024;
}

}  // namespace

std::unique_ptr<Kernel> make_conv_direct(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue) {
  if (element != Element::f32 || isa() != Isa::avx512 || !suits(kind, shape)) return nullptr;
  switch (kind) {
    case ConvKind::forward: return std::make_unique<ForwardKernel>(shape, shape, false, epilogue);
    case ConvKind::weight_grad: return std::make_unique<WeightKernel>(shape);
    case ConvKind::input_grad: {
      if (lanes_are_images(shape)) return std::make_unique<ImagesKernel>(shape);
      if (shape.stride_h != 1 || shape.stride_w != 1) return nullptr;
      const ConvShape turned = derivative_for_image(shape);
      if (turned.top < 0 || turned.left < 0 || turned.bottom < 0 || turned.right < 0) return nullptr;
      return std::make_unique<ForwardKernel>(turned, shape, true, epilogue);
    }
  }
  return nullptr;
}

}  // namespace mindspore::cpu
