// What one instruction set's copy of the matrix product offers to the dispatcher.
#pragma once

#include "gemm.h"

namespace mindspore::cpu {

struct GemmTable {
  void (*gemm)(const Gemm&, const GemmBlock&, void*);
  std::size_t (*scratch_bytes)(const Gemm&);
  std::int64_t (*panel_columns)(Element);
};

extern const GemmTable gemm_generic;
extern const GemmTable gemm_avx2;
extern const GemmTable gemm_avx512;

}  // namespace mindspore::cpu
