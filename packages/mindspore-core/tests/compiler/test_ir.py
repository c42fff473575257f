"""The IR: sharing, simplification, folding, the text form, the verifier."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
from mindspore.common.dtype import float16, float32, int64
from mindspore.compiler.ir import Builder, Node, rebuild, tensor_aval
from mindspore.compiler.ir.text import TextError, parse_text, show
from mindspore.compiler.ir.verify import VerificationError, verify
from mindspore.compiler.primitives.base import Primitive, primitive, register

A23 = tensor_aval((2, 3), float32)


def test_avals_are_interned():
    assert tensor_aval((2, 3), float32) is A23
    assert tensor_aval((2, 3), float16) is not A23


def test_equal_operations_are_one_node():
    b = Builder()
    x, y = b.parameter(A23), b.parameter(A23)
    assert b.add(x, y) is b.add(x, y)
    assert b.add(x, y) is not b.add(y, x)
    assert len(b.nodes) == 4


def test_operations_on_constants_fold():
    b = Builder()
    two = b.constant(2.0, float32)
    four = b.mul(two, two)
    assert four.op.name == "constant" and four.attrs[0].array == np.float32(4)


@pytest.mark.parametrize("build, same", [
    (lambda b, x: b.mul(x, 1.0), True),
    (lambda b, x: b.reshape(b.reshape(x, shape=(6,)), shape=(2, 3)), True),
    (lambda b, x: b.transpose(b.transpose(x, perm=(1, 0)), perm=(1, 0)), True),
    (lambda b, x: b.cast(x, dtype=float32), True),
    (lambda b, x: b.neg(b.neg(x)), True),
    (lambda b, x: b.add(x, 0.0), False),  # -0 + 0 is 0
    (lambda b, x: b.mul(x, 0.0), False),  # NaN * 0 is NaN
    (lambda b, x: b.mul(b.full((4, 2, 3), 1.0, float32), x), False),  # the shape changes
])
def test_simplification_keeps_aval_and_special_values(build, same):
    b = Builder()
    x = b.parameter(A23)
    assert (build(b, x) is x) == same


def test_finish_drops_what_no_output_needs():
    b = Builder("f")
    x, unused = b.parameter(A23), b.parameter(A23)
    b.mul(x, unused)
    graph = b.finish([b.add(x, x)])
    assert [n.op.name for n in graph.nodes] == ["parameter", "parameter", "add"]
    assert [n.idx for n in graph.nodes] == [0, 1, 2]


def example():
    b = Builder("example")
    x, y = b.parameter(A23), b.parameter(tensor_aval((3,), float32))
    z = b.sum(b.mul(b.add(x, y), 0.5), axis=(1,), keepdims=False)
    return b.finish([z, b.cast(z, dtype=int64)])


GOLDEN = """\
graph example(%0: float32[2,3], %1: float32[3]) {
  %2: float32[2,3] = add(%0, %1)
  %3: float32[] = constant() {value=literal(0.5, float32)}
  %4: float32[2,3] = mul(%2, %3)
  %5: float32[2] = sum(%4) {axis=(1,), keepdims=False}
  %6: int64[2] = cast(%5) {dtype=int64}
  return %5, %6
}"""


def test_text_is_golden_and_round_trips():
    assert show(example()) == GOLDEN
    assert show(parse_text(GOLDEN)) == GOLDEN
    assert parse_text(GOLDEN).key() == example().key()


def test_text_holds_special_numbers():
    b = Builder("special")
    x = b.parameter(A23)
    graph = b.finish([b.add(x, float("nan")), b.add(x, float("-inf")), b.add(x, -0.0), b.mul(x, np.float32(0.1))])
    assert show(parse_text(show(graph))) == show(graph)


@pytest.mark.parametrize("text, what", [
    ("", "holds no graph"),
    ("graph f(%0: float32[2]) {\n  %1: float32[2] = nonsense(%0)\n  return %1\n}", "nonsense"),
    ("graph f(%0: float32[2]) {\n  %1: float32[3] = neg(%0)\n  return %1\n}", "rule gives float32[2]"),
    ("graph f(%0: float32[2]) {\n  %1: float32[2] = neg(%7)\n  return %1\n}", "line 2"),
])
def test_bad_text_is_a_typed_error(text, what):
    with pytest.raises(TextError, match=what.replace("[", r"\[")):
        parse_text(text)


def test_rebuild_is_the_identity_on_normal_form():
    graph = example()
    assert show(rebuild(graph)) == show(graph)
    assert rebuild(graph).key() == graph.key()


def test_verifier_finds_broken_graphs():
    graph = example()
    verify(graph)
    wrong = Node(primitive("neg"), (graph.nodes[5],), (), tensor_aval((7,), float32), 6, None)
    graph.nodes[6] = wrong
    with pytest.raises(VerificationError, match="rule gives"):
        verify(graph)
    graph.nodes[6] = Node(primitive("neg"), (wrong,), (), tensor_aval((2,), float32), 6, None)
    with pytest.raises(VerificationError, match="does not stand before it"):
        verify(graph)


def test_errors_of_rules_name_the_operator_and_both_sides():
    b = Builder()
    x = b.parameter(A23)
    with pytest.raises(ValueError, match=r"add: shapes \(2, 3\) and \(4,\) cannot be broadcast"):
        b.add(x, b.parameter(tensor_aval((4,), float32)))
    with pytest.raises(TypeError, match="add: operands must have one dtype, got Float32, Float16"):
        b.add(x, b.parameter(tensor_aval((2, 3), float16)))
    with pytest.raises(TypeError, match="sum: .*keep"):
        b.sum(x, axis=(0,), keep=True)


def test_registration_refuses_a_class_without_its_rules():
    class Halfway(Primitive):
        """Lacks nearly everything."""
        name = "halfway"

    with pytest.raises(TypeError, match="lacks reference .*vjp .*infer .*samples"):
        register(Halfway)
