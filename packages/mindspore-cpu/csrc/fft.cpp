#include "fft.h"

#include <algorithm>
#include <cmath>

#include "fft_plan.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

constexpr std::int64_t cache_bytes = 256 * 1024;  // what the buffers of one block of lines should fit in

// A block of lines that are transformed side by side: line l begins at element in[l] of x and out[l] of y.
struct Block {
  std::int64_t lanes;
  std::int64_t in[fft_most_lanes], out[fft_most_lanes];
};

template <class T>
class FftKernel final : public Kernel {
 public:
  explicit FftKernel(const FftSpec& spec)
      : spec_(spec), halved_(spec.kind != FftKind::full && spec.n % 2 == 0),
        plan_(plan_fft<T>(halved_ ? spec.n / 2 : spec.n)), transform_(fft_transform<T>()), most_threads_(threads()) {
    buffers = 2;
    description = plan_->convolution ? "fft by a chirp" : "fft";
    if (halved_) roots_ = unit_roots<T>(spec.n, spec.n / 2 + 1);
    const std::int64_t lines = spec.outer * spec.inner, room = plan_->room();
    const std::int64_t fitting = cache_bytes / static_cast<std::int64_t>(4 * sizeof(T)) / room;
    lanes_ = std::clamp<std::int64_t>(std::min<std::int64_t>(lines, fitting), 1, widest);
    array_ = static_cast<std::int64_t>(round_up(static_cast<std::uint64_t>(room * lanes_), 64 / sizeof(T)));
    thread_bytes_ = static_cast<std::uint64_t>(4 * array_) * sizeof(T);
    scratch_bytes = thread_bytes_ * static_cast<std::uint64_t>(most_threads_);
    nanoseconds = 20 + 0.6 * static_cast<double>(lines * room) * std::log2(static_cast<double>(room) + 1) *
                           (plan_->convolution ? 2.0 : 1.0);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const auto* x = static_cast<const T*>(given[0]);
    auto* y = static_cast<T*>(given[1]);
    const std::int64_t blocks = (spec_.outer * spec_.inner + lanes_ - 1) / lanes_;
    const std::int64_t most = std::min(threads_for(nanoseconds), most_threads_);
    parallel(static_cast<int>(std::min(most, blocks)), [&](int thread, int count) {
      char* own = static_cast<char*>(stream.scratch) + static_cast<std::uint64_t>(thread) * thread_bytes_;
      T* array = reinterpret_cast<T*>(own);
      const Parts<T> a = {array, array + array_}, b = {array + 2 * array_, array + 3 * array_};
      const Range range = part(blocks, thread, count);
      for (std::int64_t k = range.begin; k < range.end; ++k) {
        const Block lines = block(k);
        switch (spec_.kind) {
          case FftKind::full: full(lines, x, y, a, b); break;
          case FftKind::real: halved_ ? real(lines, x, y, a, b) : odd_real(lines, x, y, a, b); break;
          case FftKind::half: halved_ ? half(lines, x, y, a, b) : odd_half(lines, x, y, a, b); break;
        }
      }
    });
  }

 private:
  static constexpr std::int64_t widest = std::min<std::int64_t>(fft_most_lanes, 64 / sizeof(T));

  Block block(std::int64_t number) const {
    const std::int64_t first = number * lanes_, spectrum = spec_.n / 2 + 1;
    Block found;
    found.lanes = std::min(lanes_, spec_.outer * spec_.inner - first);
    for (std::int64_t l = 0; l < found.lanes; ++l) {
      const std::int64_t o = (first + l) / spec_.inner, i = (first + l) % spec_.inner;
      found.in[l] = o * (spec_.kind == FftKind::half ? spectrum : spec_.n) * spec_.inner + i;
      found.out[l] = o * (spec_.kind == FftKind::real ? spectrum : spec_.n) * spec_.inner + i;
    }
    return found;
  }

  // Calls body(k, place in the arrays, place in x or y) for elements k of [0, count) of each line.
  template <class Body>
  void each(const Block& lines, const std::int64_t* starts, std::int64_t count, Body body) const {
    for (std::int64_t k = 0; k < count; ++k) {
      for (std::int64_t l = 0; l < lines.lanes; ++l) body(k, k * lines.lanes + l, starts[l] + k * spec_.inner);
    }
  }

  // A transform with minus as the sign of the exponent, or with plus, by exchanging the parts.
  Parts<T> turn(const Block& lines, Parts<T> x, Parts<T> y, bool inverse) const {
    if (!inverse) return transform_(*plan_, lines.lanes, x, y);
    const Parts<T> found = transform_(*plan_, lines.lanes, {x.im, x.re}, {y.im, y.re});
    return {found.im, found.re};
  }

  // The first `count` numbers of z to y.
  void put(const Block& lines, std::int64_t count, Parts<T> z, T* y) const {
    each(lines, lines.out, count, [&](std::int64_t, std::int64_t from, std::int64_t to) {
      y[2 * to] = z.re[from];
      y[2 * to + 1] = z.im[from];
    });
  }

