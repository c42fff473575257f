"""`mindspore.run_check()`: whether the installation works, in one call."""
from __future__ import annotations

import numpy as np

__all__ = ["run_check"]


def run_check() -> None:
    """Multiply two matrices on the current device and differentiate the product, compare both with NumPy, and say so.

    Raises:
        RuntimeError: a result is wrong; the message says which. Errors of the device come as they are.
    """
    import mindspore
    from mindspore.runtime import device

    print(f"MindSpore version: {mindspore.__version__}")
    draw = np.random.default_rng(0)
    x, y = (draw.normal(size=shape).astype(np.float32) for shape in ((8, 5), (5, 3)))

    def product(a, b):
        return mindspore.ops.matmul(a, b)

    value, gradients = mindspore.value_and_grad(product, (0, 1))(mindspore.Tensor(x), mindspore.Tensor(y))
    ones = np.ones((8, 3), np.float32)
    expected = {"product": (value, x @ y), "gradient by the first matrix": (gradients[0], ones @ y.T),
                "gradient by the second matrix": (gradients[1], x.T @ ones)}
    for what, (found, right) in expected.items():
        if not np.allclose(found.asnumpy(), right, rtol=1e-3, atol=1e-4):
            error = np.abs(found.asnumpy() - right).max()
            raise RuntimeError(f"run_check: the {what} of two matrices is wrong on {device.target()}, served by the "
                               f"backend {device.backend_name()!r}; the largest error is {error}. `python -m mindspore "
                               f"doctor` looks for causes")
    print(f"The result of multiplication calculation is correct, MindSpore has been installed on platform "
          f"[{device.target()}] successfully!")
