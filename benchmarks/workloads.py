"""What is measured, how much arithmetic it is, and which figures are goals, limits, or known of a quiet machine."""

from __future__ import annotations

from dataclasses import dataclass

RESNET50_GFLOP = 8.2  # of one image of 3 x 224 x 224, forwards
BLOCKS, WIDTH, WORDS = 12, 768, 8192


def transformer_gflop(tokens: int, words: int = 0) -> float:
    """A row of tokens through twelve blocks, forwards: weights of 12 width² in each, scores and their products, and the
    head."""
    return tokens * (BLOCKS * (24 * WIDTH**2 + 4 * tokens * WIDTH) + 2 * WIDTH * words) / 1e9


@dataclass(frozen=True)
class Work:
    """What is known of a workload that the peers have too.

    goal: times as fast as PyTorch in eager mode, or None. gflop: its arithmetic, 0 where memory or calls are the work.
    bound: whether products and convolutions take nearly all of its time. memory: whether its peak is compared.
    own: whether the peers' side is written in `benchmarks/peers`.
    """

    goal: float | None = None
    gflop: float = 0.0
    bound: bool = False
    memory: bool = False
    own: bool = True


ROWS = ("tall", "square", "wide")
WORKLOADS = {
    "lenet_train": Work(2.0, own=False),
    "mlp_train": Work(6.0, own=False),
    "gelu_chain": Work(8.0, own=False),
    "resnet50_train": Work(1.0, 8 * 3 * RESNET50_GFLOP, True, True, own=False),
    "resnet50_infer": Work(1.0, RESNET50_GFLOP, True, own=False),
    "resnet50_infer8": Work(None, 8 * RESNET50_GFLOP, True),
    "gpt_train": Work(1.0, 4 * 3 * transformer_gflop(128, WORDS), True, True, own=False),
    "gpt_infer": Work(1.0, transformer_gflop(128, WORDS), True, own=False),
    "encoder_train": Work(None, 3 * transformer_gflop(512), True, True),
    "encoder_infer": Work(None, transformer_gflop(512), True),
    "encoder_train_bf16": Work(),
    "encoder_infer_bf16": Work(),
    "resnet50_infer8_bf16": Work(),
    "lstm_train": Work(None, 3 * 32 * 100 * 2 * 1024 * (128 + 3 * 256) / 1e9),
    **{f"softmax_{rows}": Work() for rows in ROWS},
    **{f"layer_norm_{rows}": Work() for rows in ROWS},
}
QUIET_MS = {
    ("torch-eager", "lenet_train"): 5.43,
    ("torch-eager", "mlp_train"): 0.284,
    ("torch-eager", "gelu_chain"): 9.62,
    ("torch-eager", "resnet50_train"): 843,
    ("torch-eager", "resnet50_infer"): 41.6,
    ("torch-eager", "gpt_train"): 2124,
    ("torch-eager", "gpt_infer"): 209,
    ("torch-compile", "lenet_train"): 5.23,
    ("torch-compile", "mlp_train"): 0.372,
    ("torch-compile", "gelu_chain"): 2.86,
    ("torch-compile", "resnet50_train"): 855,
    ("torch-compile", "resnet50_infer"): 34.2,
    ("torch-compile", "gpt_train"): 1803,
    ("torch-compile", "gpt_infer"): 157,
    ("jax", "lenet_train"): 6.1,
    ("jax", "mlp_train"): 0.029,
    ("jax", "gelu_chain"): 0.995,
    ("jax", "resnet50_train"): 2164,
    ("jax", "resnet50_infer"): 47.9,
    ("jax", "gpt_train"): 2229,
    ("jax", "gpt_infer"): 78.7,
}  # a processor with AVX-512, two threads


@dataclass(frozen=True)
class Limit:
    """A figure of one contender that is to stay at or below `most`; None: it is shown only."""

    what: str
    peer: str
    work: str
    field: str
    most: float | None
    unit: str


LIMITS = (
    Limit("a compiled one-operator Cell call", "mindspore-graph", "one_op_call", "median_ms", 0.02, "ms"),
    Limit("the same call in PyNative mode", "mindspore-eager", "one_op_call", "median_ms", None, "ms"),
    Limit("noting down one operation in PyNative mode", "mindspore-eager", "eager_record", "median_ms", 0.005, "ms"),
    Limit("the first LeNet step, compilation included", "mindspore-graph", "lenet_train", "first_s", 1.0, "s"),
    Limit("the first step of ResNet-50 in training", "mindspore-graph", "resnet50_train", "first_s", 4.0, "s"),
    Limit("the first step of the transformer in training", "mindspore-graph", "gpt_train", "first_s", 3.0, "s"),
    Limit("import mindspore", "mindspore-graph", "import", "first_s", 0.25, "s"),
)
