"""Graphs that go on in other graphs, as MindSpore writes them where what follows a branch is not taken out of it."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn
from mindspore.formats.mind_ir import ModelProto
from mindspore.formats.mindir_values import fill_value

NUMBERS = {"zero": 0.0, "one": 1.0, "two": 2.0, "ten": 10.0, "hundred": 100.0}


class File:
    """Writes a MINDIR file from text: for each graph a name, its inputs, and steps `name = operator operands`; the last
    step is the result. Graphs are operands by their names; `call` calls its first operand."""

    def __init__(self):
        self.model = ModelProto(little_endian=True)
        self.operators: set[str] = set()
        for name, value in NUMBERS.items():
            node = self.model.graph.node.add(op_type="Constant", name=name)
            node.output.append(name)
            fill_value(node.attribute.add(name="value"), np.array(value, np.float32))

    def graph(self, name: str, inputs: str, steps: str) -> None:
        proto = self.model.functions.add() if self.model.graph.name else self.model.graph
        proto.name = name

        def full(local: str) -> str:
            known = local in NUMBERS or local.startswith("@")
            return local.lstrip("@") if known else f"{name}:{local}"

        for each in inputs.split():
            tensor = proto.input.add(name=full(each)).tensor.add(data_type=1)
            tensor.dims.extend([] if each == "t" else [2])
        for line in steps.strip().splitlines():
            result, _, (operator, *operands) = (part if k != 2 else part.split() for k, part in
                                                enumerate(line.strip().partition(" = ")))
            node = proto.node.add(name=full(result))
            node.output.append(full(result))
            if operator == "call":
                node.op_type = f"REF::{full(operands.pop(0))}"
            else:
                node.op_type = f"REF::Op{operator}"
                self.operators.add(operator)
            node.input.extend(map(full, operands))
        proto.output.add(name=full(result))

    def load(self, folder):
        for operator in sorted(self.operators):
            self.model.primitives.add(name=f"Op{operator}", op_type=operator,
                                      prim_type=1 if operator in ("Partial", "Switch", "Depend") else 2)
        (folder / "a.mindir").write_bytes(self.model.SerializeToString())
        return nn.GraphCell(ms.load(folder / "a.mindir"))


def choose(test: str, then: str, orelse: str) -> str:
    """Steps that go on in one of two graphs, each given with its operands."""
    return f"p = Partial {then}\nq = Partial {orelse}\ns = Switch {test} p q\nresult = call s"


def test_a_graph_behind_a_branch_and_an_early_return(tmp_path, mode):
    file = File()
    file.graph("top", "x", "m = Max x\nc = Greater m zero\n" + choose("c", "@plus x", "@times x"))
    file.graph("plus", "x", "y = Add x one\nresult = call @behind y")
    file.graph("times", "x", "y = Mul x two\nresult = call @behind y")
    file.graph("behind", "x", "m = Max x\nc = Greater m ten\n" + choose("c", "@early x", "@late x"))
    file.graph("early", "x", "result = Mul x hundred")
    file.graph("late", "x", "result = Sub x one")
    net = file.load(tmp_path)
    for start in ([1, 2], [-1, -2], [20, 1]):
        x = np.array(start, np.float32)
        y = x + 1 if x.max() > 0 else x * 2
        y = y * 100 if y.max() > 10 else y - 1
        assert net(Tensor(x)).asnumpy().tolist() == y.tolist()


def test_many_branches_in_a_row_are_evaluated_once_each(tmp_path):
    file, count = File(), 40
    file.graph("top", "x", "result = call @test0 x")
    for k in range(count):
        file.graph(f"test{k}", "x", "m = Max x\nc = Greater m ten\n" + choose("c", f"@down{k} x", f"@up{k} x"))
        file.graph(f"down{k}", "x", f"y = Sub x ten\nresult = call @test{k + 1} y")
        file.graph(f"up{k}", "x", f"y = Add x one\nresult = call @test{k + 1} y")
    file.graph(f"test{count}", "x", "result = Mul x two")
    net = file.load(tmp_path)
    x = np.array([3, 5], np.float32)
    wanted = x
    for _ in range(count):
        wanted = wanted - 10 if wanted.max() > 10 else wanted + 1
    assert net(Tensor(x)).asnumpy().tolist() == (wanted * 2).tolist()
    assert len(str(net.graph(Tensor(x)))) < 100_000


def test_a_loop_that_is_left_in_the_middle_and_gone_on_with(tmp_path, mode):
    """while max(x) < 100: x = x * 2; if max(x) > 10: if min > 1, break, else x = x - 1; continue; x = x + 1."""
    file = File()
    file.graph("top", "x", "result = call @loop x")
    file.graph("loop", "x", "m = Max x\nc = Less m hundred\n" + choose("c", "@body x", "@after x"))
    file.graph("body", "x", "y = Mul x two\nm = Max y\nc = Greater m ten\n" + choose("c", "@large y", "@small y"))
    file.graph("large", "x", "m = Min x\nc = Greater m one\n" + choose("c", "@left x", "@again x"))
    file.graph("left", "x", "y = Sub x hundred\nresult = call @after y")
    file.graph("again", "x", "y = Sub x one\nresult = call @loop y")
    file.graph("small", "x", "y = Add x one\nresult = call @loop y")
    file.graph("after", "x", "result = Mul x ten")
    net = file.load(tmp_path)
    for start in ([1, 0], [1, 3], [500, 1], [3, -40]):
        x = np.array(start, np.float32)
        y = x
        while y.max() < 100:
            y = y * 2
            if y.max() > 10:
                if y.min() > 1:
                    y = y - 100
                    break
                y = y - 1
                continue
            y = y + 1
        assert net(Tensor(x)).asnumpy().tolist() == (y * 10).tolist()


def test_loops_in_each_other_by_calls(tmp_path, mode):
    """while max(x) < 100: { while min(x) < 10: x = x + 1 }; x = x * 2 - 9; the inner loop goes on in the outer."""
    file = File()
    file.graph("top", "x", "result = call @outer x")
    file.graph("outer", "x", "m = Max x\nc = Less m hundred\n" + choose("c", "@inner x", "@end x"))
    file.graph("inner", "x", "m = Min x\nc = Less m ten\n" + choose("c", "@step x", "@rest x"))
    file.graph("step", "x", "y = Add x one\nresult = call @inner y")
    file.graph("rest", "x", "y = Mul x two\nz = Sub y ten\nw = Add z one\nresult = call @outer w")
    file.graph("end", "x", "result = Sub x one")
    net = file.load(tmp_path)
    for start in ([1, 20], [200, 1], [9, 11]):
        x = np.array(start, np.float32)
        y = x
        while y.max() < 100:
            while y.min() < 10:
                y = y + 1
            y = y * 2 - 10 + 1
        assert net(Tensor(x)).asnumpy().tolist() == (y - 1).tolist()


WRONG = {
    "endless": (("loop", "x", "y = Add x one\nresult = call @loop y"), "never ends"),
    "recursive": (("loop", "x", "m = Max x\nc = Less m ten\n" + choose("c", "@more x", "@end x")), "other than last"),
    "changing type": (("loop", "x", "m = Max x\nc = Less m ten\n" + choose("c", "@other m", "@end x")), "carries"),
    "not callable": (("loop", "x", "result = call x"), "no graph"),
}


@pytest.mark.parametrize("name", WRONG)
def test_refused(tmp_path, name):
    (graph, text) = WRONG[name]
    file = File()
    file.graph("top", "x", "result = call @loop x")
    file.graph(*graph)
    file.graph("more", "x", "y = call @loop x\nresult = Add y one")
    file.graph("other", "t", "result = call @loop t")
    file.graph("end", "x", "result = Add x one")
    with pytest.raises(ValueError, match=text):
        file.load(tmp_path)(Tensor(np.zeros(2, np.float32)))
