// Direct convolution with AVX-512: the derivative for the image, lanes are images (see conv_direct.h).
//
// An element of the image gets contributions only from the outputs whose windows cover it, so along borders, and with
// strides, there are fewer of them. With images side by side in the lanes every element has a list of its own taps and no
// product is wasted, whatever stride, dilation and padding are. The price is a transposition of the batch to the innermost
// place before, and back after; it touches each element once.

#include <algorithm>
#include <array>
#include <cstdint>

#include "conv_direct.h"
#include "intrinsics.h"
#include "transpose_avx512.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")

namespace mindspore::cpu {

namespace {

constexpr int most_block = 6;  // image channels in one tile

// The taps of one image element, for one output channel.
struct ElementTaps {
  const std::int64_t* places;   // of the outputs, in floats
  const std::int64_t* weights;  // of the kernel's elements, in floats
  std::int64_t count;
};

struct ImagesTile {
  const float* dy;  // [oc][oh * ow][images]
  std::int64_t dy_plane;
  const float* weights;  // [oc][kh * kw][channels of the block]
  std::int64_t weights_plane;
  std::int64_t channels;  // oc
  float* dx;              // of the element, in the block's first channel: [ic][iw][images]
  std::int64_t dx_plane;
};

// C image channels, V vectors of images.
template <int C, int V>
__attribute__((noinline)) void images_tile(const ElementTaps& taps, const ImagesTile& tile) {
  __m512 sum[C][V];
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[c][v] = _mm512_setzero_ps();
  }
  const float* dy = tile.dy;
  const float* w = tile.weights;
  for (std::int64_t channel = 0; channel < tile.channels; ++channel) {
    for (std::int64_t t = 0; t < taps.count; ++t) {
      const float* from = dy + taps.places[t];
      const float* factor = w + taps.weights[t];
      __m512 x[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        x[v] = _mm512_loadu_ps(from + v * lanes);
        keep_in_register(x[v]);
      }
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) {
        const __m512 weight = _mm512_set1_ps(factor[c]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[c][v] = _mm512_fmadd_ps(weight, x[v], sum[c][v]);
      }
    }
    dy += tile.dy_plane;
    w += tile.weights_plane;
  }
#pragma GCC unroll 8
  for (int c = 0; c < C; ++c) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) _mm512_storeu_ps(tile.dx + c * tile.dx_plane + v * lanes, sum[c][v]);
  }
}

using ImagesTileFunction = void (*)(const ElementTaps&, const ImagesTile&);

template <int C>
constexpr std::array<ImagesTileFunction, most_images> images_tiles() {
  return {images_tile<C, 1>, images_tile<C, 2>, images_tile<C, 3>, images_tile<C, 4>};
}

constexpr std::array<std::array<ImagesTileFunction, most_images>, most_block> tiles = {
    images_tiles<1>(), images_tiles<2>(), images_tiles<3>(), images_tiles<4>(), images_tiles<5>(), images_tiles<6>()};

std::int64_t blocks_of(std::int64_t channels) { return (channels + most_block - 1) / most_block; }

// The taps of one axis that lead to image place `place`: pairs of (tap, output).
std::int64_t axis_taps(std::int64_t place, std::int64_t low, std::int64_t stride, std::int64_t dilation,
                       std::int64_t taps, std::int64_t outputs, std::int64_t (*found)[2]) {
  std::int64_t count = 0;
  for (std::int64_t t = 0; t < taps; ++t) {
    const std::int64_t reach = place + low - t * dilation;
    if (reach < 0 || reach % stride != 0 || reach / stride >= outputs) continue;
    found[count][0] = t;
    found[count++][1] = reach / stride;
  }
  return count;
}

// [rows][count] to [count][vectors * 16], where row r is image r; images that do not exist become zeros.
void gather_images(const float* from, std::int64_t count, std::int64_t images, int vectors, float* to) {
  for (int v = 0; v < vectors; ++v) {
    const std::int64_t rows = std::clamp<std::int64_t>(images - v * lanes, 0, lanes);
    for (std::int64_t p = 0; p < count; p += lanes) {
      transpose_block(from + v * lanes * count + p, count, rows, std::min(lanes, count - p),
                      to + p * vectors * lanes + v * lanes, vectors * lanes, lanes);
    }
  }
}

}  // namespace

