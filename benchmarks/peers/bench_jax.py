"""The workloads of JAX's side which its other script does not have: `bench_jax.py WORK,...`. All are jitted."""

from __future__ import annotations

import functools
from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from clock import measure

ROWS = {"tall": (4096, 64), "square": (1024, 1024), "wide": (64, 32768)}
WIDTH, HEADS, LAYERS = 768, 12, 12
rng = np.random.default_rng(0)


def normal(*shape: int, scale: float = 1.0) -> jax.Array:
    return jnp.asarray(rng.standard_normal(shape).astype(np.float32) * scale)


def linear(inputs: int, outputs: int) -> dict:
    return {"w": normal(inputs, outputs, scale=inputs**-0.5), "b": jnp.zeros(outputs)}


def cross_entropy(answers: jax.Array, labels: jax.Array) -> jax.Array:
    return -jnp.mean(jnp.take_along_axis(jax.nn.log_softmax(answers), labels[:, None], 1))


def norm(p: dict, x: jax.Array) -> jax.Array:
    mean = x.mean(-1, keepdims=True)
    variance = ((x - mean) ** 2).mean(-1, keepdims=True)
    return (x - mean) * jax.lax.rsqrt(variance + 1e-5) * p["gain"] + p["bias"]


def apply(p: dict, x: jax.Array) -> jax.Array:
    return x @ p["w"] + p["b"]


# -- the encoder -------------------------------------------------------------------------------------------------------


def encoder_weights() -> dict:
    def unit() -> dict:
        return {"gain": jnp.ones(WIDTH), "bias": jnp.zeros(WIDTH)}

    blocks = [{"attend": linear(WIDTH, 3 * WIDTH), "join": linear(WIDTH, WIDTH), "widen": linear(WIDTH, 4 * WIDTH),
               "narrow": linear(4 * WIDTH, WIDTH), "norm1": unit(), "norm2": unit()} for _ in range(LAYERS)]
    return {"blocks": blocks, "head": linear(WIDTH, 2)}


