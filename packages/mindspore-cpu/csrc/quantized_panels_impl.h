// The products of quantized.h for many rows, and what the dispatcher calls; included after quantized_impl.h.

// -- many rows: panels of columns -------------------------------------------------------------------------------------

// Eight rows of eight bytes each, `row` bytes apart, as eight columns of eight bytes: to[q] holds byte q of all rows.
inline void turn_bytes(const std::int8_t* from, std::int64_t row, std::int8_t (*to)[8]) {
#if defined(__SSE2__)
  __m128i r[8];
#pragma GCC unroll 8
  for (int i = 0; i < 8; ++i) r[i] = _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from + i * row));
  const __m128i t0 = _mm_unpacklo_epi8(r[0], r[1]), t1 = _mm_unpacklo_epi8(r[2], r[3]);
  const __m128i t2 = _mm_unpacklo_epi8(r[4], r[5]), t3 = _mm_unpacklo_epi8(r[6], r[7]);
  const __m128i u0 = _mm_unpacklo_epi16(t0, t1), u1 = _mm_unpackhi_epi16(t0, t1);
  const __m128i u2 = _mm_unpacklo_epi16(t2, t3), u3 = _mm_unpackhi_epi16(t2, t3);
  __m128i* out = reinterpret_cast<__m128i*>(to);
  _mm_store_si128(out, _mm_unpacklo_epi32(u0, u2));
  _mm_store_si128(out + 1, _mm_unpackhi_epi32(u0, u2));
  _mm_store_si128(out + 2, _mm_unpacklo_epi32(u1, u3));
  _mm_store_si128(out + 3, _mm_unpackhi_epi32(u1, u3));
#else
  for (int i = 0; i < 8; ++i) {
    for (int s = 0; s < 8; ++s) to[s][i] = from[i * row + s];
  }
#endif
}

// Bytes [depth, depth + count) of columns [column, column + columns) as bytes [count, width], zeros beyond the columns.
inline void gather_bytes(const std::int8_t* w, std::int64_t k, std::int64_t n, bool transposed, std::int64_t depth,
                         std::int64_t count, std::int64_t column, std::int64_t columns, std::int8_t* to) {
  if (columns < width) std::memset(to, 0, static_cast<std::size_t>(count * width));
  if (!transposed) {
    for (std::int64_t q = 0; q < count; ++q) {
      std::memcpy(to + q * width, w + (depth + q) * n + column, static_cast<std::size_t>(columns));
    }
    return;
  }
  std::int64_t j = 0;
  for (; j + 8 <= columns; j += 8) {
    const std::int8_t* from = w + (column + j) * k + depth;
    std::int64_t q = 0;
    for (; q + 8 <= count; q += 8) {
      alignas(16) std::int8_t turned[8][8];
      turn_bytes(from + q, k, turned);
#pragma GCC unroll 8
      for (int s = 0; s < 8; ++s) std::memcpy(to + (q + s) * width + j, turned[s], 8);
    }
    for (; q < count; ++q) {
      for (std::int64_t s = 0; s < 8; ++s) to[q * width + j + s] = from[s * k + q];
    }
  }
  for (; j < columns; ++j) {
    for (std::int64_t q = 0; q < count; ++q) to[q * width + j] = w[(column + j) * k + depth + q];
  }
}

// What one thread needs for panels.
struct Room {
  std::int8_t* bytes;   // [panel_depth, width]
  void* panel;          // floats [panel_depth, width], or pairs of int16
  void* results;        // [strip_rows, width]
  float* scale;         // of a group, [width], and offset
  float* offset;

  std::size_t lay_out(void* memory) {
    Pieces pieces{static_cast<char*>(memory)};
    bytes = pieces.take<std::int8_t>(panel_depth * width);
    panel = pieces.take<float>(panel_depth * width);
    results = pieces.take<float>(strip_rows * width);
    scale = pieces.take<float>(width);
    offset = pieces.take<float>(width);
    return pieces.used;
  }
};

