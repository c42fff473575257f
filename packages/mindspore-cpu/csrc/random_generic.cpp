// Random words for any processor.

#include <cstdint>
#include <cstring>

#include "random_isa.h"

#define VECTOR_BYTES 16
#if defined(__SSE2__)
#include "intrinsics.h"
#define MULTIPLY(a, b) \
  reinterpret_cast<Lanes>(_mm_mul_epu32(reinterpret_cast<__m128i>(a), reinterpret_cast<__m128i>(b)))
#else
#define MULTIPLY(a, b) (((a) & 0xffffffffu) * (b))
#endif

namespace mindspore::cpu {
namespace {
#include "random_impl.h"
}  // namespace

const RandomTable random_generic = {step, fill};

}  // namespace mindspore::cpu
