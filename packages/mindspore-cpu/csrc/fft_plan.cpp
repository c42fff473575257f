#include "fft_plan.h"

#include <cmath>
#include <numbers>

#include "isa.h"

namespace mindspore::cpu {

namespace {

constexpr std::int64_t largest_radix = 31;

struct Unit {
  double re, im;
};

// exp(-2 pi i k / n): the angle is brought into the first eighth of the circle, where it is exact to the last bits.
Unit root(std::int64_t k, std::int64_t n) {
  const std::int64_t eighths = 8 * (k % n);
  const std::int64_t octant = eighths / n;
  const std::int64_t rest = eighths - octant * n;
  const bool odd = octant % 2 == 1;
  const double angle = std::numbers::pi / 4 * static_cast<double>(odd ? n - rest : rest) / static_cast<double>(n);
  double c = std::cos(angle), s = std::sin(angle);
  if (octant == 1 || octant == 2 || octant == 5 || octant == 6) std::swap(c, s);
  if (octant >= 2 && octant <= 5) c = -c;
  if (octant >= 4) s = -s;
  return {c, -s};
}

// The radices of a length, or none where a prime factor is too large.
std::vector<int> radices(std::int64_t n) {
  std::vector<int> found;
  while (n % 4 == 0) {
    found.push_back(4);
    n /= 4;
  }
  for (std::int64_t p = 2; p <= largest_radix && n > 1; ++p) {
    while (n % p == 0) {
      found.push_back(static_cast<int>(p));
      n /= p;
    }
  }
  if (n > 1) found.clear();
  return found;
}

// The least number from n on without prime factors above 5.
std::int64_t smooth_length(std::int64_t n) {
  for (;; ++n) {
    std::int64_t rest = n;
    for (const std::int64_t p : {2, 3, 5}) {
      while (rest % p == 0) rest /= p;
    }
    if (rest == 1) return n;
  }
}

template <class T>
FftPass<T> make_pass(int radix, std::int64_t n) {
  FftPass<T> pass{radix, n / radix, {}, unit_roots<T>(radix, radix)};
  for (std::int64_t j = 1; j < radix; ++j) {
    for (std::int64_t p = 0; p < pass.m; ++p) {
      const Unit turn = root(j * p, n);
      pass.turn.re.push_back(static_cast<T>(turn.re));
      pass.turn.im.push_back(static_cast<T>(turn.im));
    }
  }
  return pass;
}

template <class T>
void plan_chirp(FftPlan<T>& plan) {
  const std::int64_t n = plan.n, room = smooth_length(2 * n - 1);
  plan.convolution = plan_fft<T>(room);
  Factors<T> x{std::vector<T>(room), std::vector<T>(room)}, y = x;
  for (std::int64_t k = 0, square = 0; k < n; ++k) {
    const Unit unit = root(square, 2 * n);  // exp(-i pi k^2 / n)
    plan.chirp.re.push_back(static_cast<T>(unit.re));
    plan.chirp.im.push_back(static_cast<T>(unit.im));
    for (const std::int64_t place : {k, (room - k) % room}) {
      x.re[place] = static_cast<T>(unit.re / static_cast<double>(room));
      x.im[place] = static_cast<T>(-unit.im / static_cast<double>(room));
    }
    square = (square + 2 * k + 1) % (2 * n);
  }
  const Parts<T> found =
      fft_transform<T>()(*plan.convolution, 1, {x.re.data(), x.im.data()}, {y.re.data(), y.im.data()});
  plan.spectrum = found.re == x.re.data() ? std::move(x) : std::move(y);
}

}  // namespace

template <class T>
Factors<T> unit_roots(std::int64_t n, std::int64_t count) {
  Factors<T> found;
  for (std::int64_t k = 0; k < count; ++k) {
    const Unit unit = root(k, n);
    found.re.push_back(static_cast<T>(unit.re));
    found.im.push_back(static_cast<T>(unit.im));
  }
  return found;
}

template <class T>
std::unique_ptr<FftPlan<T>> plan_fft(std::int64_t n) {
  auto plan = std::make_unique<FftPlan<T>>();
  plan->n = n;
  std::int64_t rest = n;
  for (const int radix : radices(n)) {
    plan->passes.push_back(make_pass<T>(radix, rest));
    rest /= radix;
  }
  if (plan->passes.empty() && n > 1) plan_chirp(*plan);
  return plan;
}

const FftTable& fft_table() {
  return MS_ISA_TABLE(fft);
}

template <>
FftTransform<float> fft_transform<float>() {
  return fft_table().f32;
}

template <>
FftTransform<double> fft_transform<double>() {
  return fft_table().f64;
}

template Factors<float> unit_roots<float>(std::int64_t, std::int64_t);
template Factors<double> unit_roots<double>(std::int64_t, std::int64_t);
template std::unique_ptr<FftPlan<float>> plan_fft<float>(std::int64_t);
template std::unique_ptr<FftPlan<double>> plan_fft<double>(std::int64_t);

}  // namespace mindspore::cpu
