// Direct convolution with AVX-512: the forward computation (see conv_direct.h).

#include <algorithm>
#include <array>
#include <cstdint>
#include <cstring>
#include <utility>

#include "conv_direct.h"
#include "intrinsics.h"
#include "transpose_avx512.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")

namespace mindspore::cpu {

namespace {

// Stops the compiler from computing every address from scratch.
inline __attribute__((always_inline)) void keep_in_register(const float*& pointer) { asm("" : "+r"(pointer)); }

// -- lanes are output channels --------------------------------------------------------------------------------------

constexpr std::int64_t most_columns = 28;  // sums in registers, in one row or two
constexpr std::int64_t most_paired = 14;

struct ChannelTile {
  const float* image;  // of the tile's first output, at tap 0 of channel 0
  const float* weights;
  float* pixels;           // of the tile's first output
  std::int64_t row_step;   // from one output row to the next, in the image
  std::int64_t pixel_row;  // and in `pixels`
};

// R rows of C outputs.
template <int R, int C>
__attribute__((noinline)) void channel_tile(const Taps& taps, const ChannelTile& tile) {
  __m512 sum[R][C];
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
    for (int c = 0; c < C; ++c) sum[r][c] = _mm512_setzero_ps();
  }
  const float* w = tile.weights;
  for (std::int64_t t = 0; t < taps.count; ++t, w += lanes) {
    const __m512 weight = _mm512_loadu_ps(w);
    const float* x = tile.image + taps.offsets[t];
#pragma GCC unroll 2
    for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
      for (int c = 0; c < C; ++c) sum[r][c] = _mm512_fmadd_ps(_mm512_set1_ps(x[c]), weight, sum[r][c]);
      x += tile.row_step;
      keep_in_register(x);
    }
  }
#pragma GCC unroll 2
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
    for (int c = 0; c < C; ++c) _mm512_storeu_ps(tile.pixels + r * tile.pixel_row + c * lanes, sum[r][c]);
  }
}

using ChannelTileFunction = void (*)(const Taps&, const ChannelTile&);

template <int R, int... C>
constexpr std::array<ChannelTileFunction, sizeof...(C)> channel_tiles(std::integer_sequence<int, C...>) {
  return {channel_tile<R, C + 1>...};
}

constexpr auto single_rows = channel_tiles<1>(std::make_integer_sequence<int, most_columns>{});
constexpr auto paired_rows = channel_tiles<2>(std::make_integer_sequence<int, most_paired>{});

// Bias and relu, then [pixel][16] to [16][pixel].
void write_channels(const float* pixels, std::int64_t count, std::int64_t channels, const float* bias, bool relu,
                    float* y, std::int64_t y_plane) {
  const __m512 shift = bias == nullptr ? _mm512_setzero_ps() : _mm512_maskz_loadu_ps(first_lanes(channels), bias);
  const __m512 zero = _mm512_setzero_ps();
  for (std::int64_t p = 0; p < count; p += lanes) {
    const std::int64_t here = std::min(lanes, count - p);
    __m512 r[lanes];
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) {
      r[i] = i < here ? _mm512_add_ps(_mm512_loadu_ps(pixels + (p + i) * lanes), shift) : zero;
      if (relu) r[i] = _mm512_mask_blend_ps(_mm512_cmp_ps_mask(r[i], zero, _CMP_LT_OQ), r[i], zero);
    }
    transpose_16x16(r);
    const __mmask16 mask = first_lanes(here);
#pragma GCC unroll 16
    for (int i = 0; i < lanes; ++i) {
      if (i < channels) _mm512_mask_storeu_ps(y + i * y_plane + p, mask, r[i]);
    }
  }
}

// -- lanes are output columns ---------------------------------------------------------------------------------------

constexpr int most_segments = 4;
constexpr int most_block = 6;

// Up to four vectors of outputs of one row or several.
struct ColumnTile {
  const float* image[most_segments];  // of the segment's first output, at tap 0 of channel 0
  __mmask16 mask[most_segments];
  float* y[most_segments];  // of the segment, in the block's first channel
  std::int64_t y_plane;
  const float* weights;
  const float* bias;
  bool relu;
};

