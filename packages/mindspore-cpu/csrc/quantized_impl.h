// The products of quantized.h, as templates over vectors of `lanes` 32-bit numbers. Included once per instruction set,
// inside a namespace of its own, after `Simd`, which has
//
//   F, I              vectors of float and of int32
//   floats(p)         `lanes` bytes as floats;  pairs(p): 2 `lanes` bytes as int16
//   interleaved(p, q) `lanes` bytes of p and of q as int16: p0 q0 p1 q1 ...
//   dot(sum, a, b)    sum + the sums of two neighbouring products of int16, wrapping around
//   columns           vectors in the widest register tile;  rows: its height
//
// and loads, stores and arithmetic by their names.

using F = Simd::F;
using I = Simd::I;
constexpr std::int64_t lanes = Simd::lanes;
constexpr std::int64_t most_dot_rows = 48;      // of x that meet a transposed matrix without unpacking it
constexpr std::int64_t most_streamed_rows = 8;  // of int8, and of what meets a matrix that is not transposed
constexpr std::int64_t streams = 8;       // rows of an untransposed matrix that are read together
constexpr std::int64_t panel_depth = 256; // rows of a panel, which need be no whole groups
constexpr std::int64_t strip_rows = 240;
constexpr std::int64_t width = Simd::columns * lanes;

// Scratch memory piece by piece; with a null pointer it only counts.
struct Pieces {
  char* memory;
  std::size_t used = 0;

  template <class T>
  T* take(std::int64_t count) {
    char* place = memory + used;
    used += round_up(static_cast<std::uint64_t>(count) * sizeof(T), 64);
    return reinterpret_cast<T*>(place);
  }
};

// Rows row, row + MR, ... of heights HEIGHTS, highest first.
template <int... HEIGHTS, class Body>
void by_rows(std::int64_t row, std::int64_t end, Body body) {
  const auto all = [&](auto height) {
    for (; end - row >= decltype(height)::value; row += decltype(height)::value) body(row, height);
  };
  (all(std::integral_constant<int, HEIGHTS>{}), ...);
}

// -- the way out -----------------------------------------------------------------------------------------------------

inline void put(Element element, void* y, std::int64_t place, float value) {
  switch (element) {
    case Element::f32: static_cast<float*>(y)[place] = value; break;
    case Element::f16: static_cast<Half*>(y)[place] = narrow_to_half(value); break;
    default: static_cast<Bfloat*>(y)[place] = narrow_to_bfloat(value);
  }
}

inline void finish(const WeightProblem& p, std::int64_t row, std::int64_t column, float value) {
  if (p.bias != nullptr) value += p.bias[column];
  if (p.relu && value < 0) value = 0;
  put(p.element, p.y, row * p.n + column, value);
}

inline void finish(const Int8Problem& p, std::int64_t row, std::int64_t column, std::int32_t sum) {
  const std::int64_t place = row * p.n + column;
  if (p.rows == nullptr) {
    static_cast<std::int32_t*>(p.y)[place] = sum;
    return;
  }
  float value = static_cast<float>(sum) * p.columns[column] * p.rows[row];
  if (p.bias != nullptr) value += p.bias[column];
  if (p.relu && value < 0) value = 0;
  put(p.element, p.y, place, value);
}

// Sums in a buffer [rows, pitch] to columns [column, column + count).
template <class Problem, class T>
void finish_rows(const Problem& p, const T* sums, std::int64_t pitch, std::int64_t row, std::int64_t rows,
                 std::int64_t column, std::int64_t count) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < count; ++j) finish(p, row + i, column + j, sums[i * pitch + j]);
  }
}

inline std::int64_t parameter(const WeightProblem& p, std::int64_t group, std::int64_t column) {
  return p.transposed ? column * p.groups + group : group * p.n + column;
}

// What the offsets of a column add to its product with a row.
inline float shift(const WeightProblem& p, std::int64_t row, std::int64_t column) {
  float total = 0;
  for (std::int64_t g = 0; g < p.groups; ++g) {
    const std::int64_t at = parameter(p, g, column);
    total += p.scale[at] * p.offset[at] * p.sums[row * p.groups + g];
  }
  return total;
}

