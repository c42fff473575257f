// The random words of random.h. Included once per instruction set, inside a namespace of its own, with
//
//   VECTOR_BYTES   bytes of a vector register
//   MULTIPLY(a, b) the products of the lower halves of 64-bit lanes
//
// defined. A lane of 64 bits holds a word of a block in its lower half; what stands in the upper half does not matter.

typedef std::uint64_t Lanes __attribute__((vector_size(VECTOR_BYTES)));
typedef std::uint64_t LooseLanes __attribute__((vector_size(VECTOR_BYTES), aligned(4), may_alias));

constexpr int lanes = VECTOR_BYTES / 8;
constexpr int groups = 3;  // of blocks, computed side by side to hide the latency of a multiplication
constexpr std::int64_t words = 4;
constexpr std::int64_t step = words * lanes * groups;

// The words of blocks [first, first + lanes * groups).
inline __attribute__((always_inline)) void make_unit(std::uint64_t seed, std::uint64_t offset, std::uint64_t first,
                                                     std::uint32_t* to) {
  const Lanes left_factor = Lanes{} + 0xD2511F53u, right_factor = Lanes{} + 0xCD9E8D57u;
  Lanes places{};
  for (int k = 0; k < lanes; ++k) places[k] = static_cast<std::uint64_t>(k);
  Lanes c[groups][words];
#pragma GCC unroll 4
  for (int g = 0; g < groups; ++g) {
    c[g][0] = places + (first + static_cast<std::uint64_t>(g * lanes));
    c[g][1] = c[g][0] >> 32;
    c[g][2] = Lanes{} + offset;
    c[g][3] = Lanes{} + (offset >> 32);
  }
  std::uint32_t key0 = static_cast<std::uint32_t>(seed);
  std::uint32_t key1 = static_cast<std::uint32_t>(seed >> 32);
  for (int i = 0; i < 10; ++i) {
#pragma GCC unroll 4
    for (int g = 0; g < groups; ++g) {
      const Lanes left = MULTIPLY(c[g][0], left_factor), right = MULTIPLY(c[g][2], right_factor);
      c[g][0] = (right >> 32) ^ c[g][1] ^ (Lanes{} + key0);
      c[g][1] = right;
      c[g][2] = (left >> 32) ^ c[g][3] ^ (Lanes{} + key1);
      c[g][3] = left;
    }
    key0 += 0x9E3779B9u;
    key1 += 0xBB67AE85u;
  }
  Lanes low{}, high{};  // which of two vectors' lanes stand side by side in the first half of a group, and in the second
  for (int k = 0; k < lanes; ++k) {
    low[k] = static_cast<std::uint64_t>(k / 2 + k % 2 * lanes);
    high[k] = static_cast<std::uint64_t>((k + lanes) / 2 + k % 2 * lanes);
  }
#pragma GCC unroll 4
  for (int g = 0; g < groups; ++g) {
    const Lanes first_pair = (c[g][0] & 0xffffffffu) | c[g][1] << 32, second_pair = (c[g][2] & 0xffffffffu) | c[g][3] << 32;
    auto* place = reinterpret_cast<LooseLanes*>(to + g * lanes * words);
    place[0] = __builtin_shuffle(first_pair, second_pair, low);
    place[1] = __builtin_shuffle(first_pair, second_pair, high);
  }
}

// The words of units [begin, end), of `step` words each; those from `count` on are left out.
void fill(std::uint64_t seed, std::uint64_t offset, std::int64_t begin, std::int64_t end, std::int64_t count,
          std::uint32_t* to) {
  for (std::int64_t unit = begin; unit < end; ++unit) {
    const std::int64_t place = unit * step;
    const auto first = static_cast<std::uint64_t>(place / words);
    if (count - place >= step) {
      make_unit(seed, offset, first, to + place);
    } else {
      std::uint32_t last[step];
      make_unit(seed, offset, first, last);
      std::memcpy(to + place, last, static_cast<std::size_t>(count - place) * sizeof(std::uint32_t));
    }
  }
}
