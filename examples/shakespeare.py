"""A character LSTM learns to write, from a text to new lines in its style.

    python examples/shakespeare.py                    # the verses in verses.py
    python examples/shakespeare.py --text FILE        # a text of your own, such as tiny Shakespeare

The network is an LSTM (Hochreiter and Schmidhuber, "Long short-term memory", 1997), written as a plain loop over the
characters; in graph mode the loop is compiled as one `scan`. It learns to predict the next character (Karpathy, "The
unreasonable effectiveness of recurrent neural networks", 2015). Then it writes: the function that generates text is a
`while` that is left by `break` when the network ends a paragraph. It runs without a step of Python in between.
"""
from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

import numpy as np
from verses import VERSES

import mindspore as ms
from mindspore import Parameter, Tensor, nn, ops


class CharacterLSTM(nn.Cell):
    """Characters (T, N) to scores of the characters that follow (T, N, V)."""

    def __init__(self, characters: int, width: int, seed: int = 1):
        super().__init__()
        random = np.random.default_rng(seed)

        def weight(name: str, *shape: int, scale: float) -> Parameter:
            return Parameter(Tensor((random.standard_normal(shape) * scale).astype(np.float32)), name=name)

        self.width = width
        self.embedding = weight("embedding", characters, width, scale=0.5)
        self.input = weight("input", width, 4 * width, scale=width**-0.5)
        self.recurrent = weight("recurrent", width, 4 * width, scale=width**-0.5)
        self.bias = Parameter(Tensor(np.repeat([0, 1, 0, 0], width).astype(np.float32)), name="bias")
        self.output = weight("output", width, characters, scale=width**-0.5)

    def step(self, x: Tensor, h: Tensor, c: Tensor) -> tuple[Tensor, Tensor]:
        """One step of the LSTM: the output and the memory after the embedded characters x."""
        gates = x @ self.input + h @ self.recurrent + self.bias
        write, keep, show, new = ops.split(gates, self.width, axis=1)
        c = ops.sigmoid(keep) * c + ops.sigmoid(write) * ops.tanh(new)
        return ops.sigmoid(show) * ops.tanh(c), c

    def construct(self, characters: Tensor) -> Tensor:
        """The scores at each place, from nothing but the characters up to there."""
        x = self.embedding[characters]
        h = c = ops.zeros((x.shape[1], self.width))
        outputs = []
        for t in range(x.shape[0]):
            h, c = self.step(x[t], h, c)
            outputs.append(h)
        return ops.stack(outputs) @ self.output


class Writer(nn.Cell):
    """Writes up to `most` characters with a trained network, until it ends a paragraph (two line ends)."""

    def __init__(self, network: CharacterLSTM, line_end: int, most: int):
        super().__init__()
        self.network, self.line_end, self.most = network, line_end, most

    def construct(self, first: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """The characters and their number, from the first character on. noise: (most, V), which chooses among them."""
        net = self.network
        h = c = ops.zeros((1, net.width))
        text = ops.zeros((self.most,), ms.int32)
        last, written = first, 0
        while written < self.most:
            h, c = net.step(net.embedding[last].reshape((1, -1)), h, c)
            new = ops.argmax((h @ net.output)[0] + noise[written]).astype(ms.int32)
            text[written] = new
            written += 1
            if new == self.line_end and last == self.line_end:
                break
            last = new
        return text, written


def batches(codes: np.ndarray, length: int, size: int, seed: int):
    """Endless random pieces of the text: (T, N) characters, and those that follow them."""
    random = np.random.default_rng(seed)
    while True:
        starts = random.integers(0, len(codes) - length - 1, size)
        pieces = np.stack([codes[start:start + length + 1] for start in starts], axis=1)
        yield Tensor(pieces[:-1]), Tensor(pieces[1:])


def train(network: CharacterLSTM, codes: np.ndarray, options: argparse.Namespace) -> None:
    """Adam on the cross entropy of the next character; the loss is shown as training goes on."""
    characters = network.output.shape[1]
    optimizer = nn.Adam(network.trainable_params(), learning_rate=options.rate)

    def loss_of(text: Tensor, following: Tensor) -> Tensor:
        return ops.cross_entropy(network(text).reshape((-1, characters)), following.reshape((-1,)))

    gradient = ms.value_and_grad(loss_of, None, optimizer.parameters)

    @ms.jit
    def update(text: Tensor, following: Tensor) -> Tensor:
        loss, gradients = gradient(text, following)
        optimizer(gradients)
        return loss

    start, losses = time.perf_counter(), []
    for number, (text, following) in enumerate(batches(codes, options.length, options.batch, options.seed), 1):
        losses.append(float(update(text, following)))
        if number == 1:
            print(f"first step, compilation included: {time.perf_counter() - start:.1f} s", flush=True)
        if number % max(options.steps // 10, 1) == 0 or number == options.steps:
            print(f"step {number:5}  loss {np.mean(losses[-20:]):.3f}  {time.perf_counter() - start:.1f} s", flush=True)
        if number == options.steps:
            return


def parse_arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--text", type=Path, help="a file of text to learn from (default: the verses in verses.py)")
    parser.add_argument("--steps", type=int, default=400, help="training steps (400)")
    parser.add_argument("--width", type=int, default=96, help="numbers in the memory of the LSTM (96)")
    parser.add_argument("--length", type=int, default=64, help="characters of a training example (64)")
    parser.add_argument("--batch", type=int, default=32, help="examples of a step (32)")
    parser.add_argument("--rate", type=float, default=0.01, help="learning rate (0.01)")
    parser.add_argument("--write", type=int, default=600, help="the most characters to write (600)")
    parser.add_argument("--heat", type=float, default=0.5, help="how daring the writer is: 0 takes the best each time")
    parser.add_argument("--seed", type=int, default=0, help="of the random numbers (0)")
    parser.add_argument("--mode", choices=("graph", "pynative"), default="graph")
    options = parser.parse_args()
    if options.text is not None and not options.text.is_file():
        parser.error(f"there is no file {options.text}")
    for name in ("steps", "width", "length", "batch", "write"):
        if getattr(options, name) < 1:
            parser.error(f"--{name} must be at least 1, got {getattr(options, name)}")
    return options


def main() -> int:
    options = parse_arguments()
    ms.set_context(mode=ms.GRAPH_MODE if options.mode == "graph" else ms.PYNATIVE_MODE)
    text = VERSES if options.text is None else options.text.read_text(encoding="utf-8")
    letters = sorted({*text, "\n"})
    if len(text) < options.length + 2:
        print(f"the text has {len(text)} characters; --length {options.length} needs more", file=sys.stderr)
        return 1
    codes = np.array([letters.index(letter) for letter in text], np.int32)
    print(f"{len(text)} characters, {len(letters)} of them different")
    network = CharacterLSTM(len(letters), options.width)
    train(network, codes, options)

    writer = Writer(network, letters.index("\n"), options.write)
    uniform = np.random.default_rng(options.seed).uniform(1e-9, 1, (options.write, len(letters)))
    noise = Tensor((-np.log(-np.log(uniform)) * options.heat).astype(np.float32))  # Gumbel's, for a random choice
    start = time.perf_counter()
    written, count = writer(Tensor(codes[0]), noise)
    found = text[0] + "".join(letters[code] for code in written.asnumpy()[:int(count)])
    print(f"\n{found.strip()}\n\n{int(count)} characters in {time.perf_counter() - start:.1f} s")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
