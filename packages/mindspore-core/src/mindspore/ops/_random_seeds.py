"""Seeds of operator objects, as programs that make random operators themselves ask for them
(`mindspore.ops.function.random_func`)."""
from __future__ import annotations

from typing import Any

from mindspore.ops._operands import static_int

__all__: list[str] = []

generator_step_ = 12  # what programs hand to `Generator._step`


def _get_seed(op_seed: int | None, kernel_name: str) -> tuple[int, int]:
    """The two seeds of an operator for the seed that its caller gave: (0, 0), which takes the numbers from the default
    generator and so follows `set_seed`, for None; TypeError for what is no int."""
    return 0, 0 if op_seed is None else static_int(kernel_name, "seed", op_seed)


def _set_prim_op_user_data(prim: Any, key: str, value: Any) -> Any:
    """Keep an object with an operator; the operator."""
    prim.set_user_data(key, value)
    return prim
