// Direct convolution with AVX-512: the forward computation (see conv_direct.h).

#include <algorithm>
#include <array>
#include <cstdint>
#include <utility>

#include "conv_direct.h"
#include "intrinsics.h"
#include "transpose_avx512.h"

#pragma GCC push_options
#pragma GCC target("avx512f,avx512dq,avx512bw,avx512vl,avx2,fma")

namespace mindspore::cpu {

namespace {

// The taps of each channel that an output row uses: those of the kernel rows inside the image.
struct TapRange {
  std::int64_t begin, end;
  bool operator==(const TapRange& other) const { return begin == other.begin && end == other.end; }
};

TapRange taps_of_row(const ConvShape& s, std::int64_t row) {
  const std::int64_t origin = row * s.stride_h - s.top;
  const std::int64_t first = origin >= 0 ? 0 : (-origin + s.dilation_h - 1) / s.dilation_h;
  const std::int64_t end = origin >= s.ih ? 0 : std::min(s.kh, (s.ih - origin + s.dilation_h - 1) / s.dilation_h);
  return {first * s.kw, std::max(first, end) * s.kw};
}

// -- lanes are output channels --------------------------------------------------------------------------------------

constexpr std::int64_t most_columns = 28;  // sums in registers, in one row or two
constexpr std::int64_t most_paired = 14;

struct ChannelTile {
  const float* image;  // of the tile's first output, at tap 0 of channel 0
  const float* weights;
  float* pixels;           // of the tile's first output
  std::int64_t row_step;   // from one output row to the next, in the image
  std::int64_t pixel_row;  // and in `pixels`
  TapRange range;
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
  for (std::int64_t channel = 0; channel < taps.channels; ++channel) {
    const std::int64_t* offsets = taps.offsets + channel * taps.per_channel;
    const float* w = tile.weights + (channel * taps.per_channel + tile.range.begin) * lanes;
    for (std::int64_t t = tile.range.begin; t < tile.range.end; ++t, w += lanes) {
      const __m512 weight = _mm512_loadu_ps(w);
      const float* x = tile.image + offsets[t];
#pragma GCC unroll 2
      for (int r = 0; r < R; ++r) {
#pragma GCC unroll 32
        for (int c = 0; c < C; ++c) sum[r][c] = _mm512_fmadd_ps(_mm512_set1_ps(x[c]), weight, sum[r][c]);
        x += tile.row_step;
        keep_in_register(x);
      }
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

constexpr int most_segments = most_images;
constexpr int most_block = 6;

// Up to four vectors of outputs that use the same taps: of one row or several, of one image or several.
struct ColumnTile {
  const float* image[most_segments];  // of the segment's first output, at tap 0 of channel 0
  __mmask16 mask[most_segments];
  float* y[most_segments];  // of the segment, in the first channel
  std::int64_t y_plane;
  const float* weights;  // of the block
  const float* bias;     // of the block
  TapRange range;
  int count;
  bool relu;
  bool slack;  // whole vectors may be loaded
};

// O output channels, V segments.
template <int O, int V, bool Slack>
__attribute__((noinline)) void column_tile(const Taps& taps, const ColumnTile& tile, std::int64_t first) {
  __m512 sum[O][V];
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o) {
    const __m512 start = tile.bias == nullptr ? _mm512_setzero_ps() : _mm512_set1_ps(tile.bias[o]);
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) sum[o][v] = start;
  }
  for (std::int64_t channel = 0; channel < taps.channels; ++channel) {
    const std::int64_t* offsets = taps.offsets + channel * taps.per_channel;
    const float* w = tile.weights + (channel * taps.per_channel + tile.range.begin) * O;
    for (std::int64_t t = tile.range.begin; t < tile.range.end; ++t, w += O) {
      __m512 x[V];
#pragma GCC unroll 4
      for (int v = 0; v < V; ++v) {
        const float* from = tile.image[v] + offsets[t];
        x[v] = Slack ? _mm512_loadu_ps(from) : _mm512_maskz_loadu_ps(tile.mask[v], from);
        keep_in_register(x[v]);
      }
#pragma GCC unroll 8
      for (int o = 0; o < O; ++o) {
        const __m512 weight = _mm512_set1_ps(w[o]);
#pragma GCC unroll 4
        for (int v = 0; v < V; ++v) sum[o][v] = _mm512_fmadd_ps(weight, x[v], sum[o][v]);
      }
    }
  }
  const __m512 zero = _mm512_setzero_ps();
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 4
    for (int v = 0; v < V; ++v) {
      __m512 value = sum[o][v];
      if (tile.relu) value = _mm512_mask_blend_ps(_mm512_cmp_ps_mask(value, zero, _CMP_LT_OQ), value, zero);
      _mm512_mask_storeu_ps(tile.y[v] + (first + o) * tile.y_plane, tile.mask[v], value);
    }
  }
}

using ColumnTileFunction = void (*)(const Taps&, const ColumnTile&, std::int64_t);

template <int O, bool Slack>
constexpr std::array<ColumnTileFunction, most_segments> column_tiles() {
  return {column_tile<O, 1, Slack>, column_tile<O, 2, Slack>, column_tile<O, 3, Slack>, column_tile<O, 4, Slack>};
}

template <bool Slack>
constexpr std::array<std::array<ColumnTileFunction, most_segments>, most_block> all_column_tiles() {
  return {column_tiles<1, Slack>(), column_tiles<2, Slack>(), column_tiles<3, Slack>(),
          column_tiles<4, Slack>(), column_tiles<5, Slack>(), column_tiles<6, Slack>()};
}

constexpr auto whole_loads = all_column_tiles<true>();
constexpr auto masked_loads = all_column_tiles<false>();

// Where part `number` begins when `size` is divided nearly evenly.
std::int64_t part_begin(std::int64_t size, std::int64_t parts, std::int64_t number) { return size * number / parts; }

std::int64_t column_blocks(std::int64_t channels) { return (channels + most_block - 1) / most_block; }

// Computes a tile for all output channels, block by block, and empties it.
void finish_tile(const ConvShape& s, const Taps& taps, const float* packed, const float* bias, ColumnTile& tile) {
  if (tile.count == 0) return;
  const std::int64_t blocks = column_blocks(s.oc);
  const auto& table = tile.slack ? whole_loads : masked_loads;
  tile.weights = packed;
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t first = part_begin(s.oc, blocks, block);
    const std::int64_t size = part_begin(s.oc, blocks, block + 1) - first;
    tile.bias = bias == nullptr ? nullptr : bias + first;
    table[static_cast<std::size_t>(size - 1)][static_cast<std::size_t>(tile.count - 1)](taps, tile, first);
    tile.weights += size * taps.channels * taps.per_channel;
  }
  tile.count = 0;
  tile.slack = true;
}

}  // namespace

