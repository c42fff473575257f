// Factorisations by Cholesky, Gauss and Householder. Included after linalg_impl.h, once for each instruction set.
//
// Cholesky's and Gauss's are recursive: halves of the columns, a triangular system and a matrix product between them, so
// nearly all work is done by products (Gustavson, "Recursion leads to automatic variable blocking", 1997). Reflections
// are applied a panel at a time, as 1 - V T V^H (Schreiber and Van Loan, 1989).

// -- Cholesky --------------------------------------------------------------------------------------------------------

constexpr std::int64_t small_cholesky = 24;

template <class S>
bool cholesky_small(std::int64_t n, S* a, std::int64_t ld) {
  for (std::int64_t j = 0; j < n; ++j) {
    S* row = a + j * ld;
    const Real<S> square = real(row[j]);
    if (!(square > 0)) return false;
    const Real<S> pivot = std::sqrt(square);
    row[j] = number<S>(pivot);
    scale(n - j - 1, 1 / pivot, row + j + 1);
    for (std::int64_t i = j + 1; i < n; ++i) subtract(n - i, conj(row[i]), row + i, a + i * ld + i);
  }
  return true;
}

// The upper triangle of c (n, n) -= b^H b for b (k, n).
template <class S>
void subtract_square(std::int64_t n, std::int64_t k, const S* b, S* c, std::int64_t ld, const Room& room) {
  constexpr std::int64_t step = 48;
  for (std::int64_t i = 0; i < n; i += step) {
    subtract_product<S>(std::min(step, n - i), n - i, k, {b + i, 1, ld, true}, b + i, ld, c + i * ld + i, ld, room);
  }
}

template <class S>
bool cholesky_part(std::int64_t n, S* a, std::int64_t ld, const Room& room) {
  if (n <= small_cholesky) return cholesky_small(n, a, ld);
  const std::int64_t half = (n / 2 + 7) / 8 * 8, rest = n - half;
  if (!cholesky_part(half, a, ld, room)) return false;
  solve_rows<S>(half, rest, {a, 1, ld, true, false, true}, a + half, ld, room);
  subtract_square(rest, half, a + half, a + half * ld + half, ld, room);
  return cholesky_part(rest, a + half * ld + half, ld, room);
}

template <class S>
bool cholesky(std::int64_t n, S* a, const Room& room) {
  return cholesky_part(n, a, n, room);
}

// -- Gauss -----------------------------------------------------------------------------------------------------------

// A matrix (m, n) whose columns from `first` on are to be eliminated.
template <class S>
struct Elimination {
  std::int64_t m, n;
  S* a;
  std::int32_t* places;
  S* panel;
  const Room& room;
};

template <class S>
void exchange_rows(S* a, std::int64_t n, std::int64_t i, std::int64_t j) {
  if (i != j) std::swap_ranges(a + i * n, a + (i + 1) * n, a + j * n);
}

// Columns [first, first + count): they are copied as rows, eliminated there, and copied back.
template <class S>
void eliminate_panel(const Elimination<S>& e, std::int64_t first, std::int64_t count) {
  const std::int64_t m = e.m - first;
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < count; ++j) e.panel[j * m + i] = e.a[(first + i) * e.n + first + j];
  }
  for (std::int64_t j = 0; j < count; ++j) {
    S* column = e.panel + j * m;
    std::int64_t place = j;
    Real<S> largest = magnitude(column[j]);
    for (std::int64_t i = j + 1; i < m; ++i) {
      const Real<S> size = magnitude(column[i]);
      if (size > largest) {
        largest = size;
        place = i;
      }
    }
    e.places[first + j] = static_cast<std::int32_t>(first + place);
    exchange_rows(e.a, e.n, first + j, first + place);
    if (place != j) {
      for (std::int64_t k = 0; k < count; ++k) std::swap(e.panel[k * m + j], e.panel[k * m + place]);
    }
    const S pivot = column[j];
    if (is_zero(pivot)) continue;
    divide(m - j - 1, pivot, column + j + 1);
    for (std::int64_t k = j + 1; k < count; ++k) {
      S* other = e.panel + k * m;
      subtract(m - j - 1, other[j], column + j + 1, other + j + 1);
    }
  }
  for (std::int64_t i = 0; i < m; ++i) {
    for (std::int64_t j = 0; j < count; ++j) e.a[(first + i) * e.n + first + j] = e.panel[j * m + i];
  }
}

