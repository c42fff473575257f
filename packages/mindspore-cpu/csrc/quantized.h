// Products with a matrix of int8: floating rows times numbers (w + offset) * scale, and int8 rows times int8 columns.
//
// Where few rows meet the matrix, reading it takes most of the time; its bytes are widened in registers and never
// written anywhere. The same goes for somewhat more rows if the matrix lies transposed, since the bytes of a column
// stay in the first-level cache while all rows meet them. For many rows a panel of columns is unpacked into scratch memory,
// as floats with their scales or as pairs of int16, and meets the rows as in gemm.h.
//
// Sums of int8 products are exact in int32 with every instruction set: bytes become int16, whose products are added in
// pairs by an instruction that does not saturate. Where the processor multiplies bytes as exactly, oneDNN makes the sums.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// y[m, n] = relu?(x[m, k] W[k, n] + bias[n]) where W = (w + offset) * scale; w is stored [n, k] if `transposed`. There
// is one scale and offset for each column, or, with `group`, for each `group` elements of a column: [groups, n], or
// [n, groups] if transposed.
struct WeightQuantSpec {
  Element element;      // of x, bias and y: f16, bf16 or f32
  Element parameters;   // of scale and offset: the same, or f32
  std::int64_t m, n, k;
  bool transposed;
  std::int64_t group;   // 0: a whole column
  bool offset, bias, relu;
};

// Buffers: x, w, scale, [offset], [bias], y.
std::unique_ptr<Kernel> make_weight_quant_matmul(const WeightQuantSpec& spec);

// y[m, n] = a[m, k] b[k, n] as i32; or as floats relu?(sum * columns[n] * rows[m] + bias[n]). b is stored [n, k] if
// `transposed`.
struct Int8Spec {
  Element element;  // of y and bias: i32, or f16, bf16, f32
  std::int64_t m, n, k;
  bool transposed;
  bool bias, relu;
};

// Buffers: a, b, y; or a, b, rows, columns, [bias], y.
std::unique_ptr<Kernel> make_int8_matmul(const Int8Spec& spec);

// The sums alone, by oneDNN; null where that has no instructions for them, or they are too few. Buffers: a, b, y of i32.
std::unique_ptr<Kernel> make_int8_onednn(const Int8Spec& spec);

}  // namespace mindspore::cpu
