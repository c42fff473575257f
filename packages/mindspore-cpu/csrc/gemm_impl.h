// The matrix product of gemm.h, as templates over the vector width. Included once per instruction set, with
//
//   VECTOR_BYTES   bytes of a vector register
//   TILE_VECTORS   width of the widest register tile, in vectors (a power of two)
//   TILE_ROWS      height of the widest register tile; narrower tiles have up to 8 rows
//   TRANSPOSE_PANEL (optional) a fast `pack_b` for float panels whose columns are contiguous
//   WIDEN_HALVES   (optional) a function from the place of halves to a vector of floats
//
// defined, inside a namespace of its own.

// A vector of T in a register, and one in memory at any address.
template <class T>
struct Vec {
  typedef T type __attribute__((vector_size(VECTOR_BYTES)));
  typedef T loose __attribute__((vector_size(VECTOR_BYTES), aligned(1), may_alias));
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

// A vector of T from numbers that are stored as T or in half precision.
template <class T, class S>
inline __attribute__((always_inline)) typename Vec<T>::type load_wide(const S* from) {
#ifdef WIDEN_HALVES
  if constexpr (std::is_same_v<S, Half>) return WIDEN_HALVES(from);
#endif
  if constexpr (std::is_same_v<S, T>) {
    return load<T>(from);
  } else {
    return widened<VECTOR_BYTES / 4>(from);
  }
}

template <class S>
constexpr bool is_half = std::is_same_v<S, Half> || std::is_same_v<S, Bfloat>;

template <class T>
constexpr std::size_t panel_columns() {
  return TILE_VECTORS * Vec<T>::lanes;
}

constexpr std::int64_t block_depth = 256;  // rows of a packed panel of B, where C can hold partial sums
constexpr std::int64_t block_rows = 240;   // rows of A between two packings of a panel
constexpr std::int64_t rows_worth_packing = 4 * TILE_ROWS;
constexpr std::int64_t bytes_worth_packing = 1 << 17;   // of A, where its rows are not contiguous, or
constexpr std::int64_t columns_worth_packing = 512;     // where there are this many columns of B
constexpr std::int64_t few_rows = 4;                       // of A: each element of B is used too few times to be packed
constexpr std::int64_t streamed_columns = 2048;            // of C, whose sums stay in the first-level cache
constexpr int streamed_rows = 8;                           // of B, read side by side

// Where a register tile goes, and what is done to it on the way.
template <class T>
struct Target {
  T* c;
  std::int64_t ldc;
  const T* bias;  // of the strip's first column, padded like a panel; or null
  bool accumulate;
  bool subtract;  // where it accumulates
  bool relu;
  std::int64_t columns;  // how many of the strip's columns exist
  bool plain;            // nothing but a store of whole vectors
};

template <class T, int NV>
inline __attribute__((always_inline)) void finish_row(const Target<T>& target, std::int64_t row,
                                                      const typename Vec<T>::type* sum) {
  using V = typename Vec<T>::type;
  constexpr int lanes = Vec<T>::lanes;
  T* c = target.c + row * target.ldc;
  const bool whole = target.columns >= NV * lanes;
  alignas(64) T line[NV * lanes];
  T* place = c;
  if (!whole) {
    place = line;
    if (target.accumulate) std::memcpy(line, c, static_cast<std::size_t>(target.columns) * sizeof(T));
  }
#pragma GCC unroll 8
  for (int j = 0; j < NV; ++j) {
    V v = sum[j];
    if (target.accumulate) v = target.subtract ? load<T>(place + j * lanes) - v : load<T>(place + j * lanes) + v;
    if (target.bias != nullptr) v += load<T>(target.bias + j * lanes);
    if constexpr (std::is_floating_point_v<T>) {
      if (target.relu) v = v < V{} ? V{} : v;
    }
    store<T>(place + j * lanes, v);
  }
  if (!whole) std::memcpy(c, line, static_cast<std::size_t>(target.columns) * sizeof(T));
}

// A tile of MR rows and NV vectors: `depth` rank-1 steps, then the way out.
template <class T, int MR, int NV>
__attribute__((noinline)) void tile(std::int64_t depth, const T* a, std::int64_t row, std::int64_t col, const T* b,
                                    std::int64_t b_row, const Target<T>& target) {
  using V = typename Vec<T>::type;
  V sum[MR][NV];
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) sum[i][j] = V{};
  }
  for (std::int64_t p = 0; p < depth; ++p) {
    V line[NV];
#pragma GCC unroll 8
    for (int j = 0; j < NV; ++j) line[j] = load<T>(b + j * Vec<T>::lanes);
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
      const T factor = a[i * row];
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) sum[i][j] += factor * line[j];
    }
    a += col;
    b += b_row;
  }
  if (target.plain) {
#pragma GCC unroll 16
    for (int i = 0; i < MR; ++i) {
#pragma GCC unroll 8
      for (int j = 0; j < NV; ++j) store<T>(target.c + i * target.ldc + j * Vec<T>::lanes, sum[i][j]);
    }
    return;
  }
