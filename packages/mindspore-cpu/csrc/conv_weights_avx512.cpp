// Direct convolution with AVX-512: the derivative for the kernel (see conv_direct.h).

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

constexpr int most_sums = 28;
constexpr int most_taps = 7;   // columns of taps in one tile
constexpr int most_rows = 7;   // rows of taps
constexpr int most_block = 6;  // output channels in one tile, where lanes are columns
constexpr int most_products = 24;  // of output channels and taps in such a tile

// Taps [ky, ky + rows) x [kx, kx + columns) of one channel; the column step between taps is one stride or less, so they
// lie at offsets that `offsets` lists.
struct TapTile {
  const float* image;       // of output (0, 0), at the tile's first tap row
  std::int64_t row_pitch;   // from one row of taps to the next
  std::int64_t offsets[most_taps];
};

// -- lanes are output channels --------------------------------------------------------------------------------------

// R x C taps: for each output position one vector of dy, and R * C image elements that are broadcast.
template <int R, int C, bool Dense>
__attribute__((noinline)) void channel_taps(const ConvShape& s, const TapTile& taps, std::int64_t step, const float* dy,
                                            float* sums, std::int64_t sums_row) {
  __m512 sum[R][C];
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sum[r][c] = _mm512_loadu_ps(sums + r * sums_row + c * lanes);
  }
  for (std::int64_t row = 0; row < s.oh; ++row) {
    const float* x = taps.image + row * step;
    for (std::int64_t column = 0; column < s.ow; ++column, ++x, dy += lanes) {
      const __m512 cotangent = _mm512_loadu_ps(dy);
      const float* line = x;
#pragma GCC unroll 8
      for (int r = 0; r < R; ++r) {
        keep_in_register(line);
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) {
          const float factor = line[Dense ? c : taps.offsets[c]];
          sum[r][c] = _mm512_fmadd_ps(_mm512_set1_ps(factor), cotangent, sum[r][c]);
        }
        line += taps.row_pitch;
      }
    }
  }
#pragma GCC unroll 8
  for (int r = 0; r < R; ++r) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) _mm512_storeu_ps(sums + r * sums_row + c * lanes, sum[r][c]);
  }
}

using ChannelTaps = void (*)(const ConvShape&, const TapTile&, std::int64_t, const float*, float*, std::int64_t);

template <int R, int C, bool Dense>
constexpr ChannelTaps channel_entry() {
  if constexpr (R * C <= most_sums) {
    return channel_taps<R, C, Dense>;
  } else {
    return nullptr;
  }
}

template <int C, bool Dense, int... R>
constexpr std::array<ChannelTaps, most_rows> channel_rows(std::integer_sequence<int, R...>) {
  return {channel_entry<R + 1, C, Dense>()...};
}

template <bool Dense, int... C>
constexpr std::array<std::array<ChannelTaps, most_rows>, most_taps> channel_table(std::integer_sequence<int, C...>) {
  return {channel_rows<C + 1, Dense>(std::make_integer_sequence<int, most_rows>{})...};
}

constexpr auto dense_channels = channel_table<true>(std::make_integer_sequence<int, most_taps>{});
constexpr auto loose_channels = channel_table<false>(std::make_integer_sequence<int, most_taps>{});

// -- lanes are output columns ---------------------------------------------------------------------------------------

// O output channels x C taps of one row: for each vector of output columns O vectors of dy and C of the image.
// Where there is slack, whole vectors are loaded and lanes behind the row left out of the sum by its mask, which costs
// nothing; masked loads cost as much as the arithmetic.
template <int O, int C, bool Slack>
__attribute__((noinline)) void column_taps(const ConvShape& s, const TapTile& taps, std::int64_t step, const float* dy,
                                           float* sums, std::int64_t sums_channel) {
  __m512 sum[O][C];
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) sum[o][c] = _mm512_loadu_ps(sums + o * sums_channel + c * lanes);
  }
  const std::int64_t plane = s.oh * s.ow;
  for (std::int64_t row = 0; row < s.oh; ++row) {
    for (std::int64_t column = 0; column < s.ow; column += lanes) {
      const __mmask16 mask = first_lanes(s.ow - column);
      const float* x = taps.image + row * step + column;
      const float* from = dy + row * s.ow + column;
      __m512 value[C];
#pragma GCC unroll 8
      for (int c = 0; c < C; ++c) {
        const float* at = x + taps.offsets[c];
        value[c] = Slack ? _mm512_loadu_ps(at) : _mm512_maskz_loadu_ps(mask, at);
        keep_in_register(value[c]);
      }
#pragma GCC unroll 8
      for (int o = 0; o < O; ++o) {
        const float* at = from + o * plane;
        const __m512 cotangent = Slack ? _mm512_loadu_ps(at) : _mm512_maskz_loadu_ps(mask, at);
#pragma GCC unroll 8
        for (int c = 0; c < C; ++c) sum[o][c] = _mm512_mask3_fmadd_ps(cotangent, value[c], sum[o][c], mask);
      }
    }
  }
#pragma GCC unroll 8
  for (int o = 0; o < O; ++o) {
#pragma GCC unroll 8
    for (int c = 0; c < C; ++c) _mm512_storeu_ps(sums + o * sums_channel + c * lanes, sum[o][c]);
  }
}

