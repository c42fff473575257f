// Products with int8 matrices for AVX2 processors.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "intrinsics.h"
#include "kernel.h"
#include "quantized_table.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace mindspore::cpu {
namespace {

struct Simd {
  using F = __m256;
  using I = __m256i;
  static constexpr std::int64_t lanes = 8;
  static constexpr int columns = 2;
  static constexpr int rows = 6;

  static F none() { return _mm256_setzero_ps(); }
  static F all(float value) { return _mm256_set1_ps(value); }
  static F load(const float* from) { return _mm256_loadu_ps(from); }
  static void store(float* to, F value) { _mm256_storeu_ps(to, value); }
  static F add(F a, F b) { return _mm256_add_ps(a, b); }
  static F mul(F a, F b) { return _mm256_mul_ps(a, b); }
  static float total(F value) {
    __m128 half = _mm_add_ps(_mm256_castps256_ps128(value), _mm256_extractf128_ps(value, 1));
    half = _mm_add_ps(half, _mm_movehl_ps(half, half));
    return _mm_cvtss_f32(_mm_add_ss(half, _mm_shuffle_ps(half, half, 1)));
  }
  static F floats(const std::int8_t* from) { return _mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(eight(from))); }

  static I zero() { return _mm256_setzero_si256(); }
  static I all(std::int32_t value) { return _mm256_set1_epi32(value); }
  static I load(const std::int16_t* from) { return _mm256_loadu_si256(reinterpret_cast<const I*>(from)); }
  static I load(const std::int32_t* from) { return _mm256_loadu_si256(reinterpret_cast<const I*>(from)); }
  static void store(std::int32_t* to, I value) { _mm256_storeu_si256(reinterpret_cast<I*>(to), value); }
  static I add(I a, I b) { return _mm256_add_epi32(a, b); }
  static I dot(I sum, I a, I b) { return _mm256_add_epi32(sum, _mm256_madd_epi16(a, b)); }
  static std::int32_t total(I value) {
    __m128i half = _mm_add_epi32(_mm256_castsi256_si128(value), _mm256_extracti128_si256(value, 1));
    half = _mm_add_epi32(half, _mm_shuffle_epi32(half, 0x4e));
    return _mm_cvtsi128_si32(_mm_add_epi32(half, _mm_shuffle_epi32(half, 0xb1)));
  }
  static I pairs(const std::int8_t* from) {
    return _mm256_cvtepi8_epi16(_mm_loadu_si128(reinterpret_cast<const __m128i*>(from)));
  }
  static I interleaved(const std::int8_t* p, const std::int8_t* q) {
    return _mm256_cvtepi8_epi16(_mm_unpacklo_epi8(eight(p), eight(q)));
  }

 private:
  static __m128i eight(const std::int8_t* from) { return _mm_loadl_epi64(reinterpret_cast<const __m128i*>(from)); }
};

#include "quantized_impl.h"
#include "quantized_panels_impl.h"

}  // namespace

const QuantizedTable quantized_avx2 = {weights_entry, scratch_entry<WeightProblem>, int8_entry,
                                       scratch_entry<Int8Problem>, widen_entry, scale_entry};

}  // namespace mindspore::cpu
#pragma GCC pop_options
