// The matrix product, and the attention made of such, for AVX-512 processors.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "attention_isa.h"
#include "gemm_isa.h"
#include "kernel.h"
#include "transpose_avx512.h"

#define VECTOR_BYTES 64
#define TILE_VECTORS 4
#define TILE_ROWS 6
#define TRANSPOSE_PANEL transpose_panel
#define WIDEN_HALVES widen_halves

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "vector_halves.h"
namespace mindspore::cpu {
namespace {
inline __m512 widen_halves(const Half* from) {
  return _mm512_cvtph_ps(_mm256_loadu_si256(reinterpret_cast<const __m256i*>(from)));
}

#include "gemm_impl.h"

#include "attention_impl.h"
}  // namespace

const GemmTable gemm_avx512 = {gemm_entry, scratch_entry, columns_entry};
const AttentionTable attention_avx512 = {forward_entry, backward_entry, forward_bytes, backward_bytes};

}  // namespace mindspore::cpu
#pragma GCC pop_options
