// Direct convolution for few channels, in plain layouts, with AVX-512.
//
// Blocked formats pad channels to 16: with 1 input channel or 6 output channels most of the arithmetic is on padding, and
// reordering costs as much as computing. Here the operands stay as they are, and what fills the 16 lanes of a register
// is chosen per convolution:
//
//   lanes are output channels   weights are vectors [tap][16], image elements are broadcast. Nothing is wasted where oc
//                               is a multiple of 16; results are transposed, 16 x 16 at a time, on the way out.
//   lanes are output columns    image rows are vectors, weights are broadcast. For oc below a vector.
//
// The derivative for the image with stride 1 is the same computation on the padded cotangent with the kernel turned round.
// The derivative for the kernel uses the same two arrangements, with the sum over positions inside; the batch is cut into
// a number of parts that depends on the shape only, whose sums are added in order.
//
// Where there is padding or a column stride, the rows that a band of output needs are first copied into a padded image
// [channel][row][phase][column], in which columns that are one stride apart are neighbours.
#pragma once

#include <cstdint>

#include "conv.h"

namespace mindspore::cpu {

// A kernel's elements [o, i, y, x] by strides, which may be negative: so it can be read turned round.
struct WeightView {
  const float* data;
  std::int64_t o, i, y, x;
};

// The addresses of the rows of an image as a band of output rows sees them: element (channel, row, phase, column) at
// data[channel * plane + row * pitch + phase * phase_pitch + column].
struct ImageView {
  const float* data;
  std::int64_t plane, pitch, phase_pitch;
};

inline constexpr std::int64_t lanes = 16;

// Output rows [row, row + rows) of one image.
struct Band {
  std::int64_t row, rows;
};

// Whether images have to be copied before they are read.
bool needs_copy(const ConvShape& shape);

// Bytes of the padded image of a band of `rows` output rows.
std::size_t padded_bytes(const ConvShape& shape, std::int64_t rows);

// The rows of `image` [ic, ih, iw] that `band` reads; through a copy in `memory` where that is needed.
ImageView view_image(const ConvShape& shape, const float* image, const Band& band, float* memory);

// Where the taps of one output stand, relative to the first: [ic][kh][kw].
struct Taps {
  const std::int64_t* offsets;
  std::int64_t count;
};

Taps tap_offsets(const ConvShape& shape, const ImageView& image, std::int64_t* memory);

// Forward, lanes are output channels. packed: [block][tap][16]; pixels: a buffer [rows * ow][16].
void pack_channels(const ConvShape& shape, const WeightView& w, float* packed);
void forward_channels(const ConvShape& shape, const ImageView& image, const Taps& taps, const float* packed,
                      const float* bias, bool relu, const Band& band, float* pixels, float* y);

// Forward, lanes are output columns. packed: [block][tap][channels of the block].
std::int64_t column_blocks(std::int64_t channels);
void pack_columns(const ConvShape& shape, const WeightView& w, float* packed);
void forward_columns(const ConvShape& shape, const ImageView& image, const Taps& taps, const float* packed,
                     const float* bias, bool relu, const Band& band, float* y);

// Adds one image's share to the kernel's derivative. Lanes are output channels: sums [block][ic][tap][16], dy in the
// buffer [oh * ow][16]. Lanes are output columns: sums [oc][ic][tap][16], whose lanes are to be added up.
void weights_channels(const ConvShape& shape, const ImageView& image, const float* dy, float* pixels, float* sums);
void weights_columns(const ConvShape& shape, const ImageView& image, const float* dy, float* sums);

}  // namespace mindspore::cpu
