#include "linalg.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <type_traits>

#include "isa.h"
#include "linalg_table.h"
#include "threads.h"

namespace mindspore::cpu {

namespace {

template <class S>
struct Parts {
  using R = S;
  static constexpr bool complex = false;
};

template <class T>
struct Parts<Cx<T>> {
  using R = T;
  static constexpr bool complex = true;
};

template <class S>
const auto& table() {
  const LinalgTables& tables = linalg_tables();
  if constexpr (std::is_same_v<S, float>) {
    return tables.f32;
  } else if constexpr (std::is_same_v<S, double>) {
    return tables.f64;
  } else if constexpr (std::is_same_v<S, Cx<float>>) {
    return tables.c64;
  } else {
    return tables.c128;
  }
}

template <class S>
S number(typename Parts<S>::R re, typename Parts<S>::R im = {}) {
  if constexpr (Parts<S>::complex) {
    return {re, im};
  } else {
    return re;
  }
}

template <class S>
bool is_zero(S x) {
  if constexpr (Parts<S>::complex) {
    return x.re == 0 && x.im == 0;
  } else {
    return x == 0;
  }
}

template <class S>
void fill_nan(std::int64_t count, S* to) {
  using R = typename Parts<S>::R;
  constexpr R nan = std::numeric_limits<R>::quiet_NaN();
  std::fill(to, to + count, number<S>(nan, nan));
}

// A product of numbers as a fraction and a power of two, so that it may leave the range on the way.
template <class S>
struct Product {
  using R = typename Parts<S>::R;
  S value = number<S>(1);
  int exponent = 0;

  void times(S x) {
    int shift = 0;
    if constexpr (Parts<S>::complex) {
      std::frexp(std::max(std::fabs(x.re), std::fabs(x.im)), &shift);
      const S y = {std::ldexp(x.re, -shift), std::ldexp(x.im, -shift)};
      value = {value.re * y.re - value.im * y.im, value.re * y.im + value.im * y.re};
      exponent += shift;
      std::frexp(std::max(std::fabs(value.re), std::fabs(value.im)), &shift);
      value = {std::ldexp(value.re, -shift), std::ldexp(value.im, -shift)};
    } else {
      value *= std::frexp(x, &shift);
      exponent += shift;
      value = std::frexp(value, &shift);
    }
    exponent += shift;
  }

