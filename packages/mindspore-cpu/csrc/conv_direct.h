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
// The derivative for the image with stride 1 is the same computation on the padded cotangent with the kernel turned round;
// in a batch of two vectors or more the lanes are images instead (conv_images_avx512.cpp), with any stride.
// The derivative for the kernel uses the same two arrangements, with the sum over positions inside; the batch is cut into
// a number of parts that depends on the shape only, whose sums are added in order.
//
// Rows of taps that fall outside the image are left out. Where there is padding of columns, or a column stride, the rows
// that are needed are first copied into a padded image [channel][row][phase][column], in which columns that are one
// stride apart are neighbours.
#pragma once

#include <cstdint>

#include "conv.h"

namespace mindspore::cpu {

inline constexpr std::int64_t lanes = 16;
inline constexpr int most_images = 4;  // that are computed side by side, where lanes are columns

// A kernel's elements [o, i, y, x] by strides, which may be negative: so it can be read turned round.
struct WeightView {
  const float* data;
  std::int64_t o, i, y, x;
};

// Element (channel, row, phase, column) of an image at data[channel * plane + row * pitch + phase * phase_pitch +
// column]; rows count from the image's first. `slack`: 15 elements behind any row may be read.
struct ImageView {
  const float* data;
  std::int64_t plane, pitch, phase_pitch;
  bool slack;
};

// Some rows, in an image or an output.
struct Rows {
  std::int64_t begin, count;
  std::int64_t end() const { return begin + count; }
};

// The rows of the unpadded image that these output rows read.
Rows rows_inside(const ConvShape& shape, const Rows& outputs);

// The rows of the padded image that all outputs read; they may begin and end outside of the unpadded one.
Rows rows_with_padding(const ConvShape& shape);

// Bytes of memory that `view_image` needs for so many rows.
std::size_t view_bytes(const ConvShape& shape, const Rows& rows);

// A view of `rows` of image [ic, ih, iw]; through a copy in `memory` where columns are padded or strided, or rows lie
// outside. followed: whether 15 elements behind the image may be read.
ImageView view_image(const ConvShape& shape, const float* image, const Rows& rows, bool followed, float* memory);

// Where the taps of one output stand relative to its first: offsets[ic][kh * kw].
struct Taps {
  const std::int64_t* offsets;
  std::int64_t channels, per_channel;
};

Taps tap_offsets(const ConvShape& shape, const ImageView& image, std::int64_t* memory);

// Forward, lanes are output channels. packed: [block][ic][kh * kw][16]; pixels: a buffer [rows * ow][16]; y: one image's.
void pack_channels(const ConvShape& shape, const WeightView& w, float* packed);
void forward_channels(const ConvShape& shape, const ImageView& image, const Taps& taps, const float* packed,
                      const float* bias, bool relu, const Rows& rows, float* pixels, float* y);

// Forward, lanes are output columns, for up to `most_images` images with the same taps, whose outputs follow each other.
// packed: [block][ic][kh * kw][channels of the block].
void pack_columns(const ConvShape& shape, const WeightView& w, float* packed);
void forward_columns(const ConvShape& shape, const ImageView* images, int count, const Taps& taps, const float* packed,
                     const float* bias, bool relu, const Rows& rows, float* y);

// Adds one image's share to the kernel's derivative. Lanes are output channels: sums [block][ic][tap][16], dy in the
// buffer [oh * ow][16]. Lanes are output columns: sums [oc][ic][tap][16], whose lanes are to be added up; followed:
// whether 15 elements behind dy may be read.
void weights_channels(const ConvShape& shape, const ImageView& image, const float* dy, float* pixels, float* sums);
void weights_columns(const ConvShape& shape, const ImageView& image, const float* dy, bool followed, float* sums);

// Derivative for the image, lanes are images: of `images` images, which fill `vectors` vectors (at most `most_images`).
// packed: [block][oc][kh * kw][channels of the block]; memory: `images_bytes`.
void pack_images(const ConvShape& shape, const float* w, float* packed);
std::size_t images_bytes(const ConvShape& shape, int vectors);
void input_grad_images(const ConvShape& shape, const float* dy, std::int64_t images, int vectors, const float* packed,
                       char* memory, float* dx);

}  // namespace mindspore::cpu
