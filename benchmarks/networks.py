"""The networks of the benchmarks: LeNet-5, ResNet-50, transformers in the size of the small GPT-2 and of BERT, an LSTM.

They are those of the peers' scripts, layer by layer.
"""

from __future__ import annotations

import math

import numpy as np

from mindspore import Parameter, Tensor, bool_, float32, nn, ops


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


class Bottleneck(nn.Cell):
    """Three convolutions with batch normalisation and a way around them."""

    def __init__(self, inputs: int, middle: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * middle
        self.conv1 = nn.Conv2d(inputs, middle, 1, has_bias=False)
        self.norm1 = nn.BatchNorm2d(middle)
        self.conv2 = nn.Conv2d(middle, middle, 3, stride, pad_mode="pad", padding=1, has_bias=False)
        self.norm2 = nn.BatchNorm2d(middle)
        self.conv3 = nn.Conv2d(middle, outputs, 1, has_bias=False)
        self.norm3 = nn.BatchNorm2d(outputs)
        self.relu = nn.ReLU()
        self.around = None
        if stride != 1 or inputs != outputs:
            self.around = nn.SequentialCell(nn.Conv2d(inputs, outputs, 1, stride, has_bias=False),
                                            nn.BatchNorm2d(outputs))

    def construct(self, x: Tensor) -> Tensor:
        y = self.relu(self.norm1(self.conv1(x)))
        y = self.relu(self.norm2(self.conv2(y)))
        y = self.norm3(self.conv3(y))
        return self.relu(y + (x if self.around is None else self.around(x)))


class ResNet50(nn.Cell):
    """ResNet-50 on images of three channels, 1000 classes."""

    def __init__(self) -> None:
        super().__init__()
        self.conv = nn.Conv2d(3, 64, 7, 2, pad_mode="pad", padding=3, has_bias=False)
        self.norm = nn.BatchNorm2d(64)
        self.relu = nn.ReLU()
        self.pool = nn.MaxPool2d(3, 2, pad_mode="pad", padding=1)
        blocks, inputs = [], 64
        for middle, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
            for k in range(count):
                blocks.append(Bottleneck(inputs, middle, stride if k == 0 else 1))
                inputs = 4 * middle
        self.blocks = nn.SequentialCell(*blocks)
        self.dense = nn.Dense(2048, 1000)

    def construct(self, x: Tensor) -> Tensor:
        x = self.pool(self.relu(self.norm(self.conv(x))))
        return self.dense(self.blocks(x).mean((2, 3)))


class Block(nn.Cell):
    """A block of a transformer whose tokens see what stands before them."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__()
        self.heads = heads
        self.norm1, self.norm2 = nn.LayerNorm((width,)), nn.LayerNorm((width,))
        self.attend, self.join = nn.Dense(width, 3 * width), nn.Dense(width, width)
        self.widen, self.narrow = nn.Dense(width, 4 * width), nn.Dense(4 * width, width)
        self.gelu = nn.GELU()

    def attended(self, x: Tensor, causal: bool) -> Tensor:
        """What each token gathers from the others, or only from those before it."""
        batch, tokens, width = x.shape
        parts = self.attend(x).view(batch, tokens, 3, self.heads, width // self.heads)
        query, key, value = parts.permute(2, 0, 3, 1, 4).unbind(0)
        scores = ops.matmul(query, key.swapaxes(-1, -2)) * (1 / math.sqrt(width // self.heads))
        if causal:
            scores = ops.where(ops.ones((tokens, tokens), bool_).tril(), scores, Tensor(-1e9, float32))
        return self.join(ops.matmul(ops.softmax(scores, -1), value).swapaxes(1, 2).reshape(batch, tokens, width))

    def construct(self, x: Tensor) -> Tensor:
        x = x + self.attended(self.norm1(x), causal=True)
        return x + self.narrow(self.gelu(self.widen(self.norm2(x))))


class Transformer(nn.Cell):
    """Twelve blocks of width 768 with twelve heads over 128 tokens of 8192."""

    def __init__(self, layers: int = 12, width: int = 768, heads: int = 12, words: int = 8192, tokens: int = 128):
        super().__init__()
        places = np.random.default_rng(0).standard_normal((tokens, width)).astype(np.float32) * 0.02
        self.embed = nn.Embedding(words, width)
        self.places = Parameter(Tensor(places), name="places")
        self.blocks = nn.SequentialCell(*[Block(width, heads) for _ in range(layers)])
        self.norm = nn.LayerNorm((width,))
        self.head = nn.Dense(width, words, has_bias=False)

    def construct(self, tokens: Tensor) -> Tensor:
        return self.head(self.norm(self.blocks(self.embed(tokens) + self.places)))


class EncoderBlock(Block):
    """A block of a transformer whose tokens see all others; normalised behind each of its two parts, as in BERT."""

    def __init__(self, width: int, heads: int) -> None:
        super().__init__(width, heads)
        self.gelu = nn.GELU(approximate=False)

    def construct(self, x: Tensor) -> Tensor:
        x = self.norm1(x + self.attended(x, causal=False))
        return self.norm2(x + self.narrow(self.gelu(self.widen(x))))


class Encoder(nn.Cell):
    """Twelve such blocks of width 768 with twelve heads over 512 vectors, and two classes for the first of these."""

    def __init__(self, layers: int = 12, width: int = 768, heads: int = 12, classes: int = 2) -> None:
        super().__init__()
        self.blocks = nn.SequentialCell(*[EncoderBlock(width, heads) for _ in range(layers)])
        self.head = nn.Dense(width, classes)

    def construct(self, x: Tensor) -> Tensor:
        return self.head(self.blocks(x)[:, 0])


class Lstm(nn.Cell):
    """Two layers of 256 LSTM units over rows of 128 numbers, and ten classes for the last step."""

    def __init__(self, inputs: int = 128, units: int = 256, layers: int = 2, classes: int = 10) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, layers, batch_first=True)
        self.head = nn.Dense(units, classes)

    def construct(self, x: Tensor) -> Tensor:
        return self.head(self.lstm(x)[0][:, -1])
