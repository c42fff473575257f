"""The workloads of PyTorch's side which its other script does not have: `bench_torch.py eager|compile WORK,...`."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable

import torch
from clock import measure
from torch import nn
from torch.nn import functional

MODE = sys.argv[1]
ROWS = {"tall": (4096, 64), "square": (1024, 1024), "wide": (64, 32768)}


class Bottleneck(nn.Module):
    def __init__(self, inputs: int, middle: int, stride: int) -> None:
        super().__init__()
        outputs = 4 * middle
        self.way = nn.Sequential(
            nn.Conv2d(inputs, middle, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, middle, 3, stride, 1, bias=False), nn.BatchNorm2d(middle), nn.ReLU(),
            nn.Conv2d(middle, outputs, 1, bias=False), nn.BatchNorm2d(outputs))
        self.around = nn.Identity()
        if stride != 1 or inputs != outputs:
            self.around = nn.Sequential(nn.Conv2d(inputs, outputs, 1, stride, bias=False), nn.BatchNorm2d(outputs))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return functional.relu(self.way(x) + self.around(x))


def resnet50() -> nn.Module:
    layers: list[nn.Module] = [nn.Conv2d(3, 64, 7, 2, 3, bias=False), nn.BatchNorm2d(64), nn.ReLU(),
                               nn.MaxPool2d(3, 2, 1)]
    inputs = 64
    for middle, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for k in range(count):
            layers.append(Bottleneck(inputs, middle, stride if k == 0 else 1))
            inputs = 4 * middle
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(2048, 1000))


class Encoder(nn.Module):
    def __init__(self, layers: int = 12, width: int = 768, heads: int = 12, classes: int = 2) -> None:
        super().__init__()
        block = nn.TransformerEncoderLayer(width, heads, 4 * width, 0.0, "gelu", batch_first=True)
        self.blocks = nn.TransformerEncoder(block, layers, enable_nested_tensor=False)
        self.head = nn.Linear(width, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.blocks(x)[:, 0])


class Lstm(nn.Module):
    def __init__(self, inputs: int = 128, units: int = 256, layers: int = 2, classes: int = 10) -> None:
        super().__init__()
        self.lstm = nn.LSTM(inputs, units, layers, batch_first=True)
        self.head = nn.Linear(units, classes)

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.head(self.lstm(x)[0][:, -1])


def compiled(function: Callable) -> Callable:
    return torch.compile(function) if MODE == "compile" else function


def trainer(net: nn.Module, x: torch.Tensor, classes: int, optimizer: torch.optim.Optimizer, mixed: bool = False
            ) -> Callable[[], object]:
    labels, answer = torch.randint(0, classes, (x.shape[0],)), compiled(net)

    def step() -> object:
        optimizer.zero_grad(set_to_none=True)
        with torch.autocast("cpu", torch.bfloat16, enabled=mixed):
            loss = functional.cross_entropy(answer(x), labels)
        loss.backward()
        optimizer.step()
        return loss

    return step


def inference(net: nn.Module, x: torch.Tensor) -> Callable[[], object]:
    answer = compiled(net.eval())

    def step() -> object:
        with torch.no_grad():
            return answer(x)

    return step


def encoder_train(mixed: bool = False) -> Callable[[], object]:
    net = Encoder()
    return trainer(net, torch.randn(1, 512, 768), 2, torch.optim.AdamW(net.parameters(), 1e-4), mixed)


def lstm_train() -> Callable[[], object]:
    net = Lstm()
    return trainer(net, torch.randn(32, 100, 128), 10, torch.optim.SGD(net.parameters(), 0.01, momentum=0.9))


def resnet50_infer8(dtype: torch.dtype = torch.float32) -> Callable[[], object]:
    net, x = resnet50().to(dtype), torch.randn(8, 3, 224, 224, dtype=dtype)
    return inference(net.to(memory_format=torch.channels_last), x.to(memory_format=torch.channels_last))


def softmax(shape: tuple[int, int]) -> Callable[[], object]:
    x, function = torch.randn(shape), compiled(lambda x: functional.softmax(x, -1))
    return lambda: function(x)


def layer_norm(shape: tuple[int, int]) -> Callable[[], object]:
    x, gain, bias = torch.randn(shape), torch.randn(shape[1]), torch.randn(shape[1])
    function = compiled(lambda x, gain, bias: functional.layer_norm(x, x.shape[1:], gain, bias))
    return lambda: function(x, gain, bias)


if __name__ == "__main__":
    torch.manual_seed(0)
    torch.set_num_threads(int(os.environ.get("BENCH_THREADS", "2")))
    measure(f"torch-{MODE}", {
        "resnet50_infer8": resnet50_infer8,
        "encoder_train": encoder_train,
        "encoder_infer": lambda: inference(Encoder(), torch.randn(1, 512, 768)),
        "encoder_train_bf16": lambda: encoder_train(mixed=True),
        "encoder_infer_bf16": lambda: inference(Encoder().bfloat16(), torch.randn(1, 512, 768).bfloat16()),
        "resnet50_infer8_bf16": lambda: resnet50_infer8(torch.bfloat16),
        "lstm_train": lstm_train,
        **{f"softmax_{name}": lambda shape=shape: softmax(shape) for name, shape in ROWS.items()},
        **{f"layer_norm_{name}": lambda shape=shape: layer_norm(shape) for name, shape in ROWS.items()},
    })
