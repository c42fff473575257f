// Two-dimensional convolution and its two derivatives: shapes, and the choice of an implementation.
//
// There are three: `conv_direct` (our own, for few channels), oneDNN (`conv_onednn`), and unfolding into a matrix product
// (`conv_unfold`, for element types that the others do not know).
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

// x[n, ic, ih, iw] with w[oc, ic / groups, kh, kw] gives y[n, oc, oh, ow].
struct ConvShape {
  std::int64_t n, ic, ih, iw;
  std::int64_t oc, kh, kw;
  std::int64_t oh, ow;
  std::int64_t stride_h, stride_w;
  std::int64_t top, bottom, left, right;
  std::int64_t dilation_h, dilation_w;
  std::int64_t groups;

  double multiplications() const {
    return static_cast<double>(n * oc * oh * ow) * static_cast<double>(ic / groups * kh * kw);
  }
};

// The same of volumes: x[n, ic, id, ih, iw] with w[oc, ic / groups, kd, kh, kw]. padding: low and high of each axis.
struct VolumeShape {
  std::array<std::int64_t, 5> image, kernels;
  std::array<std::int64_t, 3> output, stride;
  std::array<std::int64_t, 6> padding;
  std::array<std::int64_t, 3> dilation;
  std::int64_t groups;
};

enum class ConvKind { forward, input_grad, weight_grad };

// What a forward convolution does to its result: adds bias[oc], then takes max(., 0).
struct ConvEpilogue {
  bool bias = false;
  bool relu = false;
};

// How operands lie in memory. An image is plain, or its channels come in blocks: [n, c / block, h, w, block]; one block of
// all channels is what others call NHWC. Kernels are plain, or packed as oneDNN's name of a layout says: "OIhw16i16o" is
// [oc / 16, ic / 16, kh, kw, 16 of ic, 16 of oc].
struct ConvLayout {
  std::int64_t x_block = 0;  // of the images; 0: plain
  std::int64_t y_block = 0;  // of the outputs
  std::string kernels;       // empty: plain
};

// Buffers: forward (x, w, [bias], y), input_grad (dy, w, dx), weight_grad (x, dy, dw). Null where no implementation
// takes the element type.
std::unique_ptr<Kernel> make_conv(ConvKind kind, Element element, const ConvShape& shape, const ConvEpilogue& epilogue);

// As `make_conv`, of volumes, by oneDNN.
std::unique_ptr<Kernel> make_conv_volumes(ConvKind kind, Element element, const VolumeShape& shape);

// The name of the implementation that `make_conv` tries first.
const char* conv_choice(ConvKind kind, Element element, const ConvShape& shape, const ConvEpilogue& epilogue);

// A convolution by oneDNN on images and kernels that lie as `layout` says; null where it has no good implementation.
std::unique_ptr<Kernel> make_conv_blocked(ConvKind kind, Element element, const ConvShape& shape,
                                          const ConvEpilogue& epilogue, const ConvLayout& layout);

// The name of the packing in which a forward convolution takes its kernels fastest, if kernels and images lie in whole
// pieces of it; empty where it has none, or one that no name is known of here.
std::string conv_packing(Element element, const ConvShape& shape, const ConvLayout& layout);

// Whether `make_conv_blocked` gives a kernel, without making it.
bool has_conv_blocked(ConvKind kind, Element element, const ConvShape& shape, const ConvEpilogue& epilogue,
                      const ConvLayout& layout);

// The implementations; each gives null for what it does not do.
std::unique_ptr<Kernel> make_conv_direct(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue);
std::unique_ptr<Kernel> make_conv_onednn(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue);
std::unique_ptr<Kernel> make_conv_unfold(ConvKind kind, Element element, const ConvShape& shape,
                                         const ConvEpilogue& epilogue);

}  // namespace mindspore::cpu
