// Vectors of 64 bytes for quantized_impl.h; INT8_DOT(sum, a, b) is how neighbouring products of int16 are added.

struct Simd {
  using F = __m512;
  using I = __m512i;
  static constexpr std::int64_t lanes = 16;
  static constexpr int columns = 4;
  static constexpr int rows = 6;

  static F none() { return _mm512_setzero_ps(); }
  static F all(float value) { return _mm512_set1_ps(value); }
  static F load(const float* from) { return _mm512_loadu_ps(from); }
  static void store(float* to, F value) { _mm512_storeu_ps(to, value); }
  static F add(F a, F b) { return _mm512_add_ps(a, b); }
  static F mul(F a, F b) { return _mm512_mul_ps(a, b); }
  static float total(F value) { return _mm512_reduce_add_ps(value); }
  static F floats(const std::int8_t* from) { return _mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(sixteen(from))); }

  static I zero() { return _mm512_setzero_si512(); }
  static I all(std::int32_t value) { return _mm512_set1_epi32(value); }
  static I load(const std::int16_t* from) { return _mm512_loadu_si512(from); }
  static I load(const std::int32_t* from) { return _mm512_loadu_si512(from); }
  static void store(std::int32_t* to, I value) { _mm512_storeu_si512(to, value); }
  static I add(I a, I b) { return _mm512_add_epi32(a, b); }
  static I dot(I sum, I a, I b) { return INT8_DOT(sum, a, b); }
  static std::int32_t total(I value) { return _mm512_reduce_add_epi32(value); }
  static I pairs(const std::int8_t* from) {
    return _mm512_cvtepi8_epi16(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
  }
  static I interleaved(const std::int8_t* p, const std::int8_t* q) {
    const __m128i a = sixteen(p), b = sixteen(q);
    return _mm512_cvtepi8_epi16(_mm256_set_m128i(_mm_unpackhi_epi8(a, b), _mm_unpacklo_epi8(a, b)));
  }

 private:
  static __m128i sixteen(const std::int8_t* from) { return _mm_loadu_si128(reinterpret_cast<const __m128i*>(from)); }
};
