// Executables and kernels as Python sees them.
#pragma once

#include <pybind11/pybind11.h>

#include <chrono>
#include <cstdint>
#include <cstring>
#include <exception>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <mindspore/executor.h>

#include "buffer_object.h"
#include "kernel.h"
#include "memory.h"
#include "threads.h"

namespace mindspore::cpu {

namespace py = pybind11;

// The call that this thread is in: whether it holds the GIL, and since when. Python code must see signals and other
// threads must run while a loop takes its time; a short one should neither give up the GIL nor look for signals.
class Call {
 public:
  explicit Call(bool unlock);
  ~Call();
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // Gives up the GIL if the call has taken a while, and looks for signals from time to time. Throws Interrupted, with a
  // Python error set, where a handler raised one.
  void poll();

  static thread_local Call* current;

 private:
  void unlock();

  Call* outer_;
  PyThreadState* state_ = nullptr;
  std::chrono::steady_clock::time_point begin_, looked_;
};

struct Interrupted : std::exception {};

// The host as the kit's executor sees it: memory from the block cache, and a stream that is done when a kernel returns.
struct HostDevice {
  using Stream = ms_host_stream;

  void* allocate(std::size_t bytes) { return host_cache().allocate(bytes); }
  void release(void* data, std::size_t bytes) noexcept { host_cache().release(data, bytes); }
  // Large arenas are shared by executables that take turns, but none that the cache might not keep from one call to the
  // next: new memory costs more than the call.
  bool lends(std::size_t bytes) { return bytes >= (std::size_t{1} << 20) && bytes <= host_cache().idle_limit() / 4; }
  void* borrow(std::size_t bytes) { return host_cache().borrow(bytes); }
  void give_back(void* data, std::size_t bytes) noexcept { host_cache().give_back(data, bytes); }
  Stream open_stream(void* scratch, std::size_t) { return {scratch, 1}; }
  void* handle(Stream& stream) { return &stream; }
  void begin(Stream& stream) { stream.threads = threads(); }
  void end(Stream&) noexcept {}
  void synchronize(Stream&) {}
  void close_stream(Stream&) noexcept {}
  bool is_true(Stream&, const void* address) { return *static_cast<const unsigned char*>(address) != 0; }
  void copy(Stream&, void* target, const void* source, std::size_t bytes) { std::memcpy(target, source, bytes); }
  void poll(Stream&) { Call::current->poll(); }
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
  CKernel own_{};
  const ms_kernel* kernel_;
  py::object keep_;
  int buffers_ = -1;
  std::string description_;
};

// A place as Python describes it: its kind, its number.
using PlaceSpec = std::pair<int, std::uint64_t>;

// What Python knows of a step that is no kernel; see `kit::Step`.
struct RegionObject {
  kit::Step step;
  std::vector<std::shared_ptr<class PlanObject>> plans;
};

// A plan with what its steps refer to.
class PlanObject {
 public:
  // steps: (Kernel, places, label) or Region each.
  PlanObject(std::uint32_t version, std::vector<std::uint64_t> input_bytes, std::vector<std::uint64_t> output_bytes,
             const std::vector<PlaceSpec>& output_sources, std::vector<py::object> constants, std::uint64_t arena_bytes,
             const std::vector<py::object>& steps, std::uint64_t cells, std::uint64_t entries, bool reuses_entries);

  const std::shared_ptr<const kit::Plan>& plan() const { return plan_; }
  bool is_short() const { return short_; }

  // One line for each step, those of inner plans indented.
  void describe(std::vector<std::string>& lines, const std::string& indent) const;

 private:
  struct Held {
    std::shared_ptr<KernelObject> kernel;
    std::shared_ptr<RegionObject> region;
  };

  std::shared_ptr<const kit::Plan> plan_;
  std::vector<Held> held_;
  std::vector<py::object> constants_;
  bool short_ = false;  // the steps are known to take little time; loops are not counted, they poll
};

class Executable {
 public:
  explicit Executable(std::shared_ptr<PlanObject> plan);

  // Runs the plan on a sequence of Buffers; a list of Buffers.
  py::object run(py::handle inputs) { return run(inputs, nullptr); }

  // The same, and the time of each step: (list of Buffers, list of (label, begin, end) in nanoseconds).
  py::object run_timed(py::handle inputs);

  std::uint64_t arena_bytes() const { return executor_->plan().arena_bytes; }
  std::uint64_t steps_run() const { return executor_->steps(); }
  std::vector<std::string> describe() const;

 private:
  void check_inputs(PyObject* const* items, Py_ssize_t count) const;
  py::object make_outputs(PyObject* const* items) const;
  py::object run(py::handle inputs, std::vector<kit::StepTime>* times);

  HostDevice device_;
  std::shared_ptr<PlanObject> plan_;
  std::unique_ptr<kit::Executor<HostDevice>> executor_;
};

void bind_executable(py::module_& module);

}  // namespace mindspore::cpu
