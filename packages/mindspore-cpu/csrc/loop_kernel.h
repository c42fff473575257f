// Kernels that are not written here: generated loops, and Python functions.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include "kernel.h"

namespace mindspore::cpu {

// One phase of generated code: the units [begin, end) of `units` are independent of each other.
struct LoopPhase {
  void (*function)(char* const* buffers, std::int64_t begin, std::int64_t end);
  std::int64_t units;
  double nanoseconds;  // for one unit on one core
};

// Generated loops. The functions get `params` and the address of `scratch` bytes, then the kernel's buffers.
std::unique_ptr<Kernel> make_loop_kernel(std::vector<LoopPhase> phases, std::uint64_t params, std::uint64_t scratch,
                                         int buffers);

// A generated function that runs a whole region. The executor gives it the addresses of its buffers, scratch memory, and
// what it may ask for.
using RegionFunction = int (*)(void* const* buffers, void* scratch, const ms_services* services);

// nanoseconds: of one trip.
std::unique_ptr<Kernel> make_region_kernel(RegionFunction function, double nanoseconds, std::uint64_t scratch, int buffers);

// A Python function that reads and writes host memory: called with two lists of `Buffer`s, inputs and outputs, which it
// must not keep.
std::unique_ptr<Kernel> make_host_kernel(pybind11::object function, std::vector<std::uint64_t> input_bytes,
                                         std::vector<std::uint64_t> output_bytes);

}  // namespace mindspore::cpu
