#include "loop_kernel.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include <omp.h>

#include "buffer_object.h"
#include "threads.h"

namespace mindspore::cpu {

namespace py = pybind11;

namespace {

constexpr int most_buffers = 256;

class LoopKernel final : public Kernel {
 public:
  LoopKernel(std::vector<LoopPhase> phases, std::uint64_t params, std::uint64_t scratch, int count)
      : phases_(std::move(phases)), params_(reinterpret_cast<char*>(params)) {
    buffers = count;
    scratch_bytes = scratch;
    description = "generated";
    for (const LoopPhase& phase : phases_) {
      nanoseconds += static_cast<double>(phase.units) * phase.nanoseconds;
      most_units_ = std::max(most_units_, phase.units);
      whole_.push_back({phase.function, phase.units});
    }
    nanoseconds = std::max(nanoseconds, 1.0);
  }

  void run(void* const* given, const ms_host_stream& stream) const override {
    char* addresses[most_buffers + 2];
    addresses[0] = params_;
    addresses[1] = scratch_bytes == 0 ? nullptr : static_cast<char*>(stream.scratch);
    for (int k = 0; k < buffers; ++k) addresses[k + 2] = static_cast<char*>(given[k]);
    const int wanted = static_cast<int>(std::min<std::int64_t>(threads_for(nanoseconds), most_units_));
    if (wanted <= 1) {
      for (const LoopPhase& phase : phases_) phase.function(addresses, 0, phase.units);
      return;
    }
    parallel(wanted, [&](int thread, int count) {
      for (std::size_t k = 0; k < phases_.size(); ++k) {
        if (k != 0 && count > 1) {
#pragma omp barrier
        }
        const Range range = part(phases_[k].units, thread, count);
        if (range.begin < range.end) phases_[k].function(addresses, range.begin, range.end);
      }
    });
  }

  bool direct(ms_direct_kernel& made) const override {
    if (most_units_ > 1 && worth_threads(nanoseconds)) return false;
    made.params = params_;
    made.phases = whole_.data();
    made.count = whole_.size();
    return true;
  }

 private:
  std::vector<LoopPhase> phases_;
  std::vector<ms_phase> whole_;
  char* params_;
  std::int64_t most_units_ = 0;
};

class RegionKernel final : public Kernel {
 public:
  RegionKernel(RegionFunction function, double time, std::uint64_t scratch, int count) : function_(function) {
    buffers = count;
    scratch_bytes = scratch;
    nanoseconds = std::max(time, 1.0);
    description = "generated, one kernel";
  }

  void run(void* const*, const ms_host_stream&) const override {
    throw std::runtime_error("a kernel that runs a region works only in an executor, which calls its run_region");
  }

  bool region(ms_region_kernel& made) const override {
    made.run_region = [](void* ctx, void* const* given, void* stream, const ms_services* services) {
      const auto& self = *static_cast<const RegionKernel*>(static_cast<const Kernel*>(ctx));
      return self.function_(given, static_cast<const ms_host_stream*>(stream)->scratch, services);
    };
    return true;
  }

 private:
  RegionFunction function_;
};

class Gil {
 public:
  Gil() : state_(PyGILState_Ensure()) {}
  ~Gil() { PyGILState_Release(state_); }
  Gil(const Gil&) = delete;
  Gil& operator=(const Gil&) = delete;

 private:
  PyGILState_STATE state_;
};

// Leaves the Python error set, for the executable's `run` to raise when it has the GIL again.
class HostKernel final : public Kernel {
 public:
  HostKernel(py::object function, std::vector<std::uint64_t> inputs, std::vector<std::uint64_t> outputs)
      : function_(std::move(function)), input_bytes_(std::move(inputs)), output_bytes_(std::move(outputs)) {
    buffers = static_cast<int>(input_bytes_.size() + output_bytes_.size());
    on_host = true;
    description = "host";
  }

  ~HostKernel() override {
    Gil gil;
    function_ = py::object();
  }

  void run(void* const* given, const ms_host_stream&) const override {
    Gil gil;
    py::object inputs = borrow(given, input_bytes_);
    py::object outputs = inputs ? borrow(given + input_bytes_.size(), output_bytes_) : py::object();
    if (!outputs) throw std::runtime_error("host kernel");
    PyObject* result = PyObject_CallFunctionObjArgs(function_.ptr(), inputs.ptr(), outputs.ptr(), nullptr);
    const bool done = result != nullptr && given_back(inputs) && given_back(outputs);
    Py_XDECREF(result);
    if (!done) throw std::runtime_error("host kernel");
  }

 private:
  // A list of buffers over the memory; null with a Python error where one cannot be made.
  static py::object borrow(void* const* data, const std::vector<std::uint64_t>& sizes) {
    py::object list = py::reinterpret_steal<py::object>(PyList_New(static_cast<Py_ssize_t>(sizes.size())));
    for (std::size_t k = 0; list && k < sizes.size(); ++k) {
      PyObject* buffer = borrow_buffer(data[k], sizes[k]);
      if (buffer == nullptr) return py::object();
      PyList_SET_ITEM(list.ptr(), static_cast<Py_ssize_t>(k), buffer);
    }
    return list;
  }

  // BufferError where the function kept a buffer, or an array of one: the memory will be used for other values.
  static bool given_back(const py::object& list) {
    for (Py_ssize_t k = 0; k < PyList_GET_SIZE(list.ptr()); ++k) {
      if (Py_REFCNT(PyList_GET_ITEM(list.ptr(), k)) == 1) continue;
      PyErr_SetString(PyExc_BufferError, "host kernel: the function kept a buffer, or an array that is a view of one, "
                                         "whose memory is used again; copy what is to be kept");
      return false;
    }
    return true;
  }

  py::object function_;
  std::vector<std::uint64_t> input_bytes_;
  std::vector<std::uint64_t> output_bytes_;
};

}  // namespace

std::unique_ptr<Kernel> make_loop_kernel(std::vector<LoopPhase> phases, std::uint64_t params, std::uint64_t scratch,
                                         int buffers) {
  if (buffers < 0 || buffers > most_buffers) {
    throw std::invalid_argument("loop_kernel: got " + std::to_string(buffers) + " buffers, expected 0 to " +
                                std::to_string(most_buffers));
  }
  for (const LoopPhase& phase : phases) {
    if (phase.function == nullptr || phase.units < 0) {
      throw std::invalid_argument("loop_kernel: a phase needs an address and a number of units that is not negative");
    }
  }
  return std::make_unique<LoopKernel>(std::move(phases), params, scratch, buffers);
}

std::unique_ptr<Kernel> make_region_kernel(RegionFunction function, double nanoseconds, std::uint64_t scratch,
                                           int buffers) {
  if (function == nullptr) throw std::invalid_argument("region_kernel: a kernel needs the address of a function");
  return std::make_unique<RegionKernel>(function, nanoseconds, scratch, buffers);
}

std::unique_ptr<Kernel> make_host_kernel(py::object function, std::vector<std::uint64_t> input_bytes,
                                         std::vector<std::uint64_t> output_bytes) {
  return std::make_unique<HostKernel>(std::move(function), std::move(input_bytes), std::move(output_bytes));
}

}  // namespace mindspore::cpu
