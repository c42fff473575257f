// The factories of products with int8 matrices, as Python calls them.

#include "bind_kernels.h"

#include <pybind11/stl.h>

#include <array>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "quantized.h"

namespace mindspore::cpu {

namespace {

py::object wrap(std::unique_ptr<Kernel> kernel) {
  return py::cast(std::make_shared<KernelObject>(std::move(kernel), py::none()));
}

}  // namespace

void bind_quantized(py::module_& module) {
  module.def(
      "weight_quant_matmul",
      [](const std::string& element, const std::string& parameters, const std::array<std::int64_t, 3>& sizes,
         bool transposed, std::int64_t group, bool offset, bool bias, bool relu) {
        return wrap(make_weight_quant_matmul({element_of(element), element_of(parameters), sizes[0], sizes[1], sizes[2],
                                              transposed, group, offset, bias, relu}));
      },
      py::arg("element"), py::arg("parameters"), py::arg("sizes"), py::arg("transposed"), py::arg("group") = 0,
      py::arg("offset") = false, py::arg("bias") = false, py::arg("relu") = false,
      "relu?(x @ ((w + offset) * scale) + bias) with w of int8. sizes: m, n, k; transposed: w is [n, k]; group: how many "
      "elements of a column have a scale together, 0 for all; element: of x, bias and the result; parameters: of scale and "
      "offset, the same or float32. Buffers: x, w, scale, [offset], [bias], y.");
  module.def(
      "int8_matmul",
      [](const std::string& element, const std::array<std::int64_t, 3>& sizes, bool transposed, bool bias, bool relu) {
        return wrap(make_int8_matmul({element_of(element), sizes[0], sizes[1], sizes[2], transposed, bias, relu}));
      },
      py::arg("element"), py::arg("sizes"), py::arg("transposed"), py::arg("bias") = false, py::arg("relu") = false,
      "The product of int8 matrices. sizes: m, n, k; transposed: b is [n, k]; element: of the result, int32, or a floating "
      "type: sums times columns times rows, in float32. Buffers: a, b, y, or a, b, rows, columns, [bias], y.");
}

}  // namespace mindspore::cpu
