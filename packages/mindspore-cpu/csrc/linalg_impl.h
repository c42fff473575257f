// Numbers, vectors, and systems of triangles: what the factorisations of linalg_factor_impl.h are made of. Included once
// for each instruction set, inside a namespace of its own, with VECTOR_BYTES defined.
//
// A complex vector is a real one of twice the length: a product with a complex number is one with its real part, and one
// of the vector whose parts are exchanged with its imaginary part, whose sign alternates.

// -- numbers ---------------------------------------------------------------------------------------------------------

template <class S>
struct Parts {
  using R = S;
  static constexpr int count = 1;
};

template <class T>
struct Parts<Cx<T>> {
  using R = T;
  static constexpr int count = 2;
};

template <class S>
using Real = typename Parts<S>::R;

template <class S>
constexpr bool is_complex = Parts<S>::count == 2;

template <class T>
constexpr Element element_type = std::is_same_v<T, float> ? Element::f32 : Element::f64;

template <class T>
inline Cx<T> operator+(Cx<T> a, Cx<T> b) {
  return {a.re + b.re, a.im + b.im};
}

template <class T>
inline Cx<T> operator-(Cx<T> a, Cx<T> b) {
  return {a.re - b.re, a.im - b.im};
}

template <class T>
inline Cx<T> operator-(Cx<T> a) {
  return {-a.re, -a.im};
}

template <class T>
inline Cx<T> operator*(Cx<T> a, Cx<T> b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

// By the method of Smith ("Complex division", 1962), which does not square the divisor.
template <class T>
inline Cx<T> operator/(Cx<T> a, Cx<T> b) {
  if (std::fabs(b.re) >= std::fabs(b.im)) {
    const T ratio = b.re == 0 ? T{} : b.im / b.re, size = b.re + b.im * ratio;
    return {(a.re + a.im * ratio) / size, (a.im - a.re * ratio) / size};
  }
  const T ratio = b.re / b.im, size = b.re * ratio + b.im;
  return {(a.re * ratio + a.im) / size, (a.im * ratio - a.re) / size};
}

template <class S>
inline S conj(S a) {
  if constexpr (is_complex<S>) {
    return {a.re, -a.im};
  } else {
    return a;
  }
}

template <class S>
inline Real<S> real(S a) {
  if constexpr (is_complex<S>) {
    return a.re;
  } else {
    return a;
  }
}

template <class S>
inline Real<S> imag(S a) {
  if constexpr (is_complex<S>) {
    return a.im;
  } else {
    return Real<S>{};
  }
}

template <class S>
inline S number(Real<S> re, Real<S> im = {}) {
  if constexpr (is_complex<S>) {
    return {re, im};
  } else {
    return re;
  }
}

// sqrt(x^2 + y^2), which neither overflows nor underflows on the way.
inline float hypotenuse(float x, float y) {
  return static_cast<float>(std::sqrt(static_cast<double>(x) * x + static_cast<double>(y) * y));
}

inline double hypotenuse(double x, double y) {
  const double square = x * x + y * y;
  return square > 1e-280 && square < 1e300 ? std::sqrt(square) : std::hypot(x, y);
}

template <class S>
inline Real<S> magnitude(S a) {
  if constexpr (is_complex<S>) {
    return hypotenuse(a.re, a.im);
  } else {
    return std::fabs(a);
  }
}

template <class S>
inline bool is_zero(S a) {
  return real(a) == 0 && imag(a) == 0;
}

// -- vectors ---------------------------------------------------------------------------------------------------------

template <class T>
struct Vec {
  typedef T type __attribute__((vector_size(VECTOR_BYTES)));
  typedef T loose __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));
  using Int = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
  typedef Int mask __attribute__((vector_size(VECTOR_BYTES)));
  static constexpr std::int64_t lanes = VECTOR_BYTES / sizeof(T);
};

template <class T>
inline __attribute__((always_inline)) typename Vec<T>::type load(const T* from) {
  return *reinterpret_cast<const typename Vec<T>::loose*>(from);
}

template <class T>
inline __attribute__((always_inline)) void store(T* to, typename Vec<T>::type value) {
  *reinterpret_cast<typename Vec<T>::loose*>(to) = value;
}

