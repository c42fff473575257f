// What one instruction set's copy of the random words offers to the dispatcher.
#pragma once

#include <cstdint>

namespace mindspore::cpu {

struct RandomTable {
  std::int64_t step;  // words of a unit
  void (*fill)(std::uint64_t seed, std::uint64_t offset, std::int64_t begin, std::int64_t end, std::int64_t count,
               std::uint32_t* to);
};

extern const RandomTable random_generic;
extern const RandomTable random_avx2;
extern const RandomTable random_avx512;

}  // namespace mindspore::cpu
