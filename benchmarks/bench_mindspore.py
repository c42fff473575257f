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
from functools import partial

_start = time.perf_counter()
import mindspore  # noqa: E402

IMPORT_S = time.perf_counter() - _start

import numpy as np  # noqa: E402
from networks import Encoder, LeNet5, Lstm, ResNet50, Transformer  # noqa: E402

from mindspore import Tensor, bfloat16, jit, nn, ops  # noqa: E402
from mindspore.amp import auto_mixed_precision  # noqa: E402
from mindspore.runtime import device  # noqa: E402

BUDGET_S = 8.0
MOST_STEPS, LEAST_STEPS = 300, 5
RECORDED = 32  # operations that `eager_record` records at a time: fewer than PyNative mode takes for a loop
MATMUL = 1024
ROWS = {"tall": (4096, 64), "square": (1024, 1024), "wide": (64, 32768)}


@dataclass(frozen=True)
class Workload:
    """`step` is timed; it makes `calls` calls, by which its time is divided. `settle` runs after each step, off the
    clock. `check` gets a first and a last result as arrays and says whether the last one is right."""

    step: Callable[[], Tensor]
    check: Callable[[np.ndarray, np.ndarray], bool]
    settle: Callable[[], object] | None = None
    calls: int = 1


class Sum(nn.Cell):
    """One operator: a call costs what calling costs."""

    def construct(self, x: Tensor, y: Tensor) -> Tensor:
        return x + y


def normal(*shape: int) -> Tensor:
    return Tensor(np.random.default_rng(0).standard_normal(shape).astype(np.float32))


class Loss(nn.Cell):
    """The mean cross entropy of a network's answers, one for each row or token."""

    def __init__(self, net: nn.Cell) -> None:
        super().__init__()
        self.net = net

    def construct(self, x: Tensor, labels: Tensor) -> Tensor:
        answers = self.net(x)
        return ops.cross_entropy(answers.reshape(-1, answers.shape[-1]), labels.reshape(-1))


def trainer(net: nn.Cell, x: Tensor, classes: int = 10, optimizer: nn.Optimizer | None = None,
            labels: Tensor | None = None) -> Workload:
    """Steps of Momentum, or of another optimizer, on the cross entropy of `net` with random labels, which it learns by
    heart."""
    if labels is None:
        labels = Tensor(np.random.default_rng(0).integers(0, classes, x.shape[0]).astype(np.int32))
    if optimizer is None:
        optimizer = nn.Momentum(net.trainable_params(), learning_rate=0.01, momentum=0.9)
    train = nn.TrainOneStepCell(Loss(net), optimizer).set_train()
    return Workload(lambda: computed(train(x, labels)), lambda first, last: bool(last < first))


def inference(net: nn.Cell, x: Tensor) -> Workload:
    """Calls of a network that give the same each time."""
    net.set_train(False)
    return Workload(lambda: computed(net(x)), lambda first, last: np.allclose(first, last, rtol=1e-4, atol=1e-4))


def computed(result: Tensor) -> Tensor:
    result.flush_from_cache()
    return result


def mlp_train(graph: bool) -> Workload:
    net = nn.SequentialCell(nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 10))
    return trainer(net, normal(16, 64))


def lenet_train(graph: bool) -> Workload:
    return trainer(LeNet5(), normal(64, 1, 32, 32))


def resnet50_train(graph: bool) -> Workload:
    return trainer(ResNet50(), normal(8, 3, 224, 224), 1000)


def resnet50_infer(graph: bool) -> Workload:
    return inference(ResNet50(), normal(1, 3, 224, 224))


def tokens(batch: int) -> Tensor:
    return Tensor(np.random.default_rng(0).integers(0, 8192, (batch, 128)).astype(np.int32))


def gpt_train(graph: bool) -> Workload:
    net, x = Transformer(), tokens(4)
    return trainer(net, x, optimizer=nn.AdamWeightDecay(net.trainable_params(), 1e-4), labels=x)


