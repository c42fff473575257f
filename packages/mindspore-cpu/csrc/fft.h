// Discrete Fourier transforms along one axis of a tensor seen as [outer, n, inner], in O(n log n) for every n.
//
// A length whose prime factors are at most 31 is split into passes of radix 4, 2, 3, 5 or a prime (Cooley and Tukey,
// 1965), ordered as by Stockham so that no pass permutes: each reads one buffer and writes the other. Any other length
// becomes a convolution with a chirp, at a length of small factors (Bluestein, 1970). Several lines are transformed side
// by side, one in each lane of the vector registers; the real and imaginary parts stand in arrays of their own meanwhile.
// A real line of even length is transformed as a complex one of half the length.
#pragma once

#include <cstdint>
#include <memory>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// full: complex lines of length n. real: real lines of length n to the first n / 2 + 1 numbers of their spectra.
// half: the inverse, n real numbers from n / 2 + 1 complex ones; the imaginary parts of numbers 0 and n / 2 (n even) do
// not count.
enum class FftKind { full, real, half };

struct FftSpec {
  FftKind kind;
  Element part;  // f32 or f64: the type of real and imaginary parts
  bool inverse;  // of full: the sign of the exponent is plus
  std::int64_t outer, n, inner;
};

// No transform divides by n. Buffers: x, y; complex numbers are pairs of parts.
std::unique_ptr<Kernel> make_fft(const FftSpec& spec);

}  // namespace mindspore::cpu
