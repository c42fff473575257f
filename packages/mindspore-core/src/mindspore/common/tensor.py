"""Tensor: an n-dimensional array of one dtype.

A tensor is a handle. Its value is a storage (possibly not yet computed) or, while a function is being compiled, a node
of the graph. The operator methods are attached by `mindspore.ops`, so that the operators' rules stand in one place;
here are creation, conversion and printing.
"""
from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType, as_dtype
from mindspore.common.tensor_text import values_text
from mindspore.compiler.ir import tensor_aval
from mindspore.graph.trace import Traced, refuse_without_source, storage_of
from mindspore.runtime import record
from mindspore.runtime.storage import Storage, from_numpy

if TYPE_CHECKING:
    from mindspore.common.tensor_attached import Attached as _Attached
    from mindspore.graph.dynamic import Placeholder
else:
    _Attached = object  # what type checkers see as inherited, mindspore.common.tensor_attached attaches

__all__ = ["Tensor", "tensor"]


class RowIterator:
    """An iterator over the rows of a tensor; `place` is that of the next one."""

    __slots__ = ("place", "tensor")

    def __init__(self, tensor: Tensor) -> None:
        self.tensor, self.place = tensor, 0

    def __iter__(self) -> RowIterator:
        return self

    def __next__(self) -> Tensor:
        if self.place >= self.tensor.shape[0]:
            raise StopIteration
        self.place += 1
        return self.tensor[self.place - 1]


