"""The benchmarks run, judge as they say they do, and never fail for being slow."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType

import pytest

Run = Callable[..., subprocess.CompletedProcess[str]]
# A peer's script in miniature: its last argument names the workload, as in the real ones.
PEER = """
import json, sys
print(json.dumps({{"peer": {peer!r}, "work": sys.argv[-1], "first_s": 0.1, "median_ms": {median}, "min_ms": 0.1}}))
"""


@pytest.fixture(scope="module")
def report(repository: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location("report", repository / "benchmarks" / "report.py")
    module = importlib.util.module_from_spec(spec)
    sys.modules["report"] = module
    spec.loader.exec_module(module)
    yield module
    del sys.modules["report"]


@pytest.fixture
def run(repository: Path, tmp_path: Path) -> Run:
    """Runs a script of the benchmarks in a temporary folder, with the peers' scripts from there."""

    def run(script: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-W", "ignore", str(repository / "benchmarks" / script), *arguments]
        variables = {**os.environ, "MS_PEER_BENCH": str(tmp_path)}
        return subprocess.run(command, cwd=tmp_path, env=variables, capture_output=True, text=True)

    return run


def line(peer: str, work: str, median: float, number: int, first: float = 0.1) -> dict:
    return {"peer": peer, "work": work, "round": number, "first_s": first, "median_ms": median, "min_ms": median}


def lines_of(done: subprocess.CompletedProcess[str]) -> list[dict]:
    return [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


def test_figures_are_medians_over_rounds(report: ModuleType) -> None:
    rounds = [line("torch-eager", "mlp_train", median, k) for k, median in enumerate([0.2, 0.9, 0.3])]
    figure = report.Report(rounds).figure("torch-eager", "mlp_train")
    assert (figure.median, figure.low, figure.high) == (0.3, 0.2, 0.9)
    assert figure.spread == pytest.approx(0.35 / 0.3)


def test_ratios_are_taken_inside_a_round(report: ModuleType) -> None:
    """In the second round the machine was three times slower, for both."""
    ours = [line("mindspore-graph", "mlp_train", median, k) for k, median in enumerate([0.1, 0.3, 0.1])]
    torch = [line("torch-eager", "mlp_train", median, k) for k, median in enumerate([0.7, 2.1, 0.5])]
    ratio = report.Report(ours + torch).ratio("torch-eager", "mlp_train")
    assert (ratio.median, ratio.low, ratio.high) == pytest.approx((7.0, 5.0, 7.0))


@pytest.mark.parametrize("ours, verdict", [(0.04, "goal 6: met"), (0.05, "goal 6: NOT met")])
def test_goals_are_judged(report: ModuleType, ours: float, verdict: str) -> None:
    found = report.Report([line("mindspore-graph", "mlp_train", ours, 0), line("torch-eager", "mlp_train", 0.28, 0)])
    assert verdict in found.text()


@pytest.mark.parametrize("median, void", [(0.28, False), (0.34, False), (0.36, True), (0.22, False), (0.2, True)])
def test_a_peer_far_from_its_figure_makes_the_run_void(report: ModuleType, median: float, void: bool) -> None:
    found = report.Report([line("torch-eager", "mlp_train", median, 0)])
    assert bool(found.void()) is void
    assert ("VOID unless explained: torch-eager" in found.text()) is void


def test_limits_are_judged(report: ModuleType) -> None:
    text = report.Report([line("mindspore-graph", "one_op_call", 0.02, 0),
                          line("mindspore-graph", "lenet_train", 1.0, 0, first=1.2)]).text()
    assert "one-operator Cell call: 0.02 ms, ±0%, limit 0.02 ms: met" in text
    assert "compilation included: 1.2 s, ±0%, limit 1 s: NOT met" in text


@pytest.mark.parametrize("mode, works", [
    ("graph", "mlp_train,lenet_train,one_op_call"),
    ("eager", "mlp_train,lenet_train,one_op_call,eager_record"),
])
def test_workloads_print_one_line_each(run: Run, mode: str, works: str) -> None:
    done = run("bench_mindspore.py", mode, works, "--budget", "0.01")
    assert done.returncode == 0, done.stderr
    first, *others = lines_of(done)
    assert first["work"] == "import" and first["backend"]
    assert [x["work"] for x in others] == works.split(",")
    for x in others:
        assert x["peer"] == f"mindspore-{mode}"
        assert 0 < x["min_ms"] <= x["median_ms"]
        assert x["first_s"] >= 0


def test_an_unknown_workload_is_named(run: Run) -> None:
    done = run("bench_mindspore.py", "graph", "eager_record")
    assert done.returncode == 2
    assert "graph mode has no workload 'eager_record'" in done.stderr


def test_slowness_is_no_failure(run: Run, tmp_path: Path) -> None:
    """Peers a thousand times faster than anybody: nothing is met, and everything ran."""
    (tmp_path / "bench_torch.py").write_text(PEER.format(peer="torch-eager", median=0.0001))
    (tmp_path / "bench_jax.py").write_text(PEER.format(peer="jax", median=0.0001))
    done = run("run.py", "--rounds", "2", "--works", "mlp_train", "--budget", "0.01", "--output", "out.json")
    assert done.returncode == 0, done.stderr
    assert "goal 6: NOT met" in done.stdout and "VOID unless explained: jax" in done.stdout
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["machine"]["cpu"] and written["machine"]["at start"]["matmul_gflops"] > 0
    assert set(written["median_ms"]["mlp_train"]) == {"mindspore-graph", "mindspore-eager", "torch-eager", "jax"}
    assert written["ratios"]["mlp_train"]["torch-eager"]["median"] < 6
    first = [next(x["peer"] for x in written["lines"] if x["round"] == k) for k in range(2)]
    assert first == ["mindspore-graph", "mindspore-eager"], "each round begins with another contender"


def test_a_contender_that_breaks_is_a_failure(run: Run, tmp_path: Path) -> None:
    (tmp_path / "bench_torch.py").write_text("raise SystemExit('no such thing as torch')")
    done = run("run.py", "--rounds", "1", "--works", "mlp_train", "--contenders", "torch-eager", "--budget", "0.01")
    assert done.returncode == 1
    assert "FAILED torch-eager: mlp_train failed in round 0" in done.stdout
    assert "no such thing as torch" in done.stderr


def test_missing_scripts_are_named_first(run: Run, tmp_path: Path) -> None:
    done = run("run.py")
    assert done.returncode == 2
    assert str(tmp_path / "bench_torch.py") in done.stderr and "MS_PEER_BENCH" in done.stderr


def test_programs_with_control_flow_agree_with_their_values(run: Run) -> None:
    done = run("control_flow.py", "--contender", "mindspore", "--works", "while_gradient")
    line = lines_of(done)[0]
    assert done.returncode == 0 and line["us"] > 0
    # 100 trips add all of the bound: the loop's gradient by its start is twice the end, to a millionth.
    assert line["checksum"] == pytest.approx(2 * (200 + (200 - 35.2) / 99.5 / 2), rel=1e-3)


def test_linear_algebra_agrees_with_numpy(run: Run) -> None:
    arguments = ("--works", "cholesky,qr,svd,fft", "--sizes", "8", "--contender")
    ours, numpy = (lines_of(run("linear_algebra.py", *arguments, peer)) for peer in ("mindspore", "numpy"))
    assert [line["work"] for line in ours] == ["cholesky", "qr", "svd", "fft"]
    for line, other in zip(ours, numpy):
        assert line["us"] > 0 and line["checksum"] == pytest.approx(other["checksum"], rel=1e-4)
