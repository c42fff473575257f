// Kernels written in C++, and how they are seen through the kit's C interface.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include <mindspore/kernel.h>

namespace mindspore::cpu {

// A kernel with fixed shapes. `run` may be called from several threads at once, with different streams.
class Kernel {
 public:
  virtual ~Kernel() = default;

  // `buffers` holds the addresses of the inputs, then of the outputs. May throw.
  virtual void run(void* const* buffers, const ms_host_stream& stream) const = 0;

  // Where an executor may call phases instead of `run`: sets them and the address of the parameters.
  virtual bool direct(ms_direct_kernel&) const { return false; }

  // Where it runs a whole region: sets the function that an executor calls instead of `run`.
  virtual bool region(ms_region_kernel&) const { return false; }

  std::uint64_t scratch_bytes = 0;
  double nanoseconds = 0;   // estimated time on one core
  int buffers = 0;          // how many addresses `run` expects
  bool on_host = false;     // runs Python code
  std::string description;  // which implementation this is, for `describe` and tests
};

// A kernel's C struct: `kernel`, or what begins with it, as its flags say.
union CKernel {
  ms_kernel kernel;
  ms_direct_kernel direct;
  ms_region_kernel region;
};

// The C struct for a kernel; `destroy` deletes it.
CKernel to_c(std::unique_ptr<Kernel> kernel);

inline std::uint64_t round_up(std::uint64_t value, std::uint64_t step) { return (value + step - 1) / step * step; }

}  // namespace mindspore::cpu
