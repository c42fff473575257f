#include "isa.h"

#include <cstdlib>
#include <string>

#if defined(__x86_64__)
#include <dnnl.hpp>
#endif

namespace mindspore::cpu {

namespace {

#if defined(__x86_64__)
Isa available() {
  __builtin_cpu_init();
  if (__builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512bw") &&
      __builtin_cpu_supports("avx512vl")) {
    return Isa::avx512;
  }
  if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return Isa::avx2;
  return Isa::generic;
}

Isa decide() {
  const Isa best = available();
  const char* given = std::getenv("MS_CPU_ISA");
  const std::string wish = given == nullptr ? "" : given;
  if (wish == "generic") {
    dnnl::set_max_cpu_isa(dnnl::cpu_isa::sse41);
    return Isa::generic;
  }
  if (wish == "avx2" && best >= Isa::avx2) {
    dnnl::set_max_cpu_isa(dnnl::cpu_isa::avx2);
    return Isa::avx2;
  }
  return best;
}
#else
Isa decide() { return Isa::generic; }
#endif

}  // namespace

Isa isa() {
  static const Isa decided = decide();
  return decided;
}

const char* isa_name() {
  switch (isa()) {
    case Isa::avx512: return "avx512";
    case Isa::avx2: return "avx2";
    default: return "generic";
  }
}

}  // namespace mindspore::cpu