// The lanes with the two of each pair exchanged.
template <class T>
inline __attribute__((always_inline)) typename Vec<T>::type exchanged(typename Vec<T>::type x) {
  typename Vec<T>::mask order;
  for (std::int64_t l = 0; l < Vec<T>::lanes; ++l) order[l] = static_cast<typename Vec<T>::Int>(l ^ 1);
  return __builtin_shuffle(x, order);
}

template <class T>
inline __attribute__((always_inline)) T total(typename Vec<T>::type x) {
  T sum{};
  for (std::int64_t l = 0; l < Vec<T>::lanes; ++l) sum += x[l];
  return sum;
}

// y -= f x.
template <class S>
inline void subtract(std::int64_t n, S f, const S* x, S* y) {
  using T = Real<S>;
  using V = typename Vec<T>::type;
  constexpr std::int64_t lanes = Vec<T>::lanes / Parts<S>::count;
  std::int64_t i = 0;
  if constexpr (is_complex<S>) {
    V turn;
    for (std::int64_t l = 0; l < Vec<T>::lanes; ++l) turn[l] = l % 2 == 0 ? -f.im : f.im;
    for (; i + lanes <= n; i += lanes) {
      const V a = load<T>(&x[i].re), b = load<T>(&y[i].re);
      store<T>(&y[i].re, b - a * f.re - exchanged<T>(a) * turn);
    }
  } else {
    for (; i + lanes <= n; i += lanes) store<T>(y + i, load<T>(y + i) - load<T>(x + i) * f);
  }
  for (; i < n; ++i) y[i] = y[i] - f * x[i];
}

// The sum of conj(x) y.
template <class S>
inline S dot(std::int64_t n, const S* x, const S* y) {
  using T = Real<S>;
  using V = typename Vec<T>::type;
  constexpr std::int64_t lanes = Vec<T>::lanes / Parts<S>::count;
  std::int64_t i = 0;
  S sum{};
  if (n >= lanes) {
    V re{}, im{};
    if constexpr (is_complex<S>) {
      for (; i + lanes <= n; i += lanes) {
        const V a = load<T>(&x[i].re), b = load<T>(&y[i].re);
        re += a * b;
        im += a * exchanged<T>(b);
      }
      T turn{};
      for (std::int64_t l = 0; l < Vec<T>::lanes; ++l) turn += l % 2 == 0 ? im[l] : -im[l];
      sum = {total<T>(re), turn};
    } else {
      for (; i + 2 * lanes <= n; i += 2 * lanes) {
        re += load<T>(x + i) * load<T>(y + i);
        im += load<T>(x + i + lanes) * load<T>(y + i + lanes);
      }
      for (; i + lanes <= n; i += lanes) re += load<T>(x + i) * load<T>(y + i);
      sum = total<T>(re + im);
    }
  }
  for (; i < n; ++i) sum = sum + conj(x[i]) * y[i];
  return sum;
}

template <class S>
inline void scale(std::int64_t n, Real<S> f, S* x) {
  auto* parts = reinterpret_cast<Real<S>*>(x);
  for (std::int64_t i = 0; i < n * Parts<S>::count; ++i) parts[i] *= f;
}

// x / f; complex numbers are multiplied with the reciprocal where that is in range.
template <class S>
inline void divide(std::int64_t n, S f, S* x) {
  if constexpr (is_complex<S>) {
    constexpr Real<S> least = std::is_same_v<Real<S>, float> ? 1e-30f : 1e-290;
    if (n > 1 && magnitude(f) > least) {
      const S inverse = number<S>(1) / f;
      for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] * inverse;
      return;
    }
  }
  for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] / f;
}

// The Euclidean length, which neither overflows nor underflows on the way.
template <class S>
Real<S> length(std::int64_t n, const S* x) {
  using T = Real<S>;
  const T plain = std::sqrt(real(dot(n, x, x)));
  constexpr T least = std::is_same_v<T, float> ? 1e-16f : 1e-140;
  constexpr T most = std::is_same_v<T, float> ? 1e18f : 1e150;
  if (plain == 0 ? n == 0 : plain > least && plain < most) return plain;
  T largest{};
  const auto* parts = reinterpret_cast<const T*>(x);
  for (std::int64_t i = 0; i < n * Parts<S>::count; ++i) {
    if (!(std::fabs(parts[i]) <= largest)) largest = std::fabs(parts[i]);
  }
  if (largest == 0 || !(largest <= std::numeric_limits<T>::max())) return largest;
  T sum{};
  for (std::int64_t i = 0; i < n * Parts<S>::count; ++i) sum += (parts[i] / largest) * (parts[i] / largest);
  return largest * std::sqrt(sum);
}

