// The matrix product, and the attention made of such, for any x86-64 processor.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "attention_isa.h"
#include "gemm_isa.h"
#include "kernel.h"

#define VECTOR_BYTES 16
#define TILE_VECTORS 2
#define TILE_ROWS 4

#include "vector_halves.h"

namespace mindspore::cpu {
namespace {
#include "gemm_impl.h"

#include "attention_impl.h"
}  // namespace

const GemmTable gemm_generic = {gemm_entry, scratch_entry, columns_entry};
const AttentionTable attention_generic = {forward_entry, backward_entry, forward_bytes, backward_bytes};

}  // namespace mindspore::cpu
