// Element types that our own kernels know, and the conversions of the two half-precision types.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string>
#include <type_traits>

namespace mindspore::cpu {

enum class Element { f16, bf16, f32, f64, i8, u8, i16, u16, i32, u32, i64, u64 };

// The element type that core calls `key` (float32, int8, ...); std::invalid_argument for any other.
Element element_of(const std::string& key);

std::size_t element_bytes(Element element);

// IEEE half precision, as its bits.
struct Half {
  std::uint16_t bits;
};

// The upper half of a float, as its bits.
struct Bfloat {
  std::uint16_t bits;
};

inline float bits_to_float(std::uint32_t bits) {
  float value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

inline std::uint32_t float_to_bits(float value) {
  std::uint32_t bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}

// Exact. The exponent is re-biased by a multiplication, which also normalises subnormal halves.
inline float widen(Half value) {
  const std::uint32_t sign = static_cast<std::uint32_t>(value.bits & 0x8000u) << 16;
  const std::uint32_t rest = static_cast<std::uint32_t>(value.bits & 0x7fffu) << 13;
  const bool special = (value.bits & 0x7c00u) == 0x7c00u;
  const std::uint32_t scaled = float_to_bits(bits_to_float(rest) * 0x1p112f);
  return bits_to_float(sign | (special ? rest | 0x7f800000u : scaled));
}

inline float widen(Bfloat value) { return bits_to_float(static_cast<std::uint32_t>(value.bits) << 16); }

// Rounds to nearest, ties to even; too large numbers become infinite, NaN stays NaN. Adding a power of two that aligns
// the last kept bit with the last bit of a float lets the addition do the rounding, for subnormal results too.
inline Half narrow_to_half(float value) {
  const std::uint32_t bits = float_to_bits(value);
  const std::uint32_t sign = (bits >> 16) & 0x8000u;
  const std::uint32_t magnitude = bits & 0x7fffffffu;
  std::uint32_t result;
  if (magnitude > 0x7f800000u) {
    result = 0x7e00u;
  } else if (magnitude >= 0x477ff000u) {
    result = 0x7c00u;
  } else if (magnitude < 0x38800000u) {
    result = float_to_bits(bits_to_float(magnitude) + 0.5f) - float_to_bits(0.5f);
  } else {
    const std::uint32_t odd = (magnitude >> 13) & 1u;
    result = (magnitude - 0x38000000u + 0xfffu + odd) >> 13;
  }
  return {static_cast<std::uint16_t>(sign | result)};
}

inline Bfloat narrow_to_bfloat(float value) {
  const std::uint32_t bits = float_to_bits(value);
  if ((bits & 0x7fffffffu) > 0x7f800000u) return {static_cast<std::uint16_t>((bits >> 16) | 0x40u)};
  return {static_cast<std::uint16_t>((bits + 0x7fffu + ((bits >> 16) & 1u)) >> 16)};
}

// The number that arithmetic is done with: a float for half-precision types, else the value itself.
template <class S>
auto wide(S value) {
  if constexpr (std::is_same_v<S, Half> || std::is_same_v<S, Bfloat>) {
    return widen(value);
  } else {
    return value;
  }
}

// The inverse, rounded.
template <class S, class T>
S narrow(T value) {
  if constexpr (std::is_same_v<S, Half>) {
    return narrow_to_half(value);
  } else if constexpr (std::is_same_v<S, Bfloat>) {
    return narrow_to_bfloat(value);
  } else {
    return static_cast<S>(value);
  }
}

}  // namespace mindspore::cpu