using ColumnTaps = void (*)(const ConvShape&, const TapTile&, std::int64_t, const float*, float*, std::int64_t);

template <int O, int C, bool Slack>
constexpr ColumnTaps column_entry() {
  if constexpr (O * C <= most_products) {
    return column_taps<O, C, Slack>;
  } else {
    return nullptr;
  }
}

template <int C, bool Slack, int... O>
constexpr std::array<ColumnTaps, most_block> column_channels(std::integer_sequence<int, O...>) {
  return {column_entry<O + 1, C, Slack>()...};
}

template <bool Slack, int... C>
constexpr std::array<std::array<ColumnTaps, most_block>, most_taps> column_table(std::integer_sequence<int, C...>) {
  return {column_channels<C + 1, Slack>(std::make_integer_sequence<int, most_block>{})...};
}

constexpr auto whole_columns = column_table<true>(std::make_integer_sequence<int, most_taps>{});
constexpr auto masked_columns = column_table<false>(std::make_integer_sequence<int, most_taps>{});

// The tile of `count` taps that begins at tap (ky, kx) of `channel`.
TapTile place_taps(const ConvShape& s, const ImageView& image, std::int64_t channel, std::int64_t ky, std::int64_t kx,
                std::int64_t count) {
  TapTile taps{image.data + channel * image.plane + (ky * s.dilation_h - s.top) * image.pitch, s.dilation_h * image.pitch, {}};
  for (std::int64_t c = 0; c < count; ++c) {
    const std::int64_t reach = (kx + c) * s.dilation_w;
    taps.offsets[c] = reach % s.stride_w * image.phase_pitch + reach / s.stride_w;
  }
  return taps;
}

// Whether the offsets are successive numbers; then the first moves into the image's address.
bool make_dense(TapTile& taps, std::int64_t count) {
  for (std::int64_t c = 1; c < count; ++c) {
    if (taps.offsets[c] != taps.offsets[0] + c) return false;
  }
  taps.image += taps.offsets[0];
  return true;
}

// A limit of `most` at a time over `total`, in nearly equal parts: the size of each but the last.
std::int64_t even_part(std::int64_t total, std::int64_t most) {
  const std::int64_t parts = (total + most - 1) / most;
  return (total + parts - 1) / parts;
}

}  // namespace

void weights_channels(const ConvShape& s, const ImageView& image, const float* dy, float* pixels, float* sums) {
  const std::int64_t plane = s.oh * s.ow;
  const std::int64_t width = even_part(s.kw, most_taps);
  const std::int64_t height = even_part(s.kh, std::min<std::int64_t>(most_rows, most_sums / width));
  const std::int64_t step = image.pitch * s.stride_h;
  for (std::int64_t block = 0; block < s.oc; block += lanes) {
    const std::int64_t here = std::min(lanes, s.oc - block);
    for (std::int64_t p = 0; p < plane; p += lanes) {
      transpose_block(dy + block * plane + p, plane, here, std::min(lanes, plane - p), pixels + p * lanes, lanes, lanes);
    }
    for (std::int64_t channel = 0; channel < s.ic; ++channel) {
      for (std::int64_t ky = 0; ky < s.kh; ky += height) {
        for (std::int64_t kx = 0; kx < s.kw; kx += width) {
          const std::int64_t count = std::min(width, s.kw - kx);
          const std::int64_t rows = std::min(height, s.kh - ky);
          TapTile taps = place_taps(s, image, channel, ky, kx, count);
          const auto& table = make_dense(taps, count) ? dense_channels : loose_channels;
          table[count - 1][rows - 1](s, taps, step, pixels, sums + (ky * s.kw + kx) * lanes, s.kw * lanes);
        }
      }
      sums += s.kh * s.kw * lanes;
    }
  }
}

void weights_columns(const ConvShape& s, const ImageView& image, const float* dy, bool followed, float* sums) {
  const auto& table = image.slack && followed ? whole_columns : masked_columns;
  const std::int64_t plane = s.oh * s.ow;
  const std::int64_t taps_of_channel = s.kh * s.kw;
  const std::int64_t width = even_part(s.kw, most_taps);
  const std::int64_t block = even_part(s.oc, std::min<std::int64_t>(most_block, most_products / width));
  const std::int64_t step = image.pitch * s.stride_h;
  for (std::int64_t o = 0; o < s.oc; o += block) {
    const std::int64_t here = std::min(block, s.oc - o);
    for (std::int64_t channel = 0; channel < s.ic; ++channel) {
      for (std::int64_t ky = 0; ky < s.kh; ++ky) {
        for (std::int64_t kx = 0; kx < s.kw; kx += width) {
          const std::int64_t count = std::min(width, s.kw - kx);
          const TapTile taps = place_taps(s, image, channel, ky, kx, count);
          float* to = sums + ((o * s.ic + channel) * taps_of_channel + ky * s.kw + kx) * lanes;
          table[count - 1][here - 1](s, taps, step, dy + o * plane, to, s.ic * taps_of_channel * lanes);
        }
      }
    }
  }
}

}  // namespace mindspore::cpu

#pragma GCC pop_options
