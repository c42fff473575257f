// Our own matrix product, for what oneDNN does not do or does with too much ceremony: small f32 products, f64,
// half-precision without hardware support, integers.
//
//   C[m, n] = relu?(sum over k of A[m, k] B[k, n] + bias[n]), or C - A B
//
// The method is that of Goto and van de Geijn ("Anatomy of high-performance matrix multiplication", 2008): a register
// tile of C is updated by rank-1 steps from a strip of A, whose elements are broadcast, and a panel of B, whose rows are
// vectors. Panels of B are packed into a contiguous, zero-padded buffer, except where B's rows are contiguous already
// and the panel is read too few times for packing to pay. A few rows of A against columns of B that are contiguous are
// sums of products of vectors instead; against rows of B in half precision, sums that B is streamed past. Half-precision
// and narrow integers are widened while packing and rounded once at the end; integers wrap around. k is never divided among
// threads, so the result does not depend on their number.
#pragma once

#include <cstddef>
#include <cstdint>

#include "element.h"

namespace mindspore::cpu {

// Element (i, j) of a matrix stands at data[i * row + j * col].
struct MatrixView {
  const void* data;
  std::int64_t row;
  std::int64_t col;
};

struct Gemm {
  Element element;  // subtracted products: f32 or f64
  std::int64_t m, n, k;
  MatrixView a, b;
  void* c;
  std::int64_t ldc;
  const void* bias;  // n elements, or null
  bool relu;
  bool subtract = false;  // from what C holds, without bias and relu
};

// The part of C that one call computes.
struct GemmBlock {
  std::int64_t row_begin, row_end, col_begin, col_end;
};

// Computes a block of C. `scratch` holds `gemm_scratch_bytes` bytes, aligned to 64, for this call alone.
void gemm(const Gemm& problem, const GemmBlock& block, void* scratch);

// The temporary memory of one call, for blocks up to all of C.
std::size_t gemm_scratch_bytes(const Gemm& problem);

// Columns of B that are packed together: blocks should begin at multiples of it.
std::int64_t gemm_panel_columns(Element element);

// Estimated multiply-adds per nanosecond on one core.
double gemm_rate(Element element);

}  // namespace mindspore::cpu
