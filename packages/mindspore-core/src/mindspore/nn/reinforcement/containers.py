"""Lists and queues of tensors that grow while a program runs, and copies of many Parameters at once.

What the containers hold are tensors of the program: gradients flow through what is written and read in one function.
A compiled function in which an index or a number of elements is known only at run time runs in PyNative mode.
"""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from mindspore.common import dtype as mstype
from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.nn.cell import Cell
from mindspore.ops.creation import zeros
from mindspore.ops.joining import stack
from mindspore.ops.replay import BatchAssign

__all__ = ["BatchRead", "BatchWrite", "TensorArray", "TensorsQueue"]


def _shape(name: str, shape: Any) -> tuple[int, ...]:
    found = (shape,) if isinstance(shape, int) else tuple(shape)
    if not all(isinstance(size, int) and not isinstance(size, bool) and size >= 0 for size in found):
        raise ValueError(f"For '{name}', a shape is made of ints of at least 0, but got {shape!r}.")
    return found


class _Container(Cell):
    """What both have: a dtype, a most number of elements (0 for any), the elements, and whether it is closed."""

    def __init__(self, dtype: DType, size: int, name: str):
        super().__init__()
        kind = type(self).__name__
        if not isinstance(dtype, DType):
            raise TypeError(f"For '{kind}', 'dtype' must be a dtype of MindSpore, but got {type(dtype).__name__}.")
        if isinstance(size, bool) or not isinstance(size, int):
            raise TypeError(f"For '{kind}', 'size' must be an int, but got {type(size).__name__}.")
        if size < 0:
            raise ValueError(f"For '{kind}', 'size' must be at least 0, but got {size}.")
        self.dtype, self.most, self.label = dtype, size, str(name)
        self.elements: list = []
        self.closed = False

    def _open(self, method: str) -> None:
        if self.closed:
            raise RuntimeError(f"For '{type(self).__name__}.{method}', {self.label!r} is closed; use clear() to empty "
                               f"it and go on.")

    def _tensor(self, method: str, value: Any, shape: tuple[int, ...]) -> Tensor:
        tensor = value if isinstance(value, Tensor) else Tensor(value, self.dtype)
        if tensor.dtype != self.dtype or tuple(tensor.shape) != shape:
            raise ValueError(f"For '{type(self).__name__}.{method}', an element of {self.label!r} is {self.dtype} of "
                             f"shape {shape}, but got {tensor.dtype} of shape {tuple(tensor.shape)}.")
        return tensor

    def size(self) -> Tensor:
        """How many elements there are, int64."""
        self._open("size")
        return Tensor(len(self.elements), mstype.int64)

    def clear(self) -> bool:
        """Remove all elements. True."""
        self._open("clear")
        self.elements.clear()
        return True

    def close(self) -> bool:
        """Remove all elements for good: other methods raise RuntimeError from here on. True."""
        self._open("close")
        self.elements.clear()
        self.closed = True
        return True