#pragma GCC unroll 16
  for (int i = 0; i < MR; ++i) finish_row<T, NV>(target, i, sum[i]);
}

// A strip of A: rows [0, rows), element (i, p) at data[i * row + p * col], or packed by `pack_a`.
template <class T>
struct Strip {
  const T* data;
  std::int64_t row, col, rows, depth;
  bool packed;
};

// All rows of a strip of C that is NV vectors wide, by tiles that become lower at the end. Narrow tiles are higher, so
// that enough sums are under way to hide the latency of an addition; but a packed strip has tiles of one order.
template <class T, int NV>
void multiply_strip(const Strip<T>& a, const T* b, std::int64_t b_row, Target<T> target) {
  std::int64_t i = 0;
  auto tiles = [&](auto height) {
    constexpr int MR = decltype(height)::value;
    for (; a.rows - i >= MR; i += MR) {
      if (a.packed) {
        tile<T, MR, NV>(a.depth, a.data + i * a.depth, 1, MR, b, b_row, target);
      } else {
        tile<T, MR, NV>(a.depth, a.data + i * a.row, a.row, a.col, b, b_row, target);
      }
      target.c += MR * target.ldc;
    }
  };
  if constexpr (NV != TILE_VECTORS) {
    if (!a.packed) tiles(std::integral_constant<int, 8>{});
  }
  tiles(std::integral_constant<int, TILE_ROWS>{});
  if constexpr (TILE_ROWS > 4) tiles(std::integral_constant<int, 4>{});
  tiles(std::integral_constant<int, 2>{});
  tiles(std::integral_constant<int, 1>{});
}

// Rows of A as tiles in the order in which `multiply_strip` reads them: [tile][k][row].
template <class S, class T>
void pack_a(const S* a, std::int64_t row, std::int64_t col, std::int64_t rows, std::int64_t depth, T* to) {
  for (std::int64_t i = 0; i < rows;) {
    const std::int64_t left = rows - i;
    const int height = left >= TILE_ROWS ? TILE_ROWS : left >= 4 ? 4 : left >= 2 ? 2 : 1;
    for (std::int64_t p = 0; p < depth; ++p) {
      for (int r = 0; r < height; ++r) *to++ = static_cast<T>(wide(a[(i + r) * row + p * col]));
    }
    i += height;
  }
}

// A panel of B as [k][width], padded with zeros from `columns` to `width`.
template <class S, class T>
void pack_b(const S* b, std::int64_t row, std::int64_t col, std::int64_t depth, std::int64_t columns,
            std::int64_t width, T* to) {
#ifdef TRANSPOSE_PANEL
  if constexpr (std::is_same_v<S, float>) {
    if (row == 1) {
      TRANSPOSE_PANEL(b, col, depth, columns, width, to);
      return;
    }
  }
#endif
  if constexpr (std::is_same_v<S, T>) {
    if (col == 1 && columns == width) {
      for (std::int64_t p = 0; p < depth; ++p, to += width) {
        for (std::int64_t j = 0; j < width; j += Vec<T>::lanes) store<T>(to + j, load<T>(b + p * row + j));
      }
      return;
    }
  }
  for (std::int64_t p = 0; p < depth; ++p, to += width) {
    const S* from = b + p * row;
    std::int64_t j = 0;
    if constexpr (is_half<S>) {
      if (col == 1) {
        for (; j + Vec<T>::lanes <= columns; j += Vec<T>::lanes) store<T>(to + j, load_wide<T>(from + j));
      }
    }
    for (; j < columns; ++j) to[j] = static_cast<T>(wide(from[j * col]));
    for (; j < width; ++j) to[j] = T{};
  }
}

