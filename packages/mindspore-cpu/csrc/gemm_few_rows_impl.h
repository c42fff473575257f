// Products of few rows of A: each element of B is used too few times to pay for packing it. Part of gemm_impl.h.

// Up to `few_rows` rows of A against columns of B that are contiguous: sums of products of vectors along k. a: the
// rows [row, row + MR) of A, `a_row` apart.
template <class S, class T, int MR, int NC>
void dot_tile(const Gemm& problem, const T* a, std::int64_t a_row, std::int64_t row, std::int64_t col) {
  using V = typename Vec<T>::type;
  constexpr std::int64_t lanes = Vec<T>::lanes;
  const S* b = static_cast<const S*>(problem.b.data) + col * problem.b.col;
  V sum[MR][NC];
#pragma GCC unroll 4
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int j = 0; j < NC; ++j) sum[i][j] = V{};
  }
  std::int64_t p = 0;
  for (; p + lanes <= problem.k; p += lanes) {
#pragma GCC unroll 4
    for (int j = 0; j < NC; ++j) {
      const V line = load_wide<T>(b + j * problem.b.col + p);
#pragma GCC unroll 4
      for (int i = 0; i < MR; ++i) sum[i][j] += load<T>(a + i * a_row + p) * line;
    }
  }
  for (int i = 0; i < MR; ++i) {
    for (int j = 0; j < NC; ++j) {
      T total{};
      for (std::int64_t l = 0; l < lanes; ++l) total += sum[i][j][l];
      for (std::int64_t q = p; q < problem.k; ++q) total += a[i * a_row + q] * wide(b[j * problem.b.col + q]);
      if (problem.bias != nullptr) total += wide(static_cast<const S*>(problem.bias)[col + j]);
      if (problem.relu && total < T{}) total = T{};
      S& place = static_cast<S*>(problem.c)[(row + i) * problem.ldc + col + j];
      if constexpr (converts<S, T>) {
        place = narrow<S>(total);
      } else {
        place = problem.subtract ? place - total : total;
      }
    }
  }
}

// widened: memory for the rows of A where they are stored in half precision.
template <class S, class T>
void run_dots(const Gemm& problem, const GemmBlock& block, [[maybe_unused]] T* widened) {
  auto columns = [&](std::int64_t row, auto height) {
    constexpr int MR = decltype(height)::value;
    const S* given = static_cast<const S*>(problem.a.data) + row * problem.a.row;
    const T* a;
    std::int64_t a_row = problem.a.row;
    if constexpr (converts<S, T>) {
      a = widened;
      a_row = problem.k;
      for (std::int64_t i = 0; i < MR; ++i) {
        for (std::int64_t p = 0; p < problem.k; ++p) widened[i * a_row + p] = wide(given[i * problem.a.row + p]);
      }
    } else {
      a = given;
    }
    std::int64_t col = block.col_begin;
    for (; col + 4 <= block.col_end; col += 4) dot_tile<S, T, MR, 4>(problem, a, a_row, row, col);
    for (; col < block.col_end; ++col) dot_tile<S, T, MR, 1>(problem, a, a_row, row, col);
  };
  std::int64_t row = block.row_begin;
  for (; row + 4 <= block.row_end; row += 4) columns(row, std::integral_constant<int, 4>{});
  for (; row + 2 <= block.row_end; row += 2) columns(row, std::integral_constant<int, 2>{});
  if (row < block.row_end) columns(row, std::integral_constant<int, 1>{});
}

// Up to `few_rows` rows of A against rows of B in half precision: several rows of B at a time are added to the sums, so
// that B is read in the order in which it lies in memory.
template <class S, class T>
void run_streamed(const Gemm& problem, const GemmBlock& block, const Workspace<T>& space) {
  constexpr std::int64_t lanes = Vec<T>::lanes;
  const std::int64_t rows = block.row_end - block.row_begin, k = problem.k;
  const S* a = static_cast<const S*>(problem.a.data) + block.row_begin * problem.a.row;
  T* factors = space.strip;  // [p][row]
  for (std::int64_t p = 0; p < k; ++p) {
    for (std::int64_t i = 0; i < rows; ++i) factors[p * rows + i] = wide(a[i * problem.a.row + p * problem.a.col]);
  }
  for (std::int64_t first = block.col_begin; first < block.col_end; first += streamed_columns) {
    const std::int64_t columns = std::min(streamed_columns, block.col_end - first);
    const S* b = static_cast<const S*>(problem.b.data) + first;
    std::fill(space.results, space.results + rows * columns, T{});
    auto add = [&](std::int64_t p, auto several) {
      constexpr int count = decltype(several)::value;
      std::int64_t j = 0;
      for (; j + lanes <= columns; j += lanes) {
        typename Vec<T>::type lines[count];
#pragma GCC unroll 8
        for (int q = 0; q < count; ++q) lines[q] = load_wide<T>(b + (p + q) * problem.b.row + j);
        for (std::int64_t i = 0; i < rows; ++i) {
          T* sums = space.results + i * columns + j;
          typename Vec<T>::type sum = load<T>(sums);
#pragma GCC unroll 8
          for (int q = 0; q < count; ++q) sum += factors[(p + q) * rows + i] * lines[q];
          store<T>(sums, sum);
        }
      }
      for (; j < columns; ++j) {
        for (int q = 0; q < count; ++q) {
          for (std::int64_t i = 0; i < rows; ++i) {
            space.results[i * columns + j] += factors[(p + q) * rows + i] * wide(b[(p + q) * problem.b.row + j]);
          }
        }
      }
    };
    std::int64_t p = 0;
    for (; p + streamed_rows <= k; p += streamed_rows) add(p, std::integral_constant<int, streamed_rows>{});
    for (; p < k; ++p) add(p, std::integral_constant<int, 1>{});
    for (std::int64_t i = 0; i < rows; ++i) {
      S* c = static_cast<S*>(problem.c) + (block.row_begin + i) * problem.ldc + first;
      for (std::int64_t j = 0; j < columns; ++j) {
        T total = space.results[i * columns + j];
        if (problem.bias != nullptr) total += wide(static_cast<const S*>(problem.bias)[first + j]);
        if (problem.relu && total < T{}) total = T{};
        c[j] = narrow<S>(total);
      }
    }
  }
}
