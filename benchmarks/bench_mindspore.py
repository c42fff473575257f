"""This project's side of the benchmarks: prints one JSON line per workload.

    python benchmarks/bench_mindspore.py graph|eager [WORK,WORK...] [--budget SECONDS]

The clock is read as the peers' scripts read theirs: the first step alone (`first_s`, compilation included), two more
unseen, then each step by itself until the budget or 300 steps are spent, at least five; `median_ms` and `min_ms` are
over these. The first line gives the time of `import mindspore` and what computes.

A training step is `TrainOneStepCell`: the loss, its gradients and the update of the weights in place. A step ends when
its result is computed. After the measurement a result is checked, so that no figure belongs to work that was not done.
"""

from __future__ import annotations

import argparse
import json
import math
import sys
import time
import traceback
from collections.abc import Callable
from dataclasses import dataclass

_start = time.perf_counter()
import mindspore  # noqa: E402

IMPORT_S = time.perf_counter() - _start

import numpy as np  # noqa: E402

from mindspore import Tensor, jit, nn, ops  # noqa: E402
from mindspore.runtime import device  # noqa: E402

BUDGET_S = 8.0
MOST_STEPS, LEAST_STEPS = 300, 5
RECORDED = 32  # operations that `eager_record` records at a time: fewer than PyNative mode takes for a loop
MATMUL = 1024


@dataclass(frozen=True)
class Workload:
    """`step` is timed; it makes `calls` calls, by which its time is divided. `settle` runs after each step, off the
    clock. `check` gets a first and a last result as arrays and says whether the last one is right."""

    step: Callable[[], Tensor]
    check: Callable[[np.ndarray, np.ndarray], bool]
    settle: Callable[[], object] | None = None
    calls: int = 1


class LeNet5(nn.Cell):
    """LeNet-5 on 32x32 images of one channel."""

    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, pad_mode="valid", has_bias=True)
        self.conv2 = nn.Conv2d(6, 16, 5, pad_mode="valid", has_bias=True)
        self.pool = nn.MaxPool2d(2, 2)
        self.relu = nn.ReLU()
        self.flatten = nn.Flatten()
        self.fc1 = nn.Dense(400, 120)
        self.fc2 = nn.Dense(120, 84)
        self.fc3 = nn.Dense(84, 10)

    def construct(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.conv1(x)))
        x = self.pool(self.relu(self.conv2(x)))
        x = self.relu(self.fc1(self.flatten(x)))
        return self.fc3(self.relu(self.fc2(x)))


class Sum(nn.Cell):
    """One operator: a call costs what calling costs."""

    def construct(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


def normal(*shape: int) -> Tensor:
    return Tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))


def trainer(net: nn.Cell, x: Tensor) -> Workload:
    """Steps of Momentum on the cross entropy of `net` with random labels, which it learns by heart."""
    labels = Tensor(np.random.default_rng(0).integers(0, 10, x.shape[0]).astype(np.int32))
    loss = nn.SoftmaxCrossEntropyWithLogits(sparse=True, reduction="mean")
    optimizer = nn.Momentum(net.trainable_params(), learning_rate=0.01, momentum=0.9)
    train = nn.TrainOneStepCell(nn.WithLossCell(net, loss), optimizer).set_train()
    return Workload(lambda: computed(train(x, labels)), lambda first, last: bool(last < first))


def computed(result: Tensor) -> Tensor:
    result.flush_from_cache()
    return result


def mlp_train(graph: bool) -> Workload:
    net = nn.SequentialCell(nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 10))
    return trainer(net, normal(16, 64))


def lenet_train(graph: bool) -> Workload:
    return trainer(LeNet5(), normal(64, 1, 32, 32))


def gelu_chain(graph: bool) -> Workload:
    def gelu(x: Tensor) -> Tensor:
        return 0.5 * x * (1 + ops.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))

    function, x = jit(gelu) if graph else gelu, normal(4096, 1024)
    v = x.asnumpy()[0].astype(np.float64)
    expected = 0.5 * v * (1 + np.tanh(0.7978845608 * (v + 0.044715 * v**3)))
    return Workload(lambda: computed(function(x)), lambda _, last: np.allclose(last[0], expected, atol=1e-5))