void pack_images(const ConvShape& s, const float* w, float* packed) {
  const std::int64_t taps = s.kh * s.kw;
  for (std::int64_t block = 0; block < blocks_of(s.ic); ++block) {
    const std::int64_t begin = s.ic * block / blocks_of(s.ic);
    const std::int64_t end = s.ic * (block + 1) / blocks_of(s.ic);
    for (std::int64_t o = 0; o < s.oc; ++o) {
      for (std::int64_t t = 0; t < taps; ++t) {
        for (std::int64_t i = begin; i < end; ++i) *packed++ = w[(o * s.ic + i) * taps + t];
      }
    }
  }
}

std::size_t images_bytes(const ConvShape& s, int vectors) {
  const std::int64_t width = vectors * lanes;
  const std::int64_t floats = (s.oc * s.oh * s.ow + s.ic * s.iw) * width;
  return static_cast<std::size_t>(floats) * sizeof(float) +
         static_cast<std::size_t>(2 * s.kh * s.kw + 2 * (s.kh + s.kw)) * sizeof(std::int64_t);
}

void input_grad_images(const ConvShape& s, const float* dy, std::int64_t images, int vectors, const float* packed,
                       char* memory, float* dx) {
  const std::int64_t width = vectors * lanes;
  const std::int64_t outputs = s.oh * s.ow;
  const std::int64_t taps = s.kh * s.kw;
  float* gathered = reinterpret_cast<float*>(memory);
  float* line = gathered + s.oc * outputs * width;  // [ic][iw][images]
  auto* places = reinterpret_cast<std::int64_t*>(line + s.ic * s.iw * width);
  std::int64_t* weights = places + taps;
  auto* rows = reinterpret_cast<std::int64_t(*)[2]>(weights + taps);
  auto* columns = rows + s.kh;
  gather_images(dy, s.oc * outputs, images, vectors, gathered);
  for (std::int64_t y = 0; y < s.ih; ++y) {
    const std::int64_t row_count = axis_taps(y, s.top, s.stride_h, s.dilation_h, s.kh, s.oh, rows);
    for (std::int64_t x = 0; x < s.iw; ++x) {
      const std::int64_t column_count = axis_taps(x, s.left, s.stride_w, s.dilation_w, s.kw, s.ow, columns);
      const float* w = packed;
      for (std::int64_t block = 0; block < blocks_of(s.ic); ++block) {
        const std::int64_t first = s.ic * block / blocks_of(s.ic);
        const std::int64_t size = s.ic * (block + 1) / blocks_of(s.ic) - first;
        std::int64_t count = 0;
        for (std::int64_t r = 0; r < row_count; ++r) {
          for (std::int64_t c = 0; c < column_count; ++c, ++count) {
            places[count] = (rows[r][1] * s.ow + columns[c][1]) * width;
            weights[count] = (rows[r][0] * s.kw + columns[c][0]) * size;
          }
        }
        const ImagesTile tile{gathered, outputs * width, w, taps * size, s.oc, line + (first * s.iw + x) * width,
                              s.iw * width};
        tiles[static_cast<std::size_t>(size - 1)][static_cast<std::size_t>(vectors - 1)]({places, weights, count}, tile);
        w += s.oc * taps * size;
      }
    }
    for (std::int64_t i = 0; i < s.ic; ++i) {
      for (std::int64_t x = 0; x < s.iw; x += lanes) {
        for (int v = 0; v < vectors; ++v) {
          const std::int64_t here = std::clamp<std::int64_t>(images - v * lanes, 0, lanes);
          float* to = dx + ((v * lanes * s.ic + i) * s.ih + y) * s.iw + x;
          const std::int64_t length = std::min(lanes, s.iw - x);
          transpose_block(line + (i * s.iw + x) * width + v * lanes, width, length, here, to, s.ic * s.ih * s.iw, length);
        }
      }
    }
  }
}

}  // namespace mindspore::cpu

#pragma GCC pop_options
