// Pooling of one plane of float32 blocks: included once for each instruction set, with BLOCK lanes to a vector.

constexpr std::int64_t block = BLOCK;
using Floats = float __attribute__((vector_size(BLOCK * 4), may_alias));
using Flags = std::int32_t __attribute__((vector_size(BLOCK * 4)));

// Every place of every image lies at a multiple of a block from the start of its buffer, which is aligned to 64.
const Floats& at(const float* x, std::int64_t place) {
  return *reinterpret_cast<const Floats*>(x + place * block);
}
Floats& at(float* x, std::int64_t place) { return *reinterpret_cast<Floats*>(x + place * block); }

void maximum(const PoolShape& s, const float* x, float* y) {
  for_windows(s, [&](std::int64_t output, const Window& window) {
    Floats best = Floats{} - std::numeric_limits<float>::infinity();
    visit(s, window, [&](std::int64_t place) {
      const Floats value = at(x, place);
      best = (value > best) | (value != value) ? value : best;
      return false;
    });
    at(y, output) = best;
  });
}

// A cotangent goes to the first tap that equals the maximum, where NaN equals NaN.
void spread(const PoolShape& s, const float* x, const float* y, const float* dy, float* dx) {
  std::memset(dx, 0, static_cast<std::size_t>(s.image() * block) * sizeof(float));
  for_windows(s, [&](std::int64_t output, const Window& window) {
    const Floats top = at(y, output);
    const Floats given = at(dy, output);
    Flags waits = s.positive ? (top > Floats{}) : (Floats{} == Floats{});
    visit(s, window, [&](std::int64_t place) {
      const Floats value = at(x, place);
      const Flags takes = waits & ((value == top) | ((value != value) & (top != top)));
      at(dx, place) += takes ? given : Floats{};
      waits &= ~takes;
      return false;
    });
  });
}

void mean(const PoolShape& s, const float* x, float* y) {
  for_windows(s, [&](std::int64_t output, const Window& window) {
    Floats sum{};
    visit(s, window, [&](std::int64_t place) {
      sum += at(x, place);
      return false;
    });
    at(y, output) = sum / static_cast<float>(divisor(s, window));
  });
}

void share(const PoolShape& s, const float* dy, float* dx) {
  std::memset(dx, 0, static_cast<std::size_t>(s.image() * block) * sizeof(float));
  for_windows(s, [&](std::int64_t output, const Window& window) {
    const Floats each = at(dy, output) / static_cast<float>(divisor(s, window));
    visit(s, window, [&](std::int64_t place) {
      at(dx, place) += each;
      return false;
    });
  });
}

void pool_plane(PoolKind kind, const PoolShape& s, std::int64_t plane, void* const* given) {
  const std::int64_t image = plane * s.image() * block;
  const std::int64_t result = plane * s.output() * block;
  const float* first = static_cast<const float*>(given[0]);
  float* second = static_cast<float*>(given[1]);
  switch (kind) {
    case PoolKind::max: return maximum(s, first + image, second + result);
    case PoolKind::max_grad:
      return spread(s, first + image, second + result, static_cast<const float*>(given[2]) + result,
                    static_cast<float*>(given[3]) + image);
    case PoolKind::mean: return mean(s, first + image, second + result);
    default: return share(s, first + result, second + image);
  }
}

// -- plain planes ----------------------------------------------------------------------------------------------------

// Exchanges, in each square of 2 * step rows and lanes, the upper right quarter with the lower left one (J. O. Eklundh,
// A fast computer method for matrix transposing, 1972).
template <int step>
void exchange(Floats* rows) {
  Flags first, second;
  for (int j = 0; j < BLOCK; ++j) {
    first[j] = (j & step) != 0 ? BLOCK + j - step : j;
    second[j] = (j & step) != 0 ? BLOCK + j : j + step;
  }
  for (int i = 0; i < BLOCK; ++i) {
    if ((i & step) != 0) continue;
    const Floats upper = rows[i], lower = rows[i + step];
    rows[i] = __builtin_shuffle(upper, lower, first);
    rows[i + step] = __builtin_shuffle(upper, lower, second);
  }
}

void transpose(Floats* rows) {
  exchange<1>(rows);
  exchange<2>(rows);
  exchange<4>(rows);
  if constexpr (BLOCK == 16) exchange<8>(rows);
}

// A vector of numbers as floats.
template <class S>
Floats load(const S* from) {
  if constexpr (std::is_same_v<S, float>) {
    Floats result;
    std::memcpy(&result, from, sizeof result);
    return result;
  } else {
    return widened<BLOCK>(from);
  }
}

// And back, rounded.
template <class S>
void store(S* to, Floats value) {
  if constexpr (std::is_same_v<S, float>) {
    std::memcpy(to, &value, sizeof value);
  } else {
    store_narrowed<BLOCK>(to, value);
  }
}

// Planes one after the other to one plane of blocks.
template <class S>
void pack_planes(const void* given, std::int64_t step, std::int64_t places, float* blocks) {
  const S* planes = static_cast<const S*>(given);
  std::int64_t i = 0;
  for (; i + BLOCK <= places; i += BLOCK) {
    Floats rows[BLOCK];
    for (int c = 0; c < BLOCK; ++c) rows[c] = load(planes + c * step + i);
    transpose(rows);
    for (int c = 0; c < BLOCK; ++c) at(blocks, i + c) = rows[c];
  }
  for (; i < places; ++i) {
    for (int c = 0; c < BLOCK; ++c) blocks[i * BLOCK + c] = wide(planes[c * step + i]);
  }
}

// And back.
template <class S>
void unpack_planes(const float* blocks, std::int64_t step, std::int64_t places, void* given) {
  S* planes = static_cast<S*>(given);
  std::int64_t i = 0;
  for (; i + BLOCK <= places; i += BLOCK) {
    Floats rows[BLOCK];
    for (int c = 0; c < BLOCK; ++c) rows[c] = at(blocks, i + c);
    transpose(rows);
    for (int c = 0; c < BLOCK; ++c) store(planes + c * step + i, rows[c]);
  }
  for (; i < places; ++i) {
    for (int c = 0; c < BLOCK; ++c) planes[c * step + i] = narrow<S>(blocks[i * BLOCK + c]);
  }
}

// The same of channels that lie side by side.
template <class S>
void pack_side_by_side(const void* given, std::int64_t step, std::int64_t places, float* blocks) {
  const S* channels = static_cast<const S*>(given);
  for (std::int64_t i = 0; i < places; ++i) at(blocks, i) = load(channels + i * step);
}

template <class S>
void unpack_side_by_side(const float* blocks, std::int64_t step, std::int64_t places, void* given) {
  S* channels = static_cast<S*>(given);
  for (std::int64_t i = 0; i < places; ++i) store(channels + i * step, at(blocks, i));
}

constexpr PoolBlocks made_blocks = {
    BLOCK,
    pool_plane,
    {{pack_planes<float>, unpack_planes<float>},
     {pack_planes<Bfloat>, unpack_planes<Bfloat>},
     {pack_planes<Half>, unpack_planes<Half>}},
    {{pack_side_by_side<float>, unpack_side_by_side<float>},
     {pack_side_by_side<Bfloat>, unpack_side_by_side<Bfloat>},
     {pack_side_by_side<Half>, unpack_side_by_side<Half>}},
};