template <class S>
void eliminate(const Elimination<S>& e, std::int64_t first, std::int64_t count) {
  if (count <= lu_panel) return eliminate_panel(e, first, count);
  const std::int64_t half = (count / 2 + 7) / 8 * 8, rest = count - half, next = first + half;
  eliminate(e, first, half);
  S* beside = e.a + first * e.n + next;
  solve_rows<S>(half, rest, {e.a + first * e.n + first, e.n, 1, true, true, false}, beside, e.n, e.room);
  subtract_product<S>(e.m - next, rest, half, {e.a + next * e.n + first, e.n, 1}, beside, e.n,
                      e.a + next * e.n + next, e.n, e.room);
  eliminate(e, next, rest);
}

template <class S>
void lu(std::int64_t m, std::int64_t n, S* a, std::int32_t* places, S* panel, const Room& room) {
  const std::int64_t k = std::min(m, n);
  eliminate<S>({m, n, a, places, panel, room}, 0, k);
  if (n > k) solve_rows<S>(k, n - k, {a, n, 1, true, true, false}, a + k, n, room);
}

// -- Householder -----------------------------------------------------------------------------------------------------

// The reflection 1 - tau v v^H, of which the adjoint takes x to (beta, 0, ...): beta in place of x[0], the rest of v,
// whose first element is 1, in place of the rest of x. Returns tau.
template <class S>
S reflection(std::int64_t n, S* x) {
  using T = Real<S>;
  const T rest = length(n - 1, x + 1);
  const S alpha = x[0];
  if (rest == 0 && imag(alpha) == 0) return S{};
  const T size = std::hypot(magnitude(alpha), rest);
  const T beta = real(alpha) > 0 ? -size : size;
  const S lead = alpha - number<S>(beta);
  if (magnitude(lead) > 1e4 * std::numeric_limits<T>::min()) {
    const S factor = number<S>(1) / lead;
    for (std::int64_t i = 1; i < n; ++i) x[i] = x[i] * factor;
  } else {
    for (std::int64_t i = 1; i < n; ++i) x[i] = x[i] / lead;
  }
  x[0] = number<S>(beta);
  return number<S>((beta - real(alpha)) / beta, -imag(alpha) / beta);
}

// Reflections `first` to first + count - 1 of a (m, n), whose columns are rows, applied to the columns before `end`.
template <class S>
void reflect_columns(std::int64_t m, std::int64_t first, std::int64_t count, std::int64_t end, S* a, S* tau) {
  for (std::int64_t j = first; j < first + count; ++j) {
    S* v = a + j * m + j;
    tau[j] = reflection(m - j, v);
    if (is_zero(tau[j])) continue;
    const S beta = v[0];
    v[0] = number<S>(1);
    for (std::int64_t k = j + 1; k < end; ++k) {
      S* x = a + k * m + j;
      subtract(m - j, conj(tau[j]) * dot(m - j, v, x), v, x);
    }
    v[0] = beta;
  }
}

// Reflections that are applied together: x becomes x - V f^T V^H x. The vectors are the rows of v (count, size).
template <class S>
struct Panel {
  std::int64_t count, size;
  S *v, *f;
  S* overlaps;  // room for qr_panel * qr_step
  S* scaled;    // the same
};

// Column j of T is -tau T[:, :j] V^H v with tau below it.
template <class S>
void gather_factors(const Panel<S>& p, const S* tau, bool adjoint) {
  S t[qr_panel][qr_panel] = {};
  for (std::int64_t j = 0; j < p.count; ++j) {
    S overlaps[qr_panel];
    for (std::int64_t i = 0; i < j; ++i) overlaps[i] = dot(p.size - j, p.v + i * p.size + j, p.v + j * p.size + j);
    for (std::int64_t i = 0; i < j; ++i) {
      S sum{};
      for (std::int64_t k = i; k < j; ++k) sum = sum + t[i][k] * overlaps[k];
      t[i][j] = -(tau[j] * sum);
    }
    t[j][j] = tau[j];
  }
  for (std::int64_t i = 0; i < p.count; ++i) {
    for (std::int64_t j = 0; j < p.count; ++j) p.f[i * qr_panel + j] = adjoint ? conj(t[i][j]) : t[j][i];
  }
}

