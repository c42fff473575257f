// Factorisations of matrices for AVX-512 processors.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "linalg_table.h"

#define VECTOR_BYTES 64

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")
namespace mindspore::cpu {
namespace {
#include "linalg_impl.h"
#include "linalg_factor_impl.h"
#include "linalg_values_impl.h"
}  // namespace

const LinalgTables linalg_avx512 = {linalg_table<float>(), linalg_table<double>(), linalg_table<Cx<float>>(),
                                   linalg_table<Cx<double>>()};

}  // namespace mindspore::cpu
#pragma GCC pop_options
