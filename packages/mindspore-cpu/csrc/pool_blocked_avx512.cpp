// Pooling of blocks of 16 channels, for AVX-512 processors.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "element.h"
#include "pool.h"

#define BLOCK 16

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
#include "pool_windows.h"
#include "vector_halves.h"

namespace mindspore::cpu {
namespace {
#include "pool_blocked_impl.h"
}  // namespace

const PoolBlocks pool_blocks_avx512 = made_blocks;

}  // namespace mindspore::cpu
#pragma GCC pop_options
