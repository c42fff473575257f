"""What every primitive declares, and what registration and evaluation refuse."""
from __future__ import annotations

import copy
import pickle
import subprocess
import sys

import numpy as np
import pytest

from mindspore.common.dtype import float32, float64
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.ir.evaluate import evaluate
from mindspore.compiler.ir.text import parse_text, show
from mindspore.compiler.primitives import PRIMITIVES, Primitive, Sample, primitive, register
from mindspore.testing.conformance import cases

NAMES = cases.operators()


class Good(Primitive):
    """Complete, and never registered."""

    name = "never_registered"

    def infer(self, x):
        return x

    def reference(self, x):
        return x

    def vjp(self, b, ct, out, x):
        return (ct,)

    def vmap(self, b, lanes, batched, x):
        return b.emit(self, (x,))

    def samples(self):
        return [Sample((np.zeros(1),))]


@pytest.mark.parametrize(("missing", "without"), [
    ("name", {"name": ""}), ("docstring", {"__doc__": None}), ("reference", {"reference": None}),
    ("vjp", {"vjp": None}), ("vmap", {"vmap": None}), ("infer", {"infer": Primitive.infer}),
    ("samples", {"samples": Primitive.samples})])
def test_registration_names_the_missing_rule(missing, without):
    incomplete = type("Incomplete", (Good,), {"__doc__": "Something.", **without})
    with pytest.raises(TypeError, match=f"cannot be registered: it lacks .*{missing}"):
        register(incomplete)
    assert "never_registered" not in PRIMITIVES


def test_a_name_is_taken_once():
    with pytest.raises(ValueError, match="'add' is already registered by mindspore.compiler.primitives.arithmetic"):
        register(type("Again", (Good,), {"__doc__": "Another.", "name": "add"}))


@pytest.mark.parametrize("name", NAMES)
def test_documentation_states_the_gradient(name):
    op = PRIMITIVES[name]
    if type(op).__module__.rpartition(".")[2].startswith("nn_") or type(op).__module__.endswith("structural"):
        assert op.__doc__
    else:
        assert "Gradient: " in " ".join(op.__doc__.split()), "the docstring must say what the gradient is"


@pytest.mark.parametrize("name", NAMES)
def test_every_primitive_has_good_and_bad_samples(name):
    samples = list(PRIMITIVES[name].samples())
    assert any(s.error is None for s in samples)
    assert any(s.error is not None for s in samples) or name in ("identity", "stop_gradient")


@pytest.mark.parametrize("name", NAMES)
def test_graphs_of_samples_survive_the_text_form(name):
    op = PRIMITIVES[name]
    for number, sample in enumerate(op.samples()):
        if sample.error is None:
            graph = cases.sample_graph(op, [np.asarray(a) for a in sample.ins], sample.attrs)
            assert parse_text(show(graph)).key() == graph.key(), f"sample {number}"


@pytest.mark.parametrize("name", NAMES)
def test_primitives_are_one_object_each(name):
    op = primitive(name)
    assert copy.deepcopy(op) is op and pickle.loads(pickle.dumps(op)) is op


def test_attributes_are_checked_by_name():
    b = Builder()
    x = b.parameter(tensor_aval((2, 3), float32))
    with pytest.raises(TypeError, match="sum: the attribute 'axis' is missing"):
        b.sum(x)
    with pytest.raises(TypeError, match="sum: unknown attribute"):
        b.sum(x, axis=(0,), axes=(1,))


def test_evaluation_needs_no_stack_and_no_reference():
    """A chain much longer than Python's recursion limit, with an operator which only has a decomposition."""
    b = Builder()
    node = x = b.parameter(tensor_aval((2,), float64))
    for _ in range(5000):
        node = b.sub(b.log1p(b.exp(node)), x)
    top = b.items(b.top_k(node, k=1))
    first, place = evaluate(b.finish(top), [np.array([0.5, 0.25])])
    assert first.shape == (1,) and place.dtype == np.int32


def test_evaluation_refuses_other_shapes_and_dtypes():
    b = Builder()
    graph = b.finish([b.exp(b.parameter(tensor_aval((2,), float64)))])
    for bad in (np.zeros(3), np.zeros(2, np.float32)):
        with pytest.raises(ValueError, match=r"evaluate: got float(32\[2\]|64\[3\]) for parameter 0"):
            evaluate(graph, [bad])


def test_importing_the_primitives_makes_no_samples():
    """The import is cheap: nothing draws random numbers or builds a graph."""
    code = ("import numpy as np; np.random.default_rng = None\n"
            "import mindspore.compiler.primitives as p\n"
            "from mindspore.compiler.ir.builder import EMIT_COUNT\n"
            "assert EMIT_COUNT[0] == 0 and len(p.PRIMITIVES) > 80")
    subprocess.run([sys.executable, "-c", code], check=True)
