// The module mindspore_cpu._ext: the C++ side of the CPU device, seen from Python.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <cstdint>
#include <memory>
#include <tuple>
#include <vector>

#include <dnnl.hpp>

#include "buffer_object.h"
#include "executable.h"
#include "loop_kernel.h"
#include "memory.h"
#include "threads.h"

namespace py = pybind11;
using namespace mindspore::cpu;

namespace {

void bind_memory(py::module_& module) {
  PyTypeObject* type = make_buffer_type();
  if (type == nullptr) throw py::error_already_set();
  module.add_object("Buffer", reinterpret_cast<PyObject*>(type));
  module.def(
      "memory_use",
      [] {
        const auto use = host_cache().use();
        py::dict result;
        result["in_use"] = use.in_use;
        result["peak"] = use.peak;
        result["idle"] = use.idle;
        result["requests"] = use.requests;
        return result;
      },
      "Bytes in buffers and arenas (in_use, peak), bytes that wait to be used again (idle), and how often the system "
      "was asked for memory (requests).");
  module.def(
      "trim_memory", [](std::uint64_t keep) { host_cache().trim(keep); }, py::arg("keep") = 0,
      "Give idle memory back to the system until at most `keep` bytes are idle.");
}

void bind_threads(py::module_& module) {
  module.def("threads", &threads, "How many threads kernels may use; 1 in a forked child.");
  module.def("set_threads", &set_threads, py::arg("count"), "Set how many threads kernels may use (at least 1).");
  module.def("forked", &forked, "Whether this process was forked after the module was loaded.");
}

void bind_kernels(py::module_& module) {
  module.def(
      "loop_kernel",
      [](const std::vector<std::tuple<std::uint64_t, std::int64_t, double>>& phases, int buffers, std::uint64_t params,
         std::uint64_t scratch, py::object keep) {
        std::vector<LoopPhase> list;
        for (const auto& [address, units, nanoseconds] : phases) {
          list.push_back({reinterpret_cast<decltype(LoopPhase::function)>(address), units, nanoseconds});
        }
        return std::make_shared<KernelObject>(make_loop_kernel(std::move(list), params, scratch, buffers),
                                              std::move(keep));
      },
      py::arg("phases"), py::arg("buffers"), py::arg("params"), py::arg("scratch"), py::arg("keep"),
      "A kernel of generated loops. phases: (address of a function, units, nanoseconds per unit); buffers: how many "
      "inputs and outputs; params: an address that the functions get behind the buffers; scratch: bytes of temporary "
      "memory, whose address comes last; keep: owns the code.");
  module.def(
      "host_kernel",
      [](py::object function, std::vector<std::uint64_t> inputs, std::vector<std::uint64_t> outputs) {
        return std::make_shared<KernelObject>(
            make_host_kernel(std::move(function), std::move(inputs), std::move(outputs)));
      },
      py::arg("function"), py::arg("input_bytes"), py::arg("output_bytes"),
      "A kernel that calls `function(inputs, outputs)` with lists of memoryviews of bytes, which it must not keep.");
}

}  // namespace

PYBIND11_MODULE(_ext, module) {
  module.doc() = "The C++ side of the CPU device.";
  bind_memory(module);
  bind_threads(module);
  bind_kernels(module);
  bind_executable(module);
  module.def(
      "onednn_version",
      [] {
        const dnnl_version_t* version = dnnl_version();
        return py::make_tuple(version->major, version->minor, version->patch);
      },
      "Return the (major, minor, patch) version of the oneDNN library that is loaded.");
}