template <class S, class T>
constexpr bool converts = !std::is_same_v<S, T>;

template <class S, class T>
std::int64_t depth_of_blocks(const Gemm& problem) {
  const std::int64_t depth = std::max<std::int64_t>(problem.k, 1);
  return converts<S, T> ? depth : std::min(depth, block_depth);
}

template <class S, class T>
bool packs_a(const Gemm& problem) {
  const std::int64_t bytes = problem.k * problem.m * static_cast<std::int64_t>(sizeof(T));
  return converts<S, T> || (bytes > bytes_worth_packing && (problem.a.col != 1 || problem.n >= columns_worth_packing));
}

// Whether few rows of A are multiplied with rows of B in half precision as they come (`run_streamed`).
template <class S>
bool streams_b(const Gemm& problem) {
  return is_half<S> && problem.m <= few_rows && problem.b.col == 1;
}

// One call's scratch memory.
template <class T>
struct Workspace {
  T* bias;     // one panel wide
  T* panel;    // of B
  T* strip;    // of A
  T* results;  // a strip of C before it is rounded

  template <class S>
  std::size_t lay_out(const Gemm& problem, void* memory) {
    const std::size_t depth = static_cast<std::size_t>(depth_of_blocks<S, T>(problem));
    const std::size_t rows = static_cast<std::size_t>(std::min(problem.m, block_rows));
    std::size_t offset = 0;
    auto take = [&](std::size_t count) {
      char* place = static_cast<char*>(memory) + offset;
      offset += round_up(count * sizeof(T), 64);
      return reinterpret_cast<T*>(place);
    };
    bias = take(panel_columns<T>());
    panel = take(depth * panel_columns<T>());
    strip = take(packs_a<S, T>(problem) ? depth * rows : 0);
    const std::size_t streamed = streams_b<S>(problem) ? rows * streamed_columns : 0;
    results = take(converts<S, T> ? std::max(rows * panel_columns<T>(), streamed) : 0);
    return offset;
  }
};

// A block of rows of A over a block of its depth, as the loop over panels needs it.
struct Place {
  std::int64_t row, rows, depth_begin, depth;
};

// One panel of B, NV vectors wide, against a strip of A.
template <class S, class T, int NV>
void multiply_panel(const Gemm& problem, const Workspace<T>& space, const Strip<T>& strip, const Place& place,
                    std::int64_t first, std::int64_t columns) {
  constexpr std::int64_t width = NV * Vec<T>::lanes;
  const S* b = static_cast<const S*>(problem.b.data) + place.depth_begin * problem.b.row + first * problem.b.col;
  S* c = static_cast<S*>(problem.c) + place.row * problem.ldc + first;
  const bool last = place.depth_begin + place.depth == problem.k;
  Target<T> target{space.results,    width, nullptr, problem.subtract || place.depth_begin != 0,
                   problem.subtract, last && problem.relu, width, false};
  if (last && problem.bias != nullptr) {
    const S* bias = static_cast<const S*>(problem.bias) + first;
    for (std::int64_t j = 0; j < width; ++j) space.bias[j] = j < columns ? static_cast<T>(wide(bias[j])) : T{};
    target.bias = space.bias;
  }
  target.plain = !target.accumulate && !target.relu && target.bias == nullptr && (converts<S, T> || columns == width);
  if constexpr (converts<S, T>) {
    pack_b<S, T>(b, problem.b.row, problem.b.col, place.depth, columns, width, space.panel);
    multiply_strip<T, NV>(strip, space.panel, width, target);
    for (std::int64_t i = 0; i < place.rows; ++i) {
      for (std::int64_t j = 0; j < columns; ++j) c[i * problem.ldc + j] = narrow<S>(space.results[i * width + j]);
    }
  } else {
    target.c = c;
    target.ldc = problem.ldc;
    target.columns = columns;
    if (problem.b.col == 1 && columns == width && place.rows <= rows_worth_packing) {
      multiply_strip<T, NV>(strip, b, problem.b.row, target);
    } else {
      pack_b<S, T>(b, problem.b.row, problem.b.col, place.depth, columns, width, space.panel);
      multiply_strip<T, NV>(strip, space.panel, width, target);
    }
  }
}

