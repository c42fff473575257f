// What does not depend on the data of a Fourier transform: passes and their factors.
#pragma once

#include <cstdint>
#include <memory>
#include <utility>
#include <vector>

namespace mindspore::cpu {

// Numbers as arrays of real and of imaginary parts.
template <class T>
struct Parts {
  T* re;
  T* im;
};

template <class T>
struct Factors {
  std::vector<T> re, im;
};

// One pass over n = radix * m numbers: m butterflies, whose result j is multiplied by turn[(j - 1) * m + p].
template <class T>
struct FftPass {
  int radix;
  std::int64_t m;
  Factors<T> turn;
  Factors<T> roots;  // the powers of the radix's root of unity
};

template <class T>
struct FftPlan {
  std::int64_t n;
  std::vector<FftPass<T>> passes;               // empty for the chirp
  std::unique_ptr<FftPlan<T>> convolution;      // of a chirp: the transform of the length at which it is convolved
  Factors<T> chirp;                             // exp(-i pi k^2 / n)
  Factors<T> spectrum;                          // of the conjugate chirp, divided by the convolution's length

  // How many numbers the buffers of one line hold.
  std::int64_t room() const { return convolution ? convolution->n : n; }
};

// Up to this many lines are transformed side by side.
constexpr std::int64_t fft_most_lanes = 16;

// What one instruction set's copy offers. Element k of line l stands at [k * lanes + l]. `x` is transformed, with `y` as
// room for intermediate results; returns whichever of the two holds the result.
template <class T>
using FftTransform = Parts<T> (*)(const FftPlan<T>& plan, std::int64_t lanes, Parts<T> x, Parts<T> y);

struct FftTable {
  FftTransform<float> f32;
  FftTransform<double> f64;
};

extern const FftTable fft_generic;
extern const FftTable fft_avx2;
extern const FftTable fft_avx512;

// The copy for this processor.
const FftTable& fft_table();

template <class T>
FftTransform<T> fft_transform();

template <class T>
std::unique_ptr<FftPlan<T>> plan_fft(std::int64_t n);

// exp(-2 pi i k / n) for 0 <= k < count, each rounded once.
template <class T>
Factors<T> unit_roots(std::int64_t n, std::int64_t count);

}  // namespace mindspore::cpu