  S result() const {
    if constexpr (Parts<S>::complex) {
      return {std::ldexp(value.re, exponent), std::ldexp(value.im, exponent)};
    } else {
      return std::ldexp(value, exponent);
    }
  }
};

// Multiplications of the matrix algorithms, and how many elements are moved.
double work_of(const LinalgSpec& s) {
  const auto m = static_cast<double>(s.m), n = static_cast<double>(s.n), k = static_cast<double>(s.k);
  const double least = std::min(m, n);
  switch (s.kind) {
    case LinalgKind::cholesky: return n * n * n / 6;
    case LinalgKind::solve: return n * n * n / 3 + n * n * k;
    case LinalgKind::triangular_solve: return n * n * k / 2;
    case LinalgKind::inverse: return 4 * n * n * n / 3;
    case LinalgKind::qr: return least * m * (n + (s.full ? m : least));
    case LinalgKind::geqrf: return least * m * n;
    case LinalgKind::eigh: return 8 * n * n * n;
    case LinalgKind::svd: return 10 * least * least * (m + n);
    default: return least * m * n / 2;
  }
}

// How many elements of temporary memory one problem needs, beside products.
std::int64_t room_of(const LinalgSpec& s) {
  const std::int64_t least = std::min(s.m, s.n), most = std::max(s.m, s.n);
  switch (s.kind) {
    case LinalgKind::cholesky: return s.n * s.n;
    case LinalgKind::lu: return lu_panel * s.m;
    case LinalgKind::triangular_solve: return s.n;
    case LinalgKind::qr: return s.m * s.n + least + s.m * (s.full ? s.m : least) + qr_work(s.m);
    case LinalgKind::geqrf: return s.m * s.n + qr_work(s.m);
    case LinalgKind::eigh: return 2 * s.n * s.n + eigen_work(s.n);
    case LinalgKind::svd: return most * (least + (s.full ? most : least)) + least * least + singular_work(most, least);
    default: return s.n * s.n + s.n + lu_panel * s.n;  // factors, places and a panel
  }
}

template <class S>
class LinalgKernel final : public Kernel {
 public:
  explicit LinalgKernel(const LinalgSpec& spec) : spec_(spec), table_(table<S>()), most_threads_(threads()) {
    description = "own matrix algorithms";
    const bool one = spec.kind == LinalgKind::cholesky || spec.kind == LinalgKind::inverse ||
                     spec.kind == LinalgKind::determinant;
    buffers = spec.kind == LinalgKind::svd ? 4 : one ? 2 : 3;
    const std::int64_t m = spec.m, n = spec.n;
    element_bytes_ = round_up(static_cast<std::uint64_t>(room_of(spec)) * sizeof(S), 64);
    if (!Parts<S>::complex) {
      const std::int64_t side = std::max({m, n, spec.k, qr_step});
      const Gemm all{spec.part, side, side, side, {nullptr, 1, side}, {nullptr, 1, side}, nullptr, side, nullptr,
                     false,     true};
      product_bytes_ = gemm_scratch_bytes(all);
    }
    scratch_bytes = (element_bytes_ + product_bytes_) * static_cast<std::uint64_t>(most_threads_);
    const double rate = gemm_rate(spec.part) * (Parts<S>::complex ? 0.1 : 0.4);
    const double each = 100 + 10 * static_cast<double>(m + n) + 2 * static_cast<double>(m * n) + work_of(spec) / rate;
    nanoseconds = each * static_cast<double>(spec.problems());
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    const std::int64_t problems = spec_.problems();
    char* scratch = static_cast<char*>(stream.scratch);
    const int wanted = std::min(threads_for(nanoseconds), most_threads_);
    if (problems == 1) {
      const Room room{scratch + element_bytes_, product_bytes_, wanted};
      return compute(0, given, reinterpret_cast<S*>(scratch), room);
    }
    parallel(static_cast<int>(std::min<std::int64_t>(wanted, problems)), [&](int thread, int count) {
      char* own = scratch + (element_bytes_ + product_bytes_) * static_cast<std::uint64_t>(thread);
      const Room room{own + element_bytes_, product_bytes_, 1};
      const Range range = part(problems, thread, count);
      for (std::int64_t p = range.begin; p < range.end; ++p) compute(p, given, reinterpret_cast<S*>(own), room);
    });
  }

 private:
  using R = typename Parts<S>::R;

  void compute(std::int64_t problem, void* const* given, S* work, const Room& room) const {
    std::int64_t first = 0, second = 0, rest = problem;
    for (std::size_t axis = spec_.batch.size(); axis-- > 0;) {
      first += rest % spec_.batch[axis] * spec_.a_steps[axis];
      second += rest % spec_.batch[axis] * (spec_.b_steps.empty() ? 0 : spec_.b_steps[axis]);
      rest /= spec_.batch[axis];
    }
    const S* a = static_cast<const S*>(given[0]) + first * spec_.m * spec_.n;
    const std::int64_t square = spec_.n * spec_.n, side = spec_.n * spec_.k;
    switch (spec_.kind) {
      case LinalgKind::cholesky: return cholesky(a, out<S>(given[1], problem, square), work, room);
      case LinalgKind::lu:
        return lu(a, out<S>(given[1], problem, spec_.m * spec_.n),
                  out<std::int32_t>(given[2], problem, std::min(spec_.m, spec_.n)), work, room);
      case LinalgKind::solve:
        return solve(a, static_cast<const S*>(given[1]) + second * side, out<S>(given[2], problem, side), work, room);
      case LinalgKind::triangular_solve:
        return triangle(a, static_cast<const S*>(given[1]) + second * side, out<S>(given[2], problem, side), work, room);
      case LinalgKind::inverse: return inverse(a, out<S>(given[1], problem, square), work, room);
      case LinalgKind::determinant: return determinant(a, out<S>(given[1], problem, 1), work, room);
      case LinalgKind::log_determinant:
        return log_determinant(a, out<S>(given[1], problem, 1), out<R>(given[2], problem, 1), work, room);
      case LinalgKind::qr: return qr(a, problem, given, work, room);
      case LinalgKind::geqrf: return geqrf(a, problem, given, work, room);
      case LinalgKind::eigh:
        return eigh(a, out<R>(given[1], problem, spec_.n), out<S>(given[2], problem, square), work, room);
      case LinalgKind::svd: return svd(a, problem, given, work, room);
    }
  }

