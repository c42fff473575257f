"""Values whose cotangents pass through a hook on their way back."""
from __future__ import annotations

import numpy as np

from mindspore.common.dtype import float32
from mindspore.compiler.frontend.errors import GraphCompileError
from mindspore.compiler.ir.aval import tensor_aval, tuple_aval
from mindspore.compiler.ir.builder import Builder
from mindspore.compiler.primitives.base import Primitive, Sample, register
from mindspore.compiler.primitives.lanes import NotBatched, batched_aval


class HookPoint:
    """A place where hooks see cotangents.

    run: from the cotangents of the point's results, tensors or None where there is none, to those of its inputs.
    name: of the hook, for people. key: what identifies the hook, the same at each compilation. always: whether the hook
    runs although nothing that is differentiated by lies before the point. hooks: those of one tensor, in order.
    graph: whether the hook may have a graph of its own; otherwise it stands where none is needed.

    A hook that reads values of the program, beside those from outside, is given these after the cotangents where it has
    no graph of its own (`held` in `graph.hooks.marked`).
    """

    __slots__ = ("always", "graph", "hooks", "key", "name", "run")

    def __init__(self, run, name: str, key: object = None, always: bool = False, hooks: tuple = (),
                 graph: bool = True):
        self.run, self.name, self.key, self.always, self.hooks, self.graph = run, name, key, always, hooks, graph

    def __repr__(self) -> str:
        return f"hook({self.name!r})"


@register
class GradientHook(Primitive):
    """The first `inputs` operands as they are, then zeros of the avals `extras`; in the derivative the cotangents of
    all these results become those of the operands as a hook says.

    `point` (a HookPoint or None) is the hook as a Python function: where the derivative of the graph that holds the
    node is recorded, it runs then (`autodiff.staged`). Everywhere else, in graphs inside of graphs, the hook is the
    graph `backward` from (cotangents of the results, the operands after the first `inputs`) to the operands'; None if
    the hook has effects, which a graph of its own cannot have: then the operands after the first `inputs` are what it
    reads. Gradient: what the hook says.
    """

    name = "gradient_hook"
    attrs = ("point", "backward", "inputs", "extras")

    def infer(self, *operands, point, backward, inputs, extras):
        results = (*operands[:inputs], *extras)
        want = (*results, *operands[inputs:])
        if len(operands) < inputs:
            raise TypeError(f"gradient_hook: got {len(operands)} operands for {inputs} inputs")
        if backward is not None and (tuple(backward.in_avals), tuple(backward.out_avals)) != (want, operands[:inputs]):
            raise TypeError(f"gradient_hook: the backward graph goes from {tuple(backward.in_avals)} to "
                            f"{tuple(backward.out_avals)}, expected from {want} to {operands[:inputs]}")
        return tuple_aval(results)

    def lower(self, b, *operands, point, backward, inputs, extras):
        return (*operands[:inputs], *[b.zeros_like(a) for a in extras])

    def vjp(self, b, cts, outs, *operands, point, backward, inputs, extras):
        if backward is None:
            raise GraphCompileError(
                f"The hook {point.name} stands in a branch, a loop or a call whose derivative is a graph of its own: "
                f"there it may only compute, but it prints, raises, or assigns something from outside.",
                remedy="register the hook outside of it, return the gradient from the function, or run the function in "
                       "PyNative mode")
        seeds = [b.zeros_like(out.aval) if ct is None else ct for ct, out in zip(cts, outs)]
        grads = b.inline(backward, [*seeds, *operands[inputs:]])
        return (*grads, *[None] * (len(operands) - inputs))

    def jvp(self, b, ins, tangents, point, backward, inputs, extras):
        """Tangents pass a hook by."""
        outs = b.items(b.emit(self, tuple(ins), (point, backward, inputs, extras)))
        return tuple(outs), (*tangents[:inputs], *[None] * len(extras))

    def vmap(self, b, lanes, batched, *operands, point, backward, inputs, extras):
        """The hook runs as a graph, for each lane."""
        if backward is None:
            raise NotBatched(f"the hook {point.name}, which prints, raises, or assigns something from outside")
        operands = (*lanes.spread_all(b, batched[:inputs], operands[:inputs]), *operands[inputs:])
        avals = tuple([x.aval for x in operands])
        more = tuple([batched_aval(a, lanes.size) for a in extras])
        backward = lanes.run(backward, (*avals[:inputs], *more, *avals[inputs:]), avals[:inputs])
        return b.gradient_hook(*operands, point=None, backward=backward, inputs=inputs, extras=more)

    def samples(self):
        aval = tensor_aval((4,), float32)
        backward = Builder("backward")
        ct, factor = backward.parameter(aval), backward.parameter(aval)
        backward = backward.finish([backward.mul(ct, factor)])
        values = np.linspace(-1, 1, 4, dtype=np.float32)
        attrs = {"point": None, "backward": backward, "inputs": 1, "extras": ()}
        return [Sample((values, values + 2), attrs, grad=False, exact_dtypes=True),
                Sample((values,), attrs, error=TypeError, exact_dtypes=True)]
