// Pooling of blocks of 8 channels, for AVX2 processors.

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <limits>
#include <type_traits>

#include "element.h"
#include "pool.h"

#define BLOCK 8

#pragma GCC push_options
#pragma GCC target("avx2,fma")
#include "pool_windows.h"
#include "vector_halves.h"

namespace mindspore::cpu {
namespace {
#include "pool_blocked_impl.h"
}  // namespace

const PoolBlocks pool_blocks_avx2 = made_blocks;

}  // namespace mindspore::cpu
#pragma GCC pop_options