class TensorArray(_Container):
    """A list of tensors of one dtype and shape, written and read by index.

    Args:
        dtype: of the elements. element_shape: their shape. dynamic_size: whether it may grow without end.
        size: the most elements, if not. name: for messages.

    Raises:
        TypeError, ValueError: arguments of wrong types, or a negative size.
    """

    def __init__(self, dtype: DType, element_shape: Any, dynamic_size: bool = True, size: int = 0, name: str = "TA"):
        super().__init__(dtype, size, name)
        self.element_shape, self.dynamic_size = _shape("TensorArray", element_shape), bool(dynamic_size)

    def write(self, index: Any, value: Any) -> bool:
        """Set the element at `index`. Elements before it that were never written become zeros. True.

        Raises:
            ValueError: the value has another dtype or shape.
            IndexError: the index is negative, or not below the size of an array that does not grow.
        """
        self._open("write")
        at, tensor = int(index), self._tensor("write", value, self.element_shape)
        if at < 0 or not self.dynamic_size and at >= self.most:
            raise IndexError(f"For 'TensorArray.write', the index of {self.label!r} must be at least 0"
                             f"{'' if self.dynamic_size else f' and below {self.most}'}, but got {at}.")
        while len(self.elements) <= at:
            self.elements.append(zeros(self.element_shape, self.dtype))
        self.elements[at] = tensor
        return True

    def read(self, index: Any) -> Tensor:
        """The element at `index`; IndexError where there is none."""
        self._open("read")
        at = int(index)
        if not 0 <= at < len(self.elements):
            raise IndexError(f"For 'TensorArray.read', {self.label!r} has {len(self.elements)} elements, but the index "
                             f"is {at}.")
        return self.elements[at]

    def stack(self) -> Tensor:
        """All elements as one tensor. An array that does not grow gives `size` of them, zeros where none is written."""
        self._open("stack")
        missing = 0 if self.dynamic_size else self.most - len(self.elements)
        elements = [*self.elements, *[zeros(self.element_shape, self.dtype) for _ in range(missing)]]
        return stack(elements) if elements else zeros((0, *self.element_shape), self.dtype)


class TensorsQueue(_Container):
    """A queue whose elements are tuples of tensors of one dtype; the first that is put is the first that is got.

    Args:
        dtype: of all tensors. shapes: those of the tensors of an element. size: the most elements, 0 for any number.
        name: for messages.

    Raises:
        TypeError, ValueError: arguments of wrong types, no shapes, or a negative size.
    """

    def __init__(self, dtype: DType, shapes: Sequence, size: int = 0, name: str = "TQ"):
        super().__init__(dtype, size, name)
        self.shapes = [_shape("TensorsQueue", shape) for shape in shapes]
        if not self.shapes:
            raise ValueError("For 'TensorsQueue', 'shapes' must name the shape of at least one tensor.")

    def put(self, element: Sequence) -> bool:
        """Put an element at the end. True.

        Raises:
            ValueError: it has another number of tensors, or one has another dtype or shape.
            RuntimeError: the queue is full.
        """
        self._open("put")
        if len(element) != len(self.shapes):
            raise ValueError(f"For 'TensorsQueue.put', an element of {self.label!r} has {len(self.shapes)} tensors, "
                             f"but got {len(element)}.")
        if self.most and len(self.elements) >= self.most:
            raise RuntimeError(f"For 'TensorsQueue.put', {self.label!r} is full: it has {self.most} elements. Take one "
                               f"out by pop() first.")
        self.elements.append(tuple([self._tensor("put", x, shape) for x, shape in zip(element, self.shapes)]))
        return True

    def _first(self, method: str) -> tuple[Tensor, ...]:
        self._open(method)
        if not self.elements:
            raise RuntimeError(f"For 'TensorsQueue.{method}', {self.label!r} is empty.")
        return self.elements[0]

    def get(self) -> tuple[Tensor, ...]:
        """The first element, which stays; RuntimeError where there is none."""
        return self._first("get")

    def pop(self) -> tuple[Tensor, ...]:
        """The first element, which is taken out; RuntimeError where there is none."""
        first = self._first("pop")
        self.elements.pop(0)
        return first


class BatchWrite(Cell):
    """`BatchWrite()(dst, src)`: gives Parameters the values of others, one by one. True.

    Raises:
        ValueError: their numbers, shapes or dtypes differ.
    """

    def __init__(self):
        super().__init__()
        self.write = BatchAssign(lock=True)

    def construct(self, dst, src):
        """Copy `src` into `dst`."""
        self.write(dst, src)
        return True


class BatchRead(Cell):
    """`BatchRead()(dst, src)`: as `BatchWrite`, where a learner's weights are fetched.

    Raises:
        ValueError: their numbers, shapes or dtypes differ.
    """

    def __init__(self):
        super().__init__()
        self.read = BatchAssign(lock=False)

    def construct(self, dst, src):
        """Copy `src` into `dst`."""
        self.read(dst, src)
        return True