void forward_channels(const ConvShape& s, const ImageView& image, const Taps& taps, const float* packed,
                      const float* bias, bool relu, const Rows& rows, float* pixels, float* y) {
  const std::int64_t pieces = (s.ow + most_columns - 1) / most_columns;
  const std::int64_t step = image.pitch * s.stride_h;
  for (std::int64_t block = 0; block < s.oc; block += lanes) {
    for (std::int64_t piece = 0; piece < pieces; ++piece) {
      const std::int64_t begin = part_begin(s.ow, pieces, piece);
      const auto width = static_cast<std::size_t>(part_begin(s.ow, pieces, piece + 1) - begin);
      for (std::int64_t k = 0; k < rows.count;) {
        const std::int64_t row = rows.begin + k;
        const TapRange range = taps_of_row(s, row);
        const bool paired = width <= most_paired && k + 1 < rows.count && taps_of_row(s, row + 1) == range;
        const float* first = image.data + (row * s.stride_h - s.top) * image.pitch + begin;
        const ChannelTile tile{first, packed, pixels + (k * s.ow + begin) * lanes, step, s.ow * lanes, range};
        (paired ? paired_rows[width - 1] : single_rows[width - 1])(taps, tile);
        k += paired ? 2 : 1;
      }
    }
    write_channels(pixels, rows.count * s.ow, std::min(lanes, s.oc - block), bias == nullptr ? nullptr : bias + block,
                   relu, y + block * s.oh * s.ow + rows.begin * s.ow, s.oh * s.ow);
    packed += taps.channels * taps.per_channel * lanes;
  }
}

void pack_columns(const ConvShape& s, const WeightView& w, float* packed) {
  const std::int64_t blocks = column_blocks(s.oc);
  for (std::int64_t block = 0; block < blocks; ++block) {
    const std::int64_t begin = part_begin(s.oc, blocks, block);
    const std::int64_t end = part_begin(s.oc, blocks, block + 1);
    for (std::int64_t i = 0; i < s.ic; ++i) {
      for (std::int64_t y = 0; y < s.kh; ++y) {
        for (std::int64_t x = 0; x < s.kw; ++x) {
          for (std::int64_t o = begin; o < end; ++o) *packed++ = w.data[o * w.o + i * w.i + y * w.y + x * w.x];
        }
      }
    }
  }
}

void forward_columns(const ConvShape& s, const ImageView* images, int count, const Taps& taps, const float* packed,
                     const float* bias, bool relu, const Rows& rows, float* y) {
  ColumnTile tile{};
  tile.relu = relu;
  tile.slack = true;
  tile.y_plane = s.oh * s.ow;
  for (std::int64_t row = rows.begin; row < rows.end(); ++row) {
    const TapRange range = taps_of_row(s, row);
    if (!(range == tile.range)) finish_tile(s, taps, packed, bias, tile);
    tile.range = range;
    for (std::int64_t column = 0; column < s.ow; column += lanes) {
      for (int n = 0; n < count; ++n) {
        const ImageView& image = images[n];
        tile.image[tile.count] = image.data + (row * s.stride_h - s.top) * image.pitch + column;
        tile.mask[tile.count] = first_lanes(s.ow - column);
        tile.y[tile.count] = y + n * s.oc * tile.y_plane + row * s.ow + column;
        tile.slack = tile.slack && image.slack;
        if (++tile.count == most_segments) finish_tile(s, taps, packed, bias, tile);
      }
    }
  }
  finish_tile(s, taps, packed, bias, tile);
}

}  // namespace mindspore::cpu

#pragma GCC pop_options
