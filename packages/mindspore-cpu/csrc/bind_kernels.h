// The kernel factories of the Python module.
#pragma once

#include "executable.h"

namespace mindspore::cpu {

void bind_kernels(py::module_& module);
void bind_quantized(py::module_& module);

}  // namespace mindspore::cpu
