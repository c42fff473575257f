// Primitives of oneDNN as kernels.
//
// A oneDNN primitive is made for fixed shapes, layouts and a number of threads. A kernel here holds a short program of
// primitives (reorders around the one that works), built for the number of threads at hand, and built again if that
// number changes: a primitive that was made for two threads would hang in a forked child. What a running primitive
// needs besides (memory objects with the addresses of this call) is kept in an instance that belongs to one call at a
// time. Implementations whose name begins with "ref" are loops of the last resort, hundreds of times slower than the
// others; they are never accepted.
#pragma once

#include <dnnl.hpp>

#include <atomic>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

const dnnl::engine& onednn_engine();

// The data type of an element type; nothing where oneDNN has none.
std::optional<dnnl::memory::data_type> onednn_type(Element element);

// Attributes that all our primitives share: their scratch memory is given by the caller.
dnnl::primitive_attr onednn_attributes();

// Whether oneDNN multiplies bfloat16 by the processor's matrix tiles (AMX), which is many times faster than by vectors.
bool has_tiles();

// Whether an implementation is one of the last resort.
bool is_reference(const char* implementation);

// Moves a primitive descriptor on to the first implementation that is not a reference; false where there is none.
template <class Descriptor>
bool skip_references(Descriptor& descriptor) {
  while (is_reference(descriptor.impl_info_str())) {
    if (!descriptor.next_impl()) return false;
  }
  return true;
}

// An argument's memory: a buffer of the kernel, or a piece of its scratch memory.
struct OnednnArgument {
  int name;
  dnnl::memory::desc desc;
  int buffer;            // -1: scratch
  std::uint64_t offset;  // in the scratch memory
};

struct OnednnStep {
  dnnl::primitive primitive;
  std::vector<OnednnArgument> arguments;
};

// What runs, for one number of threads.
class OnednnProgram {
 public:
  // Reserves scratch memory; its offset.
  std::uint64_t reserve(std::uint64_t bytes);

  // Appends a copy of `buffer` into another layout, unless it has that layout already; the argument to use instead.
  OnednnArgument reordered_input(int name, int buffer, const dnnl::memory::desc& given,
                                 const dnnl::memory::desc& wanted);

  // The argument for a result of layout `produced`, and the reorder into `buffer` to be appended after the primitive.
  OnednnArgument result(int name, int buffer, const dnnl::memory::desc& produced, const dnnl::memory::desc& wanted);

  // Appends the working primitive, then the reorders of its results.
  void append(const dnnl::primitive& primitive, std::vector<OnednnArgument> arguments,
              const dnnl::memory::desc& scratchpad);

  std::vector<OnednnStep> steps;
  std::uint64_t scratch_bytes = 0;
  std::string description;

 private:
  std::vector<OnednnStep> after_;
};

// Builds the program for the number of threads that OpenMP is set to; nothing where only references exist.
using OnednnBuild = std::function<std::optional<OnednnProgram>()>;

// A kernel that runs programs from `build`; null where `build` finds nothing. nanoseconds: estimate on one core.
std::unique_ptr<Kernel> make_onednn_kernel(OnednnBuild build, int buffers, double nanoseconds);

}  // namespace mindspore::cpu
