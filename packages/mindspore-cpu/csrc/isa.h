// Which vector instructions our own kernels use: what the processor has, or less if MS_CPU_ISA says so.
//
// A kernel family is one header of templates over vector types. For each instruction set one source file includes it
// between MS_ISA pragmas, inside a namespace of its own; every function in between is compiled for those instructions.
// Standard headers stay outside of the pragmas, so that no library function is compiled twice in different ways.
#pragma once

namespace mindspore::cpu {

enum class Isa { generic, avx2, avx512 };

// Decided once. MS_CPU_ISA=generic|avx2 forbids what lies above; oneDNN is told the same.
Isa isa();

// "generic", "avx2" or "avx512".
const char* isa_name();

// The copy of a family's table for `isa()`: `generic` is the only one where the processor is not an x86.
#if defined(__x86_64__)
#define MS_ISA_TABLE(family) \
  (isa() == Isa::avx512 ? family##_avx512 : isa() == Isa::avx2 ? family##_avx2 : family##_generic)
#else
#define MS_ISA_TABLE(family) family##_generic
#endif

}  // namespace mindspore::cpu