// A panel of (w + offset) * scale as floats [count, width].
void unpack_weights(const WeightProblem& p, std::int64_t depth, std::int64_t count, std::int64_t column,
                    std::int64_t columns, const Room& room) {
  gather_bytes(p.w, p.k, p.n, p.transposed, depth, count, column, columns, room.bytes);
  float* to = static_cast<float*>(room.panel);
  for (std::int64_t q = 0; q < count;) {
    const std::int64_t g = (depth + q) / p.group;
    const std::int64_t end = std::min(count, (g + 1) * p.group - depth);
    for (std::int64_t j = 0; j < width; ++j) {
      const std::int64_t at = parameter(p, g, column + std::min(j, columns - 1));
      room.scale[j] = j < columns ? p.scale[at] : 0;
      room.offset[j] = j < columns && p.offset != nullptr ? p.offset[at] : 0;
    }
    for (; q < end; ++q) {
#pragma GCC unroll 4
      for (int v = 0; v < Simd::columns; ++v) {
        const std::int64_t at = q * width + v * lanes;
        const F value = Simd::add(Simd::floats(room.bytes + at), Simd::load(room.offset + v * lanes));
        Simd::store(to + at, Simd::mul(value, Simd::load(room.scale + v * lanes)));
      }
    }
  }
}

// MR rows of x, k apart, times a panel; added to [MR, width] sums unless they are the first.
template <int MR>
__attribute__((noinline)) void weight_tile(const float* x, std::int64_t row, std::int64_t count, const float* panel,
                                           bool first, float* sums) {
  F sum[MR][Simd::columns];
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) sum[i][v] = first ? Simd::none() : Simd::load(sums + i * width + v * lanes);
  }
  for (std::int64_t q = 0; q < count; ++q, panel += width) {
    F line[Simd::columns];
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) line[v] = Simd::load(panel + v * lanes);
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) {
      const F factor = Simd::all(x[i * row + q]);
#pragma GCC unroll 4
      for (int v = 0; v < Simd::columns; ++v) sum[i][v] = Simd::add(sum[i][v], Simd::mul(factor, line[v]));
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) Simd::store(sums + i * width + v * lanes, sum[i][v]);
  }
}

// A panel of pairs of int16, [count / 2, width]; an odd last row gets a neighbour of zeros.
void unpack_int8(const Int8Problem& p, std::int64_t depth, std::int64_t count, std::int64_t column, std::int64_t columns,
                 const Room& room) {
  gather_bytes(p.b, p.k, p.n, p.transposed, depth, count, column, columns, room.bytes);
  std::int32_t* to = static_cast<std::int32_t*>(room.panel);
  for (std::int64_t q = 0; q < count; q += 2) {
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) {
      const std::int8_t* line = room.bytes + q * width + v * lanes;
      Simd::store(to + q / 2 * width + v * lanes, Simd::interleaved(line, q + 1 < count ? line + width : line));
    }
  }
}

template <int MR>
__attribute__((noinline)) void int8_tile(const std::int16_t* a, std::int64_t row, std::int64_t count,
                                         const std::int32_t* panel, bool first, std::int32_t* sums) {
  I sum[MR][Simd::columns];
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) sum[i][v] = first ? Simd::zero() : Simd::load(sums + i * width + v * lanes);
  }
  for (std::int64_t q = 0; q < count; q += 2, panel += width) {
    I line[Simd::columns];
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) line[v] = Simd::load(panel + v * lanes);
#pragma GCC unroll 8
    for (int i = 0; i < MR; ++i) {
      const I factor = Simd::all(pair_at(a + i * row + q));
#pragma GCC unroll 4
      for (int v = 0; v < Simd::columns; ++v) sum[i][v] = Simd::dot(sum[i][v], factor, line[v]);
    }
  }
#pragma GCC unroll 8
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 4
    for (int v = 0; v < Simd::columns; ++v) Simd::store(sums + i * width + v * lanes, sum[i][v]);
  }
}

