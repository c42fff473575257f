// Random words for AVX-512 processors.

#include <cstdint>
#include <cstring>

#include "intrinsics.h"
#include "random_isa.h"

#define VECTOR_BYTES 64
#define MULTIPLY(a, b) \
  reinterpret_cast<Lanes>(_mm512_mul_epu32(reinterpret_cast<__m512i>(a), reinterpret_cast<__m512i>(b)))

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
namespace mindspore::cpu {
namespace {
#include "random_impl.h"
}  // namespace

const RandomTable random_avx512 = {step, fill};

}  // namespace mindspore::cpu
#pragma GCC pop_options
