// Adding at places given by an index tensor: scatter_add and scatter_add_elements.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// y = x[outer, size, inner], then for each i < count y[outer, indices[i], inner] += updates[outer, i, inner]. With
// `own_index` every update has an index of its own, indices[outer, i, inner]; otherwise indices[i]. An index outside of
// [0, size) adds nothing. Equal places are added up in the order of i, whatever the number of threads.
struct ScatterSpec {
  Element element;
  std::int64_t outer, size, count, inner;
  Element index;  // an integer type
  bool own_index;
};

// Buffers: x, indices, updates, y.
std::unique_ptr<Kernel> make_scatter_add(const ScatterSpec& spec);

// y = x[rows, width], then for each i < count y[indices[i]] = updates[i], one after the other. An index outside of [0, rows)
// writes nothing.
struct UpdateSpec {
  std::int64_t rows, count;
  std::size_t row_bytes;
  Element index;  // an integer type
};

// Buffers: x, indices, updates, y.
std::unique_ptr<Kernel> make_scatter_update(const UpdateSpec& spec);

}  // namespace mindspore::cpu
