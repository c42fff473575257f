"""Convolution and pooling on channels in blocks.

oneDNN's fast convolutions take images as [n, c / block, h, w, block], block being the lanes of a vector register, or,
in BFloat16, all channels. The primitives here are those of core on such images: images of rank 5 lie in blocks,
those of rank 4 are plain. Kernels may be packed (`packing`). `layouts` puts them into graphs; as everywhere a primitive
is also its decomposition, here into the plain one between copies.
"""
from __future__ import annotations

import numpy as np

from mindspore.compiler.ir.aval import TensorAval, tensor_aval
from mindspore.compiler.primitives.base import Primitive, Sample, primitive
from mindspore_cpu import packing

PREFIX = "blocked_"
CONVOLUTIONS = ("conv2d", "conv2d_input_grad", "conv2d_weight_grad")
POOLINGS = ("max_pool2d", "max_pool2d_grad", "avg_pool2d", "avg_pool2d_grad")


def plain_shape(shape: tuple) -> tuple:
    """The shape of an image that lies in blocks or not, as if it did not."""
    if len(shape) == 5:
        n, blocks, h, w, block = shape
        return n, blocks * block, h, w
    return shape


def block_of(shape: tuple) -> int:
    """The size of the blocks; 0 for what is plain."""
    return shape[-1] if len(shape) > 4 else 0


def blocked_shape(shape: tuple, block: int) -> tuple:
    """The shape of a plain image in blocks; as it is where `block` is 0."""
    n, c, h, w = shape
    return (n, c // block, h, w, block) if block else shape


def conv_problem(name: str, first: tuple, second: tuple, result: tuple, kernels: str = "") -> tuple[str, tuple, tuple]:
    """(kind, shapes, blocks) of a convolution or a derivative of one, from its name, the shapes of its operands and its
    result, and the packing of its kernels. shapes: the image's and the kernels', plain, and the output's spatial sizes;
    blocks: of image and output, where images come in blocks."""
    kind = name.removeprefix(PREFIX).partition("d_")[2]
    if kernels:
        second = packing.plain_shape(kernels, second)
    image, weights, output = {"": (first, second, result), "input_grad": (result, second, first),
                              "weight_grad": (first, result, second)}[kind]
    if "conv2d" not in name:
        return kind or "forward", (image, weights, output[2:]), (0, 0)
    return (kind or "forward", (plain_shape(image), weights, plain_shape(output)[2:]),
            (block_of(image), block_of(output)))


def in_blocks(b, x, block: int):
    """The node of a plain image in blocks."""
    n, c, h, w = x.shape
    return b.transpose(b.reshape(x, shape=(n, c // block, block, h, w)), perm=(0, 1, 3, 4, 2))


def plain(b, x):
    """The node of an image without blocks."""
    if len(x.shape) != 5:
        return x
    x, shape = b.transpose(x, perm=(0, 1, 4, 2, 3)), plain_shape(x.shape)
    return x if x.shape == shape else b.reshape(x, shape=shape)


class Blocked(Primitive):
    """A primitive of core on images in blocks. block: of the result, 0 where it is plain; kernels: the packing of a
    convolution's kernels, empty where they are plain."""

    of = ""
    differentiable = False
    kinds = "f"

    def infer(self, *avals: TensorAval, block: int, kernels: str = "", **attrs):
        whole = self._whole(avals, kernels)
        for aval, given in zip(whole, avals):
            if len(aval.shape) != 4:
                raise ValueError(f"{self.name}: got a tensor of shape {given.shape}, expected rank 4 (plain) or 5 (an "
                                 f"image in blocks)")
        result = primitive(self.of).infer(*whole, **attrs)
        if block and (block < 0 or result.shape[1] % block):
            raise ValueError(f"{self.name}: {result.shape[1]} channels do not come in blocks of {block}")
        return tensor_aval(blocked_shape(result.shape, block), result.dtype)

    def _whole(self, avals, kernels: str) -> list[TensorAval]:
        """The operands as plain ones."""
        shapes = [packing.plain_shape(kernels, a.shape) if kernels and k == 1 else plain_shape(a.shape)
                  for k, a in enumerate(avals)]
        return [tensor_aval(shape, a.dtype) for shape, a in zip(shapes, avals)]

    def flops(self, out, *ins, block: int, kernels: str = "", **attrs):
        return primitive(self.of).flops(*self._whole([out], ""), *self._whole(ins, kernels), **attrs)

    def lower(self, b, *ins, block: int, kernels: str = "", **attrs):
        ins = [packing.unpack(b, x, kernels) if kernels and k == 1 else plain(b, x) for k, x in enumerate(ins)]
        result = b.call(primitive(self.of), *ins, **attrs)
        return in_blocks(b, result, block) if block else result

    def samples(self):
        """Those of core whose channels come in blocks of 2."""
        found = []
        for sample in primitive(self.of).samples():
            arrays = [np.asarray(x) for x in sample.ins]
            if sample.error is None and all(x.ndim == 4 for x in arrays) and arrays[0].shape[1] % 2 == 0:
                n, c, h, w = arrays[0].shape
                first = arrays[0].reshape(n, c // 2, 2, h, w).transpose(0, 1, 3, 4, 2)
                found.append(Sample((first, *arrays[1:]), {**sample.attrs, "block": 0}, rtol=sample.rtol,
                                    atol=sample.atol, grad=False))
        good = next(s for s in primitive(self.of).samples() if s.error is None)
        return [*found, Sample(good.ins, {**good.attrs, "block": 1}, grad=False, rtol=good.rtol, atol=good.atol),
                Sample((np.ones(3), *good.ins[1:]), {**good.attrs, "block": 0}, error=ValueError)]


def primitives() -> list[type]:
    """The classes to register."""
    found = []
    for name in (*CONVOLUTIONS, *POOLINGS):
        attrs, defaults = (*primitive(name).attrs, "block"), dict(primitive(name).defaults)
        if name == "conv2d":
            attrs, defaults = (*attrs, "kernels"), {**defaults, "kernels": ""}
        found.append(type(name.title().replace("_", ""), (Blocked,), {
            "__doc__": f"`{name}` of images whose channels lie in blocks (`mindspore_cpu.blocked`).",
            "__module__": __name__, "name": PREFIX + name, "of": name, "attrs": attrs, "defaults": defaults}))
    return found
