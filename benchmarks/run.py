"""Measure this project beside PyTorch and JAX and print how they compare.

    python benchmarks/run.py [--rounds N] [--output FILE]

The peers' scripts, `bench_torch.py` and `bench_jax.py`, are run as they are. They lie in the folder that the variable
MS_PEER_BENCH names, by default `../shared/bench` beside the repository; those for the workloads that they lack lie in
`benchmarks/peers`. What a process holds at its peak is read from the system, for all contenders alike.

A machine's speed drifts, so the contenders take turns: in each round every workload is run by every contender, each in
a fresh process, and each round begins with another contender. All are kept on the same two processors and told to use
two threads. The exit status says whether everything ran, not how fast it was.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
from pathlib import Path

import machine
from chart import draw
from report import COMPILE, CONTENDERS, EAGER, GRAPH, JAX, TORCH, Report
from workloads import WORKLOADS

HERE = Path(__file__).resolve().parent
PEERS = Path(os.environ.get("MS_PEER_BENCH") or HERE.parent.parent / "shared" / "bench")
THREADS = 2
TIMEOUT_S = 600
OWN = {GRAPH: ["one_op_call"], EAGER: ["one_op_call", "eager_record"]}  # beside the workloads that peers have too
MATMUL_GFLOP = 2 * 1024**3 / 1e9


def command(peer: str, work: str, budget: float) -> list[str]:
    """The command line with which a contender runs one workload."""
    folder = HERE / "peers" if work in WORKLOADS and WORKLOADS[work].own else PEERS
    if peer in (TORCH, COMPILE):
        return [sys.executable, str(folder / "bench_torch.py"), peer.removeprefix("torch-"), work]
    if peer == JAX:
        return [sys.executable, str(folder / "bench_jax.py"), work]
    mode = peer.removeprefix("mindspore-")
    return [sys.executable, str(HERE / "bench_mindspore.py"), mode, work, "--budget", str(budget)]


def run(peer: str, work: str, number: int, budget: float) -> list[dict]:
    """The lines that a contender prints for a workload; what went wrong is a line with an `error`."""
    threads = {"OMP_NUM_THREADS": str(THREADS), "BENCH_THREADS": str(THREADS), "JAX_PLATFORMS": "cpu"}
    try:
        done, peak = machine.finished(command(peer, work, budget), {**os.environ, **threads}, TIMEOUT_S)
    except subprocess.TimeoutExpired:
        return [{"peer": peer, "work": work, "round": number, "error": f"did not end in {TIMEOUT_S} s"}]
    lines = [{**json.loads(x), "round": number} for x in done.stdout.splitlines() if x.startswith("{")]
    for line in lines:
        if line["work"] == work and peak is not None:
            line["peak_mb"] = round(peak / 2**20)
    if done.returncode or not any(x["work"] == work for x in lines):
        print(done.stderr[-4000:], file=sys.stderr)
    if not any(x["work"] == work for x in lines):
        lines.append({"peer": peer, "work": work, "round": number, "error": f"ended with {done.returncode}"})
    return lines


def schedule(contenders: list[str], works: list[str], number: int) -> list[tuple[str, str]]:
    """(contender, workload) in the order of one round: workload by workload, another contender first in each round."""
    first = number % len(contenders)
    turn = contenders[first:] + contenders[:first]
    shared = [(peer, work) for work in works for peer in turn]
    return shared + [(peer, work) for peer in turn for work in OWN.get(peer, ())]


def state(number: int, budget: float) -> dict[str, object]:
    """How fast and how busy the machine is now: the rate of a product of 1024x1024 float32 matrices, and the load."""
    line = next(x for x in run(GRAPH, "matmul", number, budget) if x["work"] == "matmul")
    rate = {"matmul_gflops": round(MATMUL_GFLOP / line["median_ms"] * 1e3)} if "median_ms" in line else {}
    return {**rate, "load": machine.load()}


def parse_arguments() -> argparse.Namespace:
    def listed(choices: list[str]):
        def parse(text: str) -> list[str]:
            if unknown := set(text.split(",")) - set(choices):
                raise argparse.ArgumentTypeError(f"{unknown.pop()!r} is none of {', '.join(choices)}")
            return text.split(",")
        return parse

    def positive(text: str) -> int:
        if not text.isdigit() or int(text) == 0:
            raise argparse.ArgumentTypeError(f"expected a positive number, got {text!r}")
        return int(text)

    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=positive, default=3, help="how often each contender has its turn (3)")
    parser.add_argument("--contenders", type=listed([*CONTENDERS]), default=[*CONTENDERS], help="some of the five")
    parser.add_argument("--works", type=listed([*WORKLOADS]), default=[*WORKLOADS], help="some of the workloads")
    parser.add_argument("--budget", type=float, default=8.0, help="seconds for one of this project's workloads (8)")
    parser.add_argument("--output", type=Path, default=Path("bench.json"), help="where all figures go (bench.json)")
    options = parser.parse_args()
    theirs = not all(WORKLOADS[work].own for work in options.works)
    for peer, script in ((TORCH, "bench_torch.py"), (COMPILE, "bench_torch.py"), (JAX, "bench_jax.py")):
        if theirs and peer in options.contenders and not (PEERS / script).is_file():
            parser.error(f"there is no {PEERS / script}; name the folder of the peers' scripts by MS_PEER_BENCH, or "
                         f"measure this project alone with --contenders {GRAPH},{EAGER}")
    return options


def main() -> int:
    options = parse_arguments()
    facts = machine.facts(machine.pin(THREADS))
    facts["at start"] = state(0, options.budget)
    print("\n".join(f"{name}: {value}" for name, value in facts.items()), flush=True)
    lines: list[dict] = []
    for number in range(options.rounds):
        for peer, work in schedule(options.contenders, options.works, number):
            for line in run(peer, work, number, options.budget):
                lines.append(line)
                print(json.dumps(line), flush=True)
    facts["at end"] = state(options.rounds, options.budget)
    rates = [facts[when].get("matmul_gflops") for when in ("at start", "at end")]
    report = Report(lines, max((rate for rate in rates if rate), default=None))
    errors = accuracy(options.works) if GRAPH in options.contenders else []
    found = {"machine": facts, "rounds": options.rounds, **report.as_dict(), "accuracy": errors}
    options.output.write_text(json.dumps(found, indent=1))
    backends = sorted({line["backend"] for line in lines if "backend" in line})
    print(f"at end: {facts['at end']}\nbackend: {', '.join(backends)}\n\n{report.text()}")
    for line in errors:
        print(in_words(line))
    picture = draw(report, options.output.with_suffix(".png"))
    print(f"\nall figures: {options.output.absolute()}\n{picture}")
    return int(bool(report.errors()) or any("error" in line for line in errors))


def in_words(line: dict) -> str:
    """A line of `accuracy` for people."""
    if "error" in line:
        return f"FAILED {line['work']}: {line['error']}"
    found, rounding = (f"{line['result' + of]:.1e} of the largest result, {line['gradient' + of]:.1e} of the largest "
                       "gradient" for of in ("", "_by_rounding"))
    return f"{line['work']}: float32 is off by {found}, rounded weights alone by {rounding}: " + (
        "met" if line["met"] else "NOT met")


def accuracy(works: list[str]) -> list[dict]:
    """How far float32 is from float64, for the networks among the workloads (`accuracy.py`)."""
    done = subprocess.run([sys.executable, str(HERE / "accuracy.py"), *works], stdin=subprocess.DEVNULL,
                          capture_output=True, text=True)
    if done.returncode:
        print(done.stderr[-4000:], file=sys.stderr)
    return [json.loads(x) for x in done.stdout.splitlines() if x.startswith("{")]


if __name__ == "__main__":
    sys.exit(main())
