// Operators along one axis of a tensor seen as [outer, size, inner]: argmax, argmin, running sums, sorting, selection.
#pragma once

#include <cstdint>
#include <memory>

#include "element.h"
#include "kernel.h"

namespace mindspore::cpu {

struct AxisSpec {
  Element element;
  std::int64_t outer, size, inner;
};

// The place of the first largest (smallest) element, or of the first NaN, as an integer of type `index`. Buffers: x
// [outer, size, inner], places [outer, inner].
std::unique_ptr<Kernel> make_arg(const AxisSpec& spec, bool largest, Element index);

// Running sums; half-precision ones are formed in float. exclusive: without the element itself; reverse: from the end.
// Buffers: x, y.
std::unique_ptr<Kernel> make_cumsum(const AxisSpec& spec, bool reverse, bool exclusive);

// Running products; half-precision ones are formed in float. Buffers: x, y.
std::unique_ptr<Kernel> make_cumprod(const AxisSpec& spec);

// The largest (smallest) element so far, a NaN from where it stands on, and where it last stood. Buffers: x, values, int64
// places.
std::unique_ptr<Kernel> make_running_extremum(const AxisSpec& spec, bool largest);

// Stable sorting; NaN counts as larger than every number. Buffers: x, values, int32 places that they came from.
std::unique_ptr<Kernel> make_sort(const AxisSpec& spec, bool descending);

// The element with `rank` others before it in a stable ascending sort. Buffers: x [outer, size, inner], values and int32
// places [outer, inner].
std::unique_ptr<Kernel> make_kth(const AxisSpec& spec, std::int64_t rank);

// The first `count` of a stable sort, in that order. Buffers: x [outer, size], values and int32 places [outer, count].
std::unique_ptr<Kernel> make_top_k(Element element, std::int64_t outer, std::int64_t size, std::int64_t count,
                                   bool descending);

}  // namespace mindspore::cpu