// All panels of a strip; the last ones may be narrower.
template <class S, class T>
void multiply_panels(const Gemm& problem, const Workspace<T>& space, const Strip<T>& strip, const Place& place,
                     std::int64_t begin, std::int64_t end) {
  constexpr std::int64_t lanes = Vec<T>::lanes;
  for (std::int64_t first = begin; first < end;) {
    const std::int64_t left = end - first;
    if (left > TILE_VECTORS / 2 * lanes) {
      multiply_panel<S, T, TILE_VECTORS>(problem, space, strip, place, first, std::min(left, TILE_VECTORS * lanes));
      first += TILE_VECTORS * lanes;
    } else if (left > lanes) {
      constexpr int NV = TILE_VECTORS > 2 ? TILE_VECTORS / 2 : TILE_VECTORS;
      multiply_panel<S, T, NV>(problem, space, strip, place, first, std::min(left, NV * lanes));
      first += NV * lanes;
    } else {
      multiply_panel<S, T, 1>(problem, space, strip, place, first, left);
      first += lanes;
    }
  }
}

#include "gemm_few_rows_impl.h"

template <class S, class T>
void run_gemm(const Gemm& problem, const GemmBlock& block, void* scratch) {
  Workspace<T> space;
  space.template lay_out<S>(problem, scratch);
  if constexpr (!converts<S, T> || is_half<S>) {
    if (problem.m <= few_rows && problem.b.row == 1 && problem.a.col == 1) {
      return run_dots<S, T>(problem, block, space.strip);
    }
  }
  if constexpr (is_half<S>) {
    if (streams_b<S>(problem)) return run_streamed<S, T>(problem, block, space);
  }
  const bool packed = packs_a<S, T>(problem);
  const std::int64_t depth_limit = depth_of_blocks<S, T>(problem);
  for (std::int64_t row = block.row_begin; row < block.row_end; row += block_rows) {
    Place place{row, std::min(block_rows, block.row_end - row), 0, 0};
    do {
      place.depth = std::min(depth_limit, problem.k - place.depth_begin);
      const S* a = static_cast<const S*>(problem.a.data) + row * problem.a.row + place.depth_begin * problem.a.col;
      Strip<T> strip{nullptr, problem.a.row, problem.a.col, place.rows, place.depth, packed};
      if (packed) {
        pack_a<S, T>(a, problem.a.row, problem.a.col, place.rows, place.depth, space.strip);
        strip.data = space.strip;
      } else {
        strip.data = reinterpret_cast<const T*>(a);
      }
      multiply_panels<S, T>(problem, space, strip, place, block.col_begin, block.col_end);
      place.depth_begin += place.depth;
    } while (place.depth_begin < problem.k);
  }
}

// Calls `body(S{}, T{})` for the storage and arithmetic types of an element type. Signed integers are multiplied as
// unsigned ones, whose overflow is defined and which have the same bits.
template <class Body>
auto with_types(Element element, Body body) {
  switch (element) {
    case Element::f16: return body(Half{}, float{});
    case Element::bf16: return body(Bfloat{}, float{});
    case Element::f32: return body(float{}, float{});
    case Element::f64: return body(double{}, double{});
    case Element::i8:
    case Element::u8: return body(std::uint8_t{}, std::uint32_t{});
    case Element::i16:
    case Element::u16: return body(std::uint16_t{}, std::uint32_t{});
    case Element::i32:
    case Element::u32: return body(std::uint32_t{}, std::uint32_t{});
    default: return body(std::uint64_t{}, std::uint64_t{});
  }
}

void gemm_entry(const Gemm& problem, const GemmBlock& block, void* scratch) {
  with_types(problem.element, [&](auto s, auto t) { run_gemm<decltype(s), decltype(t)>(problem, block, scratch); });
}

std::size_t scratch_entry(const Gemm& problem) {
  return with_types(problem.element, [&](auto s, auto t) {
    Workspace<decltype(t)> space;
    return space.template lay_out<decltype(s)>(problem, nullptr);
  });
}

std::int64_t columns_entry(Element element) {
  return with_types(element, [](auto, auto t) -> std::int64_t { return panel_columns<decltype(t)>(); });
}
