#include "gemm.h"

#include "gemm_isa.h"
#include "isa.h"
#include "kernel.h"

namespace mindspore::cpu {

namespace {

const GemmTable& table() { return MS_ISA_TABLE(gemm); }

}  // namespace

void gemm(const Gemm& problem, const GemmBlock& block, void* scratch) { table().gemm(problem, block, scratch); }

std::size_t gemm_scratch_bytes(const Gemm& problem) { return round_up(table().scratch_bytes(problem), 64); }

std::int64_t gemm_panel_columns(Element element) { return table().panel_columns(element); }

double gemm_rate(Element element) {
  const double f32 = isa() == Isa::avx512 ? 50 : isa() == Isa::avx2 ? 25 : 5;
  switch (element) {
    case Element::f32:
    case Element::f16:
    case Element::bf16: return f32;
    case Element::f64: return f32 / 2;
    case Element::i64:
    case Element::u64: return f32 / 6;
    default: return f32 / 3;
  }
}

}  // namespace mindspore::cpu
