// Fourier transforms for AVX2 processors.

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "fft_plan.h"

#pragma GCC push_options
#pragma GCC target("avx2,fma")
namespace mindspore::cpu {
namespace {
#include "fft_impl.h"
}  // namespace

const FftTable fft_avx2 = {transform<float>, transform<double>};

}  // namespace mindspore::cpu
#pragma GCC pop_options
