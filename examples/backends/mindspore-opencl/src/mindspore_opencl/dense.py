"""Matrix products and convolutions.

One text serves all shapes: the numbers come in a table. A work-item of a product has a tile of 4 x 4 results in
registers, one of a convolution four channels at one place. Convolutions have three spatial axes; with two, the depth
is 1.
"""
from __future__ import annotations

from math import prod
from string import Template

import numpy as np

from mindspore.plugin import KernelSpec
from mindspore_opencl.programs import Programs, Source
from mindspore_opencl.scalars import MEMORY, unsigned

LOCAL = 64

MATMUL = Template("""
__kernel void KERNEL_NAME(__global const $T *a, __global const $T *b, __global $T *c, __global const long *t) {
  #pragma OPENCL FP_CONTRACT ON
  const long m = t[0], n = t[1], length = t[2], am = t[4], ak = t[5], bk = t[6], bn = t[7];
  const long tall = (m + 3) / 4, wide = (n + 3) / 4;
  const long item = get_global_id(0), batch = item / (tall * wide);
  if (batch >= t[3]) return;
  const long i = item / wide % tall * 4, j = item % wide * 4;
  a += t[8 + 2 * batch];
  b += t[9 + 2 * batch];
  c += batch * m * n;
  long row[4], column[4];
  for (int r = 0; r < 4; r++) {
    row[r] = min(i + r, m - 1) * am;
    column[r] = min(j + r, n - 1) * bn;
  }
  $T sums[4][4];
  for (int r = 0; r < 4; r++) for (int q = 0; q < 4; q++) sums[r][q] = 0;
  for (long k = 0; k < length; k++) {
    $T x[4], y[4];
    for (int r = 0; r < 4; r++) {
      x[r] = a[row[r] + k * ak];
      y[r] = b[column[r] + k * bk];
    }
    for (int r = 0; r < 4; r++) for (int q = 0; q < 4; q++) sums[r][q] += x[r] * y[q];
  }
  for (int r = 0; r < 4 && i + r < m; r++) for (int q = 0; q < 4 && j + q < n; q++) c[(i + r) * n + j + q] = sums[r][q];
}
""")

