"""A computation whose derivative the user wrote: a Cell with a `bprop` method."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.lanes import batched_aval, needs_mask


@register
class CustomVjp(Primitive):
    """The outputs of the graph `forward`; its derivative is the graph `backward`.

    Operands: `inputs` values that are differentiated, `held` values that only `forward` reads, and the values that only
    `backward` reads. `forward` goes from the first two kinds to the results, `backward` from (inputs, results,
    cotangents of the results, the third kind) to one cotangent per input. Gradient: what `backward` says; the held
    values get none.
    """

    name = "custom_vjp"
    attrs = ("forward", "backward", "inputs", "held")

    def infer(self, *operands, forward, backward, inputs, held):
        results = tuple(forward.out_avals)
        if tuple(forward.in_avals) != operands[:inputs + held]:
            raise TypeError(f"custom_vjp: the forward graph takes {tuple(forward.in_avals)}, but the operands are "
                            f"{operands[:inputs + held]}")
        want = (*operands[:inputs], *results, *results, *operands[inputs + held:])
        if tuple(backward.in_avals) != want or tuple(backward.out_avals) != operands[:inputs]:
            raise TypeError(f"custom_vjp: the backward graph goes from {tuple(backward.in_avals)} to "
                            f"{tuple(backward.out_avals)}, expected from {want} to {operands[:inputs]}")
        return tuple_aval(results)

    def lower(self, b, *operands, forward, backward, inputs, held):
        return tuple(b.inline(forward, operands[:inputs + held]))

    def vjp(self, b, cts, outs, *operands, forward, backward, inputs, held):
        seeds = [b.zeros_like(out.aval) if ct is None else ct for ct, out in zip(cts, outs)]
        grads = b.inline(backward, [*operands[:inputs], *outs, *seeds, *operands[inputs + held:]])
        return (*grads, *[None] * (len(operands) - inputs))

    def vmap(self, b, lanes, batched, *operands, forward, backward, inputs, held):
        """The inputs and results get the lanes' axis, so that `backward` gives every lane's cotangents."""
        if lanes.mask is not None and needs_mask(forward):
            return None
        operands = (*lanes.spread_all(b, batched[:inputs], operands[:inputs]), *operands[inputs:])
        avals = tuple([x.aval for x in operands])
        results = tuple([batched_aval(a, lanes.size) for a in forward.out_avals])
        forward = lanes.run(forward, avals[:inputs + held], results)
        backward = lanes.run(backward, (*avals[:inputs], *results, *results, *avals[inputs + held:]), avals[:inputs])
        return b.custom_vjp(*operands, forward=forward, backward=backward, inputs=inputs, held=held)

    def samples(self):
        aval = tensor_aval((4,), float32)
        forward, backward = Builder("forward"), Builder("backward")
        x, scale = forward.parameter(aval), forward.parameter(aval)
        forward = forward.finish([forward.mul(x, scale)])
        x, _, ct, factor = [backward.parameter(aval) for _ in range(4)]
        backward = backward.finish([backward.mul(ct, factor)])
        values = np.linspace(-1, 1, 4, dtype=np.float32)
        attrs = {"forward": forward, "backward": backward, "inputs": 1, "held": 1}
        return [Sample((values, values + 2, values), attrs, grad=False, exact_dtypes=True),
                Sample((values, values), attrs, error=TypeError, exact_dtypes=True)]
