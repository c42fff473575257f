// Eigenvalues of Hermitian matrices and singular values. Included after linalg_factor_impl.h, once for each instruction
// set. Vectors are rows here, so that what is done to them is done to contiguous numbers.
//
// Eigenvalues: reflections make the matrix tridiagonal and real, implicit QL steps with Wilkinson's shift make it
// diagonal. Singular values: reflections from both sides make it bidiagonal and real, implicit QR steps make it diagonal
// (Golub and Reinsch, "Singular value decomposition and least squares solutions", 1970).

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

// -- singular values --------------------------------------------------------------------------------------------------

// A matrix of n columns of m >= n elements, which are the rows of g, is made upper bidiagonal and real by reflections from
// both sides: d is its diagonal, e what lies beside it. Those from the left are left in g, with factors tau; those from
// the right in the rows of `right` (n - 1, n - 1), with factors tau_right. work: m.
template <class S>
void make_bidiagonal(std::int64_t m, std::int64_t n, S* g, S* right, Real<S>* d, Real<S>* e, S* tau, S* tau_right,
                     S* work) {
  for (std::int64_t j = 0; j < n; ++j) {
    reflect_columns(m, j, 1, n, g, tau);
    d[j] = real(g[j * m + j]);
    if (j + 1 == n) break;
    const std::int64_t rest = n - j - 1, below = m - j - 1;
    S *v = right + j * (n - 1) + j, *columns = g + (j + 1) * m + j;
    for (std::int64_t k = 0; k < rest; ++k) v[k] = conj(columns[k * m]);
    const S factor = tau_right[j] = reflection(rest, v);
    e[j] = real(v[0]);
    if (is_zero(factor)) continue;
    v[0] = number<S>(1);
    std::fill(work, work + below, S{});
    for (std::int64_t k = 0; k < rest; ++k) subtract(below, -v[k], columns + k * m + 1, work);
    for (std::int64_t k = 0; k < rest; ++k) subtract(below, factor * conj(v[k]), work, columns + k * m + 1);
  }
}

// A real upper bidiagonal matrix, and the vectors that its turns are applied to: rows of u from the left, of v from the
// right. What is not above `least` counts as zero.
template <class S>
struct Bidiagonal {
  using T = Real<S>;
  std::int64_t m, n;
  T *d, *e, least;
  S *u, *v;

  bool none(T x) const { return std::fabs(x) <= least; }

  // Where the last block that does not fall apart begins, if it ends at `last`.
  std::int64_t begin(std::int64_t last) const {
    std::int64_t first = last;
    for (; first > 0; --first) {
      if (none(e[first - 1])) break;
      if (none(d[first - 1])) {
        clear_row(first - 1, last);
        break;
      }
    }
    return first;
  }

  // Row r has no diagonal element: what it has beside that is turned into the rows below, until nothing is left.
  void clear_row(std::int64_t r, std::int64_t last) const {
    T rest = e[r];
    e[r] = 0;
    for (std::int64_t i = r + 1; i <= last && !none(rest); ++i) {
      const T size = hypotenuse(rest, d[i]), c = d[i] / size, s = rest / size;
      d[i] = size;
      turn(m, c, s, u + r * m, u + i * m);
      if (i == last) break;
      rest = -s * e[i];
      e[i] *= c;
    }
  }

