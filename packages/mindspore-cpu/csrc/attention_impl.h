// The attention of attention.h, as templates over the vector width. Included once per instruction set, after
// gemm_impl.h, whose register tiles compute all products.

constexpr std::int64_t query_rows = 48;     // of a tile of products
constexpr std::int64_t forward_keys = 256;  // its columns
constexpr std::int64_t backward_keys = 128;

using Floats = Vec<float>::type;
constexpr std::int64_t float_lanes = Vec<float>::lanes;
constexpr float lowest = -std::numeric_limits<float>::infinity();

// e^x for x of at most 88: x = n log(2) + r with |r| <= log(2) / 2, a polynomial in r, times 2^n. Below -87 the result
// is 0. Source: Cody and Waite, "Software manual for the elementary functions", 1980; coefficients of Cephes' expf.
inline __attribute__((always_inline)) Floats exponential(Floats x) {
  typedef std::int32_t Ints __attribute__((vector_size(VECTOR_BYTES)));
  typedef std::uint32_t Words __attribute__((vector_size(VECTOR_BYTES)));
  constexpr float rounder = 12582912.0f;
  const Ints small = x < -87.0f;
  x = small ? Floats{} : x;
  const Floats n = (x * 1.44269504f + rounder) - rounder;
  const Floats r = (x - n * 0.693359375f) - n * -2.12194440e-4f;
  Floats p = r * 1.9875691500e-4f + 1.3981999507e-3f;
  p = p * r + 8.3334519073e-3f;
  p = p * r + 4.1665795894e-2f;
  p = p * r + 1.6666665459e-1f;
  p = p * r + 5.0000001201e-1f;
  p = p * r * r + r + 1.0f;
  const Words power = (reinterpret_cast<Words>(__builtin_convertvector(n, Ints)) + 127u) << 23;
  return small ? Floats{} : p * reinterpret_cast<Floats>(power);
}

// Calls `body(first column, vectors)` for each panel in which so many columns are packed.
template <class Body>
void each_panel(std::int64_t columns, Body body) {
  constexpr int half = TILE_VECTORS > 2 ? TILE_VECTORS / 2 : TILE_VECTORS;
  for (std::int64_t first = 0; first < columns;) {
    const std::int64_t left = columns - first;
    if (left > TILE_VECTORS / 2 * float_lanes) {
      body(first, std::integral_constant<int, TILE_VECTORS>{});
      first += TILE_VECTORS * float_lanes;
    } else if (left > float_lanes) {
      body(first, std::integral_constant<int, half>{});
      first += half * float_lanes;
    } else {
      body(first, std::integral_constant<int, 1>{});
      first += float_lanes;
    }
  }
}

// The columns of all panels, those of padding included.
inline std::int64_t panel_space(std::int64_t columns) {
  std::int64_t end = 0;
  each_panel(columns, [&](std::int64_t first, auto vectors) { end = first + vectors * float_lanes; });
  return end;
}

// A matrix whose element (i, j) stands at data[i * row + j * col], as panels of its columns.
template <class S>
void pack_panels(const S* data, std::int64_t row, std::int64_t col, std::int64_t depth, std::int64_t columns, float* to) {
  each_panel(columns, [&](std::int64_t first, auto vectors) {
    const std::int64_t width = vectors * float_lanes;
    pack_b<S, float>(data + first * col, row, col, depth, std::min(columns - first, width), width, to + first * depth);
  });
}

// c = a b, or c + a b: a[rows, depth] by steps, b in panels; a row of c has room for the padding.
inline void multiply(const float* a, std::int64_t row, std::int64_t col, std::int64_t rows, std::int64_t depth,
                     const float* panels, std::int64_t columns, float* c, std::int64_t ldc, bool accumulate) {
  const Strip<float> strip{a, row, col, rows, depth, false};
  each_panel(columns, [&](std::int64_t first, auto vectors) {
    constexpr int NV = decltype(vectors)::value;
    const Target<float> target{c + first, ldc, nullptr, accumulate, false, false, NV * float_lanes, !accumulate};
    multiply_strip<float, NV>(strip, panels + first * depth, NV * float_lanes, target);
  });
}

// Rows of numbers as floats, times a factor.
template <class S>
void widen_rows(const S* from, std::int64_t count, float factor, float* to) {
  for (std::int64_t i = 0; i < count; ++i) to[i] = wide(from[i]) * factor;
}

