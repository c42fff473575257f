"""The benchmarks run, judge as they say they do, and never fail for being slow."""

from __future__ import annotations

import importlib
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
    sys.path.insert(0, str(repository / "benchmarks"))
    yield importlib.import_module("report")
    sys.path.remove(str(repository / "benchmarks"))
    for name in ("report", "workloads"):
        del sys.modules[name]


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


@pytest.mark.parametrize("median, void", [(0.284, False), (0.35, False), (0.36, True), (0.22, False), (0.2, True)])
def test_a_peer_far_from_its_figure_makes_the_run_void(report: ModuleType, median: float, void: bool) -> None:
    found = report.Report([line("torch-eager", "mlp_train", median, 0)])
    assert bool(found.void()) is void
    assert ("VOID unless explained: torch-eager" in found.text()) is void


def test_the_best_peer_is_the_fastest(report: ModuleType) -> None:
    """Twice and half as fast as the best peer: as fast on average, and ahead in one of two."""
    times = {"mlp_train": (0.1, 0.4, 0.2), "gelu_chain": (2.0, 1.0, 9.0)}
    found = report.Report([line(peer, work, median, 0) for work, medians in times.items()
                           for peer, median in zip(("mindspore-graph", "jax", "torch-compile"), medians)])
    assert [found.best_peer(work) for work in times] == ["torch-compile", "jax"]
    text = found.text()
    assert "at least as fast as the best peer in 1 of 2 workloads: not gelu_chain" in text
    assert "1.00 times as fast as the best peer on average (geometric), goal 1.5: NOT met" in text


@pytest.mark.parametrize("ms, verdict", [(500, "98% of the rate of the machine's matrix product, goal 80%: met"),
                                         (700, "70% of the rate of the machine's matrix product, goal 80%: NOT met")])
def test_arithmetic_is_compared_with_the_rate_of_the_machine(report: ModuleType, ms: float, verdict: str) -> None:
    assert f"resnet50_train: {verdict}" in report.Report([line("mindspore-graph", "resnet50_train", ms, 0)], 400).text()


def test_memory_is_compared_with_the_most_modest_peer(report: ModuleType) -> None:
    held = {"mindspore-graph": 1200, "torch-eager": 1600, "jax": 1100}
    text = report.Report([{**line(peer, "gpt_train", 1.0, 0), "peak_mb": peak} for peer, peak in held.items()]).text()
    assert "gpt_train: a process holds 1200 MB at its peak, that of jax 1100 MB: NOT met" in text


def test_modes_are_compared(report: ModuleType) -> None:
    text = report.Report([line("mindspore-graph", "gpt_train", 100, 0), line("mindspore-eager", "gpt_train", 140, 0),
                          line("torch-eager", "gpt_train", 120, 0)]).text()
    assert "gpt_train: PyNative mode takes 1.40 times what graph mode takes, limit 1.3: NOT met" in text
    assert "gpt_train: PyNative mode is 0.86 times as fast as PyTorch eager: NOT met" in text


def test_limits_are_judged(report: ModuleType) -> None:
    text = report.Report([line("mindspore-graph", "one_op_call", 0.02, 0),
                          line("mindspore-graph", "lenet_train", 1.0, 0, first=1.2)]).text()
    assert "one-operator Cell call: 0.02 ms, ±0%, limit 0.02 ms: met" in text
    assert "compilation included: 1.2 s, ±0%, limit 1 s: NOT met" in text


@pytest.mark.parametrize("mode, works", [
    ("graph", "mlp_train,lenet_train,one_op_call,softmax_tall,layer_norm_tall"),
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
    (tmp_path / "bench_torch.py").write_text(PEER.format(peer="torch-eager", median=0.0001).replace(
        "'torch-eager'", "'torch-' + sys.argv[1]"))
    (tmp_path / "bench_jax.py").write_text(PEER.format(peer="jax", median=0.0001))
    done = run("run.py", "--rounds", "2", "--works", "mlp_train", "--budget", "0.01", "--output", "out.json")
    assert done.returncode == 0, done.stderr
    assert "goal 6: NOT met" in done.stdout and "VOID unless explained: jax" in done.stdout
    written = json.loads((tmp_path / "out.json").read_text())
    assert written["machine"]["cpu"] and written["machine"]["at start"]["matmul_gflops"] > 0
    contenders = {"mindspore-graph", "mindspore-eager", "torch-eager", "torch-compile", "jax"}
    assert set(written["median_ms"]["mlp_train"]) == set(written["peak_mb"]["mlp_train"]) == contenders
    assert all(figure["median"] > 1 for figure in written["peak_mb"]["mlp_train"].values())
    assert written["best"]["mlp_train"] in ("torch-eager", "torch-compile", "jax")
    assert [line["work"] for line in written["accuracy"]] == ["mlp_train"] and written["accuracy"][0]["met"]
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


def test_dense_layers_with_narrow_weights_are_close(run: Run) -> None:
    done = run("quantized.py", "--contender", "mindspore", "--works", "64x96", "--rows", "1,5")
    found = {(line["rows"], line["form"]): line for line in lines_of(done)}
    forms = ("float32", "bfloat16", "float16", "weight_only", "dynamic")
    assert set(found) == {(rows, form) for rows in (1, 5) for form in forms}
    assert all(min(line["ms"]) > 0 for line in found.values())
    for rows in (1, 5):
        assert found[rows, "float32"]["error"] < 1e-5
        assert 1e-5 < found[rows, "weight_only"]["error"] < 0.02 and found[rows, "dynamic"]["error"] < 0.03
        assert 1e-5 < found[rows, "float16"]["error"] < 0.002 < 10 * found[rows, "bfloat16"]["error"] < 0.2


def test_linear_algebra_agrees_with_numpy(run: Run) -> None:
    arguments = ("--works", "cholesky,qr,svd,fft", "--sizes", "8", "--contender")
    ours, numpy = (lines_of(run("linear_algebra.py", *arguments, peer)) for peer in ("mindspore", "numpy"))
    assert [line["work"] for line in ours] == ["cholesky", "qr", "svd", "fft"]
    for line, other in zip(ours, numpy):
        assert line["us"] > 0 and line["checksum"] == pytest.approx(other["checksum"], rel=1e-4)


@pytest.mark.parametrize("work", ["forward", "causal", "backward"])
def test_attention_prints_one_line(run: Run, work: str) -> None:
    line = lines_of(run("attention.py", "--contender", "mindspore", "--works", work, "--lengths", "64"))[0]
    assert (line["work"], line["length"]) == (work, 64) and line["ms"] > 0 and line["checksum"] > 0
