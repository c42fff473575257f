"""Pooling over two or three spatial axes, and its derivatives."""
from __future__ import annotations

from math import prod
from string import Template

from mindspore.plugin import KernelSpec
from mindspore_opencl.dense import lifted, ready
from mindspore_opencl.programs import Programs, Source
from mindspore_opencl.scalars import MEMORY

# The table: for depth, height and width each 0 the image's sizes, 3 the output's, 6 the window's, 9 strides, 12 padding
# before, 15 dilation; 18 the work-items, 19 whether taps in the padding count.
GEOMETRY = """
  const long depth = t[0], height = t[1], width = t[2], deep = t[3], high = t[4], wide = t[5];
  const long kd = t[6], kh = t[7], kw = t[8], sd = t[9], sh = t[10], sw = t[11];
  const long front = t[12], top = t[13], left = t[14], dd = t[15], dh = t[16], dw = t[17];
  const long size = depth * height * width, reach = deep * high * wide;
  long rest = get_global_id(0);
  if (rest >= t[18]) return;
"""
WINDOW = """
  const long item = rest, x = rest % wide, y = (rest /= wide) % high, z = (rest /= high) % deep, plane = rest / deep;
"""
TAPS = """
  for (long p = 0; p < kd; p++) {
    const long iz = z * sd + p * dd - front;
    if (iz < 0 || iz >= depth) continue;
    for (long q = 0; q < kh; q++) {
      const long iy = y * sh + q * dh - top;
      if (iy < 0 || iy >= height) continue;
      for (long s = 0; s < kw; s++) {
        const long ix = x * sw + s * dw - left;
        if (ix < 0 || ix >= width) continue;
        const long place = (iz * height + iy) * width + ix;
"""
END = "}}}"
HEAD = "__kernel void KERNEL_NAME(%s, __global const long *t) {" + GEOMETRY
MAXIMUM = HEAD % "__global const $T *image, __global $T *out" + WINDOW + """
  $T most = -INFINITY;
""" + TAPS + """
        const $T value = image[plane * size + place];
        most = value > most || value != value ? value : most;
        if (most != most) { out[item] = most; return; }
""" + END + "out[item] = most; }"
# Where the first tap of a window stands that equals the maximum; -1 where none does.
FIRST = "long found = -1; {" + TAPS + """
        const $T value = image[plane * size + place];
        if (found < 0 && (value == most || (value != value && most != most))) found = place;
""" + END + "}"
INDEX = (HEAD % "__global const $T *image, __global const $T *maxima, __global long *out" + WINDOW
         + "const $T most = maxima[item];" + FIRST + "out[item] = found; }")
PICK = (HEAD % "__global const $T *image, __global const $T *maxima, __global const $T *read, __global $T *out" + WINDOW
        + "const $T most = maxima[item];" + FIRST + "out[item] = found < 0 ? 0 : read[plane * size + found]; }")
# A plane for each work-item: windows overlap.
MAXIMUM_GRAD = HEAD % ("__global const $T *image, __global const $T *maxima, __global const $T *dy, "
                       "__global $T *out") + """
  const long plane = rest;
  for (long i = 0; i < size; i++) out[plane * size + i] = 0;
  for (long z = 0; z < deep; z++) for (long y = 0; y < high; y++) for (long x = 0; x < wide; x++) {
    const long item = plane * reach + (z * high + y) * wide + x;
    const $T most = maxima[item];
""" + FIRST + "if (found >= 0) out[plane * size + found] += dy[item]; } }"
COUNT = """
long KERNEL_NAME_inside(long begin, long taps, long size) { return min(begin + taps, size) - max(begin, 0L); }
"""
DIVISOR = """(t[19] ? kd * kh * kw : max(1L, KERNEL_NAME_inside(z * sd - front, kd, depth)
    * KERNEL_NAME_inside(y * sh - top, kh, height) * KERNEL_NAME_inside(x * sw - left, kw, width)))"""
MEAN = COUNT + HEAD % "__global const $T *image, __global $T *out" + WINDOW + "$T total = 0;" + TAPS + """
        total += image[plane * size + place];
""" + END + f"out[item] = total / ($T){DIVISOR}; }}"
MEAN_GRAD = COUNT + HEAD % "__global const $T *dy, __global $T *out" + """
  const long item = rest, ix = rest % width, iy = (rest /= width) % height, iz = (rest /= height) % depth;
  const long plane = rest / depth;
  $T total = 0;
  for (long p = 0; p < kd; p++) {
    const long oz = iz + front - p, z = oz / sd;
    if (oz < 0 || oz % sd || z >= deep) continue;
    for (long q = 0; q < kh; q++) {
      const long oy = iy + top - q, y = oy / sh;
      if (oy < 0 || oy % sh || y >= high) continue;
      for (long s = 0; s < kw; s++) {
        const long ox = ix + left - s, x = ox / sw;
        if (ox < 0 || ox % sw || x >= wide) continue;
""" + f"total += dy[plane * reach + (z * high + y) * wide + x] / ($T){DIVISOR};" + END + "out[item] = total; }"

TEXTS = {"max_pool": MAXIMUM, "max_pool_index": INDEX, "max_pool_pick": PICK, "max_pool_grad": MAXIMUM_GRAD,
         "avg_pool": MEAN, "avg_pool_grad": MEAN_GRAD}


def build(spec: KernelSpec, programs: Programs):
    """One of the operators of the pooling family."""
    family, attrs, shape = spec.name.replace("2d", "").replace("3d", ""), spec.attrs, spec.outs[0].shape
    image, output = (shape, spec.ins[-1].shape) if family.endswith("_grad") else (spec.ins[0].shape, shape)
    items = prod(shape[:2]) if family == "max_pool_grad" else prod(shape)
    table = [*lifted(image[2:], 1), *lifted(output[2:], 1), *lifted(attrs["kernel"], 1), *lifted(attrs["stride"], 1),
             *lifted(attrs["padding"][::2], 0), *lifted(attrs.get("dilation", (1, 1)), 1), items,
             int(attrs.get("count_include_pad", False))]
    return ready(programs, Source(Template(TEXTS[family]).substitute(T=MEMORY[spec.ins[0].dtype.key])), items, table)


BUILDERS = {name.replace("pool", f"pool{n}d"): build for name in TEXTS for n in (2, 3)}