template <class S>
void narrow_rows(const float* from, std::int64_t stride, std::int64_t rows, std::int64_t width, float factor, S* to) {
  for (std::int64_t i = 0; i < rows; ++i) {
    for (std::int64_t j = 0; j < width; ++j) to[i * width + j] = narrow<S>(from[i * stride + j] * factor);
  }
}

// Applies the mask to the products of one query with the keys [first, first + count), and hides what stands behind them
// in the last vector.
template <class S>
void hide(const AttentionSpec& spec, const void* mask, std::int64_t query, std::int64_t first, std::int64_t count,
          float* line) {
  const std::int64_t start = query * spec.mask_row + first * spec.mask_column;
  const std::int64_t step = spec.mask_column;
  if (spec.mask == Mask::keep) {
    const auto* keep = static_cast<const std::uint8_t*>(mask) + start;
    if (step == 1) {
      for (std::int64_t j = 0; j < count; ++j) line[j] = keep[j] != 0 ? line[j] : lowest;
    } else {
      for (std::int64_t j = 0; j < count; ++j) line[j] = keep[j * step] != 0 ? line[j] : lowest;
    }
  } else if (spec.mask == Mask::added) {
    const S* added = static_cast<const S*>(mask) + start;
    for (std::int64_t j = 0; j < count; ++j) line[j] += wide(added[j * step]);
  }
  if (spec.causal) {
    for (std::int64_t j = std::max<std::int64_t>(query + 1 - first, 0); j < count; ++j) line[j] = lowest;
  }
  for (std::int64_t j = count; j % float_lanes != 0; ++j) line[j] = lowest;
}

// Scratch memory, taken piece by piece.
struct Pieces {
  char* memory;
  std::size_t taken = 0;

  float* take(std::int64_t count) {
    float* place = reinterpret_cast<float*>(memory + taken);
    taken += round_up(static_cast<std::uint64_t>(count) * sizeof(float), 64);
    return place;
  }
};

struct ForwardSpace {
  float *keys, *values, *tile, *queries, *sums, *largest, *total;

  std::size_t lay_out(const AttentionSpec& spec, std::int64_t rows, void* memory) {
    Pieces pieces{static_cast<char*>(memory)};
    keys = pieces.take(spec.size * forward_keys);
    values = pieces.take(panel_space(spec.width) * forward_keys);
    tile = pieces.take(query_rows * forward_keys);
    queries = pieces.take(rows * spec.size);
    sums = pieces.take(rows * panel_space(spec.width));
    largest = pieces.take(rows);
    total = pieces.take(rows);
    return pieces.taken;
  }
};

// One row of a tile: the mask, then the products become weights relative to the largest product so far, and what was
// summed before is made relative to it.
template <class S>
void weigh(const AttentionSpec& spec, const void* mask, std::int64_t query, std::int64_t first, std::int64_t count,
           float* line, float& largest, float& total, float* sums, std::int64_t width) {
  hide<S>(spec, mask, query, first, count, line);
  Floats most = load<float>(line);
  for (std::int64_t j = float_lanes; j < count; j += float_lanes) {
    const Floats here = load<float>(line + j);
    most = here > most ? here : most;
  }
  float found = largest;
  for (std::int64_t l = 0; l < float_lanes; ++l) found = most[l] > found ? most[l] : found;
  const float shift = found == lowest ? 0.0f : found;
  if (found != largest) {
    const float factor = largest == lowest ? 0.0f : std::exp(largest - shift);
    total *= factor;
    for (std::int64_t j = 0; j < width; j += float_lanes) store<float>(sums + j, load<float>(sums + j) * factor);
    largest = found;
  }
  Floats sum{};
  for (std::int64_t j = 0; j < count; j += float_lanes) {
    const Floats weight = exponential(load<float>(line + j) - shift);
    store<float>(line + j, weight);
    sum += weight;
  }
  for (std::int64_t l = 0; l < float_lanes; ++l) total += sum[l];
}