// -- few rows, the matrix transposed: sums of products of vectors along k ---------------------------------------------

// U vectors of each column are under way at once, so that enough sums hide the latency of an addition.
template <int MR, int NC, int U>
__attribute__((noinline)) void weight_dots(const WeightProblem& p, std::int64_t row, std::int64_t column) {
  const float* x = p.x + row * p.k;
  const std::int8_t* w = p.w + column * p.k;
  F whole[MR][NC];
  float rest[MR][NC] = {};
  for (int i = 0; i < MR; ++i) {
    for (int j = 0; j < NC; ++j) whole[i][j] = Simd::none();
  }
  for (std::int64_t g = 0; g < p.groups; ++g) {
    const std::int64_t end = std::min(p.k, (g + 1) * p.group);
    std::int64_t at = g * p.group;
    F sum[U][MR][NC];
#pragma GCC unroll 4
    for (int u = 0; u < U; ++u) {
#pragma GCC unroll 4
      for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
        for (int j = 0; j < NC; ++j) sum[u][i][j] = Simd::none();
      }
    }
    const auto step = [&](auto unrolled) {
      constexpr int count = decltype(unrolled)::value;
      for (; at + count * lanes <= end; at += count * lanes) {
#pragma GCC unroll 4
        for (int u = 0; u < count; ++u) {
#pragma GCC unroll 4
          for (int j = 0; j < NC; ++j) {
            const F line = Simd::floats(w + j * p.k + at + u * lanes);
#pragma GCC unroll 4
            for (int i = 0; i < MR; ++i) {
              sum[u][i][j] = Simd::add(sum[u][i][j], Simd::mul(Simd::load(x + i * p.k + at + u * lanes), line));
            }
          }
        }
      }
    };
    step(std::integral_constant<int, U>{});
    if constexpr (U > 1) step(std::integral_constant<int, 1>{});
#pragma GCC unroll 4
    for (int j = 0; j < NC; ++j) {
      const float scale = p.scale[parameter(p, g, column + j)];
#pragma GCC unroll 4
      for (int i = 0; i < MR; ++i) {
        F part = sum[0][i][j];
#pragma GCC unroll 4
        for (int u = 1; u < U; ++u) part = Simd::add(part, sum[u][i][j]);
        whole[i][j] = Simd::add(whole[i][j], Simd::mul(part, Simd::all(scale)));
        float few = 0;
        for (std::int64_t q = at; q < end; ++q) few += x[i * p.k + q] * static_cast<float>(w[j * p.k + q]);
        rest[i][j] += few * scale;
      }
    }
  }
  for (int i = 0; i < MR; ++i) {
    for (int j = 0; j < NC; ++j) {
      float value = Simd::total(whole[i][j]) + rest[i][j];
      if (p.offset != nullptr) value += shift(p, row + i, column + j);
      finish(p, row + i, column + j, value);
    }
  }
}

template <int MR, int NC, int U>
__attribute__((noinline)) void int8_dots(const Int8Problem& p, std::int64_t row, std::int64_t column) {
  const std::int16_t* a = p.a + row * p.stride;
  const std::int8_t* b = p.b + column * p.k;
  I sum[U][MR][NC];
#pragma GCC unroll 4
  for (int u = 0; u < U; ++u) {
#pragma GCC unroll 4
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
      for (int j = 0; j < NC; ++j) sum[u][i][j] = Simd::zero();
    }
  }
  std::int64_t at = 0;
  const auto step = [&](auto unrolled) {
    constexpr int count = decltype(unrolled)::value;
    for (; at + count * 2 * lanes <= p.k; at += count * 2 * lanes) {
#pragma GCC unroll 4
      for (int u = 0; u < count; ++u) {
#pragma GCC unroll 4
        for (int j = 0; j < NC; ++j) {
          const I line = Simd::pairs(b + j * p.k + at + u * 2 * lanes);
#pragma GCC unroll 4
          for (int i = 0; i < MR; ++i) {
            sum[u][i][j] = Simd::dot(sum[u][i][j], Simd::load(a + i * p.stride + at + u * 2 * lanes), line);
          }
        }
      }
    }
  };
  step(std::integral_constant<int, U>{});
  if constexpr (U > 1) step(std::integral_constant<int, 1>{});
  for (int i = 0; i < MR; ++i) {
    for (int j = 0; j < NC; ++j) {
      I all = sum[0][i][j];
      for (int u = 1; u < U; ++u) all = Simd::add(all, sum[u][i][j]);
      std::uint32_t total = static_cast<std::uint32_t>(Simd::total(all));
      for (std::int64_t q = at; q < p.k; ++q) total += static_cast<std::uint32_t>(a[i * p.stride + q] * b[j * p.k + q]);
      finish(p, row + i, column + j, static_cast<std::int32_t>(total));
    }
  }
}

