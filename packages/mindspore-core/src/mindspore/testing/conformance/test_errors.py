"""Errors are typed, say what was wrong, and leave the device as it was."""
from __future__ import annotations

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, ops
from mindspore.common.dtype import float32
from mindspore.compiler.ir import Builder, tensor_aval
from mindspore.compiler.pipeline import clear_cache, compile_graph, run_graph
from mindspore.plugin import DeviceMemoryError
from mindspore.runtime.device import use_backend
from mindspore.runtime.transfer import download, upload

X = np.linspace(0.5, 2.0, 12).astype(np.float32).reshape(3, 4)
INTERPRETED = True  # the programs of this module are compiled as a user's are
BAD = {
    "shapes that do not fit": (ValueError, lambda x: ops.matmul(x, x)),
    "shapes that do not broadcast": (ValueError, lambda x: x + ops.transpose(x, (1, 0))),
    "an axis that does not exist": (ValueError, lambda x: ops.softmax(x, 5)),
    "a reshape of another size": (ValueError, lambda x: ops.reshape(x, (5, 5))),
    "an operand that is no number": (TypeError, lambda x: ops.exp("x")),  # type: ignore[arg-type]
}


def usable(tally, when: str) -> None:
    """The current device computes as before."""
    got, want = (ops.exp(Tensor(X)) @ Tensor(X.T)).asnumpy(), np.exp(X) @ X.T
    tally.check(None if np.allclose(got, want, rtol=1e-5) else f"after {when}: got {got}, expected {want}")


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
@pytest.mark.parametrize("what", BAD)
def test_bad_programs_are_refused_in_both_modes(backend_name, tally, what, compiled):
    error, program = BAD[what]
    with use_backend(backend_name):
        with pytest.raises(error) as raised:
            (ms.jit(program) if compiled else program)(Tensor(X)).asnumpy()
        tally.check(None if str(raised.value) else "the error says nothing")
        usable(tally, what)


@pytest.mark.parametrize("compiled", [False, True], ids=["eager", "graph"])
def test_a_program_that_raises(backend_name, tally, compiled):
    def checked(x):
        y = ops.exp(x)
        if y.sum() > 100:
            raise ValueError("the sum is too large")
        return y

    with use_backend(backend_name):
        program = ms.jit(checked) if compiled else checked
        for scale in (1, 50, 1):
            x = Tensor(X * scale)
            if scale == 1:
                got = program(x).asnumpy()
                tally.check(None if np.allclose(got, np.exp(X), rtol=1e-5) else f"got {got}")
                continue
            with pytest.raises(ValueError, match="the sum is too large"):
                program(x).asnumpy()
            tally.check(None)
        usable(tally, "a program that raises")


def test_no_room_for_a_result(backend_name, device, requirements, tally):
    if not requirements.impossible_bytes:
        pytest.skip("the requirements say that requests are not refused")
    b = Builder("immense")
    x = b.parameter(tensor_aval((), float32))
    side = 1 << ((requirements.impossible_bytes // 4).bit_length() + 1) // 2
    immense = b.finish([b.broadcast_to(x, shape=(side, side))])
    operand = upload(device.allocator, np.float32(1))
    for _ in range(2):
        with pytest.raises(DeviceMemoryError):
            compile_graph(immense, device).run([operand])
        tally.check(None)
    with use_backend(backend_name):
        usable(tally, "a result that does not fit")


def test_memory_of_a_failed_run_is_free_again(device, requirements, tally):
    """Runs that fail half way, many times over: what they had taken must come back."""
    if not hasattr(device, "memory_statistics") or not requirements.impossible_bytes:
        pytest.skip("the device keeps no statistics, or never refuses")
    b = Builder("half_way")
    x = b.parameter(tensor_aval((256, 256), float32))
    side = 1 << ((requirements.impossible_bytes // 4).bit_length() + 1) // 2
    y = b.exp(x)
    graph = b.finish([y, b.broadcast_to(b.slice(b.reshape(y, shape=(256 * 256,)), begin=(0,), end=(1,), strides=(1,)),
                                        shape=(side, side))])
    operand = upload(device.allocator, np.zeros((256, 256), np.float32))
    run, before = compile_graph(graph, device).run, None
    for _ in range(6):
        with pytest.raises(DeviceMemoryError):
            run([operand])
        device.allocator.synchronize()
        now = device.memory_statistics()["allocated"]
        before = now if before is None else before
    tally.check(None if now <= before else f"`allocated` grew from {before} to {now}")


@pytest.mark.parametrize("name", ["tanh", "erfinv", "sort", "sum"])
def test_a_forbidden_fall_back_is_refused_by_name(device, requirements, tally, monkeypatch, name):
    aval, b = tensor_aval((3, 4), float32), Builder(name)
    x = b.parameter(aval)
    attrs = {"sort": {"axis": 1, "descending": False}, "sum": {"axis": (0,)}}.get(name, {})
    graph = b.finish(b.items(getattr(b, name)(x, **attrs)))
    want = run_graph(graph, [X / 4], device)
    monkeypatch.setenv("MS_FORBID_HOST_FALLBACK", "1")
    clear_cache()
    try:
        got = compile_graph(graph, device).run([upload(device.allocator, X / 4)])
    except RuntimeError as error:
        tally.check(None if requirements.host_fallback else f"{name} falls back to the host: {error}")
        tally.check(None if "MS_FORBID_HOST_FALLBACK" in str(error) else f"the error does not say why: {error}")
    else:
        for buffer, output, expected in zip(got, graph.outputs, want):
            found = download(device.allocator, buffer, output.aval)
            tally.check(None if np.array_equal(found, expected) else f"got {found}, expected {expected}")
    monkeypatch.undo()
    clear_cache()
    again = run_graph(graph, [X / 4], device)
    tally.check(None if all(map(np.array_equal, again, want)) else f"afterwards: got {again}, expected {want}")
