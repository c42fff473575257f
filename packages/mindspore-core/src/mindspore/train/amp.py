"""Mixed precision: which layers and operators of a network compute in a low precision.

Parameters stay in Float32; what is computed in a low precision is cast where it is used. There are two mechanisms. A
Cell has a precision (`Cell.to_float`): its inputs and parameters are cast. And an operator has one while a network runs
that has a `Mixing` (`runtime.mixing`): its operands are cast when it is called. Both work in both modes, since a cast
is an operator like any other.

    level   what computes in the low precision
    O0      nothing
    O1      the layers and operators of the white list; their results are cast back to Float32
    O2      everything but the layers of the black list; the result of the network is cast back
    O3      everything; the result of the network is cast back
    auto    products, convolutions and attention; what loses digits (exponentials, sums, normalizations, losses)
            computes in Float32, everything else in the dtypes that come in
"""
from __future__ import annotations

import functools
from collections.abc import Callable, Iterable

from mindspore import nn
from mindspore.common.dtype import DType, bfloat16, float16, float32
from mindspore.graph.call import call_function
from mindspore.graph.trace import current_trace
from mindspore.nn.cell import Cell
from mindspore.nn.loss_scale import TrainOneStepWithLossScaleCell
from mindspore.nn.wrap import TrainOneStepCell, WithLossCell
from mindspore.ops import operations as P
from mindspore.ops.primitive import Primitive
from mindspore.runtime.mixing import Mixing, mixed
from mindspore.train._amp_levels import LEVEL_SETTINGS as _config_level  # noqa: F401 - programs ask for it here
from mindspore.train._amp_levels import OutputTo16 as _OutputTo16  # noqa: F401
from mindspore.train._amp_levels import OutputTo32 as _OutputTo32  # noqa: F401
from mindspore.train._amp_levels import add_loss_network as _add_loss_network  # noqa: F401
from mindspore.train._amp_levels import keep_batchnorm_fp32 as _do_keep_batchnorm_fp32  # noqa: F401
from mindspore.train._amp_levels import keep_cells_fp32 as _do_keep_cells_fp32  # noqa: F401
from mindspore.train.loss_scale_manager import DynamicLossScaleManager, LossScaleManager

__all__ = ["auto_mixed_precision", "build_train_network", "custom_mixed_precision", "get_black_list",
           "get_white_list"]

LEVELS = ("O0", "O1", "O2", "O3", "auto")
WHITE_LIST: list[type] = [
    nn.Conv1d, nn.Conv2d, nn.Conv3d, nn.Conv1dTranspose, nn.Conv2dTranspose, nn.Conv3dTranspose, nn.Dense,
    nn.LSTMCell, nn.RNNCell, nn.GRUCell, P.Conv2D, P.Conv2DTranspose, P.Conv2DBackpropInput, P.MatMul, P.BatchMatMul,
    P.PReLU, P.ReLU, P.Ger]
BLACK_LIST: list[type] = [nn.BatchNorm1d, nn.BatchNorm2d, nn.BatchNorm3d, nn.LayerNorm]

PRODUCTS = ("matmul", "conv2d", "conv2d_input_grad", "conv3d", "conv3d_input_grad", "scaled_dot_product_attention")
DELICATE = (
    "exp", "exp2", "expm1", "log", "log1p", "log2", "log10", "pow", "div", "rsqrt", "sqrt", "asin", "acos", "atan2",
    "cosh", "sinh", "tan", "erf", "erfc", "softplus", "log_sigmoid", "softmax", "log_softmax", "softmax_cross_entropy",
    "sparse_softmax_cross_entropy", "layer_norm", "rms_norm", "group_norm", "batch_norm_train", "batch_norm_infer",
    "sum", "prod", "cumsum")
_OF_CLASS = {P.MatMul: "matmul", P.BatchMatMul: "matmul", P.Conv2D: "conv2d", P.Conv2DTranspose: "conv2d_input_grad",
             P.Conv2DBackpropInput: "conv2d_input_grad"}


def get_white_list() -> list[type]:
    """The layers and operators that compute in the low precision at level O1, as a new list."""
    return list(WHITE_LIST)


def get_black_list() -> list[type]:
    """The layers that compute in Float32 at level O2, as a new list."""
    return list(BLACK_LIST)


