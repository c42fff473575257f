// Eigenvalues of Hermitian matrices and singular values. Included after linalg_factor_impl.h, once for each instruction
// set. Vectors are rows here, so that what is done to them is done to contiguous numbers.
//
// Eigenvalues: reflections make the matrix tridiagonal and real, implicit QL steps with Wilkinson's shift make it
// diagonal (Golub and Van Loan, "Matrix Computations", 2013, chapter 8). Singular values: the columns of the matrix are
// turned in pairs until all are orthogonal (Hestenes, 1958), the longer ones first (de Rijk, 1989); columns of any length
// end up orthogonal, so small singular values are as accurate as the matrix permits.

// x becomes c x - s y, and y becomes s x + c y.
template <class S>
inline void turn(std::int64_t n, Real<S> c, Real<S> s, S* x, S* y) {
  using T = Real<S>;
  using V = typename Vec<T>::type;
  auto *a = reinterpret_cast<T*>(x), *b = reinterpret_cast<T*>(y);
  const std::int64_t count = n * Parts<S>::count;
  std::int64_t i = 0;
  for (; i + Vec<T>::lanes <= count; i += Vec<T>::lanes) {
    const V p = load<T>(a + i), q = load<T>(b + i);
    store<T>(a + i, p * c - q * s);
    store<T>(b + i, p * s + q * c);
  }
  for (; i < count; ++i) {
    const T p = a[i], q = b[i];
    a[i] = p * c - q * s;
    b[i] = p * s + q * c;
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

// Multiplies vectors by the number of size 1 that makes the first large element of the first one real and positive.
template <class S>
void fix_phase(std::int64_t n, S* x, std::int64_t n_other, S* other) {
  constexpr double large = 0.60653065971263342360;  // exp(-1 / 2): no two elements have it as their ratio by design
  using T = Real<S>;
  T most{};
  for (std::int64_t i = 0; i < n; ++i) most = std::max(most, magnitude(x[i]));
  std::int64_t place = 0;
  while (place + 1 < n && !(magnitude(x[place]) >= static_cast<T>(large) * most)) ++place;
  const S lead = x[place];
  const T size = magnitude(lead);
  if (!(size > 0)) return;
  if constexpr (is_complex<S>) {
    const S phase = {lead.re / size, -lead.im / size};
    for (std::int64_t i = 0; i < n; ++i) x[i] = x[i] * phase;
    for (std::int64_t i = 0; i < n_other; ++i) other[i] = other[i] * phase;
  } else if (lead < 0) {
    scale(n, T{-1}, x);
    scale(n_other, T{-1}, other);
  }
}

// Brings the vectors (rows of x, and of y where it is not null) into the order of their values.
template <class S>
void sort_values(std::int64_t count, bool descending, Real<S>* values, std::int64_t n, S* x, std::int64_t n_other,
                 S* y) {
  for (std::int64_t i = 0; i + 1 < count; ++i) {
    std::int64_t next = i;
    for (std::int64_t j = i + 1; j < count; ++j) {
      if (descending ? values[j] > values[next] : values[j] < values[next]) next = j;
    }
    if (next == i) continue;
    std::swap(values[i], values[next]);
    std::swap_ranges(x + i * n, x + (i + 1) * n, x + next * n);
    if (y != nullptr) std::swap_ranges(y + i * n_other, y + (i + 1) * n_other, y + next * n_other);
  }
}

// -- eigenvalues -----------------------------------------------------------------------------------------------------

// y = a x, where row c of `a` has column c of a Hermitian matrix from its diagonal on.
template <class S>
void multiply_hermitian(std::int64_t n, const S* a, std::int64_t ld, const S* x, S* y) {
  std::fill(y, y + n, S{});
  for (std::int64_t c = 0; c < n; ++c) {
    const S* column = a + c * ld;
    subtract(n - c - 1, -x[c], column + c + 1, y + c + 1);
    y[c] = y[c] + number<S>(real(column[c])) * x[c] + dot(n - c - 1, column + c + 1, x + c + 1);
  }
}

// The diagonal d and what lies beside it, e, of the tridiagonal matrix. Row c of `a` has column c from the diagonal on;
// it keeps the vector of reflection c from its second element there on. work: 2 n.
template <class S>
void make_tridiagonal(std::int64_t n, S* a, Real<S>* d, Real<S>* e, S* tau, S* work) {
  for (std::int64_t j = 0; j + 1 < n; ++j) {
    S* v = a + j * n + j + 1;
    const std::int64_t rest = n - j - 1;
    d[j] = real(a[j * n + j]);
    const S factor = tau[j] = reflection(rest, v);
    e[j] = real(v[0]);
    if (is_zero(factor)) continue;
    v[0] = number<S>(1);
    S *x = work, *inner = a + (j + 1) * n + j + 1;
    multiply_hermitian(rest, inner, n, v, x);
    for (std::int64_t i = 0; i < rest; ++i) x[i] = factor * x[i];
    subtract(rest, number<S>(static_cast<Real<S>>(0.5)) * factor * dot(rest, x, v), v, x);
    for (std::int64_t c = 0; c < rest; ++c) {
      subtract(rest - c, conj(x[c]), v + c, inner + c * n + c);
      subtract(rest - c, conj(v[c]), x + c, inner + c * n + c);
    }
    v[0] = number<S>(e[j]);
  }
  d[n - 1] = real(a[n * n - 1]);
}

// One QL step on the block [first, last] of a tridiagonal matrix, with its turns applied to the rows of z.
template <class S>
void ql_step(std::int64_t first, std::int64_t last, std::int64_t n, Real<S>* d, Real<S>* e, S* z) {
  using T = Real<S>;
  const T half_gap = (d[first + 1] - d[first]) / (2 * e[first]);
  T bulge = d[last] - d[first] + e[first] / (half_gap + std::copysign(hypotenuse(half_gap, T{1}), half_gap));
  T sine = 1, cosine = 1, shift = 0;
  for (std::int64_t i = last - 1; i >= first; --i) {
    const T above = sine * e[i], beside = cosine * e[i];
    const T size = hypotenuse(above, bulge);
    e[i + 1] = size;
    if (size == 0) {  // the block falls apart here
      d[i + 1] -= shift;
      e[last] = 0;
      return;
    }
    sine = above / size;
    cosine = bulge / size;
    const T corner = d[i + 1] - shift;
    const T moved = (d[i] - corner) * sine + 2 * cosine * beside;
    shift = sine * moved;
    d[i + 1] = corner + shift;
    bulge = cosine * moved - beside;
    turn(n, cosine, sine, z + i * n, z + (i + 1) * n);
  }
  d[first] -= shift;
  e[first] = bulge;
  e[last] = 0;
}

// False where the steps do not converge.
template <class S>
bool make_diagonal(std::int64_t n, Real<S>* d, Real<S>* e, S* z) {
  using T = Real<S>;
  constexpr int most_steps = 60;
  constexpr T precision = std::numeric_limits<T>::epsilon() / 2;
  e[n - 1] = 0;
  for (std::int64_t first = 0; first < n; ++first) {
    for (int step = 0;; ++step) {
      std::int64_t last = first;
      while (last + 1 < n && !(std::fabs(e[last]) <= precision * (std::fabs(d[last]) + std::fabs(d[last + 1])))) ++last;
      if (last == first) break;
      if (step == most_steps) return false;
      ql_step(first, last, n, d, e, z);
    }
  }
  return true;
}

// Row c of `a` has column c of the matrix from the diagonal on; the rows of v become the eigenvectors.
template <class S>
bool eigen(std::int64_t n, S* a, Real<S>* w, S* v, S* work, const Room& room) {
  const std::int64_t side = n - 1;
  S *tau = work, *compact = tau + n, *q = compact + side * side, *rest = q + side * side;
  auto* e = reinterpret_cast<Real<S>*>(rest);  // and after it room for make_tridiagonal and reflections
  make_tridiagonal(n, a, w, e, tau, rest + n);
  for (std::int64_t j = 0; j < side; ++j) std::copy(a + j * n + 1, a + (j + 1) * n, compact + j * side);
  std::fill(v, v + n * n, S{});
  v[0] = number<S>(1);
  if (side > 0) {
    reflections(side, side, side, compact, tau, q, rest + n, room);
    for (std::int64_t j = 0; j < side; ++j) std::copy(q + j * side, q + (j + 1) * side, v + (j + 1) * n + 1);
  }
  if (!make_diagonal(n, w, e, v)) return false;
  sort_values<S>(n, false, w, n, v, 0, nullptr);
  for (std::int64_t j = 0; j < n; ++j) fix_phase<S>(n, v + j * n, 0, nullptr);
  for (std::int64_t j = 0; j < n; ++j) {
    if (!(std::fabs(w[j]) <= std::numeric_limits<Real<S>>::max())) return false;
  }
  return true;
}

// -- singular values -------------------------------------------------------------------------------------------------

// Of the largest element 1: vectors whose squared length is not above it count as zeros.
template <class T>
constexpr T vanishing = std::numeric_limits<T>::min() / std::numeric_limits<T>::epsilon();

// Vectors x and y, whose squared lengths are given, turned so that they are orthogonal. False where they are already.
template <class S>
struct Pair {
  using T = Real<S>;
  T c, s, change;
  S phase;

  bool orthogonal(T xx, T yy, S overlap, T tolerance) {
    const T size = magnitude(overlap);
    if (xx <= vanishing<T> || yy <= vanishing<T>) return true;
    if (size <= tolerance * std::sqrt(xx) * std::sqrt(yy)) return true;
    const T zeta = (yy - xx) / (2 * size);
    const T tangent = 1 / (std::fabs(zeta) + hypotenuse(zeta, T{1})) * (zeta < 0 ? -1 : 1);
    c = 1 / std::sqrt(1 + tangent * tangent);
    s = c * tangent;
    change = tangent * size;
    phase = conj(overlap) * number<S>(1 / size);
    return false;
  }

  void apply(std::int64_t n, S* x, S* y) const {
    if constexpr (is_complex<S>) {
      for (std::int64_t i = 0; i < n; ++i) y[i] = y[i] * phase;
    } else if (phase < 0) {
      return turn(n, c, -s, x, y), scale(n, T{-1}, y);
    }
    turn(n, c, s, x, y);
  }
};

// One sweep over all pairs of the rows of g (n, m), with the same done to the rows of v (n, n). True if nothing turned.
template <class S>
bool sweep(std::int64_t m, std::int64_t n, S* g, S* v, Real<S>* squares, Real<S> tolerance) {
  bool still = true;
  for (std::int64_t i = 0; i < n; ++i) squares[i] = real(dot(m, g + i * m, g + i * m));
  for (std::int64_t p = 0; p + 1 < n; ++p) {
    const std::int64_t longest = std::max_element(squares + p, squares + n) - squares;
    if (longest != p) {
      std::swap(squares[p], squares[longest]);
      std::swap_ranges(g + p * m, g + (p + 1) * m, g + longest * m);
      std::swap_ranges(v + p * n, v + (p + 1) * n, v + longest * n);
    }
    for (std::int64_t q = p + 1; q < n; ++q) {
      S *x = g + p * m, *y = g + q * m;
      Pair<S> pair;
      if (pair.orthogonal(squares[p], squares[q], dot(m, x, y), tolerance)) continue;
      still = false;
      pair.apply(m, x, y);
      pair.apply(n, v + p * n, v + q * n);
      squares[p] = real(dot(m, x, x));
      squares[q] = real(dot(m, y, y));
    }
  }
  return still;
}

// Rows `known` to `count` - 1 of x are made unit vectors orthogonal to those before them, from rows of the identity.
template <class S>
void complete(std::int64_t n, std::int64_t known, std::int64_t count, S* x) {
  using T = Real<S>;
  const T least = static_cast<T>(0.7) / std::sqrt(static_cast<T>(n));
  for (std::int64_t j = known; j < count; ++j) {
    S* row = x + j * n;
    for (std::int64_t candidate = 0; candidate < n; ++candidate) {
      std::fill(row, row + n, S{});
      row[candidate] = number<S>(1);
      T first{};
      for (int pass = 0; pass < 2; ++pass) {
        for (std::int64_t i = 0; i < j; ++i) subtract(n, dot(n, x + i * n, row), x + i * n, row);
        if (pass == 0) first = length(n, row);
      }
      if (!(first > least)) continue;
      scale(n, 1 / length(n, row), row);
      fix_phase<S>(n, row, 0, nullptr);
      break;
    }
  }
}

// The rows of g (n, m), n <= m, are the columns of a matrix. They become the left singular vectors, `count` of them, the
// rows of v (n, n) the right ones; with `adjoint`, those of the adjoint matrix are meant.
template <class S>
bool singular(std::int64_t m, std::int64_t n, std::int64_t count, bool adjoint, S* g, Real<S>* s, S* v) {
  using T = Real<S>;
  constexpr int most_sweeps = 40;
  T most{};
  const auto* parts = reinterpret_cast<const T*>(g);
  for (std::int64_t i = 0; i < n * m * Parts<S>::count; ++i) {
    if (!(std::fabs(parts[i]) <= most)) most = std::fabs(parts[i]);
  }
  if (!(most <= std::numeric_limits<T>::max())) return false;
  int exponent = 0;
  std::frexp(most, &exponent);
  exponent = std::clamp(exponent, std::numeric_limits<T>::min_exponent + 2, std::numeric_limits<T>::max_exponent - 2);
  scale(n * m, std::ldexp(T{1}, -exponent), g);
  std::fill(v, v + n * n, S{});
  for (std::int64_t i = 0; i < n; ++i) v[i * n + i] = number<S>(1);
  const T tolerance = std::numeric_limits<T>::epsilon() * std::sqrt(static_cast<T>(m));
  int sweeps = 0;
  while (!sweep(m, n, g, v, s, tolerance)) {
    if (++sweeps == most_sweeps) return false;
  }
  for (std::int64_t i = 0; i < n; ++i) s[i] = length(m, g + i * m);
  sort_values<S>(n, true, s, m, g, n, v);
  std::int64_t known = 0;
  for (; known < n && s[known] * s[known] > vanishing<T>; ++known) {
    S* row = g + known * m;
    for (std::int64_t i = 0; i < m; ++i) row[i] = row[i] * number<S>(1 / s[known]);
  }
  complete(m, known, count, g);
  for (std::int64_t i = 0; i < n; ++i) {
    s[i] = std::ldexp(s[i], exponent);
    if (adjoint) {
      fix_phase(n, v + i * n, m, g + i * m);
    } else {
      fix_phase(m, g + i * m, n, v + i * n);
    }
  }
  return true;
}

template <class S>
constexpr LinalgTable<S, Real<S>> linalg_table() {
  return {cholesky<S>, lu<S>, solve_triangle<S>, reflect<S>, reflections<S>, eigen<S>, singular<S>,
          transpose<S>};
}
