"""What rearranges elements, adds at places, runs along an axis, or draws random bits.

Elements that are only moved are unsigned integers of their size.
"""
from __future__ import annotations

from math import prod
from string import Template

import numpy as np

from mindspore.plugin import KernelSpec
from mindspore_opencl.dense import arithmetic, ready
from mindspore_opencl.programs import Programs, Source
from mindspore_opencl.scalars import MEMORY, unsigned

CONCAT = """
__kernel void KERNEL_NAME(__global const $T *x, __global $T *out, __global const long *t) {
  const long item = get_global_id(0), size = t[1];
  if (item < t[0]) out[item / size * t[2] + t[3] + item % size] = x[item];
}
"""
# For each axis, from 4 on: the result's size, the operand's, where it begins, the distance of its elements.
PAD = """
__kernel void KERNEL_NAME(__global const $T *x, __global $T *out, __global const long *t) {
  const long item = get_global_id(0);
  if (item >= t[0]) return;
  long rest = item, place = 0, step = 1;
  for (long d = t[1] - 1; d >= 0; d--) {
    __global const long *axis = t + 4 + 4 * d;
    const long at = rest % axis[0] - axis[2];
    rest /= axis[0];
    if (at < 0 || at % axis[3] || at / axis[3] >= axis[1]) { out[item] = ($T)t[2]; return; }
    place += at / axis[3] * step;
    step *= axis[1];
  }
  out[item] = x[place];
}
"""
# For each axis, from 2 on: its size, and whether it is turned round.
REVERSE = """
__kernel void KERNEL_NAME(__global const $T *x, __global $T *out, __global const long *t) {
  const long item = get_global_id(0);
  if (item >= t[0]) return;
  long rest = item, place = 0, step = 1;
  for (long d = t[1] - 1; d >= 0; d--) {
    const long size = t[2 + 2 * d], at = rest % size;
    rest /= size;
    place += (t[3 + 2 * d] ? size - 1 - at : at) * step;
    step *= size;
  }
  out[item] = x[place];
}
"""
# An axis between the axes before it and those behind it: a work-item has all places along it, so that what meets at a
# place is added in order. 1 the operand's size along the axis, 2 how many indices, 3 how many elements stand behind it,
# 4 the distances of the indices: of the places before the axis, of one another, of the places behind.
SCATTER_ADD = """
__kernel void KERNEL_NAME(__global const $T *x, __global const $I *indices, __global const $T *updates,
                          __global $T *out, __global const long *t) {
  const long item = get_global_id(0), size = t[1], count = t[2], behind = t[3];
  if (item >= t[0]) return;
  const long before = item / behind, after = item % behind, first = before * size * behind + after;
  for (long k = 0; k < size; k++) out[first + k * behind] = x[first + k * behind];
  for (long k = 0; k < count; k++) {
    const $I found = indices[before * t[4] + k * t[5] + after * t[6]];
    if (found >= 0 && (ulong)found < size)
      out[first + (long)found * behind] += updates[(before * count + k) * behind + after];
  }
}
"""
CUMSUM = """
__kernel void KERNEL_NAME(__global const $T *x, __global $T *out, __global const long *t) {
  const long item = get_global_id(0), size = t[1], behind = t[2];
  if (item >= t[0]) return;
  const long first = item / behind * size * behind + item % behind;
  $T total = 0;
  for (long k = 0; k < size; k++) {
    const long place = first + (t[3] ? size - 1 - k : k) * behind;
    const $T value = x[place];
    if (t[4]) out[place] = total;
    total += value;
    if (!t[4]) out[place] = total;
  }
}
"""
ARGUMENT = """
__kernel void KERNEL_NAME(__global const $T *x, __global $O *out, __global const long *t) {
  const long item = get_global_id(0), size = t[1], behind = t[2];
  if (item >= t[0]) return;
  const long first = item / behind * size * behind + item % behind;
  long found = 0;
  $T best = x[first];
  for (long k = 1; k < size; k++) {
    const $T value = x[first + k * behind];
    if (best == best && (value $C best || value != value)) { best = value; found = k; }
  }
  out[item] = ($O)found;
}
"""
# Philox4x32-10 (Salmon, Moraes, Dror and Shaw, 2011), a block of four words for each work-item.
RANDOM_BITS = """
__kernel void KERNEL_NAME(__global const long *state, __global uint *out, __global const long *t) {
  const ulong item = get_global_id(0), offset = state[1], seed = state[0];
  if ((long)item * 4 >= t[0]) return;
  uint4 c = (uint4)((uint)item, (uint)(item >> 32), (uint)offset, (uint)(offset >> 32));
  uint2 key = (uint2)((uint)seed, (uint)(seed >> 32));
  for (int round_ = 0; round_ < 10; round_++) {
    c = (uint4)(mul_hi(c.z, 0xCD9E8D57u) ^ c.y ^ key.x, c.z * 0xCD9E8D57u,
                mul_hi(c.x, 0xD2511F53u) ^ c.w ^ key.y, c.x * 0xD2511F53u);
    key += (uint2)(0x9E3779B9u, 0xBB67AE85u);
  }
  const uint words[4] = {c.x, c.y, c.z, c.w};
  for (long k = 0; k < 4 && (long)item * 4 + k < t[0]; k++) out[item * 4 + k] = words[k];
}
"""