  void full(const Block& lines, const T* x, T* y, Parts<T> a, Parts<T> b) const {
    each(lines, lines.in, spec_.n, [&](std::int64_t, std::int64_t to, std::int64_t from) {
      a.re[to] = x[2 * from];
      a.im[to] = x[2 * from + 1];
    });
    put(lines, spec_.n, turn(lines, a, b, spec_.inverse), y);
  }

  void odd_real(const Block& lines, const T* x, T* y, Parts<T> a, Parts<T> b) const {
    each(lines, lines.in, spec_.n, [&](std::int64_t, std::int64_t to, std::int64_t from) {
      a.re[to] = x[from];
      a.im[to] = 0;
    });
    put(lines, spec_.n / 2 + 1, turn(lines, a, b, false), y);
  }

  // Even n: z[j] = x[2 j] + i x[2 j + 1] has the spectrum E + i O of the even and the odd elements, of which the
  // symmetric part is E and the antisymmetric one i O; y[k] = E[k] + exp(-2 pi i k / n) O[k].
  void real(const Block& lines, const T* x, T* y, Parts<T> a, Parts<T> b) const {
    const std::int64_t h = spec_.n / 2, lanes = lines.lanes, step = spec_.inner;
    each(lines, lines.in, h, [&](std::int64_t k, std::int64_t to, std::int64_t from) {
      a.re[to] = x[from + k * step];
      a.im[to] = x[from + (k + 1) * step];
    });
    const Parts<T> z = turn(lines, a, b, false);
    const auto combine = [&](std::int64_t k, std::int64_t here, std::int64_t there, std::int64_t to) {
      const T even_re = (z.re[here] + z.re[there]) / 2, even_im = (z.im[here] - z.im[there]) / 2;
      const T odd_re = (z.im[here] + z.im[there]) / 2, odd_im = (z.re[there] - z.re[here]) / 2;
      y[2 * to] = even_re + roots_.re[k] * odd_re - roots_.im[k] * odd_im;
      y[2 * to + 1] = even_im + roots_.re[k] * odd_im + roots_.im[k] * odd_re;
    };
    for (std::int64_t l = 0; l < lanes; ++l) {
      combine(0, l, l, lines.out[l]);
      combine(h, l, l, lines.out[l] + h * step);
    }
    for (std::int64_t k = 1; k < h; ++k) {
      for (std::int64_t l = 0; l < lanes; ++l) combine(k, k * lanes + l, (h - k) * lanes + l, lines.out[l] + k * step);
    }
  }

  // Whether number k of a spectrum of n real numbers is real.
  bool is_real(std::int64_t k) const { return k == 0 || 2 * k == spec_.n; }

  void odd_half(const Block& lines, const T* x, T* y, Parts<T> a, Parts<T> b) const {
    each(lines, lines.in, spec_.n / 2 + 1, [&](std::int64_t k, std::int64_t to, std::int64_t from) {
      const std::int64_t mirrored = to + ((spec_.n - k) % spec_.n - k) * lines.lanes;
      const T im = is_real(k) ? 0 : x[2 * from + 1];
      a.re[to] = a.re[mirrored] = x[2 * from];
      a.im[mirrored] = -im;
      a.im[to] = im;
    });
    const Parts<T> z = turn(lines, a, b, true);
    each(lines, lines.out, spec_.n, [&](std::int64_t, std::int64_t from, std::int64_t to) { y[to] = z.re[from]; });
  }

  // The steps of `real` in the opposite order, without the divisions by 2.
  void half(const Block& lines, const T* x, T* y, Parts<T> a, Parts<T> b) const {
    const std::int64_t h = spec_.n / 2, step = spec_.inner;
    each(lines, lines.in, h, [&](std::int64_t k, std::int64_t to, std::int64_t from) {
      const std::int64_t mirrored = from + (h - 2 * k) * step;
      const T re = x[2 * from], im = is_real(k) ? 0 : x[2 * from + 1];
      const T other_re = x[2 * mirrored], other_im = is_real(h - k) ? 0 : -x[2 * mirrored + 1];
      const T gap_re = re - other_re, gap_im = im - other_im;
      const T odd_re = gap_re * roots_.re[k] + gap_im * roots_.im[k];
      const T odd_im = gap_im * roots_.re[k] - gap_re * roots_.im[k];
      a.re[to] = re + other_re - odd_im;
      a.im[to] = im + other_im + odd_re;
    });
    const Parts<T> z = turn(lines, a, b, true);
    each(lines, lines.out, h, [&](std::int64_t k, std::int64_t from, std::int64_t to) {
      y[to + k * step] = z.re[from];
      y[to + (k + 1) * step] = z.im[from];
    });
  }

  FftSpec spec_;
  bool halved_;
  std::unique_ptr<FftPlan<T>> plan_;
  FftTransform<T> transform_;
  Factors<T> roots_;  // exp(-2 pi i k / n), where a real line is halved
  int most_threads_;
  std::int64_t lanes_ = 1, array_ = 0;
  std::uint64_t thread_bytes_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_fft(const FftSpec& spec) {
  if (spec.part == Element::f32) return std::make_unique<FftKernel<float>>(spec);
  return std::make_unique<FftKernel<double>>(spec);
}

}  // namespace mindspore::cpu