template <int O, int V>
__attribute__((noinline)) void column_tile(const Taps& taps, const ColumnTile& tile) {
  __m512 sum[O][V];
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o) {
    const __m512 start = tile.bias == nullptr ? _mm512_setzero_ps() : _mm512_set1_ps(tile.bias[o]);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[o][v] = start;
  }
  const float* w = tile.weights;
  for (std::int64_t t = 0; t < taps.count; ++t, w += O) {
    const std::int64_t offset = taps.offsets[t];
    __m512 x[V];
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) x[v] = _mm512_maskz_loadu_ps(tile.mask[v], tile.image[v] + offset);
#pragma GCC unroll 8
    for (int o = 0; o < O; ++o) {
      const __m512 weight = _mm512_set1_ps(w[o]);
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) sum[o][v] = _mm512_fmadd_ps(weight, x[v], sum[o][v]);
    }
  }
  const __m512 zero = _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      __m512 value = sum[o][v];
      if (tile.relu) value = _mm512_mask_blend_ps(_mm512_cmp_ps_mask(value, zero, _CMP_LT_OQ), value, zero);
      _mm512_mask_storeu_ps(tile.y[v] + o * tile.y_plane, tile.mask[v], value);
    }
  }
}

using ColumnTileFunction = void (*)(const Taps&, const ColumnTile&);

template <int O>
constexpr std::array<ColumnTileFunction, most_segments> column_tiles() {
  return {column_tile<O, 1>, column_tile<O, 2>, column_tile<O, 3>, column_tile<O, 4>};
}

constexpr std::array<std::array<ColumnTileFunction, most_segments>, most_block> all_column_tiles = {
    column_tiles<1>(), column_tiles<2>(), column_tiles<3>(), column_tiles<4>(), column_tiles<5>(), column_tiles<6>()};

// The first channel of block `number` when `channels` are divided nearly evenly.
std::int64_t block_begin(std::int64_t channels, std::int64_t blocks, std::int64_t number) {
  return channels * number / blocks;
}

}  // namespace

bool needs_copy(const ConvShape& s) {
  return s.stride_w != 1 || s.top != 0 || s.bottom != 0 || s.left != 0 || s.right != 0;
}

namespace {

std::int64_t rows_read(const ConvShape& s, std::int64_t rows) {
  return (rows - 1) * s.stride_h + (s.kh - 1) * s.dilation_h + 1;
}

std::int64_t columns_per_phase(const ConvShape& s) {
  return s.ow + ((s.kw - 1) * s.dilation_w + s.stride_w - 1) / s.stride_w;
}

}  // namespace

std::size_t padded_bytes(const ConvShape& s, std::int64_t rows) {
  if (!needs_copy(s)) return 0;
  return static_cast<std::size_t>(s.ic * rows_read(s, rows) * s.stride_w * columns_per_phase(s)) * sizeof(float);
}

ImageView view_image(const ConvShape& s, const float* image, const Band& band, float* memory) {
  if (!needs_copy(s)) return {image + band.row * s.stride_h * s.iw, s.ih * s.iw, s.iw, 0};
  const std::int64_t rows = rows_read(s, band.rows);
  const std::int64_t columns = columns_per_phase(s);
  const std::int64_t pitch = s.stride_w * columns;
  for (std::int64_t channel = 0; channel < s.ic; ++channel) {
    for (std::int64_t r = 0; r < rows; ++r) {
      float* to = memory + (channel * rows + r) * pitch;
      const std::int64_t row = band.row * s.stride_h + r - s.top;
      if (row < 0 || row >= s.ih) {
        std::memset(to, 0, static_cast<std::size_t>(pitch) * sizeof(float));
        continue;
      }
      const float* from = image + (channel * s.ih + row) * s.iw;
      for (std::int64_t phase = 0; phase < s.stride_w; ++phase, to += columns) {
        // Column c of this phase is column c * stride + phase - left of the image.
        const std::int64_t shift = phase - s.left;
        const std::int64_t begin =
            std::clamp<std::int64_t>((-shift + s.stride_w - 1) / s.stride_w, 0, columns);
        const std::int64_t end = std::clamp<std::int64_t>((s.iw - shift + s.stride_w - 1) / s.stride_w, begin, columns);
        for (std::int64_t c = 0; c < begin; ++c) to[c] = 0;
        if (s.stride_w == 1) {
          std::memcpy(to + begin, from + begin + shift, static_cast<std::size_t>(end - begin) * sizeof(float));
        } else {
          for (std::int64_t c = begin; c < end; ++c) to[c] = from[c * s.stride_w + shift];
        }
        for (std::int64_t c = end; c < columns; ++c) to[c] = 0;
      }
    }
  }
  return {memory, rows * pitch, pitch, columns};
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
  return {memory, to - memory};
}

