// Fourier transforms for AVX-512 processors.

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "fft_plan.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
namespace mindspore::cpu {
namespace {
#include "fft_impl.h"
}  // namespace

const FftTable fft_avx512 = {transform<float>, transform<double>};

}  // namespace mindspore::cpu
#pragma GCC pop_options
