// Systems, inverses, determinants and factorisations of stacks of matrices of f32, f64 and complex numbers.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// What is computed, and the buffers of the kernel.
enum class LinalgKind {
  cholesky,          // a (n, n), l; NaN where a is not positive definite
  lu,                // a (m, n), factors, int32 places
  solve,             // a (n, n), b (n, k), x; NaN where a is singular
  triangular_solve,  // the same; a triangle of a is read
  inverse,           // a (n, n), its inverse; NaN where a is singular
  determinant,       // a (n, n), the determinant
  log_determinant,   // a (n, n), the determinant's sign, the real logarithm of its absolute value
  qr,                // a (m, n), q, r
  geqrf,             // a (m, n), r and reflections, their factors
  eigh,              // a (n, n), real values, vectors; NaN where a has none
  svd,               // a (m, n), real values, u, v; the same
};

struct LinalgSpec {
  LinalgKind kind;
  Element part;  // f32 or f64, of complex numbers that of their parts
  bool complex;
  std::int64_t m, n, k;                                // a is (m, n), and square for most kinds
  std::vector<std::int64_t> batch, a_steps, b_steps;   // leading axes: sizes, matrices from one to the next
  bool lower = true, transpose = false, unit = false;  // of triangular_solve
  bool full = false;                                   // of qr and svd: q, u and v are square

  std::int64_t problems() const {
    std::int64_t count = 1;
    for (const std::int64_t size : batch) count *= size;
    return count;
  }
};

// Problems are divided among threads; the products of a single one are. The results do not depend on their number.
std::unique_ptr<Kernel> make_linalg(const LinalgSpec& spec);

// The order (count, size), int64, of rows after row i was exchanged with row places[i] for each i < k. places (count, k)
// are i32 or i64. Buffers: places, order.
std::unique_ptr<Kernel> make_exchanges(Element index, std::int64_t count, std::int64_t k, std::int64_t size);

}  // namespace mindspore::cpu
