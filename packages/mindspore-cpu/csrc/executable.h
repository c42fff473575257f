// Executables and kernels as Python sees them.
#pragma once

#include <pybind11/pybind11.h>

#include <cstdint>
#include <memory>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

#include <mindspore/executor.h>

#include "buffer_object.h"
#include "kernel.h"
#include "memory.h"
#include "threads.h"

namespace mindspore::cpu {

namespace py = pybind11;

// The host as the kit's executor sees it: memory from the block cache, and a stream that is done when a kernel returns.
struct HostDevice {
  using Stream = ms_host_stream;

  void* allocate(std::size_t bytes) { return host_cache().allocate(bytes); }
  void release(void* data, std::size_t bytes) noexcept { host_cache().release(data, bytes); }
  Stream open_stream(void* scratch, std::size_t) { return {scratch, 1}; }
  void* handle(Stream& stream) { return &stream; }
  void begin(Stream& stream) { stream.threads = threads(); }
  void end(Stream&) noexcept {}
  void synchronize(Stream&) {}
  void close_stream(Stream&) noexcept {}
};

// A kernel with what keeps it alive. It is either ours, or another package's, in a capsule.
class KernelObject {
 public:
  explicit KernelObject(std::unique_ptr<Kernel> kernel, py::object keep = py::none());
  explicit KernelObject(py::capsule capsule);
  ~KernelObject();
  KernelObject(const KernelObject&) = delete;
  KernelObject& operator=(const KernelObject&) = delete;

  const ms_kernel* c() const { return kernel_; }
  int buffers() const { return buffers_; }
  const std::string& description() const { return description_; }

  // Runs the kernel alone on `Buffer`s.
  void call(const std::vector<py::object>& inputs, const std::vector<py::object>& outputs) const;

 private:
  ms_kernel own_{};
  const ms_kernel* kernel_;
  py::object keep_;
  int buffers_ = -1;
  std::string description_;
};

// One step as Python describes it: the kernel, the (place, number) of each of its buffers, a label for errors.
using StepSpec = std::tuple<std::shared_ptr<KernelObject>, std::vector<std::pair<int, std::uint64_t>>, std::string>;

class Executable {
 public:
  Executable(std::uint32_t version, std::vector<std::uint64_t> input_bytes, std::vector<std::uint64_t> output_bytes,
             const std::vector<std::pair<int, std::uint64_t>>& output_sources, std::vector<py::object> constants,
             std::uint64_t arena_bytes, const std::vector<StepSpec>& steps);

  // Runs the plan on a sequence of Buffers; a list of Buffers.
  py::object run(py::handle inputs);

  std::uint64_t arena_bytes() const { return executor_->plan().arena_bytes; }
  std::vector<std::string> describe() const;

 private:
  void check_inputs(PyObject* const* items, Py_ssize_t count) const;
  py::object make_outputs(PyObject* const* items) const;

  HostDevice device_;
  std::vector<std::shared_ptr<KernelObject>> kernels_;
  std::vector<py::object> constants_;
  std::unique_ptr<kit::Executor<HostDevice>> executor_;
  bool release_gil_ = true;
};

void bind_executable(py::module_& module);

}  // namespace mindspore::cpu
