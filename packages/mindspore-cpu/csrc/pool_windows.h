// The windows of pooling, and what lies in them. Each file that includes this has a copy for its own
// instruction set.
#pragma once

#include <algorithm>
#include <cstdint>

#include "pool.h"

namespace mindspore::cpu {

namespace {

// The taps of a window that lie inside the image, along one axis: `taps` from `first`, the first at image place `begin`.
struct Extent {
  std::int64_t first, end, begin;
};

inline Extent extent(std::int64_t output, std::int64_t stride, std::int64_t low, std::int64_t dilation, std::int64_t taps,
              std::int64_t size) {
  const std::int64_t origin = output * stride - low;
  const std::int64_t first = origin >= 0 ? 0 : (-origin + dilation - 1) / dilation;
  const std::int64_t end = size <= origin ? 0 : std::min(taps, (size - origin + dilation - 1) / dilation);
  return {first, std::max(first, end), origin + first * dilation};
}

// A window: the taps inside the image along each axis.
struct Window {
  Extent depth, rows, columns;
};

// Calls `body(place)` for the image places of a window in row-major order, until it returns true.
template <class Body>
void visit(const PoolShape& s, const Window& window, Body body) {
  std::int64_t z = window.depth.begin;
  for (std::int64_t kz = window.depth.first; kz < window.depth.end; ++kz, z += s.dilation_d) {
    std::int64_t y = window.rows.begin;
    for (std::int64_t ky = window.rows.first; ky < window.rows.end; ++ky, y += s.dilation_h) {
      std::int64_t x = window.columns.begin;
      for (std::int64_t kx = window.columns.first; kx < window.columns.end; ++kx, x += s.dilation_w) {
        if (body((z * s.ih + y) * s.iw + x)) return;
      }
    }
  }
}

// Calls `body(output, window)` for every window of a plane.
template <class Body>
void for_windows(const PoolShape& s, Body body) {
  for (std::int64_t oz = 0; oz < s.od; ++oz) {
    const Extent depth = extent(oz, s.stride_d, s.front, s.dilation_d, s.kd, s.id);
    for (std::int64_t oy = 0; oy < s.oh; ++oy) {
      const Extent rows = extent(oy, s.stride_h, s.top, s.dilation_h, s.kh, s.ih);
      for (std::int64_t ox = 0; ox < s.ow; ++ox) {
        const Extent columns = extent(ox, s.stride_w, s.left, s.dilation_w, s.kw, s.iw);
        body((oz * s.oh + oy) * s.ow + ox, Window{depth, rows, columns});
      }
    }
  }
}

// By how much the sum over a window is divided.
inline std::int64_t divisor(const PoolShape& s, const Window& w) {
  if (s.count_padding) return s.taps();
  return std::max<std::int64_t>(
      (w.depth.end - w.depth.first) * (w.rows.end - w.rows.first) * (w.columns.end - w.columns.first), 1);
}

}  // namespace

}  // namespace mindspore::cpu