// All columns by panels. unpack(depth, count, column, columns); tile(row, height, depth, count, first, sums).
template <class T, class Problem, class Unpack, class Tile>
void panels(const Problem& p, std::int64_t begin, std::int64_t end, const Room& room, Unpack unpack, Tile tile) {
  T* results = static_cast<T*>(room.results);
  for (std::int64_t strip = 0; strip < p.m; strip += strip_rows) {
    const std::int64_t rows = std::min(strip_rows, p.m - strip);
    for (std::int64_t column = begin; column < end; column += width) {
      const std::int64_t columns = std::min(width, end - column);
      std::int64_t depth = 0;
      do {
        const std::int64_t count = std::min(panel_depth, p.k - depth);
        unpack(depth, count, column, columns);
        by_rows<Simd::rows, 4, 2, 1>(0, rows, [&](std::int64_t row, auto height) {
          tile(strip + row, height, depth, count, depth == 0, results + row * width);
        });
        depth += count;
      } while (depth < p.k);
      finish_rows(p, results, width, strip, rows, column, columns);
    }
  }
}

void weights_entry(const WeightProblem& p, std::int64_t begin, std::int64_t end, void* scratch) {
  if (p.transposed && p.m <= most_dot_rows) return weight_columns(p, begin, end);
  if (!p.transposed && p.m <= most_streamed_rows) return weight_streams(p, begin, end, static_cast<float*>(scratch));
  Room room;
  room.lay_out(scratch);
  panels<float>(
      p, begin, end, room,
      [&](std::int64_t depth, std::int64_t count, std::int64_t column, std::int64_t columns) {
        unpack_weights(p, depth, count, column, columns, room);
      },
      [&](std::int64_t row, auto height, std::int64_t depth, std::int64_t count, bool first, float* sums) {
        weight_tile<decltype(height)::value>(p.x + row * p.k + depth, p.k, count, static_cast<const float*>(room.panel),
                                             first, sums);
      });
}

void int8_entry(const Int8Problem& p, std::int64_t begin, std::int64_t end, void* scratch) {
  if (p.transposed && p.m <= most_streamed_rows) return int8_columns(p, begin, end);
  if (!p.transposed && p.m <= most_streamed_rows) return int8_streams(p, begin, end, static_cast<std::int32_t*>(scratch));
  Room room;
  room.lay_out(scratch);
  panels<std::int32_t>(
      p, begin, end, room,
      [&](std::int64_t depth, std::int64_t count, std::int64_t column, std::int64_t columns) {
        unpack_int8(p, depth, count, column, columns, room);
      },
      [&](std::int64_t row, auto height, std::int64_t depth, std::int64_t count, bool first, std::int32_t* sums) {
        int8_tile<decltype(height)::value>(p.a + row * p.stride + depth, p.stride, count,
                                           static_cast<const std::int32_t*>(room.panel), first, sums);
      });
}

template <class Problem>
std::size_t scratch_entry(const Problem& p) {
  if (p.m <= most_streamed_rows) return static_cast<std::size_t>(p.transposed ? 0 : p.m * p.n) * sizeof(float);
  Room room;
  return room.lay_out(nullptr);
}

// Rows of floats, written so that a compiler makes vectors of them.
template <bool HAS_BIAS, bool RELU>
void scale_floats(const Int8Problem& p, const std::int32_t* sums, std::int64_t begin, std::int64_t end) {
  for (std::int64_t i = begin; i < end; ++i) {
    const std::int32_t* from = sums + i * p.n;
    float* to = static_cast<float*>(p.y) + i * p.n;
    const float row = p.rows[i];
    for (std::int64_t j = 0; j < p.n; ++j) {
      float value = static_cast<float>(from[j]) * p.columns[j] * row;
      if (HAS_BIAS) value += p.bias[j];
      to[j] = RELU && value < 0 ? 0 : value;
    }
  }
}

void scale_entry(const Int8Problem& p, const std::int32_t* sums, std::int64_t begin, std::int64_t end) {
  if (p.element != Element::f32) return finish_rows(p, sums + begin * p.n, p.n, begin, end - begin, 0, p.n);
  const auto chosen = p.bias != nullptr ? (p.relu ? scale_floats<true, true> : scale_floats<true, false>)
                                        : (p.relu ? scale_floats<false, true> : scale_floats<false, false>);
  chosen(p, sums, begin, end);
}

void widen_entry(const std::int8_t* from, std::int64_t count, std::int16_t* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = from[i];
}
