// Tools of the kernels that are written for AVX-512: masks, and transposing 16 x 16 blocks of floats in registers.
//
// Four rounds of 16 shuffles each: pairs of rows, pairs of pairs, then quarters of registers twice. After each round an
// element has one more bit of its row number exchanged for one of its column number.
#pragma once

#include <cstdint>

#include "intrinsics.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")

namespace mindspore::cpu {

inline __attribute__((always_inline)) void transpose_16x16(__m512* r) {
  __m512 t[16];
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 2) {
    t[i] = _mm512_unpacklo_ps(r[i], r[i + 1]);
    t[i + 1] = _mm512_unpackhi_ps(r[i], r[i + 1]);
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 4) {
    for (int j = 0; j < 2; ++j) {
      const __m512d low = _mm512_castps_pd(t[i + j]);
      const __m512d high = _mm512_castps_pd(t[i + j + 2]);
      r[i + 2 * j] = _mm512_castpd_ps(_mm512_unpacklo_pd(low, high));
      r[i + 2 * j + 1] = _mm512_castpd_ps(_mm512_unpackhi_pd(low, high));
    }
  }
#pragma GCC unroll 16
  for (int i = 0; i < 16; i += 8) {
#pragma GCC unroll 4
    for (int j = 0; j < 4; ++j) {
      t[i + j] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0x88);
      t[i + j + 4] = _mm512_shuffle_f32x4(r[i + j], r[i + j + 4], 0xdd);
    }
  }
#pragma GCC unroll 16
  for (int j = 0; j < 8; ++j) {
    r[j] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0x88);
    r[j + 8] = _mm512_shuffle_f32x4(t[j], t[j + 8], 0xdd);
  }
}

// Stops the compiler from seeing through an address: it would keep values of earlier iterations, in memory for want of
// registers, to save loads that cost nothing.
inline __attribute__((always_inline)) void keep_in_register(const float*& pointer) { asm("" : "+r"(pointer)); }

// The same for a vector that is used several times: it would be loaded each time, which is dear where it straddles two
// cache lines.
inline __attribute__((always_inline)) void keep_in_register(__m512& vector) { asm("" : "+v"(vector)); }

// A mask of the first `count` lanes.
inline __mmask16 first_lanes(std::int64_t count) {
  return static_cast<__mmask16>(count >= 16 ? 0xffffu : (1u << count) - 1u);
}

// to[c * to_row + r] = from[r * from_row + c] for r < rows <= 16 and c < columns <= 16; rows up to `filled` <= 16 that
// do not exist count as zeros.
inline void transpose_block(const float* from, std::int64_t from_row, std::int64_t rows, std::int64_t columns,
                            float* to, std::int64_t to_row, std::int64_t filled) {
  __m512 r[16];
  const __mmask16 wide = first_lanes(columns);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    r[i] = i < rows ? _mm512_maskz_loadu_ps(wide, from + i * from_row) : _mm512_setzero_ps();
  }
  transpose_16x16(r);
  const __mmask16 high = first_lanes(filled);
#pragma GCC unroll 16
  for (int i = 0; i < 16; ++i) {
    if (i < columns) _mm512_mask_storeu_ps(to + i * to_row, high, r[i]);
  }
}

// A panel of `columns` contiguous columns (`stride` apart), `depth` long, as rows of `width` floats (a multiple of 16)
// padded with zeros.
inline void transpose_panel(const float* from, std::int64_t stride, std::int64_t depth, std::int64_t columns,
                            std::int64_t width, float* to) {
  for (std::int64_t j = 0; j < width; j += 16) {
    const std::int64_t rows = columns - j < 16 ? (columns > j ? columns - j : 0) : 16;
    for (std::int64_t p = 0; p < depth; p += 16) {
      const std::int64_t count = depth - p < 16 ? depth - p : 16;
      transpose_block(from + j * stride + p, stride, rows, count, to + p * width + j, width, 16);
    }
  }
}

}  // namespace mindspore::cpu

#pragma GCC pop_options
