// Random words for AVX2 processors.

#include <cstdint>
#include <cstring>

#include "intrinsics.h"
#include "random_isa.h"

#define VECTOR_BYTES 32
#define MULTIPLY(a, b) \
  reinterpret_cast<Lanes>(_mm256_mul_epu32(reinterpret_cast<__m256i>(a), reinterpret_cast<__m256i>(b)))

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace mindspore::cpu {
namespace {
#include "random_impl.h"
}  // namespace

const RandomTable random_avx2 = {step, fill};

}  // namespace mindspore::cpu
#pragma GCC pop_options