def one_op_call(graph: bool) -> Workload:
    net, x, y = Sum(), normal(2, 3), normal(2, 3)
    return Workload(lambda: computed(net(x, y)), lambda _, last: np.array_equal(last, x.asnumpy() + y.asnumpy()))


def eager_record(graph: bool) -> Workload:
    """What PyNative mode takes to note down one operation, which it runs later."""
    x, y = normal(2, 3), normal(2, 3)
    latest = [y]

    def step() -> Tensor:
        value = x
        for _ in range(RECORDED):
            value = ops.add(value, y)
        latest[0] = value
        return value

    def check(_: np.ndarray, last: np.ndarray) -> bool:
        return np.allclose(last, x.asnumpy() + RECORDED * y.asnumpy(), atol=1e-4)

    return Workload(step, check, settle=lambda: latest[0].flush_from_cache(), calls=RECORDED)


def matmul(graph: bool) -> Workload:
    """A product of square matrices, from which `run.py` takes the machine's speed."""
    a = normal(MATMUL, MATMUL)
    function = jit(ops.matmul) if graph else ops.matmul
    expected = a.asnumpy()[0].astype(np.float64) @ a.asnumpy()
    return Workload(lambda: computed(function(a, a)), lambda _, last: np.allclose(last[0], expected, atol=1e-2))


BOTH, EAGER = ("graph", "eager"), ("eager",)
WORKLOADS = {
    "mlp_train": (mlp_train, BOTH),
    "lenet_train": (lenet_train, BOTH),
    "gelu_chain": (gelu_chain, BOTH),
    "one_op_call": (one_op_call, BOTH),
    "eager_record": (eager_record, EAGER),
    "matmul": (matmul, BOTH),
}


def measure(work: Workload, budget: float) -> dict[str, float]:
    """Time a workload as the module's text says; ValueError if its result is wrong."""
    settle = work.settle or (lambda: None)
    start = time.perf_counter()
    result = work.step()
    first = time.perf_counter() - start
    before = np.array(result.asnumpy())
    for _ in range(2):
        work.step()
        settle()
    times: list[float] = []
    end = time.perf_counter() + budget
    while len(times) < LEAST_STEPS or (time.perf_counter() < end and len(times) < MOST_STEPS):
        start = time.perf_counter()
        work.step()
        times.append(time.perf_counter() - start)
        settle()
    after = work.step().asnumpy()
    if not np.isfinite(after).all() or not work.check(before, after):
        raise ValueError(f"the result is wrong: first {before.ravel()[:4]}, last {after.ravel()[:4]}")
    times.sort()
    in_ms = 1e3 / work.calls
    return {
        "first_s": round(first, 3),
        "median_ms": round(times[len(times) // 2] * in_ms, 6),
        "min_ms": round(times[0] * in_ms, 6),
    }


def seconds(text: str) -> float:
    value = float(text)
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"expected a positive number of seconds, got {text}")
    return value


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("mode", choices=BOTH)
    parser.add_argument("works", nargs="?", help="names separated by commas; all by default")
    parser.add_argument("--budget", type=seconds, default=BUDGET_S, help="seconds for the steps of one workload")
    options = parser.parse_args()
    graph = options.mode == "graph"
    wanted = options.works.split(",") if options.works else [n for n, (_, m) in WORKLOADS.items() if options.mode in m]
    if unknown := [name for name in wanted if options.mode not in WORKLOADS.get(name, (None, ()))[1]]:
        parser.error(f"{options.mode} mode has no workload {unknown[0]!r}; known: {', '.join(WORKLOADS)}")

    mindspore.set_context(mode=mindspore.GRAPH_MODE if graph else mindspore.PYNATIVE_MODE, device_target="CPU")
    peer = {"peer": f"mindspore-{options.mode}"}
    computes = {"backend": device.backend_name(), "version": mindspore.__version__}
    print(json.dumps({**peer, "work": "import", "first_s": round(IMPORT_S, 3), **computes}), flush=True)
    failed = False
    for name in wanted:
        try:
            line = measure(WORKLOADS[name][0](graph), options.budget)
        except Exception as error:
            traceback.print_exc()
            line, failed = {"error": repr(error)[:200]}, True
        print(json.dumps({**peer, "work": name, **line}), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
