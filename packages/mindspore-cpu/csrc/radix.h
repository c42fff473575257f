// Stable sorting by the digits of keys, from the lowest on (LSD radix sort; Knuth, "The Art of Computer Programming",
// volume 3, section 5.2.5). Its time grows with the number of elements only, and no comparison is mispredicted.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>
#include <utility>

#include "element.h"

namespace mindspore::cpu {

// The unsigned integer as wide as S.
template <class S>
using KeyOf = std::conditional_t<sizeof(S) == 1, std::uint8_t,
                                 std::conditional_t<sizeof(S) == 2, std::uint16_t,
                                                    std::conditional_t<sizeof(S) == 4, std::uint32_t, std::uint64_t>>>;

// A number that is smaller where `value` comes earlier: NaN, whichever, after everything else, and both zeros alike.
template <class S>
KeyOf<S> key_of(S value) {
  using U = KeyOf<S>;
  constexpr U sign = static_cast<U>(U{1} << (8 * sizeof(U) - 1));
  U bits;
  std::memcpy(&bits, &value, sizeof bits);
  if constexpr (std::is_floating_point_v<S> || std::is_same_v<S, Half> || std::is_same_v<S, Bfloat>) {
    constexpr int fraction = std::is_same_v<S, Half> ? 10 : std::is_same_v<S, Bfloat> ? 7 : sizeof(S) == 4 ? 23 : 52;
    constexpr U infinity = static_cast<U>((sign - 1) & ~((U{1} << fraction) - 1));
    const U magnitude = static_cast<U>(bits & (sign - 1));
    if (magnitude > infinity) return static_cast<U>(~U{0});
    if (magnitude == 0) return sign;
    return static_cast<U>(bits & sign ? ~bits : bits | sign);
  } else if constexpr (std::is_signed_v<S>) {
    return static_cast<U>(bits ^ sign);
  } else {
    return bits;
  }
}

// Digits of `width` bits: few bits have few counts to look through, many bits need few passes.
template <class S, int width>
class RadixSort {
 public:
  using U = KeyOf<S>;

  struct Entry {
    U key;
    std::int32_t place;
  };

  // What `sort` needs besides the data: two rows of entries, and the counts of all digits.
  static std::uint64_t scratch_bytes(std::int64_t size) {
    return 2 * static_cast<std::uint64_t>(size) * sizeof(Entry) + passes * buckets * sizeof(std::uint32_t);
  }

  // The entries of x[0], x[1], ... x[size - 1] in order; they lie in the scratch memory.
  template <class Line>
  static const Entry* sort(const Line& x, std::int64_t size, bool descending, char* scratch) {
    Entry* from = reinterpret_cast<Entry*>(scratch);
    Entry* to = from + size;
    std::uint32_t* counts = reinterpret_cast<std::uint32_t*>(to + size);
    std::memset(counts, 0, passes * buckets * sizeof(std::uint32_t));
    const U turned = descending ? static_cast<U>(~U{0}) : U{0};
    for (std::int64_t i = 0; i < size; ++i) {
      const U key = static_cast<U>(key_of<S>(x[i]) ^ turned);
      from[i] = {key, static_cast<std::int32_t>(i)};
      for (int pass = 0; pass < passes; ++pass) ++counts[pass * buckets + digit(key, pass)];
    }
    for (int pass = 0; pass < passes; ++pass) {
      std::uint32_t* starts = counts + pass * buckets;
      if (starts[digit(from[0].key, pass)] == size) continue;  // the digit is the same everywhere
      std::uint32_t before = 0;
      for (int bucket = 0; bucket < buckets; ++bucket) before += std::exchange(starts[bucket], before);
      for (std::int64_t i = 0; i < size; ++i) to[starts[digit(from[i].key, pass)]++] = from[i];
      std::swap(from, to);
    }
    return from;
  }

 private:
  static constexpr int buckets = 1 << width;
  static constexpr int passes = (8 * static_cast<int>(sizeof(U)) + width - 1) / width;

  static int digit(U key, int pass) {
    return static_cast<int>((key >> (pass * width)) & static_cast<U>(buckets - 1));
  }
};

}  // namespace mindspore::cpu