class Tensor(_Attached):
    """A tensor from data, or of a shape and dtype.

    Args:
        input_data: a number, a (nested) list or tuple of numbers, a NumPy array, or a Tensor; copied.
        dtype: element type; by default int -> Int64, float -> Float32, bool -> Bool, complex -> Complex128, and the
            array's own dtype for NumPy arrays.
        shape: with `dtype` and without data: the shape of a tensor of zeros (or of what `init` says). Both may stand
            in this order in place of the first two arguments, `Tensor(mindspore.int32, (2, 3))`.
        init: an initializer or its name, for `shape`.
        const_arg: whether it is a constant where it is an argument of a compiled function.

    Raises:
        TypeError: the data are not numbers, or `dtype` is not a dtype.
        ValueError: `shape` is missing or does not fit.
    """

    __slots__ = ("_value", "_shared", "_hooks", "__weakref__", "__dict__")
    __array_priority__ = 1000

    def __init__(self, input_data=None, dtype=None, shape=None, init=None, const_arg=False, device=None):
        self._shared: Any = None  # what it has in common with its views (`tensor_views`)
        if const_arg:
            self.set_const_arg()
        if type(input_data) is DType and isinstance(dtype, (tuple, list)):
            input_data, dtype, shape = None, input_data, dtype
        dtype = None if dtype is None else as_dtype(dtype)
        if input_data is None:
            self._value = _from_shape(shape, dtype, init)
            return
        if shape is not None and init is None:
            raise ValueError("Tensor: give either input_data, or shape and dtype; both were given")
        if isinstance(input_data, Tensor):
            self._value = input_data._value if dtype in (None, input_data.dtype) else input_data.astype(dtype)._value
            return
        array = _to_array(input_data, dtype)
        trace = record._stack.trace
        if trace is not None and array.nbytes <= 1024:
            self._value = Traced(trace, trace.builder.constant(array))
        else:
            self._value = from_numpy(array)

    # -- what it is --------------------------------------------------------------------------------------------------

    @property
    def shape(self) -> tuple:
        """The sizes of the dimensions."""
        return self._value.aval.shape

    @property
    def dtype(self) -> DType:
        """The element type."""
        return self._value.aval.dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions."""
        return self._value.aval.ndim

    @property
    def size(self) -> int:
        """The number of elements."""
        return self._value.aval.size

    @property
    def itemsize(self) -> int:
        """Bytes of one element."""
        return self._value.aval.dtype.itemsize

    @property
    def nbytes(self) -> int:
        """Bytes of all elements."""
        return self._value.aval.nbytes

    # -- its value ---------------------------------------------------------------------------------------------------

    def asnumpy(self) -> np.ndarray:
        """The value as a NumPy array of the same shape and dtype. It may share memory with the tensor; the tensor is
        never changed by writes of the framework into that memory."""
        return storage_of(self, "array").to_numpy(share=True)

    def numpy(self) -> np.ndarray:
        """Alias of `asnumpy`."""
        return self.asnumpy()

    def __array__(self, dtype=None, copy=None) -> np.ndarray:
        array = self.asnumpy()
        return array.astype(dtype) if dtype is not None and dtype != array.dtype else array.copy() if copy else array

    def __array_function__(self, func, types, args, kwargs):
        """A function of NumPy on tensors. Those that NumPy would hand on to methods of the same name, whose arguments
        are others here, compute with arrays."""
        if func in _HANDED_ON:
            args = tuple([a.asnumpy() if isinstance(a, Tensor) else a for a in args])
            kwargs = {name: a.asnumpy() if isinstance(a, Tensor) else a for name, a in kwargs.items()}
        return func._implementation(*args, **kwargs)

    def item(self, index=None):
        """One element as a Python number; `index` picks it from a larger tensor."""
        array = storage_of(self, "number").to_numpy()
        if index is not None:
            return array.item(index)
        if array.size != 1:
            raise ValueError(f"item: the tensor has shape {self.shape}; only a tensor of one element is a number")
        return array.item()

    def tolist(self):
        """Nested Python lists of Python numbers."""
        return storage_of(self, "array").to_numpy().tolist()

    def __bool__(self) -> bool:
        if self.size != 1:
            raise ValueError(f"the truth value of a tensor of shape {self.shape} is ambiguous: use .any() or .all()")
        refuse_without_source(self)
        return bool(storage_of(self, "bool").to_numpy().item())

    def __int__(self) -> int:
        return int(self.item())

    def __float__(self) -> float:
        return float(self.item())

    def __complex__(self) -> complex:
        return complex(self.item())

    def __index__(self) -> int:
        if self.dtype.kind not in "iub":
            raise TypeError(f"only an integer or Bool tensor of one element is an index, got {self.dtype} of shape "
                            f"{self.shape}")
        return int(storage_of(self, "index").to_numpy().item())

    def __len__(self) -> int:
        if not self.shape:
            raise TypeError("len: a tensor of 0 dimensions has no length")
        return self.shape[0]

    def __iter__(self):
        if not self.shape:
            raise TypeError("a tensor of 0 dimensions cannot be iterated over")
        return RowIterator(self)

    def __hash__(self) -> int:
        return id(self)

    def __format__(self, spec: str) -> str:
        return format(self.item(), spec) if spec and self.size == 1 else format(str(self), spec)

    def __repr__(self) -> str:
        if type(self._value) is Traced:
            return f"Tensor(shape={list(self.shape)}, dtype={self.dtype}, value= <known at run time>)"
        if any(size < 0 for size in self.shape):  # it describes other tensors
            return f"Tensor(shape={list(self.shape)}, dtype={self.dtype}, value= )"
        text = values_text(storage_of(self).to_numpy())
        start = "\n" if len(self.shape) > 1 else " "
        return f"Tensor(shape={list(self.shape)}, dtype={self.dtype}, value={start}{text})"

    def __str__(self) -> str:
        if type(self._value) is Traced or any(size < 0 for size in self.shape):
            return repr(self)
        return str(_printable(self))

    # -- hooks on gradients ------------------------------------------------------------------------------------------

    def register_hook(self, hook: Callable) -> Any:
        """Let `hook(gradient)` see the gradient by this tensor whenever one is computed; what it returns, if it is not
        None, takes the gradient's place.

        The hook sees the whole gradient, the sum over all uses of the tensor. The hooks of one tensor run in the order
        of their registration, each on what the one before it gave. Of a Parameter or another tensor from outside the
        hooks are kept until they are removed; those on a value inside of a function last as long as the value.

        Returns:
            a handle whose `remove()` takes the hook off again; in a compiled function, where every call registers the
            hook anew, the tensor itself.

        Raises:
            TypeError: `hook` cannot be called. GraphCompileError: in a compiled function, on a tensor from outside, or
            after the tensor was used.
        """
        from mindspore.graph.hooks import register_hook
        return register_hook(self, hook)

    def hooks(self) -> list:
        """The hooks of this tensor, in the order of their registration."""
        from mindspore.graph.hooks import hooks_of
        return [hook for _, hook in hooks_of(self)]

    @staticmethod
    def remove_hook(handle: Any) -> None:
        """Take off the hook of which `register_hook` returned the handle."""
        from mindspore.graph.hooks import remove_hook
        remove_hook(handle)

    # -- copies ------------------------------------------------------------------------------------------------------

    def __deepcopy__(self, memodict):
        return record.present(self)

    def __copy__(self):
        return record.present(self)

    def __reduce__(self):
        return (_unpickle, (storage_of(self).to_numpy(), self.dtype))

    def __getstate__(self) -> dict:
        return {"value": storage_of(self).to_numpy(), "dtype": self.dtype}

    def __setstate__(self, state: dict) -> None:
        self._shared = None
        self._value = Tensor(state["value"], state["dtype"])._value

    def flush_from_cache(self) -> None:
        """Compute the value now."""
        storage_of(self).materialize()

    @staticmethod
    def from_numpy(array: np.ndarray) -> Tensor:
        """A tensor that shares the array's memory until a device needs the value elsewhere.

        Raises:
            TypeError: `array` is not a NumPy array.
        """
        if not isinstance(array, np.ndarray):
            raise TypeError(f"from_numpy: expected a numpy.ndarray, got {type(array).__name__}")
        return record.wrap(from_numpy(np.ascontiguousarray(array).reshape(array.shape)))


record._tensor_class.append(Tensor)


def tensor(input_data=None, dtype=None, shape=None, init=None, const_arg=False, device=None) -> Tensor:
    """A Tensor; see `Tensor`."""
    return Tensor(input_data, dtype, shape, init, const_arg, device)


def _unpickle(array: np.ndarray, dtype: DType) -> Tensor:
    return Tensor(array, dtype)


def _printable(value: Tensor) -> np.ndarray:
    array = storage_of(value).to_numpy()
    return array.astype(np.float32) if value.dtype is mstype.bfloat16 else array


_HANDED_ON = {np.sum, np.prod, np.amax, np.amin, np.max, np.min, np.all, np.any, np.mean, np.std, np.var}


def _to_array(data, dtype: DType | None) -> np.ndarray:
    """Numbers as a fresh contiguous array of the dtype that the rules of `Tensor` give."""
    if isinstance(data, np.ndarray | np.generic):
        array = np.array(data, order="C")
        if array.dtype.kind in "OSUMm":
            raise TypeError(f"Tensor: a NumPy array of dtype {array.dtype} holds no numbers")
        array = array.astype(array.dtype.newbyteorder("="), copy=False)
        return array if dtype is None else array.astype(dtype.np, copy=False)
    if isinstance(data, list | tuple):
        data = _plain(data)
    elif not isinstance(data, bool | int | float | complex):
        raise TypeError(f"Tensor: input_data must be a number, a list or tuple of numbers, a numpy.ndarray or a "
                        f"Tensor, but got {type(data).__name__}: {data!r}")
    try:
        array = np.asarray(data)
    except ValueError as error:
        raise TypeError(f"Tensor: the nested list is ragged: {error}") from error
    except OverflowError as error:
        raise RuntimeError(f"Tensor: {data!r} does not fit in 64 bits; give floats, or smaller numbers") from error
    if array.dtype.kind in "OSU":
        if array.dtype.kind == "O" and all(isinstance(x, bool | int | float | complex) for x in array.flat):
            raise RuntimeError(f"Tensor: {data!r} does not fit in 64 bits; give floats, or smaller numbers")
        raise TypeError(f"Tensor: the list holds something that is not a number: {data!r}")
    if dtype is not None:
        return np.array(array.astype(dtype.np), order="C")
    default = {"b": np.bool_, "i": np.int64, "u": np.int64, "f": np.float32, "c": np.complex128}[array.dtype.kind]
    return np.array(array.astype(default), order="C")


def _plain(data):
    """Nested lists in which tensors are replaced by their values."""
    return [_plain(d) if isinstance(d, list | tuple) else d.tolist() if isinstance(d, Tensor) else d for d in data]


def _from_shape(shape, dtype: DType | None, init) -> Storage | Placeholder:
    if shape is None and dtype is None:
        raise TypeError("Tensor: input_data must be a number, a list or tuple of numbers, a numpy.ndarray or a Tensor, "
                        "or shape and dtype must be given; but got None")
    from mindspore.graph import dynamic
    if dtype is not None and init is None and (shape is None or dynamic.is_dynamic_shape(shape)):
        return dynamic.placeholder(shape, dtype)
    if shape is None or dtype is None:
        raise ValueError("Tensor: without input_data both shape and dtype are needed, "
                         f"got shape={shape} and dtype={dtype}")
    shape = (shape,) if isinstance(shape, int) else tuple(int(d) for d in shape)
    if init is not None:
        from mindspore.common.initializer import initializer
        return initializer(init, shape, dtype)._value
    return Storage(tensor_aval(shape, dtype), host=np.zeros(shape, dtype.np))
