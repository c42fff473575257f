"""GraphCell: a network that is a loaded graph."""
from __future__ import annotations

from typing import Any

from mindspore.common.dtype import np_dtype_to_dtype
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph import tree
from mindspore.graph.trace import current_trace
from mindspore.nn.cell import Cell

__all__ = ["GraphCell"]


class GraphCell(Cell):
    """Runs a graph that `mindspore.load` has read from a `.mindir` file.

    The graph is compiled for the shapes of its inputs when it is called, in both modes. Its weights are parameters of
    the cell, under the names that they had in checkpoints.

    Args:
        graph: what `load` returned.
        params_init: other values for weights, Tensors or Parameters by name; None for those in the file.
        obf_random_seed: must be None.

    Inputs:
        one Tensor for each input of the graph, of its dtype and shape, where -1 stands for any size; or what the
            network was called with, in whose lists, tuples and dicts the Tensors stand in this order.

    Outputs:
        Tensor, or a tuple.

    Raises:
        TypeError: `graph` does not come from `load`, or an input is no Tensor.
        ValueError: a name in `params_init` is unknown or its value has another shape, an input does not fit, or the
            graph holds an operator that is not known.
    """

    def __init__(self, graph: Any, params_init: dict | None = None, obf_random_seed: int | None = None):
        super().__init__()
        from mindspore.formats.mindir_read import Model
        if not isinstance(graph, Model):
            raise TypeError(f"For 'GraphCell', 'graph' must be what mindspore.load returns, but got "
                            f"{type(graph).__name__}.")
        if obf_random_seed is not None:
            raise ValueError("For 'GraphCell', 'obf_random_seed' must be None: obfuscated models are not supported.")
        self._model = graph
        self._arrays: dict[str, Tensor] = {}
        for name, value in graph.parameters.values():
            if name in self._params:
                raise ValueError(f"For 'GraphCell', two weights of '{graph.name}' are called {name!r}.")
            self.insert_param_to_cell(name, Parameter(Tensor(value), name=name), check_name_contain_dot=False)
        self._replace(params_init)

    def _replace(self, values: dict | None) -> None:
        if values is not None and not isinstance(values, dict):
            raise TypeError(f"For 'GraphCell', 'params_init' must be a dict, but got {type(values).__name__}.")
        for name, value in (values or {}).items():
            known = self._params.get(name)
            if known is None or not isinstance(value, Tensor):
                raise ValueError(f"For 'GraphCell', 'params_init' must map names of weights to Tensors, but got "
                                 f"{name!r}: {type(value).__name__}. The weights are {', '.join(self._params)}.")
            if value.shape != known.shape or value.dtype is not known.dtype:
                raise ValueError(f"For 'GraphCell', 'params_init' gives {name!r} the shape {value.shape} and "
                                 f"{value.dtype}, expected {known.shape} and {known.dtype}.")
            known.set_data(Tensor(value.asnumpy()))

    def construct(self, *inputs: Any) -> Any:
        found: list[Tensor] = []
        tree.flatten(inputs, found)
        inputs = tuple(found) if any(isinstance(value, (list, tuple, dict)) for value in inputs) else inputs
        if current_trace() is None:
            compiled = self.__dict__.get("_compiled") or self._compiled_construct()
            return compiled(*inputs)
        from mindspore.formats.mindir_run import Evaluation
        self._check(inputs)
        parameters = {key: self._params[name] for key, (name, _) in self._model.parameters.items()}
        return Evaluation(self._model, parameters, self._arrays).result(inputs)

    def _check(self, inputs: tuple) -> None:
        """The inputs are as the file says."""
        declared = self._model.top.inputs
        if len(inputs) != len(declared):
            raise ValueError(f"For 'GraphCell', '{self._model.name}' takes {len(declared)} inputs, but got "
                             f"{len(inputs)}.")
        for value, known in zip(inputs, declared):
            if not isinstance(value, Tensor):
                raise TypeError(f"For 'GraphCell', input '{known.name}' must be a Tensor, but got "
                                f"{type(value).__name__}.")
            if known.dtype is None:
                continue
            dtype = np_dtype_to_dtype(known.dtype)
            fits = len(value.shape) == len(known.shape) and all(d in (-1, n) for d, n in zip(known.shape, value.shape))
            if value.dtype is not dtype or not fits:
                raise ValueError(f"For 'GraphCell', input '{known.name}' must be of {dtype} and shape {known.shape} "
                                 f"(-1: any size), but got {value.dtype} and {value.shape}.")
