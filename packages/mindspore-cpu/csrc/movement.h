// Kernels that move elements without looking at them: pad, concat, reverse, and plain copies.
//
// All are one operation: copies from strided arrays into parts of another one.
#pragma once

#include <cstdint>
#include <memory>
#include <vector>

#include "kernel.h"

namespace mindspore::cpu {

// A copy of elements of `bytes` bytes (1, 2, 4, 8 or 16): over `sizes`, from `from_offset` with `from_steps` to
// `to_offset` with `to_steps`, all counted in elements. Steps may be zero (in the source) or negative.
struct StridedCopy {
  std::int64_t bytes;
  std::vector<std::int64_t> sizes, from_steps, to_steps;
  std::int64_t from_offset, to_offset;
};

// Copies source `k` of the kernel's inputs by `copies[k]` into its one output, whose `total` elements are filled with
// `fill` first (one element's bytes) unless that is empty. Buffers: the inputs, then the output.
std::unique_ptr<Kernel> make_copies(std::vector<StridedCopy> copies, std::int64_t total, std::vector<std::uint8_t> fill);

}  // namespace mindspore::cpu
