// The matrix product for AVX2 processors.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "gemm_isa.h"
#include "kernel.h"

#define VECTOR_BYTES 32
#define TILE_VECTORS 2
#define TILE_ROWS 6

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace mindspore::cpu {
namespace {
#include "gemm_impl.h"
}  // namespace

const GemmTable gemm_avx2 = {gemm_entry, scratch_entry, columns_entry};

}  // namespace mindspore::cpu
#pragma GCC pop_options
