"""Tensors between processes."""
from __future__ import annotations

import os
import subprocess
import sys
from multiprocessing.reduction import ForkingPickler

import numpy as np
import pytest

import mindspore as ms
from mindspore import Parameter, Tensor
from mindspore.multiprocessing import SHARED_MINIMUM

PROGRAM = """
import numpy as np, sys
import mindspore.multiprocessing as mp
from mindspore import Parameter, Tensor, bfloat16

def double(incoming, outgoing):
    for _ in range(2):
        x = incoming.get()
        outgoing.put((x * 2, type(x).__name__, str(x.dtype)))

if __name__ == "__main__":
    mp.set_start_method(sys.argv[1])
    there, back = mp.Queue(), mp.Queue()
    process = mp.Process(target=double, args=(there, back))
    process.start()
    there.put(Tensor(np.arange(20000.0), bfloat16))
    there.put(Parameter(Tensor(np.arange(3.0)), name="p"))
    for _ in range(2):
        y, kind, dtype = back.get()
        print(kind, dtype, y.shape, y[2])
    process.join()
    print(process.exitcode)
"""


def test_tensors_through_queues(tmp_path):
    (tmp_path / "program.py").write_text(PROGRAM)
    done = subprocess.run([sys.executable, str(tmp_path / "program.py"), "fork"], capture_output=True, text=True,
                          timeout=120)
    assert done.stdout.splitlines() == ["Tensor BFloat16 (20000,) 4.0", "Parameter Float64 (3,) 4.0", "0"], done.stderr
    assert "leaked" not in done.stderr


@pytest.mark.skipif(not os.path.isdir("/dev/shm"), reason="shared memory is no folder here")
@pytest.mark.parametrize("make", [Tensor, lambda a: Parameter(Tensor(a), name="p", requires_grad=False)],
                         ids=["tensor", "parameter"])
def test_large_values_lie_in_shared_memory(make):
    before = set(os.listdir("/dev/shm"))
    value = make(np.arange(SHARED_MINIMUM, dtype=np.uint8))
    message = bytes(ForkingPickler.dumps(value))
    assert len(message) < 1000 and len(set(os.listdir("/dev/shm")) - before) == 1
    received = ForkingPickler.loads(message)
    assert set(os.listdir("/dev/shm")) <= before and type(received) is type(value)
    assert (received.asnumpy() == value.asnumpy()).all() and received.dtype == ms.uint8
    if isinstance(value, Parameter):
        assert received.name == "p" and not received.requires_grad


def test_small_values_are_in_the_message():
    value = ForkingPickler.loads(ForkingPickler.dumps([Tensor([1.0, 2.0]), "x"]))
    assert value[0].asnumpy().tolist() == [1, 2] and value[1] == "x"


def test_names_are_those_of_python():
    import multiprocessing

    import mindspore.multiprocessing as ours
    same = [name for name in ours.__all__ if name != "Pool" and hasattr(multiprocessing, name)]
    assert len(same) == 36
    for name in same:
        assert getattr(ours, name) == getattr(multiprocessing, name)
    with ours.Pool(1) as pool:
        assert pool.apply(len, ([1, 2],)) == 2