# The table of a convolution: 0 batch, 1 inputs and 2 outputs per group, 3 groups, then for depth, height and width each
# 4 the image's sizes, 7 the output's, 10 the kernel's, 13 strides, 16 padding before, 19 dilation, 22 the work-items.
GEOMETRY = """
  #pragma OPENCL FP_CONTRACT ON
  const long inputs = t[1], outputs = t[2], groups = t[3], depth = t[4], height = t[5], width = t[6];
  const long deep = t[7], high = t[8], wide = t[9], kd = t[10], kh = t[11], kw = t[12];
  const long sd = t[13], sh = t[14], sw = t[15], front = t[16], top = t[17], left = t[18];
  const long dd = t[19], dh = t[20], dw = t[21], size = depth * height * width, reach = deep * high * wide;
  const long taps = kd * kh * kw;
  long rest = get_global_id(0);
  if (rest >= t[22]) return;
  $T sums[4] = {0, 0, 0, 0};
  long at[4];
"""
FORWARD = Template("""
__kernel void KERNEL_NAME(__global const $T *image, __global const $T *kernels, __global $T *out,
                          __global const long *t) {""" + GEOMETRY + """
  const long x = rest % wide, y = (rest /= wide) % high, z = (rest /= high) % deep;
  const long blocks = (outputs + 3) / 4, first = (rest /= deep) % blocks * 4, group = (rest /= blocks) % groups;
  const long picture = rest / groups;
  for (int r = 0; r < 4; r++) at[r] = (group * outputs + min(first + r, outputs - 1)) * inputs * taps;
  for (long c = 0; c < inputs; c++) {
    __global const $T *plane = image + ((picture * groups + group) * inputs + c) * size;
    for (long p = 0; p < kd; p++) {
      const long iz = z * sd + p * dd - front;
      if (iz < 0 || iz >= depth) continue;
      for (long q = 0; q < kh; q++) {
        const long iy = y * sh + q * dh - top;
        if (iy < 0 || iy >= height) continue;
        for (long s = 0; s < kw; s++) {
          const long ix = x * sw + s * dw - left, tap = ((c * kd + p) * kh + q) * kw + s;
          if (ix < 0 || ix >= width) continue;
          const $T value = plane[(iz * height + iy) * width + ix];
          for (int r = 0; r < 4; r++) sums[r] += value * kernels[at[r] + tap];
        }
      }
    }
  }
  for (int r = 0; r < 4 && first + r < outputs; r++)
    out[((picture * groups + group) * outputs + first + r) * reach + (z * high + y) * wide + x] = sums[r];
}
""")
INPUT_GRAD = Template("""
__kernel void KERNEL_NAME(__global const $T *dy, __global const $T *kernels, __global $T *image,
                          __global const long *t) {""" + GEOMETRY + """
  const long x = rest % width, y = (rest /= width) % height, z = (rest /= height) % depth;
  const long blocks = (inputs + 3) / 4, first = (rest /= depth) % blocks * 4, group = (rest /= blocks) % groups;
  const long picture = rest / groups;
  for (int r = 0; r < 4; r++) at[r] = min(first + r, inputs - 1) * taps;
  for (long o = group * outputs; o < (group + 1) * outputs; o++) {
    __global const $T *plane = dy + (picture * groups * outputs + o) * reach;
    __global const $T *kernel_ = kernels + o * inputs * taps;
    for (long p = 0; p < kd; p++) {
      const long oz = z + front - p * dd;
      if (oz < 0 || oz % sd || oz / sd >= deep) continue;
      for (long q = 0; q < kh; q++) {
        const long oy = y + top - q * dh;
        if (oy < 0 || oy % sh || oy / sh >= high) continue;
        for (long s = 0; s < kw; s++) {
          const long ox = x + left - s * dw;
          if (ox < 0 || ox % sw || ox / sw >= wide) continue;
          const $T value = plane[(oz / sd * high + oy / sh) * wide + ox / sw];
          for (int r = 0; r < 4; r++) sums[r] += value * kernel_[at[r] + (p * kh + q) * kw + s];
        }
      }
    }
  }
  for (int r = 0; r < 4 && first + r < inputs; r++)
    image[((picture * groups + group) * inputs + first + r) * size + (z * height + y) * width + x] = sums[r];
}
""")
# The sum over a row of the output is formed apart, so that the error does not grow with the number of elements.
WEIGHT_GRAD = Template("""
__kernel void KERNEL_NAME(__global const $T *image, __global const $T *dy, __global $T *kernels,
                          __global const long *t) {""" + GEOMETRY + """
  const long s = rest % kw, q = (rest /= kw) % kh, p = (rest /= kh) % kd, c = (rest /= kd) % inputs;
  const long blocks = (outputs + 3) / 4, first = (rest /= inputs) % blocks * 4, group = rest / blocks;
  const long begin = max(0L, (left - s * dw + sw - 1) / sw), end = min(wide, (width + sw - 1 + left - s * dw) / sw);
  for (int r = 0; r < 4; r++) at[r] = group * outputs + min(first + r, outputs - 1);
  for (long picture = 0; picture < t[0]; picture++) {
    __global const $T *plane = image + ((picture * groups + group) * inputs + c) * size;
    for (long z = 0; z < deep; z++) {
      const long iz = z * sd + p * dd - front;
      if (iz < 0 || iz >= depth) continue;
      for (long y = 0; y < high; y++) {
        const long iy = y * sh + q * dh - top;
        if (iy < 0 || iy >= height) continue;
        $T row[4] = {0, 0, 0, 0};
        for (long x = begin; x < end; x++) {
          const $T value = plane[(iz * height + iy) * width + x * sw + s * dw - left];
          for (int r = 0; r < 4; r++)
            row[r] += value * dy[(picture * groups * outputs + at[r]) * reach + (z * high + y) * wide + x];
        }
        for (int r = 0; r < 4; r++) sums[r] += row[r];
      }
    }
  }
  for (int r = 0; r < 4 && first + r < outputs; r++)
    kernels[(at[r] * inputs + c) * taps + (p * kh + q) * kw + s] = sums[r];
}
""")


