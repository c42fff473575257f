// The matrix product for any x86-64 processor.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <type_traits>

#include "gemm_isa.h"
#include "kernel.h"

#define VECTOR_BYTES 16
#define TILE_VECTORS 2
#define TILE_ROWS 4

namespace mindspore::cpu {
namespace {
#include "gemm_impl.h"
}  // namespace

const GemmTable gemm_generic = {gemm_entry, scratch_entry, columns_entry};

}  // namespace mindspore::cpu