// Reflections [first, first + count) of a, whose columns are rows of m elements; of their adjoints, if so.
template <class S>
Panel<S> gather(std::int64_t m, std::int64_t first, std::int64_t count, const S* a, const S* tau, bool adjoint,
                S* work) {
  S* f = work + qr_panel * m;
  const Panel<S> p{count, m - first, work, f, f + qr_panel * qr_panel, f + qr_panel * (qr_panel + qr_step)};
  for (std::int64_t j = 0; j < count; ++j) {
    S* v = p.v + j * p.size;
    std::fill(v, v + j, S{});
    v[j] = number<S>(1);
    std::copy(a + (first + j) * m + first + j + 1, a + (first + j) * m + m, v + j + 1);
  }
  gather_factors(p, tau + first, adjoint);
  return p;
}

// Applies a panel to `columns` vectors that are rows, `ld` apart.
template <class S>
void apply(const Panel<S>& p, std::int64_t columns, S* x, std::int64_t ld, const Room& room) {
  for (std::int64_t begin = 0; begin < columns; begin += qr_step) {
    const std::int64_t some = std::min(qr_step, columns - begin);
    S* rows = x + begin * ld;
    if constexpr (is_complex<S>) {
      for (std::int64_t i = 0; i < some; ++i) {
        S* to = p.overlaps + i * qr_panel;
        for (std::int64_t j = 0; j < p.count; ++j) to[j] = -dot(p.size, p.v + j * p.size, rows + i * ld);
      }
    } else {
      std::fill(p.overlaps, p.overlaps + some * qr_panel, S{});
      subtract_product(element_type<S>, room, some, p.count, p.size, {rows, ld, 1}, {p.v, 1, p.size}, p.overlaps,
                       qr_panel);
    }
    std::fill(p.scaled, p.scaled + some * qr_panel, S{});
    subtract_product<S>(some, p.count, p.count, {p.overlaps, qr_panel, 1}, p.f, qr_panel, p.scaled, qr_panel, room);
    subtract_product<S>(some, p.size, p.count, {p.scaled, qr_panel, 1}, p.v, p.size, rows, ld, room);
  }
}

template <class S>
void reflect(std::int64_t m, std::int64_t n, S* a, S* tau, S* work, const Room& room) {
  const std::int64_t k = std::min(m, n);
  if (n <= qr_panel) return reflect_columns(m, 0, k, n, a, tau);
  for (std::int64_t first = 0; first < k; first += qr_panel) {
    const std::int64_t count = std::min(qr_panel, k - first), next = first + count;
    reflect_columns(m, first, count, next, a, tau);
    if (next < n) apply(gather(m, first, count, a, tau, true, work), n - next, a + next * m + first, m, room);
  }
}

template <class S>
void reflections(std::int64_t m, std::int64_t k, std::int64_t count, const S* a, const S* tau, S* q, S* work,
                 const Room& room) {
  std::fill(q, q + count * m, S{});
  for (std::int64_t j = 0; j < count; ++j) q[j * m + j] = number<S>(1);
  if (k <= qr_panel && count <= qr_panel) {
    for (std::int64_t j = k; j-- > 0;) {
      const S* v = a + j * m + j;
      for (std::int64_t c = j; c < count; ++c) {
        S* x = q + c * m + j;
        const S overlap = tau[j] * (x[0] + dot(m - j - 1, v + 1, x + 1));
        x[0] = x[0] - overlap;
        subtract(m - j - 1, overlap, v + 1, x + 1);
      }
    }
    return;
  }
  for (std::int64_t first = (k - 1) / qr_panel * qr_panel; first >= 0; first -= qr_panel) {
    const Panel<S> p = gather(m, first, std::min(qr_panel, k - first), a, tau, false, work);
    apply(p, count - first, q + first * m + first, m, room);
  }
}