def gpt_infer(graph: bool) -> Workload:
    return inference(Transformer(), tokens(1))


def gelu_chain(graph: bool) -> Workload:
    def gelu(x: Tensor) -> Tensor:
        return 0.5 * x * (1 + ops.tanh(0.7978845608 * (x + 0.044715 * x * x * x)))

    function, x = jit(gelu) if graph else gelu, normal(4096, 1024)
    v = x.asnumpy()[0].astype(np.float64)
    expected = 0.5 * v * (1 + np.tanh(0.7978845608 * (v + 0.044715 * v**3)))
    return Workload(lambda: computed(function(x)), lambda _, last: np.allclose(last[0], expected, atol=1e-5))


def resnet50_infer8(graph: bool) -> Workload:
    return inference(ResNet50(), normal(8, 3, 224, 224))


def encoder_train(graph: bool) -> Workload:
    net = Encoder()
    return trainer(net, normal(1, 512, 768), 2, nn.AdamWeightDecay(net.trainable_params(), 1e-4))


def encoder_infer(graph: bool) -> Workload:
    return inference(Encoder(), normal(1, 512, 768))


def encoder_train_bf16(graph: bool) -> Workload:
    net = Encoder()
    optimizer = nn.AdamWeightDecay(net.trainable_params(), 1e-4)
    return trainer(auto_mixed_precision(net, "auto", bfloat16), normal(1, 512, 768), 2, optimizer)


def encoder_infer_bf16(graph: bool) -> Workload:
    return inference(auto_mixed_precision(Encoder(), "O3", bfloat16), normal(1, 512, 768))


def resnet50_infer8_bf16(graph: bool) -> Workload:
    return inference(auto_mixed_precision(ResNet50(), "O3", bfloat16), normal(8, 3, 224, 224))


def lstm_train(graph: bool) -> Workload:
    return trainer(Lstm(), normal(32, 100, 128))


def softmax(graph: bool, shape: tuple[int, int]) -> Workload:
    def along_rows(x: Tensor) -> Tensor:
        return ops.softmax(x, -1)

    function, x = jit(along_rows) if graph else along_rows, normal(*shape)
    powers = np.exp(x.asnumpy()[0].astype(np.float64))
    expected = powers / powers.sum()
    return Workload(lambda: computed(function(x)), lambda _, last: np.allclose(last[0], expected, rtol=1e-5))


def layer_norm(graph: bool, shape: tuple[int, int]) -> Workload:
    net, x = nn.LayerNorm(shape[1:]), normal(*shape)
    net.set_train(False)
    v = x.asnumpy()[0].astype(np.float64)
    expected = (v - v.mean()) / np.sqrt(v.var() + 1e-5)
    return Workload(lambda: computed(net(x)), lambda _, last: np.allclose(last[0], expected, atol=1e-4))


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
    "resnet50_train": (resnet50_train, BOTH),
    "resnet50_infer": (resnet50_infer, BOTH),
    "gpt_train": (gpt_train, BOTH),
    "gpt_infer": (gpt_infer, BOTH),
    "gelu_chain": (gelu_chain, BOTH),
    "resnet50_infer8": (resnet50_infer8, BOTH),
    "encoder_train": (encoder_train, BOTH),
    "encoder_infer": (encoder_infer, BOTH),
    "encoder_train_bf16": (encoder_train_bf16, BOTH),
    "encoder_infer_bf16": (encoder_infer_bf16, BOTH),
    "resnet50_infer8_bf16": (resnet50_infer8_bf16, BOTH),
    "lstm_train": (lstm_train, BOTH),
    **{f"softmax_{name}": (partial(softmax, shape=shape), BOTH) for name, shape in ROWS.items()},
    **{f"layer_norm_{name}": (partial(layer_norm, shape=shape), BOTH) for name, shape in ROWS.items()},
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
