// The matrix product of stacks of matrices: shapes, and the choice of an implementation.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// c[..., m, n] = relu?(a[..., m, k] b[..., k, n] + bias[n]), where a and b are stored with their last two axes exchanged
// if `transpose_a`, `transpose_b` say so. Leading axes broadcast.
struct MatmulSpec {
  Element element;
  std::vector<std::int64_t> a_shape, b_shape;  // as stored
  bool transpose_a, transpose_b;
  bool bias, relu;
};

// The same with leading axes resolved: one product for each element of `batch`.
struct MatmulPlan {
  std::int64_t m, n, k;
  std::vector<std::int64_t> batch;                // sizes
  std::vector<std::int64_t> a_steps, b_steps;     // elements from one matrix to the next along each batch axis
  std::int64_t products() const {
    std::int64_t count = 1;
    for (std::int64_t size : batch) count *= size;
    return count;
  }
  double multiplications() const {
    return static_cast<double>(products()) * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
  }
};

// Throws std::invalid_argument for shapes that do not fit together.
MatmulPlan plan_matmul(const MatmulSpec& spec);

// Buffers: a, b, [bias], c.
std::unique_ptr<Kernel> make_matmul(const MatmulSpec& spec);

// The implementations: our own, which takes everything, and oneDNN's, which gives null for what it does not do well.
std::unique_ptr<Kernel> make_matmul_own(const MatmulSpec& spec, const MatmulPlan& plan);
std::unique_ptr<Kernel> make_matmul_onednn(const MatmulSpec& spec, const MatmulPlan& plan);

}  // namespace mindspore::cpu