// All rows meet a few columns before the next columns come, so that those are read once.
void weight_columns(const WeightProblem& p, std::int64_t begin, std::int64_t end) {
  std::int64_t column = begin;
  for (; column + 4 <= end; column += 4) {
    by_rows<4, 2, 1>(0, p.m, [&](std::int64_t row, auto height) {
      constexpr int MR = decltype(height)::value;
      if constexpr (MR == 4) {
        weight_dots<4, 2, 1>(p, row, column);
        weight_dots<4, 2, 1>(p, row, column + 2);
      } else {
        weight_dots<MR, 4, MR == 1 ? 2 : 1>(p, row, column);
      }
    });
  }
  for (; column < end; ++column) {
    by_rows<4, 1>(0, p.m, [&](std::int64_t row, auto height) {
      weight_dots<decltype(height)::value, 1, 1>(p, row, column);
    });
  }
}

void int8_columns(const Int8Problem& p, std::int64_t begin, std::int64_t end) {
  std::int64_t column = begin;
  for (; column + 4 <= end; column += 4) {
    by_rows<4, 2, 1>(0, p.m, [&](std::int64_t row, auto height) {
      constexpr int MR = decltype(height)::value;
      if constexpr (MR == 4) {
        int8_dots<4, 2, 1>(p, row, column);
        int8_dots<4, 2, 1>(p, row, column + 2);
      } else {
        int8_dots<MR, 4, MR == 1 ? 2 : 1>(p, row, column);
      }
    });
  }
  for (; column < end; ++column) {
    by_rows<4, 1>(0, p.m, [&](std::int64_t row, auto height) {
      int8_dots<decltype(height)::value, 1, 1>(p, row, column);
    });
  }
}

// -- few rows, the matrix not transposed: its rows are added to sums that stay in the cache ----------------------------

// `count` rows of the matrix from `depth` on, of one group, times MR rows of x from `row` on; sums: [MR, columns].
template <int MR>
__attribute__((noinline)) void stream_weights(const WeightProblem& p, std::int64_t row, std::int64_t depth,
                                              std::int64_t count, std::int64_t begin, std::int64_t end, float* sums) {
  const float* x = p.x + row * p.k + depth;
  const std::int8_t* w = p.w + depth * p.n;
  const float* scale = p.groups > 1 ? p.scale + depth / p.group * p.n : nullptr;
  const std::int64_t columns = end - begin;
  std::int64_t j = begin;
  const auto vectors = [&](auto known) {
    for (; j + lanes <= end; j += lanes) {
      F part[MR];
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) part[i] = Simd::none();
      const std::int64_t limit = decltype(known)::value != 0 ? decltype(known)::value : count;
#pragma GCC unroll 8
      for (std::int64_t r = 0; r < limit; ++r) {
        const F line = Simd::floats(w + r * p.n + j);
#pragma GCC unroll 8
        for (int i = 0; i < MR; ++i) part[i] = Simd::add(part[i], Simd::mul(Simd::all(x[i * p.k + r]), line));
      }
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) {
        if (scale != nullptr) part[i] = Simd::mul(part[i], Simd::load(scale + j));
        float* to = sums + i * columns + j - begin;
        Simd::store(to, Simd::add(Simd::load(to), part[i]));
      }
    }
  };
  if (count == streams) {
    vectors(std::integral_constant<std::int64_t, streams>{});
  } else {
    vectors(std::integral_constant<std::int64_t, 0>{});
  }
  for (; j < end; ++j) {
    for (int i = 0; i < MR; ++i) {
      float part = 0;
      for (std::int64_t r = 0; r < count; ++r) part += x[i * p.k + r] * static_cast<float>(w[r * p.n + j]);
      sums[i * columns + j - begin] += scale != nullptr ? part * scale[j] : part;
    }
  }
}

