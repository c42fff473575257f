// The module mindspore_cpu._ext: the C++ side of the CPU device, seen from Python.

#include <pybind11/pybind11.h>

#include <dnnl.hpp>

namespace py = pybind11;

PYBIND11_MODULE(_ext, module) {
  module.doc() = "The C++ side of the CPU device.";
  module.def(
      "onednn_version",
      [] {
        const dnnl_version_t* version = dnnl_version();
        return py::make_tuple(version->major, version->minor, version->patch);
      },
      "Return the (major, minor, patch) version of the oneDNN library that is loaded.");
}
