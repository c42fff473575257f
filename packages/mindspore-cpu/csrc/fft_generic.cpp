// Fourier transforms for any processor.

#include <algorithm>
#include <cstdint>
#include <type_traits>
#include <utility>

#include "fft_plan.h"

namespace mindspore::cpu {
namespace {
#include "fft_impl.h"
}  // namespace

const FftTable fft_generic = {transform<float>, transform<double>};

}  // namespace mindspore::cpu
