// Products with int8 matrices for AVX-512 processors.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "intrinsics.h"
#include "kernel.h"
#include "quantized_table.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#define INT8_DOT(sum, a, b) _mm512_add_epi32(sum, _mm512_madd_epi16(a, b))
namespace mindspore::cpu {
namespace {

#include "quantized_avx512_simd.h"
#include "quantized_impl.h"
#include "quantized_panels_impl.h"

}  // namespace

const QuantizedTable quantized_avx512 = {weights_entry, scratch_entry<WeightProblem>, int8_entry,
                                         scratch_entry<Int8Problem>, widen_entry, scale_entry};

}  // namespace mindspore::cpu
#pragma GCC pop_options
