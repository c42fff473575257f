// Products of int8 matrices by oneDNN, on processors with instructions for them (AVX-512 VNNI, AMX). Their sums are as
// exact as our own. Without them oneDNN adds pairs of products in int16, where large ones are cut off: never taken.

#include <cstring>
#include <optional>
#include <string>

#include "onednn.h"
#include "quantized.h"

namespace mindspore::cpu {

namespace {

constexpr double multiplications_worth_onednn = 1 << 21;
constexpr double multiplications_per_nanosecond = 250;

bool is_exact(const char* implementation) {
  return std::strstr(implementation, "vnni") != nullptr || std::strstr(implementation, "amx") != nullptr;
}

}  // namespace

std::unique_ptr<Kernel> make_int8_onednn(const Int8Spec& spec) {
  const double multiplications =
      static_cast<double>(spec.m) * static_cast<double>(spec.n) * static_cast<double>(spec.k);
  if (multiplications < multiplications_worth_onednn) return nullptr;
  const auto build = [m = spec.m, n = spec.n, k = spec.k,
                      transposed = spec.transposed]() -> std::optional<OnednnProgram> {
    using Dims = dnnl::memory::dims;
    using Type = dnnl::memory::data_type;
    const dnnl::memory::desc a({m, k}, Type::s8, Dims{k, 1});
    const dnnl::memory::desc b({k, n}, Type::s8, transposed ? Dims{1, k} : Dims{n, 1});
    const dnnl::memory::desc sums({m, n}, Type::s32, Dims{n, 1});
    dnnl::matmul::primitive_desc descriptor(onednn_engine(), a, b, sums, onednn_attributes());
    if (!is_exact(descriptor.impl_info_str())) return std::nullopt;
    OnednnProgram program;
    program.description = std::string("oneDNN ") + descriptor.impl_info_str();
    program.append(dnnl::matmul(descriptor),
                   {{DNNL_ARG_SRC, a, 0, 0}, {DNNL_ARG_WEIGHTS, b, 1, 0}, {DNNL_ARG_DST, sums, 2, 0}},
                   descriptor.scratchpad_desc());
    return program;
  };
  return make_onednn_kernel(build, 3, multiplications / multiplications_per_nanosecond);
}

}  // namespace mindspore::cpu