// -- products and systems --------------------------------------------------------------------------------------------

template <class S>
struct View {
  const S* data;
  std::int64_t row, col;
  bool conjugate = false;

  S operator()(std::int64_t i, std::int64_t j) const {
    const S value = data[i * row + j * col];
    return conjugate ? conj(value) : value;
  }
};

// A tile of MR rows and NV vectors of c -= a b, complex. Sums of products with real and with imaginary parts are kept
// apart, so that parts are exchanged once at the end and not in each step.
template <class T, int MR, int NV>
void complex_tile(std::int64_t k, const View<Cx<T>>& a, std::int64_t row, const Cx<T>* b, std::int64_t ldb, Cx<T>* c,
                  std::int64_t ldc) {
  using V = typename Vec<T>::type;
  constexpr std::int64_t lanes = Vec<T>::lanes / 2;
  V re[MR][NV] = {}, im[MR][NV] = {}, alternating;
  for (std::int64_t l = 0; l < Vec<T>::lanes; ++l) alternating[l] = l % 2 == 0 ? T{-1} : T{1};
  for (std::int64_t p = 0; p < k; ++p) {
    V line[NV];
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) line[j] = load<T>(&b[p * ldb + j * lanes].re);
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
      const Cx<T> factor = a(row + i, p);
#pragma GCC unroll 4
      for (int j = 0; j < NV; ++j) {
        re[i][j] += line[j] * factor.re;
        im[i][j] += line[j] * factor.im;
      }
    }
  }
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NV; ++j) {
      T* place = &c[(row + i) * ldc + j * lanes].re;
      store<T>(place, load<T>(place) - re[i][j] - exchanged<T>(im[i][j]) * alternating);
    }
  }
}

template <class T, int NV>
void complex_strip(std::int64_t m, std::int64_t k, const View<Cx<T>>& a, const Cx<T>* b, std::int64_t ldb, Cx<T>* c,
                   std::int64_t ldc) {
  std::int64_t i = 0;
  for (; i + 2 <= m; i += 2) complex_tile<T, 2, NV>(k, a, i, b, ldb, c, ldc);
  if (i < m) complex_tile<T, 1, NV>(k, a, i, b, ldb, c, ldc);
}

template <class T>
void complex_product(std::int64_t m, std::int64_t n, std::int64_t k, const View<Cx<T>>& a, const Cx<T>* b,
                     std::int64_t ldb, Cx<T>* c, std::int64_t ldc) {
  constexpr std::int64_t lanes = Vec<T>::lanes / 2, most = 3;
  std::int64_t j = 0;
  for (; j + most * lanes <= n; j += most * lanes) complex_strip<T, most>(m, k, a, b + j, ldb, c + j, ldc);
  for (; j + lanes <= n; j += lanes) complex_strip<T, 1>(m, k, a, b + j, ldb, c + j, ldc);
  for (std::int64_t i = 0; j < n && i < m; ++i) {
    for (std::int64_t p = 0; p < k; ++p) subtract(n - j, a(i, p), b + p * ldb + j, c + i * ldc + j);
  }
}

constexpr double worth_product = 1500;  // multiplications

// c -= a b, where the rows of b are contiguous.
template <class S>
void subtract_product(std::int64_t m, std::int64_t n, std::int64_t k, View<S> a, const S* b, std::int64_t ldb, S* c,
                      std::int64_t ldc, const Room& room) {
  if constexpr (!is_complex<S>) {
    if (static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k) > worth_product) {
      return subtract_product(element_type<S>, room, m, n, k, {a.data, a.row, a.col}, {b, ldb, 1}, c, ldc);
    }
  }
  if constexpr (is_complex<S>) {
    complex_product(m, n, k, a, b, ldb, c, ldc);
  } else {
    for (std::int64_t i = 0; i < m; ++i) {
      for (std::int64_t p = 0; p < k; ++p) subtract(n, a(i, p), b + p * ldb, c + i * ldc);
    }
  }
}

constexpr std::int64_t small_triangle = 16;
constexpr std::int64_t few_columns = 4;

