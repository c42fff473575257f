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

}  // namespace mindspore::cpu