template <class S>
void attend(const AttentionSpec& spec, const AttentionHead& head, const Range& rows, void* memory) {
  const std::int64_t size = spec.size, count = rows.end - rows.begin, width = panel_space(spec.width);
  ForwardSpace space;
  space.lay_out(spec, count, memory);
  widen_rows(static_cast<const S*>(head.q) + rows.begin * size, count * size, spec.scale, space.queries);
  std::fill_n(space.sums, count * width, 0.0f);
  std::fill_n(space.largest, count, lowest);
  std::fill_n(space.total, count, 0.0f);
  for (std::int64_t first = 0; first < spec.columns; first += forward_keys) {
    if (spec.skips() && first >= rows.end) break;
    const std::int64_t keys = std::min(forward_keys, spec.columns - first);
    pack_panels(static_cast<const S*>(head.k) + first * size, 1, size, size, keys, space.keys);
    pack_panels(static_cast<const S*>(head.v) + first * spec.width, spec.width, 1, keys, spec.width, space.values);
    for (std::int64_t row = 0; row < count; row += query_rows) {
      const std::int64_t height = std::min(query_rows, count - row);
      if (spec.skips() && first >= rows.begin + row + height) continue;
      multiply(space.queries + row * size, size, 1, height, size, space.keys, keys, space.tile, forward_keys, false);
      for (std::int64_t i = row; i < row + height; ++i) {
        weigh<S>(spec, head.mask, rows.begin + i, first, keys, space.tile + (i - row) * forward_keys, space.largest[i],
                 space.total[i], space.sums + i * width, width);
      }
      multiply(space.tile, forward_keys, 1, height, keys, space.values, spec.width, space.sums + row * width, width, true);
    }
  }
  for (std::int64_t i = 0; i < count; ++i) {
    const float total = space.total[i];
    const float part = total > 0 ? 1 / total : std::numeric_limits<float>::quiet_NaN();
    narrow_rows(space.sums + i * width, width, 1, spec.width, part,
                static_cast<S*>(head.out) + (rows.begin + i) * spec.width);
    if (head.log_sum != nullptr) {
      head.log_sum[rows.begin + i] = total > 0 ? space.largest[i] + std::log(total) : part;
    }
  }
}

struct BackwardSpace {
  float *keys_across, *values_across, *keys, *weights, *tile;
  float *queries, *query_panels, *cotangents, *cotangent_panels;
  float *dq, *dk, *dv, *along;

  std::size_t lay_out(const AttentionSpec& spec, std::int64_t rows, void* memory) {
    const std::int64_t size = panel_space(spec.size), width = panel_space(spec.width);
    Pieces pieces{static_cast<char*>(memory)};
    keys_across = pieces.take(spec.size * backward_keys);
    values_across = pieces.take(spec.width * backward_keys);
    keys = pieces.take(size * backward_keys);
    weights = pieces.take(query_rows * backward_keys);
    tile = pieces.take(query_rows * backward_keys);
    queries = pieces.take(rows * spec.size);
    query_panels = pieces.take(rows * size);
    cotangents = pieces.take(rows * spec.width);
    cotangent_panels = pieces.take(rows * width);
    dq = pieces.take(rows * size);
    dk = pieces.take(backward_keys * size);
    dv = pieces.take(backward_keys * width);
    along = pieces.take(rows);
    return pieces.taken;
  }
};

// A tile of weights, exp(products - log_sum), in the place of the products.
template <class S>
void weights_again(const AttentionSpec& spec, const AttentionHead& head, std::int64_t query, std::int64_t height,
                   std::int64_t first, std::int64_t count, float* tile) {
  for (std::int64_t i = 0; i < height; ++i) {
    float* line = tile + i * backward_keys;
    hide<S>(spec, head.mask, query + i, first, count, line);
    const float log_sum = head.log_sum[query + i];
    for (std::int64_t j = 0; j < count; j += float_lanes) {
      Floats x = load<float>(line + j) - log_sum;
      x = x > 88.0f ? Floats{} + 88.0f : x;
      store<float>(line + j, exponential(x));
    }
  }
}

// ds = weights (dout v^T - along), in the place of dout v^T.
inline void times_weights(const float* weights, const float* along, std::int64_t height, std::int64_t count, float* tile) {
  for (std::int64_t i = 0; i < height; ++i) {
    for (std::int64_t j = 0; j < count; j += float_lanes) {
      float* place = tile + i * backward_keys + j;
      store<float>(place, load<float>(weights + i * backward_keys + j) * (load<float>(place) - along[i]));
    }
  }
}