def encoder(p: dict, x: jax.Array) -> jax.Array:
    batch, tokens, _ = x.shape
    for block in p["blocks"]:
        parts = apply(block["attend"], x).reshape(batch, tokens, 3, HEADS, WIDTH // HEADS)
        query, key, value = parts.transpose(2, 0, 3, 1, 4)
        scores = jax.nn.softmax(query @ key.swapaxes(-1, -2) * (WIDTH // HEADS) ** -0.5, -1)
        seen = (scores @ value).transpose(0, 2, 1, 3).reshape(batch, tokens, WIDTH)
        x = norm(block["norm1"], x + apply(block["join"], seen))
        x = norm(block["norm2"], x + apply(block["narrow"], jax.nn.gelu(apply(block["widen"], x), approximate=False)))
    return apply(p["head"], x[:, 0])


# -- the LSTM ----------------------------------------------------------------------------------------------------------


def lstm_weights() -> dict:
    return {"layers": [{"x": linear(inputs, 1024), "h": linear(256, 1024)} for inputs in (128, 256)],
            "head": linear(256, 10)}


def lstm(p: dict, x: jax.Array) -> jax.Array:
    x = x.swapaxes(0, 1)
    for layer in p["layers"]:
        def step(state: tuple, gates: jax.Array, layer: dict = layer) -> tuple:
            h, c = state
            i, f, g, o = jnp.split(gates + apply(layer["h"], h), 4, -1)
            c = jax.nn.sigmoid(f) * c + jax.nn.sigmoid(i) * jnp.tanh(g)
            h = jax.nn.sigmoid(o) * jnp.tanh(c)
            return (h, c), h

        zeros = jnp.zeros((x.shape[1], 256))
        x = jax.lax.scan(step, (zeros, zeros), apply(layer["x"], x))[1]
    return apply(p["head"], x[-1])


# -- ResNet-50 ---------------------------------------------------------------------------------------------------------


def convolution(inputs: int, outputs: int, size: int) -> dict:
    return {"w": normal(size, size, inputs, outputs, scale=(size * size * inputs) ** -0.5), "gain": jnp.ones(outputs),
            "bias": jnp.zeros(outputs)}


def convolved(p: dict, x: jax.Array, stride: int = 1) -> jax.Array:
    edge = (p["w"].shape[0] - 1) // 2
    x = jax.lax.conv_general_dilated(x, p["w"], (stride, stride), [(edge, edge)] * 2,
                                     dimension_numbers=("NHWC", "HWIO", "NHWC"))
    return x * p["gain"] + p["bias"]


def resnet_weights() -> tuple[dict, list[int]]:
    blocks, strides, inputs = [], [], 64
    for middle, count, stride in ((64, 3, 1), (128, 4, 2), (256, 6, 2), (512, 3, 2)):
        for k in range(count):
            way = [convolution(inputs, middle, 1), convolution(middle, middle, 3), convolution(middle, 4 * middle, 1)]
            blocks.append({"way": way, **({} if k else {"around": convolution(inputs, 4 * middle, 1)})})
            strides.append(1 if k else stride)
            inputs = 4 * middle
    return {"first": convolution(3, 64, 7), "blocks": blocks, "head": linear(2048, 1000)}, strides


def resnet(p: dict, x: jax.Array, strides: list[int]) -> jax.Array:
    x = jax.nn.relu(convolved(p["first"], x, 2))
    x = jax.lax.reduce_window(x, -jnp.inf, jax.lax.max, (1, 3, 3, 1), (1, 2, 2, 1), [(0, 0), (1, 1), (1, 1), (0, 0)])
    for block, stride in zip(p["blocks"], strides):
        y = jax.nn.relu(convolved(block["way"][0], x))
        y = jax.nn.relu(convolved(block["way"][1], y, stride))
        around = convolved(block["around"], x, stride) if "around" in block else x
        x = jax.nn.relu(convolved(block["way"][2], y) + around)
    return apply(p["head"], x.mean((1, 2)))


# -- steps -------------------------------------------------------------------------------------------------------------


def calling(function: Callable, *operands: object) -> Callable[[], object]:
    compiled = jax.jit(function)
    return lambda: jax.block_until_ready(compiled(*operands))


def training(net: Callable, weights: dict, update: Callable, states: int, x: jax.Array, labels: jax.Array
             ) -> Callable[[], object]:
    """Steps of an optimizer; `update(gradient, weight, *state)` gives a weight and its new state."""
    held = [weights, *[jax.tree.map(jnp.zeros_like, weights) for _ in range(states)]]

    @functools.partial(jax.jit, donate_argnums=tuple(range(1 + states)))
    def step(*held: dict) -> tuple:
        loss, gradients = jax.value_and_grad(lambda p: cross_entropy(net(p, x), labels))(held[0])
        leaves, spec = jax.tree.flatten(gradients)
        found = [update(*each) for each in zip(leaves, *[jax.tree.leaves(part) for part in held])]
        return loss, *[jax.tree.unflatten(spec, part) for part in zip(*found)]

    def run() -> object:
        loss, *held[:] = step(*held)
        return jax.block_until_ready((loss, held))

    return run


def momentum(gradient: jax.Array, weight: jax.Array, velocity: jax.Array) -> tuple:
    velocity = 0.9 * velocity + gradient
    return weight - 0.01 * velocity, velocity


def adam(gradient: jax.Array, weight: jax.Array, first: jax.Array, second: jax.Array) -> tuple:
    first, second = 0.9 * first + 0.1 * gradient, 0.999 * second + 0.001 * gradient * gradient
    return weight - 1e-4 * (first / (jnp.sqrt(second) + 1e-8) + 0.01 * weight), first, second


def resnet50_infer8(changed: Callable = lambda tree: tree) -> Callable[[], object]:
    weights, strides = resnet_weights()
    return calling(lambda p, x: resnet(p, x, strides), changed(weights), changed(normal(8, 224, 224, 3)))


def lower(tree: object) -> object:
    """All numbers of a tree in bfloat16."""
    return jax.tree.map(lambda x: x.astype(jnp.bfloat16), tree)


def layer_norm(shape: tuple[int, int]) -> Callable[[], object]:
    return calling(norm, {"gain": normal(shape[1]), "bias": normal(shape[1])}, normal(*shape))


if __name__ == "__main__":
    measure("jax", {
        "resnet50_infer8": resnet50_infer8,
        "encoder_train": lambda: training(encoder, encoder_weights(), adam, 2, normal(1, 512, WIDTH),
                                          jnp.zeros(1, int)),
        "encoder_infer": lambda: calling(encoder, encoder_weights(), normal(1, 512, WIDTH)),
        "encoder_train_bf16": lambda: training(lambda p, x: encoder(lower(p), lower(x)).astype(jnp.float32),
                                               encoder_weights(), adam, 2, normal(1, 512, WIDTH), jnp.zeros(1, int)),
        "encoder_infer_bf16": lambda: calling(encoder, lower(encoder_weights()), lower(normal(1, 512, WIDTH))),
        "resnet50_infer8_bf16": lambda: resnet50_infer8(lower),
        "lstm_train": lambda: training(lstm, lstm_weights(), momentum, 1, normal(32, 100, 128),
                                       jnp.asarray(rng.integers(0, 10, 32))),
        **{f"softmax_{name}": lambda shape=shape: calling(lambda x: jax.nn.softmax(x, -1), normal(*shape))
           for name, shape in ROWS.items()},
        **{f"layer_norm_{name}": lambda shape=shape: layer_norm(shape) for name, shape in ROWS.items()},
    })