  // One implicit QR step on the block [first, last], whose shift is an eigenvalue of the lower end of B^T B.
  void step(std::int64_t first, std::int64_t last) const {
    const T end = d[last], before = d[last - 1], beside = e[last - 1], above = last - 1 > first ? e[last - 2] : 0;
    const T ratio = ((before - end) * (before + end) + (above - beside) * (above + beside)) / (2 * beside * before);
    const T root = ratio + std::copysign(hypotenuse(ratio, T{1}), ratio);
    T corner = d[first];
    T lead = ((corner - end) * (corner + end) + beside * (before / root - beside)) / corner;
    T bulge = e[first];
    for (std::int64_t i = first; i < last; ++i) {
      T size = hypotenuse(lead, bulge);
      T c = size == 0 ? 1 : lead / size, s = size == 0 ? 0 : bulge / size;
      if (i > first) e[i - 1] = size;
      turn(n, c, -s, v + i * n, v + (i + 1) * n);
      const T top = corner * c + e[i] * s, next = e[i] * c - corner * s, low = d[i + 1] * s, right = d[i + 1] * c;
      size = d[i] = hypotenuse(top, low);
      c = size == 0 ? 1 : top / size;
      s = size == 0 ? 0 : low / size;
      turn(m, c, -s, u + i * m, u + (i + 1) * m);
      lead = e[i] = c * next + s * right;
      corner = c * right - s * next;
      if (i + 1 < last) {
        bulge = s * e[i + 1];
        e[i + 1] *= c;
      }
    }
    d[last] = corner;
  }

  // False where the steps do not converge.
  bool make_diagonal() const {
    constexpr int most_steps = 60;
    for (std::int64_t last = n; last-- > 0;) {
      for (int count = 0;; ++count) {
        const std::int64_t first = begin(last);
        if (first == last) break;
        if (count == most_steps) return false;
        step(first, last);
      }
      if (d[last] < 0) {
        d[last] = -d[last];
        scale(n, T{-1}, v + last * n);
      }
    }
    return true;
  }
};

// The largest absolute value of parts; NaN or infinity where there is one.
template <class T>
T largest_of(std::int64_t count, const T* x) {
  T most{};
  for (std::int64_t i = 0; i < count; ++i) {
    if (!(std::fabs(x[i]) <= most)) most = std::fabs(x[i]);
    if (std::isnan(most)) break;
  }
  return most;
}

template <class S>
bool singular(std::int64_t m, std::int64_t n, std::int64_t count, bool adjoint, S* g, Real<S>* s, S* u, S* v, S* work,
              const Room& room) {
  using T = Real<S>;
  const T most = largest_of(n * m * Parts<S>::count, reinterpret_cast<const T*>(g));
  if (!(most <= std::numeric_limits<T>::max())) return false;
  int exponent = 0;
  std::frexp(most, &exponent);
  exponent = std::clamp(exponent, std::numeric_limits<T>::min_exponent + 2, std::numeric_limits<T>::max_exponent - 2);
  scale(n * m, std::ldexp(T{1}, -exponent), g);
  const std::int64_t side = n - 1;
  S *tau = work, *tau_right = tau + n, *right = tau_right + n, *q = right + side * side, *rest = q + side * side;
  auto* e = reinterpret_cast<T*>(rest);
  make_bidiagonal(m, n, g, right, s, e, tau, tau_right, rest + n);
  reflections(m, n, count, g, tau, u, rest + n, room);
  std::fill(v, v + n * n, S{});
  v[0] = number<S>(1);
  if (side > 0) {
    reflections(side, side, side, right, tau_right, q, rest + n, room);
    for (std::int64_t j = 0; j < side; ++j) std::copy(q + j * side, q + (j + 1) * side, v + (j + 1) * n + 1);
  }
  const T size = std::max(largest_of(n, s), largest_of(side, e));
  if (!Bidiagonal<S>{m, n, s, e, size * std::numeric_limits<T>::epsilon() / 2, u, v}.make_diagonal()) return false;
  sort_values<S>(n, true, s, m, u, n, v);
  for (std::int64_t i = 0; i < n; ++i) {
    s[i] = std::ldexp(s[i], exponent);
    if (adjoint) {
      fix_phase(n, v + i * n, m, u + i * m);
    } else {
      fix_phase(m, u + i * m, n, v + i * n);
    }
  }
  for (std::int64_t i = n; i < count; ++i) fix_phase<S>(m, u + i * m, 0, nullptr);
  return true;
}

template <class S>
constexpr LinalgTable<S, Real<S>> linalg_table() {
  return {cholesky<S>, lu<S>, solve_triangle<S>, reflect<S>, reflections<S>, eigen<S>, singular<S>,
          transpose<S>};
}