template <class S>
void attend_back(const AttentionSpec& spec, const AttentionHead& head, const Range& rows, const Range& keys,
                 void* memory) {
  const std::int64_t size = spec.size, width = spec.width, queries = rows.end - rows.begin;
  const std::int64_t size_space = panel_space(size), width_space = panel_space(width);
  const S* q = static_cast<const S*>(head.q);
  const S* k = static_cast<const S*>(head.k);
  const S* v = static_cast<const S*>(head.v);
  const S* dout = static_cast<const S*>(head.dout);
  const S* out = static_cast<const S*>(head.out);
  BackwardSpace space;
  space.lay_out(spec, queries, memory);
  widen_rows(q + rows.begin * size, queries * size, spec.scale, space.queries);
  widen_rows(dout + rows.begin * width, queries * width, 1.0f, space.cotangents);
  for (std::int64_t i = 0; i < queries; ++i) {
    float sum = 0;
    for (std::int64_t j = 0; j < width; ++j) sum += space.cotangents[i * width + j] * wide(out[(rows.begin + i) * width + j]);
    space.along[i] = sum;
  }
  if (head.dk != nullptr) {
    for (std::int64_t row = 0; row < queries; row += query_rows) {
      const std::int64_t height = std::min(query_rows, queries - row);
      pack_panels(space.queries + row * size, size, 1, height, size, space.query_panels + row * size_space);
      pack_panels(space.cotangents + row * width, width, 1, height, width, space.cotangent_panels + row * width_space);
    }
  }
  if (head.dq != nullptr) std::fill_n(space.dq, queries * size_space, 0.0f);
  for (std::int64_t first = keys.begin; first < keys.end; first += backward_keys) {
    const std::int64_t count = std::min(backward_keys, keys.end - first);
    pack_panels(k + first * size, 1, size, size, count, space.keys_across);
    pack_panels(v + first * width, 1, width, width, count, space.values_across);
    if (head.dq != nullptr) pack_panels(k + first * size, size, 1, count, size, space.keys);
    if (head.dk != nullptr) {
      std::fill_n(space.dk, count * size_space, 0.0f);
      std::fill_n(space.dv, count * width_space, 0.0f);
    }
    std::int64_t row = 0;
    if (spec.skips() && first > rows.begin) row = (first - rows.begin) / query_rows * query_rows;
    for (; row < queries; row += query_rows) {
      const std::int64_t height = std::min(query_rows, queries - row);
      multiply(space.queries + row * size, size, 1, height, size, space.keys_across, count, space.weights, backward_keys,
               false);
      weights_again<S>(spec, head, rows.begin + row, height, first, count, space.weights);
      multiply(space.cotangents + row * width, width, 1, height, width, space.values_across, count, space.tile,
               backward_keys, false);
      times_weights(space.weights, space.along + row, height, count, space.tile);
      if (head.dk != nullptr) {
        multiply(space.weights, 1, backward_keys, count, height, space.cotangent_panels + row * width_space, width,
                 space.dv, width_space, true);
        multiply(space.tile, 1, backward_keys, count, height, space.query_panels + row * size_space, size, space.dk,
                 size_space, true);
      }
      if (head.dq != nullptr) {
        multiply(space.tile, backward_keys, 1, height, count, space.keys, size, space.dq + row * size_space, size_space,
                 true);
      }
    }
    if (head.dk != nullptr) {
      narrow_rows(space.dk, size_space, count, size, 1.0f, static_cast<S*>(head.dk) + first * size);
      narrow_rows(space.dv, width_space, count, width, 1.0f, static_cast<S*>(head.dv) + first * width);
    }
  }
  if (head.dq != nullptr) {
    narrow_rows(space.dq, size_space, queries, size, spec.scale, static_cast<S*>(head.dq) + rows.begin * size);
  }
}

template <class Body>
void with_stored(Element element, Body body) {
  switch (element) {
    case Element::f16: return body(Half{});
    case Element::bf16: return body(Bfloat{});
    default: return body(float{});
  }
}

void forward_entry(const AttentionSpec& spec, const AttentionHead& head, const Range& rows, void* scratch) {
  with_stored(spec.element, [&](auto s) { attend<decltype(s)>(spec, head, rows, scratch); });
}

void backward_entry(const AttentionSpec& spec, const AttentionHead& head, const Range& rows, const Range& keys,
                    void* scratch) {
  with_stored(spec.element, [&](auto s) { attend_back<decltype(s)>(spec, head, rows, keys, scratch); });
}

std::size_t forward_bytes(const AttentionSpec& spec, std::int64_t rows) {
  return ForwardSpace{}.lay_out(spec, rows, nullptr);
}

std::size_t backward_bytes(const AttentionSpec& spec, std::int64_t rows) {
  return BackwardSpace{}.lay_out(spec, rows, nullptr);
}
