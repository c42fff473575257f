"""A small GPT learns to write: attention, AdamW with a cosine schedule and clipping, and a compiled loop that writes.

    python examples/gpt.py                    # the verses in verses.py
    python examples/gpt.py --text FILE        # a text of your own, such as tiny Shakespeare

The network is a transformer (Vaswani et al., "Attention is all you need", 2017) of the kind that only looks back, with
the normalization before each part (Radford et al., "Language models are unsupervised multitask learners", 2019). It
reads `--length` characters at once and predicts, at each place, the character that follows. A tenth of the text, its
end, is held back: the loss on it, in bits per character, is what is printed last. On a text as short as the verses it
soon learns by heart, which the held-back part shows.

The step of training and the loop that writes are functions under `jit`: each is compiled once, and the loop runs
without a step of Python in between.
"""
from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path

import numpy as np
import pictures
from verses import VERSES

import mindspore as ms
from mindspore import Tensor, mint, nn, ops
from mindspore.experimental.optim import lr_scheduler

CLIP = 1.0  # the longest gradient, as the norm over all weights


class Block(nn.Cell):
    """Attention to what came before, then two dense layers at each place: (N, T, width) to the same."""

    def __init__(self, width: int, heads: int, length: int, dropout: float):
        super().__init__()
        self.norm1, self.norm2 = nn.LayerNorm((width,), epsilon=1e-5), nn.LayerNorm((width,), epsilon=1e-5)
        self.attention = nn.MultiheadAttention(width, heads, dropout=dropout, batch_first=True)
        self.widen, self.narrow = nn.Dense(width, 4 * width), nn.Dense(4 * width, width)
        self.dropout = nn.Dropout(p=dropout)
        self.later = Tensor(np.triu(np.ones((length, length), bool), 1))  # what a place must not look at

    def construct(self, x):
        """Both parts add to what they read."""
        length = x.shape[1]
        normal = self.norm1(x)
        seen = self.attention(normal, normal, normal, attn_mask=self.later[:length, :length], need_weights=False)[0]
        x = x + self.dropout(seen)
        return x + self.dropout(self.narrow(ops.gelu(self.widen(self.norm2(x)))))


class GPT(nn.Cell):
    """Characters (N, T) of int32, T up to `length`, to scores of the characters that follow, (N, T, characters)."""

    def __init__(self, characters: int, length: int, width: int, heads: int, layers: int, dropout: float):
        super().__init__()
        self.characters = nn.Embedding(characters, width, embedding_table=ms.common.initializer.Normal(0.02))
        self.places = nn.Embedding(length, width, embedding_table=ms.common.initializer.Normal(0.02))
        self.dropout = nn.Dropout(p=dropout)
        self.blocks = nn.CellList([Block(width, heads, length, dropout) for _ in range(layers)])
        self.norm = nn.LayerNorm((width,), epsilon=1e-5)
        self.head = nn.Dense(width, characters, has_bias=False)

    def construct(self, text):
        """The scores at each place, from nothing but the characters up to there."""
        places = ops.arange(text.shape[1]).astype(ms.int32)
        x = self.dropout(self.characters(text) + self.places(places))
        for block in self.blocks:
            x = block(x)
        return self.head(self.norm(x))


def pieces(codes: np.ndarray, length: int, starts: np.ndarray) -> tuple[Tensor, Tensor]:
    """The characters (N, length) from each start on, and those that follow them."""
    found = np.stack([codes[start:start + length + 1] for start in starts])
    return Tensor(found[:, :-1]), Tensor(found[:, 1:])


def loss_of(network: GPT, text: Tensor, following: Tensor) -> Tensor:
    """The mean cross entropy of the characters that follow, in nats."""
    scores = network(text)
    return ops.cross_entropy(scores.reshape((-1, scores.shape[-1])), following.reshape((-1,)))


