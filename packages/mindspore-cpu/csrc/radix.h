// Stable sorting by the digits of keys, from the lowest on (LSD radix sort; Knuth, "The Art of Computer Programming",
// volume 3, section 5.2.5). Its time grows with the number of elements only, and no comparison is mispredicted.
#pragma once

#include <algorithm>
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
    const U negative = static_cast<U>(-(bits >> (8 * sizeof(U) - 1)));  // no branch: signs cannot be predicted
    return static_cast<U>(bits ^ (negative | sign));
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

// Selection by the digits of keys, from the highest on: of the elements, those are kept whose digit is the sought one's,
// until few are left.
template <class S, int width>
class RadixSelect {
 public:
  using U = KeyOf<S>;
  using Entry = typename RadixSort<S, width>::Entry;

  // What `select` needs besides the data.
  static std::uint64_t scratch_bytes(std::int64_t size) {
    return static_cast<std::uint64_t>(size) * sizeof(Entry) + buckets * sizeof(std::uint32_t);
  }

  // Where the element stands that has `rank` others before it in a stable ascending order of x[0], ... x[size - 1].
  template <class Line>
  static std::int32_t select(const Line& x, std::int64_t size, std::int64_t rank, char* scratch) {
    Entry* entries = reinterpret_cast<Entry*>(scratch);
    std::uint32_t* counts = reinterpret_cast<std::uint32_t*>(entries + size);
    int shift = bits - width;
    std::memset(counts, 0, buckets * sizeof(std::uint32_t));
    for (std::int64_t i = 0; i < size; ++i) ++counts[digit(key_of<S>(x[i]), shift)];
    int sought = bucket_of(counts, rank);
    std::int64_t count = 0;
    for (std::int64_t i = 0; i < size; ++i) {
      const U key = key_of<S>(x[i]);
      entries[count] = {key, static_cast<std::int32_t>(i)};
      count += digit(key, shift) == sought;
    }
    while (shift > 0 && count > few) {
      shift = shift > width ? shift - width : 0;
      std::memset(counts, 0, buckets * sizeof(std::uint32_t));
      for (std::int64_t i = 0; i < count; ++i) ++counts[digit(entries[i].key, shift)];
      sought = bucket_of(counts, rank);
      std::int64_t kept = 0;
      for (std::int64_t i = 0; i < count; ++i) {
        const Entry entry = entries[i];
        entries[kept] = entry;
        kept += digit(entry.key, shift) == sought;
      }
      count = kept;
    }
    if (shift > 0) {  // otherwise the keys of the rest are equal
      std::nth_element(entries, entries + rank, entries + count, [](const Entry& a, const Entry& b) {
        return a.key < b.key || (a.key == b.key && a.place < b.place);
      });
    }
    return entries[rank].place;
  }

 private:
  static constexpr int bits = 8 * static_cast<int>(sizeof(U));
  static constexpr int buckets = 1 << width;
  static constexpr std::int64_t few = 32;

  static int digit(U key, int shift) { return static_cast<int>((key >> shift) & static_cast<U>(buckets - 1)); }

  // The bucket in which the element of a rank lies, whose rank among those in the bucket replaces the rank.
  static int bucket_of(const std::uint32_t* counts, std::int64_t& rank) {
    int bucket = 0;
    while (rank >= counts[bucket]) rank -= counts[bucket++];
    return bucket;
  }
};

}  // namespace mindspore::cpu
