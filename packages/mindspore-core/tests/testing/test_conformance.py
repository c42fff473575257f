"""The conformance suite finds what it is there to find: each fault that is planted must fail its test."""
from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from mindspore.common.dtype import float16, float32, float64, int32
from mindspore.compiler.primitives import PRIMITIVES, Sample
from mindspore.testing.conformance import cases

HERE = str(Path(__file__).parent)


def run_suite(tmp_path, backend: str, choose: str, *options: str) -> tuple[int, str]:
    """Exit status and output of the suite on one of the backends in `faulty_backend`."""
    path = os.pathsep.join([HERE, *filter(None, [os.environ.get("PYTHONPATH")])])
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-rA", "-p", "no:cacheprovider", "-p", "faulty_backend", "--pyargs",
         "mindspore.testing.conformance", f"--ms-backend={backend}", "-k", choose, *options],
        cwd=tmp_path, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_a_sound_backend_passes_and_is_counted(tmp_path):
    status, text = run_suite(tmp_path, "sound", "test_values and (exp- or sum-) or test_gradients and tanh")
    assert status == 0, text
    agreed, wrong, refused, on_host = map(int, re.search(
        r"sound: (\d+) results agree, (\d+) do not, (\d+) samples refused \(dtype not claimed\), (\d+) launches on the",
        text).groups())
    assert agreed > 20 and wrong == 0
    assert refused > 20, "float16, bfloat16, float64 and uint8 are not claimed"
    assert on_host > 0, "tanh has no kernel"


def test_a_wrong_kernel_fails_and_the_sample_is_named(tmp_path):
    status, text = run_suite(tmp_path, "value,zero,empty", "test_values and (exp-float32 or neg-float32)")
    assert status == 1, text
    failed = re.findall(r"FAILED .*test_values\[(\S+)\]", text)
    assert sorted(failed) == ["empty-exp-float32", "value-exp-float32", "zero-neg-float32"], text
    assert re.search(r"sample 0: operands \(3, 5\).*15 of 15 elements differ, first at \(0, 0\)", text), text
    assert re.search(r"elements differ, .*got 0.0, expected -0.0", text), text
    assert re.search(r"E +AssertionError: sample 2: raised RuntimeError\('no elements'\)", text), text


def test_a_wrong_kernel_fails_the_gradients_that_use_it(tmp_path):
    status, text = run_suite(tmp_path, "value", "test_gradients and (-exp] or -sum])")
    assert status == 1, text
    assert re.findall(r"(FAILED|PASSED) .*test_gradients\[(\S+)\]", text) == [
        ("PASSED", "value-sum"), ("FAILED", "value-exp")]


@pytest.mark.parametrize(("listed", "status"), [
    ("test_values[value-exp-float32] exp is off by a thousandth", 0),
    ("test_values[value-exp-float32] known\ntest_values[value-neg-float32] fixed since", 1),
    ("test_values[value-exponential-float32] no such test", 4),
])
def test_the_list_of_expected_failures_is_strict(tmp_path, listed, status):
    (tmp_path / "xfail.txt").write_text(listed)
    got, text = run_suite(tmp_path, "value", "exp-float32 or neg-float32", "--ms-xfail=xfail.txt")
    assert got == status, text


def test_a_backend_that_is_asked_for_by_name_must_exist(tmp_path):
    status, text = run_suite(tmp_path, "absent", "exp-float32")
    assert status == 1 and "no backend is called 'absent'" in text


@pytest.mark.parametrize(("required", "outcome"), [((), "skipped"), (("--ms-require-device",), "errors")])
def test_a_missing_device_is_seen(tmp_path, required, outcome):
    """The manners of its backend are tested; what needs the device is skipped with the reason, or fails."""
    chosen = "test_values and -exp-float32 or test_the_backend_says or test_streams_and_events"
    status, text = run_suite(tmp_path, "sound,unplugged,unwilling", chosen, *required)
    assert status == bool(required), text
    assert re.search(rf"5 passed, (\d+ deselected, )?4 {outcome}", text), text
    assert "the device of unplugged is missing: the cable hangs loose; plug it in" in text
    assert "unplugged: 2 tests did not run, the device is missing: the cable hangs loose; plug it in\n" in text
    assert "unwilling: 2 tests did not run, the device is missing: unplugged: the cable hangs loose" in text
    assert "sound: 0 tests" not in text and "sound: 2 tests" not in text


def test_a_wrong_gradient_is_found(monkeypatch):
    exp = PRIMITIVES["exp"]
    arrays = [np.linspace(-1.0, 1.0, 6)]
    assert not list(cases.derivative_errors(cases.sample_graph(exp, arrays, {}), arrays, 2))
    monkeypatch.setattr(type(exp), "grad", lambda self, b, ct, out, x: (b.mul(ct, b.add(out, 1e-3)),))
    (first, *_) = cases.derivative_errors(cases.sample_graph(exp, arrays, {}), arrays, 2)
    assert first.startswith("order 1: central differences give")


def test_a_wrong_second_derivative_is_found(monkeypatch):
    """sin and cos: the gradient of sin is right, that of cos is not."""
    sin, arrays = PRIMITIVES["sin"], [np.linspace(-1.0, 1.0, 6)]
    monkeypatch.setattr(type(PRIMITIVES["cos"]), "grad", lambda self, b, ct, out, x: (b.mul(ct, b.sin(x)),))
    (only,) = cases.derivative_errors(cases.sample_graph(sin, arrays, {}), arrays, 2)
    assert only.startswith("order 2")


@pytest.mark.parametrize(("got", "want", "agree"), [
    ([1.0], [1.00001], True), ([1.0], [1.0001], False), ([np.nan], [np.nan], True), ([np.nan], [1.0], False),
    ([np.inf], [np.inf], True), ([np.inf], [-np.inf], False), ([np.inf], [1e39], True), ([3e38], [np.inf], False),
    ([0.0], [1e-7], True), ([0.0], [-0.0], True),
])
def test_agreement_of_float32_results(got, want, agree):
    problem = cases.disagreement(np.array(got, np.float32), np.array(want), float32, float32, Sample(()))
    assert (problem is None) is agree


def test_agreement_is_exact_for_integers_and_checks_shape_and_dtype():
    def problem(got, want, dtype):
        return cases.disagreement(got, want, dtype, dtype if dtype.is_floating else float32, Sample(()))
    assert problem(np.array([1, 2], np.int32), np.array([1, 2]), int32) is None
    assert problem(np.array([1, 2], np.int32), np.array([1, 3]), int32) is not None
    assert problem(np.array([1, 2], np.int64), np.array([1, 2]), int32) is not None
    assert problem(np.zeros((2, 1), np.float32), np.zeros(2), float32) is not None
    assert problem(np.array([1.001], np.float16), np.array([1.0]), float16) is None
    assert problem(np.array([1.01], np.float16), np.array([1.0]), float16) is not None
    assert problem(np.array([1 + 1e-12]), np.array([1.0]), float64) is not None