def ready(programs: Programs, source: Source, items: int, numbers: list[int]):
    """The kernel of one launch; nothing is queued where there is nothing to compute."""
    if items == 0:
        return lambda ins, outs: None
    launch = programs.launch(source, items, numbers, LOCAL)
    return lambda ins, outs: launch.run([*ins, *outs])


def arithmetic(dtype) -> str:
    """The C type in which numbers are added up: whole ones as unsigned, which wrap around."""
    return MEMORY[dtype.key] if dtype.kind == "f" else unsigned(dtype)


def build_matmul(spec: KernelSpec, programs: Programs):
    """A product of stacks of matrices, whose leading axes broadcast."""
    a, b = spec.ins
    *stack, m, n = spec.outs[0].shape
    length = a.shape[-2 if spec.attrs["transpose_a"] else -1]
    a_steps = (1, m) if spec.attrs["transpose_a"] else (length, 1)
    b_steps = (1, length) if spec.attrs["transpose_b"] else (n, 1)
    offsets = np.stack([_offsets(a.shape, stack, m * length), _offsets(b.shape, stack, length * n)], 1)
    items = prod(stack) * -(-m // 4) * -(-n // 4)
    return ready(programs, Source(MATMUL.substitute(T=arithmetic(a.dtype))), items,
                 [m, n, length, prod(stack), *a_steps, *b_steps, *offsets.reshape(-1).tolist()])


def _offsets(shape: tuple, stack: list, size: int) -> np.ndarray:
    """Where each matrix of a stack begins, once the leading axes are broadcast."""
    own = shape[:-2]
    return np.broadcast_to(np.arange(prod(own)).reshape(own) * size, stack).reshape(-1)


def build_convolution(spec: KernelSpec, programs: Programs):
    """A convolution, or one of its two derivatives."""
    name, attrs = spec.name, spec.attrs
    groups = attrs["groups"]
    if name.endswith("_input_grad"):
        image, (output, kernels), template = spec.outs[0].shape, (i.shape for i in spec.ins), INPUT_GRAD
        items = image[0] * groups * -(-(image[1] // groups) // 4) * prod(image[2:])
    elif name.endswith("_weight_grad"):
        (image, output), kernels, template = (i.shape for i in spec.ins), spec.outs[0].shape, WEIGHT_GRAD
        items = groups * -(-(output[1] // groups) // 4) * prod(kernels[1:])
    else:
        (image, kernels), output, template = (i.shape for i in spec.ins), spec.outs[0].shape, FORWARD
        items = output[0] * groups * -(-(output[1] // groups) // 4) * prod(output[2:])
    if prod(spec.outs[0].shape) == 0:
        items = 0
    table = [image[0], kernels[1], kernels[0] // groups, groups,
             *lifted(image[2:], 1), *lifted(output[2:], 1), *lifted(kernels[2:], 1), *lifted(attrs["stride"], 1),
             *lifted(attrs["padding"][::2], 0), *lifted(attrs["dilation"], 1), items]
    return ready(programs, Source(template.substitute(T=MEMORY[spec.outs[0].dtype.key])), items, table)


def lifted(values: tuple, filler: int) -> tuple:
    """One number for each of three spatial axes."""
    return (filler,) * (3 - len(values)) + tuple(values)


BUILDERS = {"matmul": build_matmul, **{f"conv{n}d{suffix}": build_convolution for n in (2, 3)
                                       for suffix in ("", "_input_grad", "_weight_grad")}}
