// What one instruction set's copy of the products with int8 matrices offers to the dispatcher.
#pragma once

#include <cstddef>
#include <cstdint>

#include "element.h"

namespace mindspore::cpu {

// One call of a product with weights: everything but w and y is in float32.
struct WeightProblem {
  Element element;  // of y
  std::int64_t m, n, k;
  std::int64_t group, groups;  // elements of a column in a group; one group of k where there are none
  bool transposed;
  const float* x;
  const std::int8_t* w;
  const float* scale;
  const float* offset;  // or null
  const float* sums;    // with an offset: of x over each group, [m, groups]
  const float* bias;    // or null
  bool relu;
  void* y;
};

// One call of an int8 product. a is widened: [m, stride], zeros from k to stride.
struct Int8Problem {
  Element element;  // of y
  std::int64_t m, n, k, stride;
  bool transposed;
  const std::int16_t* a;
  const std::int8_t* b;
  const float* rows;     // null for sums in i32
  const float* columns;  // null for sums in i32
  const float* bias;     // or null
  bool relu;
  void* y;
};

// Columns [begin, end) of the result; `scratch` holds what the other function says, aligned to 64.
struct QuantizedTable {
  void (*weights)(const WeightProblem&, std::int64_t begin, std::int64_t end, void* scratch);
  std::size_t (*weights_scratch)(const WeightProblem&);
  void (*int8)(const Int8Problem&, std::int64_t begin, std::int64_t end, void* scratch);
  std::size_t (*int8_scratch)(const Int8Problem&);
  void (*widen)(const std::int8_t* from, std::int64_t count, std::int16_t* to);
  // Rows [begin, end) of the result from their sums [m, n]; a and b are not read.
  void (*scale)(const Int8Problem&, const std::int32_t* sums, std::int64_t begin, std::int64_t end);
};

extern const QuantizedTable quantized_generic;
extern const QuantizedTable quantized_avx2;
extern const QuantizedTable quantized_avx512;
extern const QuantizedTable quantized_avx512_vnni;

}  // namespace mindspore::cpu