  template <class E>
  static E* out(void* buffer, std::int64_t problem, std::int64_t size) {
    return static_cast<E*>(buffer) + problem * size;
  }

  void cholesky(const S* a, S* l, S* work, const Room& room) const {
    const std::int64_t n = spec_.n;
    table_.transpose(n, n, a, work, true);
    if (!table_.cholesky(n, work, room)) return fill_nan(n * n, l);
    for (std::int64_t i = 1; i < n; ++i) std::fill(work + i * n, work + i * n + i, S{});
    table_.transpose(n, n, work, l, true);
  }

  void lu(const S* a, S* factors, std::int32_t* places, S* work, const Room& room) const {
    std::copy(a, a + spec_.m * spec_.n, factors);
    table_.lu(spec_.m, spec_.n, factors, places, work, room);
  }

  // The factors of a square matrix in `work`, and what follows them there: the places, and room for more. False where
  // the matrix is singular.
  bool factors_of(const S* a, S* work, const Room& room) const {
    const std::int64_t n = spec_.n;
    std::copy(a, a + n * n, work);
    table_.lu(n, n, work, places_in(work), work + n * n + n, room);
    for (std::int64_t i = 0; i < n; ++i) {
      if (is_zero(work[i * n + i])) return false;
    }
    return true;
  }

  std::int32_t* places_in(S* work) const { return reinterpret_cast<std::int32_t*>(work + spec_.n * spec_.n); }

  void substitute(S* work, std::int64_t columns, S* x, const Room& room) const {
    const std::int64_t n = spec_.n;
    table_.solve(n, columns, {work, n, 1, true, true, false}, x, work + n * n + n, room);
    table_.solve(n, columns, {work, n, 1, false, false, false}, x, work + n * n + n, room);
  }

  void solve(const S* a, const S* b, S* x, S* work, const Room& room) const {
    const std::int64_t n = spec_.n, k = spec_.k;
    if (!factors_of(a, work, room)) return fill_nan(n * k, x);
    std::copy(b, b + n * k, x);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t j = places_in(work)[i];
      if (j != i) std::swap_ranges(x + i * k, x + (i + 1) * k, x + j * k);
    }
    substitute(work, k, x, room);
  }

  void inverse(const S* a, S* x, S* work, const Room& room) const {
    const std::int64_t n = spec_.n;
    if (!factors_of(a, work, room)) return fill_nan(n * n, x);
    std::fill(x, x + n * n, S{});
    for (std::int64_t i = 0; i < n; ++i) x[i * n + i] = number<S>(1);
    for (std::int64_t i = 0; i < n; ++i) {
      const std::int64_t j = places_in(work)[i];
      if (j != i) std::swap_ranges(x + i * n, x + (i + 1) * n, x + j * n);
    }
    substitute(work, n, x, room);
  }

  void triangle(const S* a, const S* b, S* x, S* work, const Room& room) const {
    const std::int64_t n = spec_.n;
    std::copy(b, b + n * spec_.k, x);
    const bool turned = spec_.transpose;
    table_.solve(n, spec_.k, {a, turned ? 1 : n, turned ? n : 1, spec_.lower != turned, spec_.unit, false}, x, work,
                 room);
  }

