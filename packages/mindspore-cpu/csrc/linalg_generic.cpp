// Factorisations of matrices for any x86-64 processor.

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <type_traits>
#include <utility>

#include "linalg_table.h"

#define VECTOR_BYTES 16

namespace mindspore::cpu {
namespace {
#include "linalg_impl.h"
#include "linalg_factor_impl.h"
#include "linalg_values_impl.h"
}  // namespace

const LinalgTables linalg_generic = {linalg_table<float>(), linalg_table<double>(), linalg_table<Cx<float>>(),
                                   linalg_table<Cx<double>>()};

}  // namespace mindspore::cpu
