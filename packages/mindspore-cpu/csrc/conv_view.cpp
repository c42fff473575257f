// Direct convolution: how images and kernels are laid out for it (see conv_direct.h).

#include <algorithm>
#include <cstring>

#include "conv_direct.h"

namespace mindspore::cpu {

namespace {

std::int64_t columns_per_phase(const ConvShape& s) {
  return s.ow + ((s.kw - 1) * s.dilation_w + s.stride_w - 1) / s.stride_w;
}

// Whether outputs read columns that lie outside, or not next to each other.
bool columns_differ(const ConvShape& s) {
  return s.stride_w != 1 || s.left != 0 || s.ow - 1 + (s.kw - 1) * s.dilation_w >= s.iw;
}

bool needs_copy(const ConvShape& s, const Rows& rows) {
  return columns_differ(s) || rows.begin < 0 || rows.end() > s.ih;
}

// One row, phase by phase; null for a row of zeros.
void copy_row(const ConvShape& s, const float* from, std::int64_t columns, float* to) {
  for (std::int64_t phase = 0; phase < s.stride_w; ++phase, to += columns) {
    // Column c of this phase is column c * stride + shift of the image.
    const std::int64_t shift = phase - s.left;
    const std::int64_t begin = std::clamp<std::int64_t>((s.stride_w - 1 - shift) / s.stride_w, 0, columns);
    const std::int64_t end = std::clamp<std::int64_t>((s.iw - shift + s.stride_w - 1) / s.stride_w, begin, columns);
    std::fill(to, to + begin, 0.0f);
    if (s.stride_w == 1) {
      std::memcpy(to + begin, from + begin + shift, static_cast<std::size_t>(end - begin) * sizeof(float));
    } else {
      for (std::int64_t c = begin; c < end; ++c) to[c] = from[c * s.stride_w + shift];
    }
    std::fill(to + end, to + columns, 0.0f);
  }
}

}  // namespace

Rows rows_inside(const ConvShape& s, const Rows& outputs) {
  const std::int64_t begin = outputs.begin * s.stride_h - s.top;
  const std::int64_t end = (outputs.end() - 1) * s.stride_h - s.top + (s.kh - 1) * s.dilation_h + 1;
  const std::int64_t first = std::clamp<std::int64_t>(begin, 0, s.ih);
  return {first, std::clamp<std::int64_t>(end, first, s.ih) - first};
}

Rows rows_with_padding(const ConvShape& s) {
  return {-s.top, (s.oh - 1) * s.stride_h + (s.kh - 1) * s.dilation_h + 1};
}

std::size_t view_bytes(const ConvShape& s, const Rows& rows) {
  if (!needs_copy(s, rows)) return 0;
  return static_cast<std::size_t>(s.ic * rows.count * s.stride_w * columns_per_phase(s) + lanes) * sizeof(float);
}

ImageView view_image(const ConvShape& s, const float* image, const Rows& rows, bool followed, float* memory) {
  if (!needs_copy(s, rows)) return {image, s.ih * s.iw, s.iw, 0, followed};
  const std::int64_t columns = columns_per_phase(s);
  const std::int64_t pitch = s.stride_w * columns;
  for (std::int64_t channel = 0; channel < s.ic; ++channel) {
    for (std::int64_t k = 0; k < rows.count; ++k) {
      float* to = memory + (channel * rows.count + k) * pitch;
      const std::int64_t row = rows.begin + k;
      if (row < 0 || row >= s.ih) {
        std::fill(to, to + pitch, 0.0f);
      } else {
        copy_row(s, image + (channel * s.ih + row) * s.iw, columns, to);
      }
    }
  }
  return {memory - rows.begin * pitch, rows.count * pitch, pitch, columns, true};
}

Taps tap_offsets(const ConvShape& s, const ImageView& image, std::int64_t* memory) {
  std::int64_t* to = memory;
  for (std::int64_t channel = 0; channel < s.ic; ++channel) {
    for (std::int64_t y = 0; y < s.kh; ++y) {
      for (std::int64_t x = 0; x < s.kw; ++x) {
        const std::int64_t reach = x * s.dilation_w;
        *to++ = channel * image.plane + y * s.dilation_h * image.pitch + reach % s.stride_w * image.phase_pitch +
                reach / s.stride_w;
      }
    }
  }
  return {memory, s.ic, s.kh * s.kw};
}

void pack_channels(const ConvShape& s, const WeightView& w, float* packed) {
  for (std::int64_t block = 0; block < s.oc; block += lanes) {
    const std::int64_t here = std::min(lanes, s.oc - block);
    for (std::int64_t i = 0; i < s.ic; ++i) {
      for (std::int64_t y = 0; y < s.kh; ++y) {
        for (std::int64_t x = 0; x < s.kw; ++x, packed += lanes) {
          const float* from = w.data + block * w.o + i * w.i + y * w.y + x * w.x;
          for (std::int64_t o = 0; o < here; ++o) packed[o] = from[o * w.o];
          std::fill(packed + here, packed + lanes, 0.0f);
        }
      }
    }
  }
}

}  // namespace mindspore::cpu