  bool odd_exchanges(S* work) const {
    bool odd = false;
    for (std::int64_t i = 0; i < spec_.n; ++i) odd ^= places_in(work)[i] != i;
    return odd;
  }

  void determinant(const S* a, S* det, S* work, const Room& room) const {
    factors_of(a, work, room);
    Product<S> product;
    for (std::int64_t i = 0; i < spec_.n; ++i) product.times(work[i * spec_.n + i]);
    if (odd_exchanges(work)) product.times(number<S>(-1));
    *det = product.result();
  }

  void log_determinant(const S* a, S* sign, R* log, S* work, const Room& room) const {
    if (!factors_of(a, work, room)) {
      *sign = S{};
      *log = -std::numeric_limits<R>::infinity();
      return;
    }
    R sum{};
    S turn = number<S>(odd_exchanges(work) ? -1 : 1);
    for (std::int64_t i = 0; i < spec_.n; ++i) {
      const S x = work[i * spec_.n + i];
      if constexpr (Parts<S>::complex) {
        const R size = std::hypot(x.re, x.im);
        const S unit = {x.re / size, x.im / size};
        turn = {turn.re * unit.re - turn.im * unit.im, turn.re * unit.im + turn.im * unit.re};
        sum += std::log(size);
      } else {
        turn = std::isnan(x) ? x : std::signbit(x) ? -turn : turn;
        sum += std::log(std::fabs(x));
      }
    }
    *sign = turn;
    *log = sum;
  }

  void qr(const S* a, std::int64_t problem, void* const* given, S* work, const Room& room) const {
    const std::int64_t m = spec_.m, n = spec_.n, least = std::min(m, n), count = spec_.full ? m : least;
    S* r = out<S>(given[2], problem, count * n);
    S *turned = work, *tau = work + m * n, *q = tau + least, *rest = q + m * count;
    table_.transpose(m, n, a, turned, false);
    table_.reflect(m, n, turned, tau, rest, room);
    for (std::int64_t i = 0; i < count; ++i) {
      for (std::int64_t j = 0; j < n; ++j) r[i * n + j] = i <= j ? turned[j * m + i] : S{};
    }
    table_.reflections(m, least, count, turned, tau, q, rest, room);
    table_.transpose(count, m, q, out<S>(given[1], problem, m * count), false);
  }

  void geqrf(const S* a, std::int64_t problem, void* const* given, S* work, const Room& room) const {
    const std::int64_t m = spec_.m, n = spec_.n, least = std::min(m, n);
    table_.transpose(m, n, a, work, false);
    table_.reflect(m, n, work, out<S>(given[2], problem, least), work + m * n, room);
    table_.transpose(n, m, work, out<S>(given[1], problem, m * n), false);
  }

  void eigh(const S* a, R* w, S* v, S* work, const Room& room) const {
    const std::int64_t n = spec_.n;
    table_.transpose(n, n, a, work, false);
    if (!table_.eigen(n, work, w, work + n * n, work + 2 * n * n, room)) {
      fill_nan(n, w);
      return fill_nan(n * n, v);
    }
    table_.transpose(n, n, work + n * n, v, false);
  }

  // Of a wide matrix the adjoint is taken apart, whose columns are the conjugate rows.
  void svd(const S* a, std::int64_t problem, void* const* given, S* work, const Room& room) const {
    const std::int64_t m = spec_.m, n = spec_.n, least = std::min(m, n), most = std::max(m, n);
    const std::int64_t count = spec_.full ? most : least;
    R* s = out<R>(given[1], problem, least);
    const std::int64_t u_size = m * (m >= n ? count : least), v_size = n * (m < n ? count : least);
    S *u = out<S>(given[2], problem, u_size), *v = out<S>(given[3], problem, v_size);
    S *columns = work, *vectors = columns + m * n, *others = vectors + most * count;
    if (m >= n) {
      table_.transpose(m, n, a, columns, false);
    } else {
      std::copy(a, a + m * n, columns);
      if constexpr (Parts<S>::complex) {
        for (std::int64_t i = 0; i < m * n; ++i) columns[i].im = -columns[i].im;
      }
    }
    S* rest = others + least * least;
    if (!table_.singular(most, least, count, m < n, columns, s, vectors, others, rest, room)) {
      fill_nan(least, s);
      fill_nan(u_size, u);
      return fill_nan(v_size, v);
    }
    table_.transpose(count, most, vectors, m >= n ? u : v, false);
    table_.transpose(least, least, others, m >= n ? v : u, false);
  }

