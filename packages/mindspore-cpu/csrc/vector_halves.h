// Vectors of half-precision numbers, widened to floats and rounded back: `widen` and `narrow` of element.h, lane by lane. Each
// file that includes this has a copy for its own instruction set.
#pragma once

#include <cstdint>
#include <cstring>
#include <type_traits>

#include "element.h"

namespace mindspore::cpu {

namespace {

template <int lanes>
struct HalfVectors {
  typedef float Floats __attribute__((vector_size(lanes * 4), may_alias));
  typedef std::uint32_t Words __attribute__((vector_size(lanes * 4)));
  typedef std::uint16_t Shorts __attribute__((vector_size(lanes * 2)));
};

template <int lanes, class S>
inline __attribute__((always_inline)) typename HalfVectors<lanes>::Floats widened(const S* from) {
  using Words = typename HalfVectors<lanes>::Words;
  typename HalfVectors<lanes>::Shorts given;
  typename HalfVectors<lanes>::Floats result;
  std::memcpy(&given, from, sizeof given);
  Words bits = __builtin_convertvector(given, Words);
  if constexpr (std::is_same_v<S, Bfloat>) {
    bits <<= 16;
  } else {
    static_assert(std::is_same_v<S, Half>);
    const Words rest = (bits & 0x7fffu) << 13;
    std::memcpy(&result, &rest, sizeof result);
    result *= 0x1p112f;
    Words scaled;
    std::memcpy(&scaled, &result, sizeof scaled);
    bits = ((bits & 0x8000u) << 16) | ((bits & 0x7c00u) == 0x7c00u ? rest | 0x7f800000u : scaled);
  }
  std::memcpy(&result, &bits, sizeof result);
  return result;
}

template <int lanes, class S>
inline __attribute__((always_inline)) void store_narrowed(S* to, typename HalfVectors<lanes>::Floats value) {
  using Words = typename HalfVectors<lanes>::Words;
  Words bits, rounded;
  std::memcpy(&bits, &value, sizeof bits);
  const Words magnitude = bits & 0x7fffffffu;
  if constexpr (std::is_same_v<S, Bfloat>) {
    rounded = (bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16;
    rounded = magnitude > 0x7f800000u ? (bits >> 16) | 0x40u : rounded;
  } else {
    static_assert(std::is_same_v<S, Half>);
    typename HalfVectors<lanes>::Floats low;
    std::memcpy(&low, &magnitude, sizeof low);
    low += 0.5f;
    Words small;
    std::memcpy(&small, &low, sizeof small);
    small -= 0x3f000000u;  // of 0.5f
    rounded = (magnitude - 0x38000000u + 0xfffu + ((magnitude >> 13) & 1u)) >> 13;
    rounded = magnitude < 0x38800000u ? small : rounded;
    rounded = magnitude >= 0x477ff000u ? Words{} + 0x7c00u : rounded;
    rounded = magnitude > 0x7f800000u ? Words{} + 0x7e00u : rounded;
    rounded |= (bits >> 16) & 0x8000u;
  }
  const auto result = __builtin_convertvector(rounded, typename HalfVectors<lanes>::Shorts);
  std::memcpy(to, &result, sizeof result);
}

}  // namespace

}  // namespace mindspore::cpu
