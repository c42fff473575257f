// Random words by Philox4x32-10 (Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", 2011).
#pragma once

#include <cstdint>
#include <memory>

#include "kernel.h"

namespace mindspore::cpu {

// Word i is word i % 4 of the block with counter (i / 4, offset) and key seed, each of 64 bits, low word first. Buffers:
// (seed, offset) as int64[2], `count` words of 32 bits.
std::unique_ptr<Kernel> make_random_bits(std::int64_t count);

}  // namespace mindspore::cpu