void weight_streams(const WeightProblem& p, std::int64_t begin, std::int64_t end, float* sums) {
  const std::int64_t columns = end - begin;
  std::fill_n(sums, p.m * columns, 0.0f);
  for (std::int64_t depth = 0; depth < p.k;) {
    const std::int64_t group_end = std::min(p.k, (depth / p.group + 1) * p.group);
    const std::int64_t count = std::min(streams, group_end - depth);
    by_rows<8, 4, 2, 1>(0, p.m, [&](std::int64_t row, auto height) {
      stream_weights<decltype(height)::value>(p, row, depth, count, begin, end, sums + row * columns);
    });
    depth += count;
  }
  for (std::int64_t i = 0; i < p.m; ++i) {
    for (std::int64_t j = 0; j < columns; ++j) {
      float value = sums[i * columns + j];
      if (p.groups == 1) value *= p.scale[begin + j];
      if (p.offset != nullptr) value += shift(p, i, begin + j);
      finish(p, i, begin + j, value);
    }
  }
}

// The int16 at a[at] and a[at + 1] as one number.
inline std::int32_t pair_at(const std::int16_t* a) {
  std::int32_t both;
  std::memcpy(&both, a, sizeof both);
  return both;
}

template <int MR>
__attribute__((noinline)) void stream_int8(const Int8Problem& p, std::int64_t row, std::int64_t depth,
                                           std::int64_t count, std::int64_t begin, std::int64_t end,
                                           std::int32_t* sums) {
  const std::int16_t* a = p.a + row * p.stride + depth;
  const std::int8_t* b = p.b + depth * p.n;
  const std::int64_t columns = end - begin;
  std::int64_t j = begin;
  for (; j + lanes <= end; j += lanes) {
    I part[MR];
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) part[i] = Simd::load(sums + i * columns + j - begin);
    for (std::int64_t r = 0; r < count; r += 2) {  // where the last row has no neighbour, its factor is 0
      const std::int8_t* first = b + r * p.n + j;
      const I line = Simd::interleaved(first, r + 1 < count ? first + p.n : first);
#pragma GCC unroll 8
      for (int i = 0; i < MR; ++i) part[i] = Simd::dot(part[i], Simd::all(pair_at(a + i * p.stride + r)), line);
    }
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) Simd::store(sums + i * columns + j - begin, part[i]);
  }
  for (; j < end; ++j) {
    for (int i = 0; i < MR; ++i) {
      std::uint32_t part = 0;
      for (std::int64_t r = 0; r < count; ++r) part += static_cast<std::uint32_t>(a[i * p.stride + r] * b[r * p.n + j]);
      std::int32_t& to = sums[i * columns + j - begin];
      to = static_cast<std::int32_t>(static_cast<std::uint32_t>(to) + part);
    }
  }
}

void int8_streams(const Int8Problem& p, std::int64_t begin, std::int64_t end, std::int32_t* sums) {
  const std::int64_t columns = end - begin;
  std::fill_n(sums, p.m * columns, 0);
  for (std::int64_t depth = 0; depth < p.k; depth += streams) {
    by_rows<8, 4, 2, 1>(0, p.m, [&](std::int64_t row, auto height) {
      stream_int8<decltype(height)::value>(p, row, depth, std::min(streams, p.k - depth), begin, end, sums + row * columns);
    });
  }
  finish_rows(p, sums, columns, 0, p.m, begin, columns);
}
