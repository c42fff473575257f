"""An interrupt at any line of recording and running leaves values that are known, and the others can be computed."""
from __future__ import annotations

import linecache
import signal
import sys

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops

WHERE = ("mindspore.eager.segment", "mindspore.eager.interrupts", "mindspore.runtime.record")


class Tracer:
    """Interrupts the program as Python does, at one line of the modules above."""

    def __init__(self, line: int):
        self.left = line

    def __call__(self, frame, event, argument):
        if frame.f_globals.get("__name__") not in WHERE:
            return None
        text = linecache.getline(frame.f_code.co_filename, frame.f_lineno)
        if event == "line" and not text.lstrip().startswith("with "):  # Python does not where a with statement ends
            self.left -= 1
            if self.left == 0:
                signal.getsignal(signal.SIGINT)(signal.SIGINT, frame)
        return self


def interrupted(program, line: int) -> bool:
    """Run `program` with an interrupt at a line of its way; whether there was such a line."""
    tracer = Tracer(line)
    handler = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        sys.settrace(tracer)
        program()
    except KeyboardInterrupt:
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        sys.settrace(None)
        signal.signal(signal.SIGINT, handler)
    return tracer.left <= 0


def values_in_a_loop(seen):
    x, rows = Tensor(np.float32([1, 2, 3])), ops.zeros((3, 3))
    seen["rows"] = (rows, lambda: set(rows.asnumpy()[:, 0].tolist()) <= {0.0, 1.0, 4.0, 9.0})
    for i in range(3):
        x = x + 1
        seen[f"x{i}"] = (x, lambda x=x, i=i: x.asnumpy().tolist() == [2.0 + i, 3.0 + i, 4.0 + i])
        first, second = ops.split(x * x, 2)
        seen[f"parts{i}"] = (first, lambda a=first, b=second, x=x: np.array_equal(
            np.r_[a.asnumpy(), b.asnumpy()], x.asnumpy() ** 2))
        rows[i, 0] = (i + 1.0) ** 2
        if float(first[0]) > 4:
            seen[f"y{i}"] = (first, lambda first=first, i=i: float(first[0]) == (2.0 + i) ** 2)


def training(seen):
    weight = Parameter(Tensor(np.float32([1.0, -2.0])), name="weight")
    step = ms.value_and_grad(lambda x: (weight * x).sum(), None, [weight])
    optimizer = nn.SGD([weight], 0.5)
    seen["weight"] = (weight, lambda: weight.asnumpy()[0] in (1.0, 0.0, -1.0, -2.0))
    for i in range(3):
        loss, gradients = step(Tensor(np.float32([2.0, 4.0])))
        seen[f"gradient{i}"] = (gradients[0], lambda g=gradients[0]: g.asnumpy().tolist() == [2.0, 4.0])
        optimizer(gradients)
        seen[f"loss{i}"] = (loss, lambda loss=loss, i=i: float(loss) == -6.0 - 10.0 * i)


@pytest.mark.parametrize("program", [values_in_a_loop, training])
def test_interrupt_at_any_line(program):
    program({})
    line, wrong = 1, []
    while True:
        seen: dict = {}
        more = interrupted(lambda seen=seen: program(seen), line)
        for name, (_, holds) in seen.items():
            try:
                if not holds():
                    wrong.append((line, name))
            except Exception as error:
                wrong.append((line, name, repr(error)))
        if not more:
            break
        line += 41
    assert line > 1000 and not wrong