  LinalgSpec spec_;
  const LinalgTable<S, R>& table_;
  int most_threads_;
  std::uint64_t element_bytes_ = 0, product_bytes_ = 0;
};

// Few and short: on one thread.
class Exchanges final : public Kernel {
 public:
  Exchanges(bool wide, std::int64_t count, std::int64_t k, std::int64_t size)
      : wide_(wide), count_(count), k_(k), size_(size) {
    buffers = 2;
    description = "exchanges";
    nanoseconds = 20 + 2.0 * static_cast<double>(count * (size + k));
  }

  void run(void* const* given, const ms_host_stream&) const override {
    auto* order = static_cast<std::int64_t*>(given[1]);
    for (std::int64_t c = 0; c < count_; ++c, order += size_) {
      for (std::int64_t i = 0; i < size_; ++i) order[i] = i;
      for (std::int64_t i = 0; i < k_; ++i) {
        const std::int64_t at = c * k_ + i;
        const std::int64_t place = wide_ ? static_cast<const std::int64_t*>(given[0])[at]
                                         : static_cast<const std::int32_t*>(given[0])[at];
        std::swap(order[i], order[std::clamp<std::int64_t>(place, 0, size_ - 1)]);
      }
    }
  }

 private:
  bool wide_;
  std::int64_t count_, k_, size_;
};

}  // namespace

std::unique_ptr<Kernel> make_exchanges(Element index, std::int64_t count, std::int64_t k, std::int64_t size) {
  return std::make_unique<Exchanges>(index == Element::i64, count, k, size);
}

void subtract_product(Element element, const Room& room, std::int64_t m, std::int64_t n, std::int64_t k, MatrixView a,
                      MatrixView b, void* c, std::int64_t ldc) {
  const Gemm problem{element, m, n, k, a, b, c, ldc, nullptr, false, true};
  const double multiplications = static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  const std::int64_t panel = gemm_panel_columns(element), panels = (n + panel - 1) / panel;
  const bool by_columns = panels >= 2 * room.threads;
  const std::int64_t units = by_columns ? panels : (m + 7) / 8;
  const int worth = threads_for(multiplications / gemm_rate(element));
  const int wanted = std::min({room.threads, worth, static_cast<int>(units)});
  if (wanted <= 1) return gemm(problem, {0, m, 0, n}, room.products);
  parallel(wanted, [&](int thread, int count) {
    const Range range = part(units, thread, count);
    GemmBlock block{0, m, 0, n};
    if (by_columns) {
      block.col_begin = range.begin * panel;
      block.col_end = std::min(n, range.end * panel);
    } else {
      block.row_begin = range.begin * 8;
      block.row_end = std::min(m, range.end * 8);
    }
    gemm(problem, block, room.products + room.product_bytes * static_cast<std::uint64_t>(thread));
  });
}

const LinalgTables& linalg_tables() { return MS_ISA_TABLE(linalg); }

std::unique_ptr<Kernel> make_linalg(const LinalgSpec& spec) {
  if (spec.complex) {
    if (spec.part == Element::f32) return std::make_unique<LinalgKernel<Cx<float>>>(spec);
    return std::make_unique<LinalgKernel<Cx<double>>>(spec);
  }
  if (spec.part == Element::f32) return std::make_unique<LinalgKernel<float>>(spec);
  return std::make_unique<LinalgKernel<double>>(spec);
}

}  // namespace mindspore::cpu