def _source(text: str, **names: str) -> Source:
    return Source(Template(text).substitute(names))


def build_concat(spec: KernelSpec, programs: Programs):
    """A kernel for each operand, which puts it into its part of the result."""
    axis, shape = spec.attrs["axis"], spec.outs[0].shape
    behind = prod(shape[axis + 1:])
    source, kernels, first = _source(CONCAT, T=unsigned(spec.outs[0].dtype)), [], 0
    for aval in spec.ins:
        size = aval.shape[axis] * behind
        kernels.append(ready(programs, source, aval.size, [aval.size, size, shape[axis] * behind, first]))
        first += size

    def run(ins, outs):
        for kernel, operand in zip(kernels, ins):
            kernel([operand], outs)

    return run


def build_pad(spec: KernelSpec, programs: Programs):
    """The operand between what is filled in."""
    (x,), (out,), attrs = spec.ins, spec.outs, spec.attrs
    bits = np.asarray(attrs["value"]).astype(out.dtype.np).view(f"u{out.dtype.itemsize}").astype(np.int64)
    axes = zip(out.shape, x.shape, attrs["low"], [step + 1 for step in attrs["interior"]])
    numbers = [out.size, len(out.shape), int(bits), 0, *[n for axis in axes for n in axis]]
    return ready(programs, _source(PAD, T=unsigned(out.dtype)), out.size, numbers)


def build_reverse(spec: KernelSpec, programs: Programs):
    """Some axes turned round."""
    out = spec.outs[0]
    axes = [n for d, size in enumerate(out.shape) for n in (size, int(d in spec.attrs["axes"]))]
    return ready(programs, _source(REVERSE, T=unsigned(out.dtype)), out.size, [out.size, len(out.shape), *axes])


def build_scatter_add(spec: KernelSpec, programs: Programs):
    """Slices, or single elements, added at the places that indices name."""
    x, indices, _ = spec.ins
    axis = spec.attrs["axis"]
    behind = prod(x.shape[axis + 1:])
    if spec.name == "scatter_add":
        count, steps = indices.size, (0, 1, 0)
    else:
        count, steps = indices.shape[axis], (indices.shape[axis] * behind, behind, 1)
    items = 0 if x.size == 0 else prod(x.shape[:axis]) * behind
    source = _source(SCATTER_ADD, T=arithmetic(x.dtype), I=MEMORY[indices.dtype.key])
    return ready(programs, source, items, [items, x.shape[axis], count, behind, *steps])


def build_cumsum(spec: KernelSpec, programs: Programs):
    """Running sums, a row for each work-item."""
    x, attrs = spec.ins[0], spec.attrs
    size, behind = x.shape[attrs["axis"]], prod(x.shape[attrs["axis"] + 1:])
    items = x.size and x.size // size
    return ready(programs, _source(CUMSUM, T=arithmetic(x.dtype)), items,
                 [items, size, behind, int(attrs["reverse"]), int(attrs["exclusive"])])


def build_argument(spec: KernelSpec, programs: Programs):
    """Where the first largest or smallest element stands; NaN is both."""
    x, out, axis = spec.ins[0], spec.outs[0], spec.attrs["axis"]
    source = _source(ARGUMENT, T=MEMORY[x.dtype.key], O=MEMORY[out.dtype.key], C=">" if spec.name == "argmax" else "<")
    return ready(programs, source, out.size, [out.size, x.shape[axis], prod(x.shape[axis + 1:])])


def build_random_bits(spec: KernelSpec, programs: Programs):
    """The bits that every backend draws."""
    size = spec.outs[0].size
    return ready(programs, _source(RANDOM_BITS), -(-size // 4), [size])


BUILDERS = {"concat": build_concat, "pad": build_pad, "reverse": build_reverse, "scatter_add": build_scatter_add,
            "scatter_add_elements": build_scatter_add, "cumsum": build_cumsum, "argmax": build_argument,
            "argmin": build_argument, "random_bits": build_random_bits}
