// The passes of a Fourier transform; included once for each instruction set, inside a namespace of its own.
//
// A pass reads x and writes y: with s numbers that belong together (the lanes, times the results of earlier passes) and
// butterflies p < m, operand k stands at s * (p + k * m) and result j at s * (radix * p + j). The inner loop runs over
// the s numbers, which are contiguous; where they are few, over the butterflies instead.

template <class T>
struct Number {
  T re, im;
};

template <class T>
inline Number<T> operator+(Number<T> a, Number<T> b) {
  return {a.re + b.re, a.im + b.im};
}

template <class T>
inline Number<T> operator-(Number<T> a, Number<T> b) {
  return {a.re - b.re, a.im - b.im};
}

template <class T>
inline Number<T> operator*(Number<T> a, Number<T> b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

template <class T>
inline Number<T> scaled(Number<T> a, T by) {
  return {a.re * by, a.im * by};
}

// a times -i.
template <class T>
inline Number<T> turned(Number<T> a) {
  return {a.im, -a.re};
}

template <class T>
inline void butterfly(std::integral_constant<int, 2>, Number<T>* a) {
  const Number<T> sum = a[0] + a[1];
  a[1] = a[0] - a[1];
  a[0] = sum;
}

template <class T>
inline void butterfly(std::integral_constant<int, 3>, Number<T>* a) {
  const Number<T> sum = a[1] + a[2];
  const Number<T> side = scaled(turned(a[1] - a[2]), static_cast<T>(0.86602540378443864676));
  const Number<T> middle = a[0] - scaled(sum, static_cast<T>(0.5));
  a[0] = a[0] + sum;
  a[1] = middle + side;
  a[2] = middle - side;
}

template <class T>
inline void butterfly(std::integral_constant<int, 4>, Number<T>* a) {
  const Number<T> even = a[0] + a[2], odd = a[1] + a[3];
  const Number<T> left = a[0] - a[2], right = turned(a[1] - a[3]);
  a[0] = even + odd;
  a[1] = left + right;
  a[2] = even - odd;
  a[3] = left - right;
}

template <class T>
inline void butterfly(std::integral_constant<int, 5>, Number<T>* a) {
  constexpr T c1 = static_cast<T>(0.30901699437494742410), c2 = static_cast<T>(-0.80901699437494742410);
  constexpr T s1 = static_cast<T>(0.95105651629515357212), s2 = static_cast<T>(0.58778525229247312917);
  const Number<T> sum1 = a[1] + a[4], sum2 = a[2] + a[3];
  const Number<T> gap1 = turned(a[1] - a[4]), gap2 = turned(a[2] - a[3]);
  const Number<T> near = a[0] + scaled(sum1, c1) + scaled(sum2, c2), far = a[0] + scaled(sum1, c2) + scaled(sum2, c1);
  const Number<T> side1 = scaled(gap1, s1) + scaled(gap2, s2), side2 = scaled(gap1, s2) - scaled(gap2, s1);
  a[0] = a[0] + sum1 + sum2;
  a[1] = near + side1;
  a[2] = far + side2;
  a[3] = far - side2;
  a[4] = near - side1;
}

// One butterfly of number q: operands from x, results to y.
template <int R, class T>
inline void fixed_step(std::int64_t q, std::int64_t p, std::int64_t m, std::int64_t s, const Number<T>* turn,
                       const T* __restrict xr, const T* __restrict xi, T* __restrict yr, T* __restrict yi) {
  Number<T> a[R];
  for (int k = 0; k < R; ++k) a[k] = {xr[q + s * (p + k * m)], xi[q + s * (p + k * m)]};
  butterfly(std::integral_constant<int, R>(), a);
  for (int j = 0; j < R; ++j) {
    const Number<T> b = j == 0 ? a[0] : a[j] * turn[j];
    yr[q + s * (R * p + j)] = b.re;
    yi[q + s * (R * p + j)] = b.im;
  }
}

template <int R, class T>
void fixed_pass(const FftPass<T>& pass, std::int64_t s, const T* __restrict xr, const T* __restrict xi,
                T* __restrict yr, T* __restrict yi) {
  const std::int64_t m = pass.m;
  const T* __restrict tr = pass.turn.re.data();
  const T* __restrict ti = pass.turn.im.data();
  for (std::int64_t p = 0; p < m; ++p) {
    Number<T> turn[R] = {};
    for (int j = 1; j < R; ++j) turn[j] = {tr[(j - 1) * m + p], ti[(j - 1) * m + p]};
#pragma GCC ivdep
    for (std::int64_t q = 0; q < s; ++q) fixed_step<R>(q, p, m, s, turn, xr, xi, yr, yi);
  }
}

// The same for s = 1, with the loop over butterflies inside.
template <int R, class T>
void first_pass(const FftPass<T>& pass, const T* __restrict xr, const T* __restrict xi, T* __restrict yr,
                T* __restrict yi) {
  const std::int64_t m = pass.m;
  const T* __restrict tr = pass.turn.re.data();
  const T* __restrict ti = pass.turn.im.data();
#pragma GCC ivdep
  for (std::int64_t p = 0; p < m; ++p) {
    Number<T> a[R];
    for (int k = 0; k < R; ++k) a[k] = {xr[p + k * m], xi[p + k * m]};
    butterfly(std::integral_constant<int, R>(), a);
    for (int j = 0; j < R; ++j) {
      const Number<T> b = j == 0 ? a[0] : a[j] * Number<T>{tr[(j - 1) * m + p], ti[(j - 1) * m + p]};
      yr[R * p + j] = b.re;
      yi[R * p + j] = b.im;
    }
  }
}

constexpr std::int64_t together = 16;  // numbers that a pass of a larger prime treats at once

// Any radix: each result is a sum over all operands.
template <class T>
void prime_pass(const FftPass<T>& pass, std::int64_t s, Parts<T> x, Parts<T> y) {
  const std::int64_t m = pass.m;
  const int radix = pass.radix;
  for (std::int64_t p = 0; p < m; ++p) {
    for (std::int64_t first = 0; first < s; first += together) {
      const std::int64_t count = std::min(together, s - first);
      for (int j = 0; j < radix; ++j) {
        Number<T> sum[together] = {};
        for (int k = 0; k < radix; ++k) {
          const Number<T> root = {pass.roots.re[j * k % radix], pass.roots.im[j * k % radix]};
          const T* re = x.re + first + s * (p + k * m);
          const T* im = x.im + first + s * (p + k * m);
          for (std::int64_t q = 0; q < count; ++q) sum[q] = sum[q] + Number<T>{re[q], im[q]} * root;
        }
        const Number<T> turn = j == 0 ? Number<T>{1, 0}
                                      : Number<T>{pass.turn.re[(j - 1) * m + p], pass.turn.im[(j - 1) * m + p]};
        T* re = y.re + first + s * (radix * p + j);
        T* im = y.im + first + s * (radix * p + j);
        for (std::int64_t q = 0; q < count; ++q) {
          const Number<T> b = sum[q] * turn;
          re[q] = b.re;
          im[q] = b.im;
        }
      }
    }
  }
}

template <int R, class T>
void some_pass(const FftPass<T>& pass, std::int64_t s, Parts<T> x, Parts<T> y) {
  if (s == 1) {
    first_pass<R>(pass, x.re, x.im, y.re, y.im);
  } else {
    fixed_pass<R>(pass, s, x.re, x.im, y.re, y.im);
  }
}

template <class T>
Parts<T> all_passes(const FftPlan<T>& plan, std::int64_t lanes, Parts<T> x, Parts<T> y) {
  std::int64_t s = lanes;
  for (const FftPass<T>& pass : plan.passes) {
    switch (pass.radix) {
      case 2: some_pass<2>(pass, s, x, y); break;
      case 3: some_pass<3>(pass, s, x, y); break;
      case 4: some_pass<4>(pass, s, x, y); break;
      case 5: some_pass<5>(pass, s, x, y); break;
      default: prime_pass(pass, s, x, y); break;
    }
    s *= pass.radix;
    std::swap(x, y);
  }
  return x;
}

// Multiplies element k of every lane by factor k.
template <class T>
void multiply(const Factors<T>& by, std::int64_t count, std::int64_t lanes, Parts<T> x) {
  for (std::int64_t k = 0; k < count; ++k) {
    const Number<T> factor = {by.re[k], by.im[k]};
    T* __restrict re = x.re + k * lanes;
    T* __restrict im = x.im + k * lanes;
    for (std::int64_t q = 0; q < lanes; ++q) {
      const Number<T> b = Number<T>{re[q], im[q]} * factor;
      re[q] = b.re;
      im[q] = b.im;
    }
  }
}

// j k = (j^2 + k^2 - (j - k)^2) / 2, so the transform is a chirp times the convolution of (a chirp times x) with the
// conjugate chirp. The convolution's inverse transform is a transform with the parts exchanged.
template <class T>
Parts<T> chirped(const FftPlan<T>& plan, std::int64_t lanes, Parts<T> x, Parts<T> y) {
  const std::int64_t room = plan.room();
  multiply(plan.chirp, plan.n, lanes, x);
  std::fill(x.re + plan.n * lanes, x.re + room * lanes, T{0});
  std::fill(x.im + plan.n * lanes, x.im + room * lanes, T{0});
  const Parts<T> there = all_passes(*plan.convolution, lanes, x, y);
  const Parts<T> other = there.re == x.re ? y : x;
  multiply(plan.spectrum, room, lanes, there);
  const Parts<T> swapped =
      all_passes(*plan.convolution, lanes, Parts<T>{there.im, there.re}, Parts<T>{other.im, other.re});
  const Parts<T> back = {swapped.im, swapped.re};
  multiply(plan.chirp, plan.n, lanes, back);
  return back;
}

template <class T>
Parts<T> transform(const FftPlan<T>& plan, std::int64_t lanes, Parts<T> x, Parts<T> y) {
  return plan.convolution ? chirped(plan, lanes, x, y) : all_passes(plan, lanes, x, y);
}