void pack_channels(const ConvShape& s, const WeightView& w, float* packed) {
  for (std::int64_t block = 0; block < s.oc; block += lanes) {
    for (std::int64_t i = 0; i < s.ic; ++i) {
      for (std::int64_t y = 0; y < s.kh; ++y) {
        for (std::int64_t x = 0; x < s.kw; ++x, packed += lanes) {
          const float* from = w.data + block * w.o + i * w.i + y * w.y + x * w.x;
          const std::int64_t here = std::min(lanes, s.oc - block);
          for (std::int64_t o = 0; o < here; ++o) packed[o] = from[o * w.o];
          for (std::int64_t o = here; o < lanes; ++o) packed[o] = 0;
        }
      }
    }
  }
}

void forward_channels(const ConvShape& s, const ImageView& image, const Taps& taps, const float* packed,
                      const float* bias, bool relu, const Band& band, float* pixels, float* y) {
  const std::int64_t pieces = (s.ow + most_columns - 1) / most_columns;
  const std::int64_t step = image.pitch * s.stride_h;
  for (std::int64_t block = 0; block < s.oc; block += lanes) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const std::int64_t begin = block_begin(s.ow, pieces, piece);
      const std::int64_t width = block_begin(s.ow, pieces, piece + 1) - begin;
      for (std::int64_t row = 0; row < band.rows;) {
        const bool paired = width <= most_paired && row + 1 < band.rows;
        const ChannelTile tile{image.data + row * step + begin, packed, pixels + (row * s.ow + begin) * lanes, step,
                               s.ow * lanes};
        (paired ? paired_rows[width - 1] : single_rows[width - 1])(taps, tile);
        row += paired ? 2 : 1;
      }
    }
    write_channels(pixels, band.rows * s.ow, std::min(lanes, s.oc - block), bias == nullptr ? nullptr : bias + block,
                   relu, y + block * s.oh * s.ow + band.row * s.ow, s.oh * s.ow);
    packed += s.ic * s.kh * s.kw * lanes;
  }
}

std::int64_t column_blocks(std::int64_t channels) { return (channels + most_block - 1) / most_block; }

void pack_columns(const ConvShape& s, const WeightView& w, float* packed) {
  const std::int64_t blocks = column_blocks(s.oc);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = block_begin(s.oc, blocks, block);
    const std::int64_t end = block_begin(s.oc, blocks, block + 1);
    for (std::int64_t i = 0; i < s.ic; ++i) {
      for (std::int64_t y = 0; y < s.kh; ++y) {
        for (std::int64_t x = 0; x < s.kw; ++x) {
          for (std::int64_t o = begin; o < end; ++o) *packed++ = w.data[o * w.o + i * w.i + y * w.y + x * w.x];
        }
      }
    }
  }
}

void forward_columns(const ConvShape& s, const ImageView& image, const Taps& taps, const float* packed,
                     const float* bias, bool relu, const Band& band, float* y) {
  const std::int64_t blocks = column_blocks(s.oc);
  const std::int64_t per_row = (s.ow + lanes - 1) / lanes;
  const std::int64_t segments = band.rows * per_row;
  for (std::int64_t first = 0; first < segments; first += most_segments) {
    const int count = static_cast<int>(std::min<std::int64_t>(most_segments, segments - first));
    ColumnTile tile{};
    std::int64_t place[most_segments];
    for (int v = 0; v < count; ++v) {
      const std::int64_t row = (first + v) / per_row;
      const std::int64_t column = (first + v) % per_row * lanes;
      tile.image[v] = image.data + row * s.stride_h * image.pitch + column;
      tile.mask[v] = first_lanes(s.ow - column);
      place[v] = (band.row + row) * s.ow + column;
    }
    tile.relu = relu;
    tile.y_plane = s.oh * s.ow;
    const float* weights = packed;
    for (std::int64_t block = 0; block < blocks; ++block) {
      const std::int64_t begin = block_begin(s.oc, blocks, block);
      const std::int64_t size = block_begin(s.oc, blocks, block + 1) - begin;
      for (int v = 0; v < count; ++v) tile.y[v] = y + begin * s.oh * s.ow + place[v];
      tile.weights = weights;
      tile.bias = bias == nullptr ? nullptr : bias + begin;
      all_column_tiles[size - 1][count - 1](taps, tile);
      weights += size * s.ic * s.kh * s.kw;
    }
  }
}

}  // namespace mindspore::cpu

#pragma GCC pop_options