// Substitution by rows of b.
template <class S>
void solve_small(std::int64_t n, std::int64_t k, const Triangle<S>& t, S* b, std::int64_t ldb) {
  const View<S> at{t.data, t.row, t.col, t.conjugate};
  for (std::int64_t step = 0; step < n; ++step) {
    const std::int64_t i = t.lower ? step : n - 1 - step;
    S* row = b + i * ldb;
    if (!t.unit) divide(k, at(i, i), row);
    const std::int64_t begin = t.lower ? i + 1 : 0, end = t.lower ? n : i;
    for (std::int64_t r = begin; r < end; ++r) subtract(k, at(r, i), row, b + r * ldb);
  }
}

// One right side x: by sums along the rows of the triangle, or by its columns, whichever are contiguous.
template <class S>
void solve_vector(std::int64_t n, const Triangle<S>& t, S* x) {
  const View<S> at{t.data, t.row, t.col, t.conjugate};
  for (std::int64_t step = 0; step < n; ++step) {
    const std::int64_t i = t.lower ? step : n - 1 - step;
    const std::int64_t begin = t.lower ? 0 : i + 1, count = t.lower ? i : n - 1 - i;
    if (t.col == 1 && count > 0) {
      if (t.conjugate) {
        x[i] = x[i] - dot(count, t.data + i * t.row + begin, x + begin);
      } else if constexpr (is_complex<S>) {
        S sum{};
        for (std::int64_t j = begin; j < begin + count; ++j) sum = sum + at(i, j) * x[j];
        x[i] = x[i] - sum;
      } else {
        x[i] = x[i] - dot(count, t.data + i * t.row + begin, x + begin);
      }
    }
    if (!t.unit) x[i] = x[i] / at(i, i);
    if (t.col != 1) {
      const std::int64_t first = t.lower ? i + 1 : 0, last = t.lower ? n : i;
      for (std::int64_t r = first; r < last; ++r) x[r] = x[r] - at(r, i) * x[i];
    }
  }
}

// Halves of the triangle: two systems and a product between them.
template <class S>
void solve_rows(std::int64_t n, std::int64_t k, const Triangle<S>& t, S* b, std::int64_t ldb, const Room& room) {
  if (n <= small_triangle) return solve_small(n, k, t, b, ldb);
  const std::int64_t half = (n / 2 + 7) / 8 * 8, rest = n - half;
  Triangle<S> first = t, second = t;
  second.data += half * (t.row + t.col);
  if (t.lower) {
    solve_rows(half, k, first, b, ldb, room);
    subtract_product<S>(rest, k, half, {t.data + half * t.row, t.row, t.col, t.conjugate}, b, ldb, b + half * ldb, ldb,
                        room);
    solve_rows(rest, k, second, b + half * ldb, ldb, room);
  } else {
    solve_rows(rest, k, second, b + half * ldb, ldb, room);
    subtract_product<S>(half, k, rest, {t.data + half * t.col, t.row, t.col, t.conjugate}, b + half * ldb, ldb, b, ldb,
                        room);
    solve_rows(half, k, first, b, ldb, room);
  }
}

template <class S>
void solve_triangle(std::int64_t n, std::int64_t k, const Triangle<S>& t, S* b, S* column, const Room& room) {
  if (k > few_columns) return solve_rows(n, k, t, b, k, room);
  for (std::int64_t j = 0; j < k; ++j) {
    for (std::int64_t i = 0; i < n; ++i) column[i] = b[i * k + j];
    solve_vector(n, t, column);
    for (std::int64_t i = 0; i < n; ++i) b[i * k + j] = column[i];
  }
}

template <class S>
void transpose(std::int64_t m, std::int64_t n, const S* a, S* to, bool conjugate) {
  constexpr std::int64_t side = 16;
  for (std::int64_t top = 0; top < m; top += side) {
    for (std::int64_t left = 0; left < n; left += side) {
      const std::int64_t bottom = std::min(m, top + side), right = std::min(n, left + side);
      for (std::int64_t j = left; j < right; ++j) {
        for (std::int64_t i = top; i < bottom; ++i) to[j * m + i] = a[i * n + j];
      }
    }
  }
  if constexpr (is_complex<S>) {
    if (conjugate) {
      for (std::int64_t i = 0; i < m * n; ++i) to[i].im = -to[i].im;
    }
  }
}
