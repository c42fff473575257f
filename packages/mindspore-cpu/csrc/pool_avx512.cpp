// Max pooling of 2 x 2 windows side by side, with AVX-512.

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "intrinsics.h"
#include "pool.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")

namespace mindspore::cpu {

namespace {

constexpr std::int64_t lanes = 16;

__mmask16 first_of(std::int64_t count) {
  return static_cast<__mmask16>(count >= lanes ? 0xffffu : count <= 0 ? 0u : (1u << count) - 1u);
}

// The instruction gives its second operand where either is NaN; so a NaN in the first must be kept.
__m512 larger(__m512 a, __m512 b) {
  const __mmask16 nan = _mm512_cmp_ps_mask(a, a, _CMP_UNORD_Q);
  return _mm512_mask_blend_ps(nan, _mm512_max_ps(a, b), a);
}

// Where x equals y or both are NaN.
__mmask16 same(__m512 x, __m512 y) {
  const __mmask16 nans = _mm512_cmp_ps_mask(x, x, _CMP_UNORD_Q) & _mm512_cmp_ps_mask(y, y, _CMP_UNORD_Q);
  return _mm512_cmp_ps_mask(x, y, _CMP_EQ_OQ) | nans;
}

constexpr unsigned even = 0x5555;

}  // namespace

void max_pool_2x2_avx512(const PoolShape& s, const float* x, float* y) {
  const __m512i left = _mm512_set_epi32(30, 28, 26, 24, 22, 20, 18, 16, 14, 12, 10, 8, 6, 4, 2, 0);
  const __m512i right = _mm512_or_si512(left, _mm512_set1_epi32(1));
  for (std::int64_t row = 0; row < s.oh; ++row) {
    const float* upper = x + 2 * row * s.iw;
    for (std::int64_t column = 0; column < s.ow; column += lanes) {
      const std::int64_t count = std::min(lanes, s.ow - column);
      const __mmask16 low = first_of(2 * count);
      const __mmask16 high = first_of(2 * count - lanes);
      const float* from = upper + 2 * column;
      const __m512 a =
          larger(_mm512_maskz_loadu_ps(low, from), _mm512_maskz_loadu_ps(low, from + s.iw));
      const __m512 b =
          larger(_mm512_maskz_loadu_ps(high, from + lanes), _mm512_maskz_loadu_ps(high, from + s.iw + lanes));
      const __m512 result = larger(_mm512_permutex2var_ps(a, left, b), _mm512_permutex2var_ps(a, right, b));
      _mm512_mask_storeu_ps(y + row * s.ow + column, first_of(count), result);
    }
  }
}

void max_pool_2x2_grad_avx512(const PoolShape& s, const float* x, const float* y, const float* dy, float* dx) {
  const __m512i twice = _mm512_set_epi32(7, 7, 6, 6, 5, 5, 4, 4, 3, 3, 2, 2, 1, 1, 0, 0);
  for (std::int64_t row = 0; row < s.oh; ++row) {
    const float* upper = x + 2 * row * s.iw;
    float* to = dx + 2 * row * s.iw;
    for (std::int64_t column = 0; column < s.ow; column += lanes / 2) {
      const std::int64_t count = std::min(lanes / 2, s.ow - column);
      const __mmask16 windows = first_of(count);
      const __mmask16 mask = first_of(2 * count);
      const std::int64_t output = row * s.ow + column;
      const __m512 maxima = _mm512_maskz_loadu_ps(windows, y + output);
      const __mmask16 counts = s.positive ? _mm512_cmp_ps_mask(maxima, _mm512_setzero_ps(), _CMP_GT_OQ) : windows;
      const __m512 target = _mm512_permutexvar_ps(twice, maxima);
      const __m512 cotangent = _mm512_permutexvar_ps(twice, _mm512_maskz_loadu_ps(windows & counts, dy + output));
      // A right tap counts only if its left neighbour does not, a lower one only if no upper one does.
      unsigned first = same(_mm512_maskz_loadu_ps(mask, upper + 2 * column), target);
      first &= ~((first & even) << 1);
      const unsigned taken = (first | (first >> 1)) & even;
      unsigned second = same(_mm512_maskz_loadu_ps(mask, upper + s.iw + 2 * column), target);
      second &= ~(taken | (taken << 1));
      second &= ~((second & even) << 1);
      _mm512_mask_storeu_ps(to + 2 * column, mask, _mm512_maskz_mov_ps(static_cast<__mmask16>(first), cotangent));
      _mm512_mask_storeu_ps(to + s.iw + 2 * column, mask,
                            _mm512_maskz_mov_ps(static_cast<__mmask16>(second), cotangent));
    }
    for (std::int64_t column = 2 * s.ow; column < s.iw; ++column) to[column] = to[s.iw + column] = 0;
  }
  const std::int64_t done = 2 * s.oh * s.iw;
  std::memset(dx + done, 0, static_cast<std::size_t>(s.ih * s.iw - done) * sizeof(float));
}

}  // namespace mindspore::cpu

#pragma GCC pop_options