def train(network: GPT, codes: np.ndarray, held: np.ndarray, options: argparse.Namespace) -> dict:
    """AdamW with a cosine schedule; the bits per character of both parts of the text, as curves by step."""
    optimizer = mint.optim.AdamW(network.trainable_params(), lr=options.rate, weight_decay=0.1)
    schedule = lr_scheduler.CosineAnnealingLR(optimizer, T_max=options.steps)
    gradient = ms.value_and_grad(lambda *batch: loss_of(network, *batch), None, network.trainable_params())

    @ms.jit
    def update(text, following):
        loss, gradients = gradient(text, following)
        optimizer(ops.clip_by_global_norm(gradients, CLIP))
        return loss

    @ms.jit
    def measure(text, following):
        return loss_of(network, text, following)

    unseen = pieces(held, options.length, np.arange(0, len(held) - options.length, options.length)[:64])
    random = np.random.default_rng(options.seed)
    every, recent, began = max(options.steps // 10, 1), [], time.perf_counter()
    curves = {"training": ([], []), "held back": ([], [])}
    for step in range(1, options.steps + 1):
        network.set_train()
        starts = random.integers(0, len(codes) - options.length, options.batch)
        recent.append(update(*pieces(codes, options.length, starts)))
        schedule.step()
        if step % every == 0 or step == options.steps:
            network.set_train(False)
            learned = np.mean([float(loss) for loss in recent]) / math.log(2)
            validated = float(measure(*unseen)) / math.log(2)
            recent.clear()
            print(f"step {step:5}  training {learned:.3f}  held back {validated:.3f} bits per character  "
                  f"{time.perf_counter() - began:.1f} s", flush=True)
            for curve, bits in zip(curves.values(), (learned, validated)):
                curve[0].append(step)
                curve[1].append(bits)
    return curves


def writer(network: GPT, length: int):
    """The compiled function that writes: it continues a text of `length` characters (1, length)."""

    @ms.jit
    def write(window, noise):
        text = ops.zeros((noise.shape[0],), ms.int32)
        written = 0
        while written < noise.shape[0]:
            new = ops.argmax(network(window)[0, -1] + noise[written]).astype(ms.int32)
            text[written] = new
            window = ops.cat((window[:, 1:], new.reshape((1, 1))), axis=1)
            written += 1
        return text

    return write


def parse(arguments: list[str] | None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="a file of text to learn from (default: the verses in verses.py)")
    parser.add_argument("--steps", type=int, default=400, help="training steps (400)")
    parser.add_argument("--width", type=int, default=96, help="numbers for each character (96)")
    parser.add_argument("--heads", type=int, default=4, help="heads of the attention (4)")
    parser.add_argument("--layers", type=int, default=3, help="blocks (3)")
    parser.add_argument("--length", type=int, default=64, help="characters that the network sees (64)")
    parser.add_argument("--batch", type=int, default=24, help="pieces of text in a step (24)")
    parser.add_argument("--dropout", type=float, default=0.1, help="the share of numbers that training drops (0.1)")
    parser.add_argument("--rate", type=float, default=1.5e-3, help="the learning rate at the beginning (0.0015)")
    parser.add_argument("--write", type=int, default=400, help="how many characters to write (400)")
    parser.add_argument("--heat", type=float, default=0.5, help="how daring the writer is: 0 takes the best each time")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (0)")
    parser.add_argument("--mode", choices=("graph", "pynative"), default="graph")
    parser.add_argument("--device", default="CPU", help="the device target (default: CPU)")
    parser.add_argument("--output", type=Path, metavar="DIR", default=Path("gpt_output"),
                        help="where the picture goes (default: ./gpt_output)")
    options = parser.parse_args(arguments)
    for name in ("steps", "width", "heads", "layers", "length", "batch", "write"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1, got {getattr(options, name)}")
    if options.width % options.heads:
        parser.error(f"--width must be a multiple of --heads, got {options.width} and {options.heads}")
    if options.text is not None and not options.text.is_file():
        parser.error(f"there is no file {options.text}")
    return options


def main(arguments: list[str] | None = None) -> None:
    """Train, write, and say how well the held-back text is foreseen."""
    options = parse(arguments)
    began = time.perf_counter()
    options.output.mkdir(parents=True, exist_ok=True)
    ms.set_context(mode=ms.GRAPH_MODE if options.mode == "graph" else ms.PYNATIVE_MODE, device_target=options.device)
    ms.set_seed(options.seed)
    text = VERSES if options.text is None else options.text.read_text(encoding="utf-8")
    letters = sorted(set(text))
    codes = np.array([letters.index(letter) for letter in text], np.int32)
    codes, held = np.split(codes, [len(codes) - len(codes) // 10])
    if len(held) <= options.length:
        raise SystemExit(f"the text has {len(text)} characters; a tenth of them must be more than --length "
                         f"{options.length}")
    network = GPT(len(letters), options.length, options.width, options.heads, options.layers, options.dropout)
    count = sum(parameter.size for parameter in network.trainable_params())
    print(f"{len(codes)} characters to learn, {len(held)} held back, {len(letters)} different; a GPT with {count} "
          f"weights, {options.mode} mode, device {options.device}", flush=True)
    curves = train(network, codes, held, options)

    uniform = np.random.default_rng(options.seed).uniform(1e-9, 1, (options.write, len(letters)))
    noise = Tensor((-np.log(-np.log(uniform)) * options.heat).astype(np.float32))  # Gumbel's, for a random choice
    start = time.perf_counter()
    first = held[:options.length]
    written = writer(network, options.length)(Tensor(first[None]), noise).asnumpy()
    first, new = ("".join(letters[code] for code in part) for part in (first, written))
    print(f"\n{first}|{new}\n\n{options.write} characters, those after the bar, in {time.perf_counter() - start:.1f} s")
    pictures.curves(curves, "step", "bits per character", "a small GPT learns verses", options.output / "loss.png")
    print(f"total time: {time.perf_counter() - began:.1f} s")
    steps, bits = curves["held back"]
    print(f"after the last step {bits[-1]:.3f}, at best, after step {steps[int(np.argmin(bits))]}:")
    print(f"validation loss: {min(bits):.3f} bits per character")


if __name__ == "__main__":
    try:
        main()
    except KeyboardInterrupt:
        print("\nstopped by Ctrl-C", file=sys.stderr)
        sys.exit(130)