def auto_mixed_precision(network, amp_level="O0", dtype=float16):
    """Let a network compute in mixed precision, as the module's table says.

    Args:
        network: the Cell, which is changed; precisions that were set before, by `to_float` too, are replaced, but for
            "auto", where a Cell with a `to_float` of its own keeps it. With "auto" it may be a function.
        amp_level: "O0", "O1", "O2", "O3" or "auto". dtype: the low precision, float16 or bfloat16.

    Returns:
        the network; for a function another one that calls it in mixed precision.

    Raises:
        TypeError: the network is no Cell, or a function and the level not "auto". ValueError: another level or dtype.
    """
    if amp_level not in LEVELS:
        raise ValueError(f"auto_mixed_precision: amp_level must be one of {', '.join(LEVELS)}, but got {amp_level!r}")
    if amp_level == "auto" and callable(network) and not isinstance(network, Cell):
        return _mixed_function(network, dtype)
    _check(network, dtype, "auto_mixed_precision")
    if amp_level == "O1":
        return _lower_listed(network, WHITE_LIST, dtype)
    if amp_level in ("O2", "O3"):
        return _lower_all_but(network, BLACK_LIST if amp_level == "O2" else (), dtype)
    if amp_level == "auto":
        return _mix_operators(network, dtype)
    _reset(network)
    return network


def custom_mixed_precision(network, *, white_list=None, black_list=None, dtype=float16):
    """Let a network compute in mixed precision by a list of one's own: the classes of a white list in the low
    precision (as at O1), or all but those of a black list (as at O2).

    Args:
        network: the Cell, which is changed. white_list, black_list: classes of layers and of operators
            (`ops.operations`), one of the two lists. dtype: the low precision, float16 or bfloat16.

    Raises:
        TypeError: the network is no Cell, an element is no such class. ValueError: both lists or none are given,
            another dtype.
    """
    _check(network, dtype, "custom_mixed_precision")
    if (white_list is None) == (black_list is None):
        raise ValueError("custom_mixed_precision: give either white_list or black_list")
    listed = white_list if black_list is None else black_list
    if not isinstance(listed, (list, tuple)) or not all(
            isinstance(c, type) and issubclass(c, (Cell, Primitive)) for c in listed):
        raise TypeError(f"custom_mixed_precision: a list must have classes of Cells or Primitives, but got {listed!r}")
    return _lower_listed(network, listed, dtype) if black_list is None else _lower_all_but(network, listed, dtype)


def _check(network, dtype, name: str) -> None:
    if not isinstance(network, Cell):
        raise TypeError(f"{name}: network must be a Cell, but got {type(network).__name__}")
    _check_dtype(dtype, name)


def _check_dtype(dtype, name: str) -> None:
    if dtype not in (float16, bfloat16):
        raise ValueError(f"{name}: dtype must be float16 or bfloat16, but got {dtype!r}")


def _reset(network: Cell) -> None:
    for _, cell in network.cells_and_names():
        if cell._converts:
            cell.set_precision()


def _mix_operators(network: Cell, dtype: DType) -> Cell:
    """Operators by the lists of level "auto"; a Cell with a precision of its own computes in that."""
    cells = [cell for _, cell in network.cells_and_names()]
    listed = any(cell._result_dtype is not None for cell in cells)  # a level has set the precisions, and not `to_float`
    for cell in cells:
        own = None if listed else cell._low_precision
        if cell._converts:
            cell.set_precision(own, None if own is None else Mixing(dtype))
    if network._low_precision is None:
        network.set_precision(mixing=Mixing(dtype, PRODUCTS, DELICATE))
    return network


def _mixed_function(fn: Callable, dtype: DType) -> Callable:
    """A function that calls `fn` with operators in the precisions of level "auto"."""
    _check_dtype(dtype, "auto_mixed_precision")
    mixing = Mixing(dtype, PRODUCTS, DELICATE)

    @functools.wraps(fn)
    def in_mixed_precision(*args, **kwargs):
        with mixed(mixing):
            return fn(*args, **kwargs) if current_trace() is None else call_function(fn, *args, **kwargs)

    return in_mixed_precision


def _primitives(classes: Iterable[type]) -> set[str]:
    return {_OF_CLASS[c] for c in classes if c in _OF_CLASS}


def _lower_listed(network: Cell, listed: Iterable[type], dtype: DType) -> Cell:
    """Layers and operators of the list in the low precision, their results in Float32."""
    layers = tuple(c for c in listed if issubclass(c, Cell))
    operators = [c for c in listed if issubclass(c, Primitive)]
    _reset(network)
    for _, cell in network.cells_and_names():
        if type(cell) in layers:
            cell.to_float(dtype)
            cell.set_precision(dtype, None, float32)
    if operators:
        mixing = Mixing(dtype, _primitives(operators), (), operators, (), back=True)
        network.set_precision(network._low_precision, mixing, network._result_dtype)
    return network


