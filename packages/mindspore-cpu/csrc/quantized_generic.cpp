// Products with int8 matrices for any processor.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "kernel.h"
#include "quantized_table.h"

#if defined(__SSE2__)
#include "intrinsics.h"
#endif

namespace mindspore::cpu {
namespace {

#if defined(__SSE2__)

struct Simd {
  using F = __m128;
  using I = __m128i;
  static constexpr std::int64_t lanes = 4;
  static constexpr int columns = 2;
  static constexpr int rows = 4;

  static F none() { return _mm_setzero_ps(); }
  static F all(float value) { return _mm_set1_ps(value); }
  static F load(const float* from) { return _mm_loadu_ps(from); }
  static void store(float* to, F value) { _mm_storeu_ps(to, value); }
  static F add(F a, F b) { return _mm_add_ps(a, b); }
  static F mul(F a, F b) { return _mm_mul_ps(a, b); }
  static float total(F value) {
    alignas(16) float part[4];
    _mm_store_ps(part, value);
    return (part[0] + part[2]) + (part[1] + part[3]);
  }
  static F floats(const std::int8_t* from) {
    I value = four(from);
    value = _mm_unpacklo_epi8(value, value);
    return _mm_cvtepi32_ps(_mm_srai_epi32(_mm_unpacklo_epi16(value, value), 24));
  }

  static I zero() { return _mm_setzero_si128(); }
  static I all(std::int32_t value) { return _mm_set1_epi32(value); }
  static I load(const std::int16_t* from) { return _mm_loadu_si128(reinterpret_cast<const I*>(from)); }
  static I load(const std::int32_t* from) { return _mm_loadu_si128(reinterpret_cast<const I*>(from)); }
  static void store(std::int32_t* to, I value) { _mm_storeu_si128(reinterpret_cast<I*>(to), value); }
  static I add(I a, I b) { return _mm_add_epi32(a, b); }
  static I dot(I sum, I a, I b) { return _mm_add_epi32(sum, _mm_madd_epi16(a, b)); }
  static std::int32_t total(I value) {
    value = _mm_add_epi32(value, _mm_shuffle_epi32(value, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(value, _mm_shuffle_epi32(value, 0xb1)));
  }
  static I widened(I bytes) { return _mm_srai_epi16(_mm_unpacklo_epi8(bytes, bytes), 8); }
  static I pairs(const std::int8_t* from) { return widened(_mm_loadl_epi64(reinterpret_cast<const I*>(from))); }
  static I interleaved(const std::int8_t* p, const std::int8_t* q) {
    return widened(_mm_unpacklo_epi8(four(p), four(q)));
  }

 private:
  static I four(const std::int8_t* from) {
    std::int32_t bytes;
    std::memcpy(&bytes, from, sizeof bytes);
    return _mm_cvtsi32_si128(bytes);
  }
};

#else

struct Simd {
  typedef float F __attribute__((vector_size(16)));
  typedef std::uint32_t I __attribute__((vector_size(16)));
  static constexpr std::int64_t lanes = 4;
  static constexpr int columns = 2;
  static constexpr int rows = 4;

  static F none() { return F{}; }
  static F all(float value) { return F{value, value, value, value}; }
  static F load(const float* from) { return from_memory<F>(from); }
  static void store(float* to, F value) { std::memcpy(to, &value, sizeof value); }
  static F add(F a, F b) { return a + b; }
  static F mul(F a, F b) { return a * b; }
  static float total(F value) { return (value[0] + value[2]) + (value[1] + value[3]); }
  static F floats(const std::int8_t* from) {
    return F{static_cast<float>(from[0]), static_cast<float>(from[1]), static_cast<float>(from[2]),
             static_cast<float>(from[3])};
  }

  static I zero() { return I{}; }
  static I all(std::int32_t value) {
    const auto bits = static_cast<std::uint32_t>(value);
    return I{bits, bits, bits, bits};
  }
  static I load(const std::int16_t* from) { return from_memory<I>(from); }
  static I load(const std::int32_t* from) { return from_memory<I>(from); }
  static void store(std::int32_t* to, I value) { std::memcpy(to, &value, sizeof value); }
  static I add(I a, I b) { return a + b; }
  static I dot(I sum, I a, I b) {
    std::int16_t x[8], y[8];
    std::memcpy(x, &a, sizeof x);
    std::memcpy(y, &b, sizeof y);
    for (int l = 0; l < 4; ++l) {
      sum[l] += static_cast<std::uint32_t>(x[2 * l] * y[2 * l]) + static_cast<std::uint32_t>(x[2 * l + 1] * y[2 * l + 1]);
    }
    return sum;
  }
  static std::int32_t total(I value) { return static_cast<std::int32_t>(value[0] + value[1] + value[2] + value[3]); }
  static I pairs(const std::int8_t* from) {
    std::int16_t wide[8];
    for (int l = 0; l < 8; ++l) wide[l] = from[l];
    return load(wide);
  }
  static I interleaved(const std::int8_t* p, const std::int8_t* q) {
    std::int16_t wide[8];
    for (int l = 0; l < 4; ++l) wide[2 * l] = p[l], wide[2 * l + 1] = q[l];
    return load(wide);
  }

 private:
  template <class V>
  static V from_memory(const void* from) {
    V value;
    std::memcpy(&value, from, sizeof value);
    return value;
  }
};

#endif

#include "quantized_impl.h"
#include "quantized_panels_impl.h"

}  // namespace

const QuantizedTable quantized_generic = {weights_entry, scratch_entry<WeightProblem>, int8_entry,
                                          scratch_entry<Int8Problem>, widen_entry, scale_entry};

}  // namespace mindspore::cpu
