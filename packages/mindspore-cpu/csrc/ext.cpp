// The module mindspore_cpu._ext: the C++ side of the CPU device, seen from Python.

#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <cstdint>
#include <cstring>

#include "bind_kernels.h"
#include "buffer_object.h"
#include "executable.h"
#include "isa.h"
#include "memory.h"
#include "onednn.h"
#include "threads.h"

namespace py = pybind11;
using namespace mindspore::cpu;

namespace {

// One thread copies this much in a nanosecond into memory that was never touched, where the system's work of finding and
// clearing pages is most of the time; so threads are worth while although they share one memory.
constexpr double bytes_per_nanosecond = 4;

void copy_bytes(const py::buffer& target, const py::buffer& source) {
  const py::buffer_info to = target.request(true);
  const py::buffer_info from = source.request();
  const auto is_run = [](const py::buffer_info& info) {
    return info.ndim == 1 && info.itemsize == 1 && (info.size == 0 || info.strides[0] == 1);
  };
  if (!is_run(to) || !is_run(from) || to.size != from.size) {
    throw py::value_error("copy: expected two contiguous runs of bytes of one length");
  }
  const py::gil_scoped_release released;
  parallel(threads_for(static_cast<double>(to.size) / bytes_per_nanosecond), [&](int thread, int count) {
    const Range range = part(to.size, thread, count);
    std::memcpy(static_cast<char*>(to.ptr) + range.begin, static_cast<const char*>(from.ptr) + range.begin,
                static_cast<std::size_t>(range.end - range.begin));
  });
}

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
        result["held"] = use.held;
        result["requests"] = use.requests;
        return result;
      },
      "Bytes in buffers and arenas (in_use, peak), bytes that wait to be used again (idle), the largest sum of both "
      "(held), and how often the system was asked for memory (requests).");
  module.def(
      "trim_memory", [](std::uint64_t keep) { host_cache().trim(keep); }, py::arg("keep") = 0,
      "Give idle memory back to the system until at most `keep` bytes are idle.");
  module.def(
      "limit_memory", [](std::uint64_t bytes) { host_cache().limit(bytes); }, py::arg("bytes"),
      "Take no more than this many bytes from the system; a request beyond is a DeviceMemoryError.");
  module.def(
      "reset_memory_peaks", [](bool in_use, bool held) { host_cache().reset_peaks(in_use, held); }, py::arg("in_use"),
      py::arg("held"), "Start `peak` (in_use) and `held` (held) again from now.");
  module.def("copy", &copy_bytes, py::arg("target"), py::arg("source"),
             "Copy bytes from one contiguous run into another of the same length, by several threads where it is long.");
}

void bind_threads(py::module_& module) {
  module.def("threads", &threads, "How many threads kernels may use; 1 in a forked child.");
  module.def("set_threads", &set_threads, py::arg("count"), "Set how many threads kernels may use (at least 1).");
  module.def("forked", &forked, "Whether this process was forked after the module was loaded.");
}

}  // namespace

PYBIND11_MODULE(_ext, module) {
  module.doc() = "The C++ side of the CPU device.";
  bind_memory(module);
  bind_threads(module);
  bind_kernels(module);
  bind_quantized(module);
  bind_executable(module);
  module.def("isa", &isa_name, "Which vector instructions our own kernels use: generic, avx2 or avx512.");
  module.def("has_tiles", &has_tiles, "Whether oneDNN multiplies bfloat16 by the processor's matrix tiles (AMX).");
  module.def(
      "onednn_version",
      [] {
        const dnnl_version_t* version = dnnl_version();
        return py::make_tuple(version->major, version->minor, version->patch);
      },
      "Return the (major, minor, patch) version of the oneDNN library that is loaded.");
}