def _lower_all_but(network: Cell, listed: Iterable[type], dtype: DType) -> Cell:
    """Everything in the low precision but what is listed; the result in Float32."""
    layers = tuple(c for c in listed if issubclass(c, Cell))
    operators = [c for c in listed if issubclass(c, Primitive)]
    _reset(network)
    network.to_float(dtype)
    for _, cell in network.cells_and_names():
        if type(cell) in layers:
            cell.to_float(float32)
    mixing = Mixing(dtype, (), _primitives(operators), (), operators) if operators else None
    network.set_precision(network._low_precision, mixing, float32)
    return network


# -- training ----------------------------------------------------------------------------------------------------------

_KEYWORDS = ("cast_model_type", "keep_batchnorm_fp32", "loss_scale_manager")


def check_arguments(name: str, level, given: dict) -> dict:
    """What mixed precision of a training network is to be: level, `loss_scale_manager` and the other keywords.

    Raises:
        TypeError: an unknown keyword, a manager that is none. ValueError: an unknown level.
    """
    unknown = sorted(given.keys() - set(_KEYWORDS))
    if unknown:
        raise TypeError(f"{name}: there is no argument {unknown[0]!r}; those of mixed precision are "
                        f"{', '.join(_KEYWORDS)}")
    if level not in LEVELS:
        raise ValueError(f"{name}: the level must be one of {', '.join(LEVELS)}, but got {level!r}")
    manager = given.get("loss_scale_manager")
    if manager is not None and not isinstance(manager, LossScaleManager) and not hasattr(manager, "loss_scale_groups"):
        raise TypeError(f"{name}: loss_scale_manager must be a LossScaleManager or None, but got "
                        f"{type(manager).__name__}")
    if level == "O2" and "loss_scale_manager" not in given:
        given = {**given, "loss_scale_manager": DynamicLossScaleManager()}
    return given


def prepare(network: Cell, level: str, given: dict) -> Cell:
    """The network at an amp level; `cast_model_type` and `keep_batchnorm_fp32` take the place of the level's."""
    dtype = given.get("cast_model_type")
    if dtype is float32:
        auto_mixed_precision(network, "O0")
    elif dtype is not None or "keep_batchnorm_fp32" in given:
        keep = given.get("keep_batchnorm_fp32", level == "O2")
        auto_mixed_precision(network, "O2" if keep else "O3", float16 if dtype is None else dtype)
    elif level != "O0":
        auto_mixed_precision(network, level)
    return network


def build_train_network(network, optimizer, loss_fn=None, level="O0", boost_level="O0", **kwargs):
    """The Cell of a training step in mixed precision.

    Args:
        network: the Cell, whose output is the loss where there is no `loss_fn`. optimizer: an Optimizer.
        loss_fn: a Cell or a function (outputs, label) -> loss. level: as for `auto_mixed_precision`; "O2" scales the
            loss by a DynamicLossScaleManager. boost_level: "O1" and "O2" make a step of `mindspore.boost`, which
            does what `AutoBoost` says; the network and the optimizer are those that it gave.
        cast_model_type, keep_batchnorm_fp32, loss_scale_manager: take the place of the level's settings.

    Raises:
        TypeError, ValueError: arguments of wrong types, an unknown level or keyword.
    """
    if not isinstance(network, Cell):
        raise TypeError(f"build_train_network: network must be a Cell, but got {type(network).__name__}")
    if not hasattr(optimizer, "parameters"):
        raise TypeError(f"build_train_network: optimizer must be an Optimizer, but got {type(optimizer).__name__}")
    if boost_level not in ("O0", "O1", "O2"):
        raise ValueError(f"build_train_network: boost_level must be 'O0', 'O1' or 'O2', but got {boost_level!r}")
    given = check_arguments("build_train_network", level, kwargs)
    prepare(network, level, given)
    whole = network if loss_fn is None else WithLossCell(network, loss_fn)
    plain, scaled = TrainOneStepCell, TrainOneStepWithLossScaleCell
    if boost_level != "O0":
        from mindspore import boost
        plain, scaled = boost.BoostTrainOneStepCell, boost.BoostTrainOneStepWithLossScaleCell
    manager = given.get("loss_scale_manager")
    if manager is None:
        return plain(whole, optimizer, getattr(optimizer, "loss_scale", 1.0))
    cell = manager.get_update_cell()
    return plain(whole, optimizer, manager.get_loss_scale()) if cell is None else scaled(whole, optimizer, cell)
