"""How far float32 is from float64: results and gradients of the benchmarks' networks on this project's backend.

    python benchmarks/accuracy.py [WORK...]

Each network is made twice from the same weights, once in float64, and gets the same images or tokens (fewer of them,
where float64 has no fast kernels). A JSON line per network gives the largest difference of the results, and of the
gradients by all weights, as parts of the largest value among them.

What rounding explains depends on the network: in an untrained ResNet-50 the smallest change of a weight changes
gradients by a hundred thousand times as much. So the float64 network runs once more with each weight changed by up to
half a unit of float32's rounding, and `met` says that float32 is at most `MOST_ROUNDINGS` times as far off as that, and
never by more than `MOST`, so that a wrong derivative is no rounding.
"""

from __future__ import annotations

import json
import sys
import traceback
from collections.abc import Callable

import numpy as np
from networks import Encoder, LeNet5, Lstm, ResNet50, Transformer

from mindspore import Tensor, float64, nn, ops, value_and_grad

HALF_UNIT = 2.0**-24
MOST = 0.1
MOST_ROUNDINGS = 100.0  # values between weights and gradients are rounded too, and sums of thousands of terms


def mlp() -> nn.Cell:
    return nn.SequentialCell(nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 64), nn.ReLU(), nn.Dense(64, 10))


def images(*shape: int) -> np.ndarray:
    return np.random.default_rng(0).standard_normal(shape)


def words(batch: int) -> np.ndarray:
    return np.random.default_rng(0).integers(0, 8192, (batch, 128)).astype(np.int32)


NETWORKS: dict[str, tuple[Callable[[], nn.Cell], Callable[[], np.ndarray]]] = {
    "mlp_train": (mlp, lambda: images(16, 64)),
    "lenet_train": (LeNet5, lambda: images(64, 1, 32, 32)),
    "resnet50_train": (ResNet50, lambda: images(2, 3, 224, 224)),
    "gpt_train": (Transformer, lambda: words(1)),
    "encoder_train": (Encoder, lambda: images(1, 512, 768)),
    "lstm_train": (Lstm, lambda: images(32, 100, 128)),
}


def loss_and_gradients(net: nn.Cell, x: np.ndarray) -> tuple[np.ndarray, list[np.ndarray]]:
    """The network's answers, and the gradients of their mean cross entropy, with classes 0, 1, 0, ..., by weights."""

    def loss(x: Tensor, labels: Tensor) -> tuple[Tensor, Tensor]:
        answers = net(x)
        rows = answers.reshape(-1, answers.shape[-1])
        return ops.cross_entropy(rows, labels), answers

    weights = net.trainable_params()
    if x.dtype.kind == "f":
        x = x.astype(weights[0].asnumpy().dtype)
    count = x.size if x.dtype.kind == "i" else x.shape[0]
    labels = Tensor((np.arange(count) % 2).astype(np.int32))
    (_, answers), gradients = value_and_grad(loss, None, weights, has_aux=True)(Tensor(x), labels)
    return answers.asnumpy(), [each.asnumpy() for each in gradients]


def difference(found: list[np.ndarray], exact: list[np.ndarray]) -> float:
    """The largest difference as a part of the largest exact value."""
    largest = max(float(np.abs(each).max()) for each in exact)
    return max(float(np.abs(a - b).max()) for a, b in zip(found, exact, strict=True)) / largest


def compared(make: Callable[[], nn.Cell], x: np.ndarray) -> dict[str, object]:
    net, exact = make().set_train(), make().set_train()
    for ours, theirs in zip(net.get_parameters(), exact.get_parameters(), strict=True):
        if ours.asnumpy().dtype.kind == "f":
            theirs.set_dtype(float64)
            theirs.set_data(Tensor(ours.asnumpy().astype(np.float64)))
    (answers, gradients), (exact_answers, exact_gradients) = loss_and_gradients(net, x), loss_and_gradients(exact, x)
    if exact_answers.dtype != np.float64:
        raise TypeError(f"the exact network computes in {exact_answers.dtype}")
    rng = np.random.default_rng(1)
    for each in exact.trainable_params():
        value = each.asnumpy()
        each.set_data(Tensor(value * (1 + HALF_UNIT * rng.uniform(-1, 1, value.shape))))
    moved_answers, moved_gradients = loss_and_gradients(exact, x)
    found = {"result": difference([answers], [exact_answers]), "gradient": difference(gradients, exact_gradients)}
    rounding = {"result": difference([moved_answers], [exact_answers]),
                "gradient": difference(moved_gradients, exact_gradients)}
    return {**found, **{f"{name}_by_rounding": value for name, value in rounding.items()},
            "met": all(found[name] <= min(MOST_ROUNDINGS * rounding[name], MOST) for name in found)}


def main() -> int:
    failed = False
    wanted = sys.argv[1:] or [*NETWORKS]
    for name in [name for name in wanted if name in NETWORKS]:
        make, x = NETWORKS[name]
        try:
            line = compared(make, x())
        except Exception as error:
            traceback.print_exc()
            line, failed = {"error": repr(error)[:200]}, True
        print(json.dumps({"work": name, **line}), flush=True)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main())
