"""Sparse tensors: the elements that are stored, and where they stand.

`COOTensor` holds a coordinate for each value, `CSRTensor` (of matrices) the column of each value and where the rows
begin, `RowTensor` whole rows of a tensor and their numbers. They are named tuples of tensors and a shape. So they are
values in both modes: a compiled function takes, makes and returns them, branches and loops carry them, and gradients
by their values are gradients by tensors. What is computed with them stands in `mindspore.ops.sparse`.

Places may be stored twice, in any order, in a COOTensor: their values add up. In a CSRTensor the values of a row stand
one after the other, the rows in order. Nothing is checked that depends on the values of indices.
"""
from __future__ import annotations

from types import ModuleType
from typing import Any, NoReturn

from mindspore.common.dtype import DType
from mindspore.common.tensor import Tensor
from mindspore.compiler.ir.dims import Dim

__all__ = ["COOTensor", "CSRTensor", "RowTensor", "SparseTensor"]


def _ops() -> ModuleType:
    from mindspore.ops import sparse
    return sparse


def _shape_of(name: str, shape: Any) -> tuple[int, ...]:
    if not isinstance(shape, (tuple, list)) or not all(isinstance(d, (int, Dim)) for d in shape):
        raise TypeError(f"{name}: shape must be a tuple of ints, but got {type(shape).__name__}: {shape!r}")
    return tuple(shape)


def _parts(name: str, given: dict[str, Any]) -> None:
    for what, value in given.items():
        if not isinstance(value, Tensor):
            raise TypeError(f"{name}: {what} must be a Tensor, but got {type(value).__name__}")
        if what != "values" and not value.dtype.is_integer:
            raise TypeError(f"{name}: {what} is {value.dtype}; expected an integer dtype")


class _Sparse(tuple):
    """What the kinds of sparse tensors share. `_fields` names the parts, the last of which is the shape; `_fixed` those
    that a loop does not change."""

    __slots__ = ()
    _fields: tuple[str, ...] = ()
    _fixed = ("shape",)

    def __getnewargs__(self) -> tuple:
        return tuple(self)

    def __repr__(self) -> str:
        parts = ", ".join(f"{name}={value!r}" for name, value in zip(self._fields, self.to_tuple()) if name != "shape")
        return f"{type(self).__name__}(shape={list(self.shape)}, dtype={self.dtype}, {parts})"

    __str__ = __repr__
    __hash__ = object.__hash__

    def __eq__(self, other: object) -> bool:
        return self is other

    def __ne__(self, other: object) -> bool:
        return self is not other

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of the whole tensor."""
        return self[-1]

    @property
    def values(self) -> Tensor:
        """The stored elements."""
        return self[-2]

    @property
    def dtype(self) -> DType:
        """The dtype of the elements."""
        return self.values.dtype

    @property
    def ndim(self) -> int:
        """The number of axes."""
        return len(self.shape)

    @property
    def size(self) -> int:
        """How many elements are stored."""
        return self.values.size

    @property
    def itemsize(self) -> int:
        """The bytes of one element."""
        return self.dtype.np.itemsize

    def to_tuple(self) -> tuple:
        """The parts in order."""
        return tuple(self)

    def _with_values(self, values: Tensor) -> Any:
        """The same places with other values."""
        return type(self)(*self[:-2], values, self[-1])  # type: ignore[call-arg]

    def astype(self, dtype: DType) -> Any:
        """The elements in another dtype."""
        return self._with_values(self.values.astype(dtype))

    def abs(self) -> Any:
        """The absolute values of the elements."""
        return self._with_values(self.values.abs())

    def to_dense(self) -> Tensor:
        """The whole tensor, with zeros where nothing is stored."""
        return _ops().to_dense(self)

    def __neg__(self) -> Any:
        return self._with_values(-self.values)

    def __mul__(self, other: Any) -> Any:
        return _ops().times(self, other)

    def __truediv__(self, other: Any) -> Any:
        return _ops().divided(self, other)

    __div__ = __truediv__

    def __rmul__(self, other: Any) -> Any:
        return _ops().times(self, other)


class COOTensor(_Sparse):
    """A sparse tensor of coordinates.

    Args:
        indices: integers (count, axes), one coordinate a row. values: (count,). shape: the shape of the whole tensor.
        coo_tensor: a COOTensor to take over, in place of the three.

    Raises:
        TypeError: a part of a wrong type. ValueError: parts that do not fit.
    """

    __slots__ = ()
    _fields = ("indices", "values", "shape")

    def __new__(cls, indices=None, values=None, shape=None, coo_tensor=None):
        if coo_tensor is not None:
            if not isinstance(coo_tensor, COOTensor) or indices is not None or values is not None or shape is not None:
                raise TypeError(f"COOTensor: coo_tensor must be a COOTensor and the only argument, but got "
                                f"{type(coo_tensor).__name__}")
            return tuple.__new__(cls, coo_tensor)
        sizes = _shape_of("COOTensor", shape)
        _parts("COOTensor", {"indices": indices, "values": values})
        if indices.ndim != 2 or values.ndim != 1 or indices.shape != (values.shape[0], len(sizes)):
            raise ValueError(f"COOTensor: indices have shape {indices.shape} and values {values.shape} for the shape "
                             f"{sizes}; expected (count, {len(sizes)}) and (count,)")
        return tuple.__new__(cls, (indices, values, sizes))

    @property
    def indices(self) -> Tensor:
        """The coordinates, one a row."""
        return self[0]

    def coalesce(self) -> COOTensor:
        """The places in row-major order, the values of equal ones added up. The indices must be known."""
        return _ops().coalesced(self)

    def to_csr(self) -> CSRTensor:
        """The matrix as a CSRTensor."""
        return _ops().coo_to_csr(self)

    def add(self, other: COOTensor, thresh: Any) -> COOTensor:
        """The sum of two sparse tensors, without elements whose absolute value is below `thresh`; see `coo_add`."""
        return _ops().coo_add(self, other, thresh)

    def __add__(self, other: Any) -> Any:
        return _ops().coo_plus(self, other)

    def __radd__(self, other: Any) -> Any:
        return _ops().coo_plus(self, other)

    def __sub__(self, other: Any) -> Any:
        return _ops().coo_plus(self, -other)

    def __rsub__(self, other: Any) -> Any:
        return _ops().coo_plus(-self, other)


class CSRTensor(_Sparse):
    """A sparse matrix of rows: the values of row i and their columns stand at the places indptr[i] .. indptr[i + 1].

    Args:
        indptr: integers (rows + 1,). indices: integers (count,), the columns. values: (count, ...), with further axes
            where the elements of the matrix are tensors. shape: (rows, columns, ...).
        csr_tensor: a CSRTensor to take over, in place of the four.

    Raises:
        TypeError: a part of a wrong type. ValueError: parts that do not fit.
    """

    __slots__ = ()
    _fields = ("indptr", "indices", "values", "shape")

    def __new__(cls, indptr=None, indices=None, values=None, shape=None, csr_tensor=None):
        if csr_tensor is not None:
            if not isinstance(csr_tensor, CSRTensor) or any(v is not None for v in (indptr, indices, values, shape)):
                raise TypeError(f"CSRTensor: csr_tensor must be a CSRTensor and the only argument, but got "
                                f"{type(csr_tensor).__name__}")
            return tuple.__new__(cls, csr_tensor)
        sizes = _shape_of("CSRTensor", shape)
        _parts("CSRTensor", {"indptr": indptr, "indices": indices, "values": values})
        if len(sizes) < 2 or indptr.shape != (sizes[0] + 1,) or indices.ndim != 1 or not values.ndim or (
                values.shape != indices.shape + sizes[2:]):
            raise ValueError(f"CSRTensor: indptr has shape {indptr.shape}, indices {indices.shape}, values "
                             f"{values.shape} for the shape {sizes}; expected (rows + 1,), (count,) and (count, ...) "
                             f"for (rows, columns, ...)")
        return tuple.__new__(cls, (indptr, indices, values, sizes))

    @property
    def indptr(self) -> Tensor:
        """Where each row begins, and the last one ends."""
        return self[0]

    @property
    def indices(self) -> Tensor:
        """The columns of the values."""
        return self[1]

    def to_coo(self) -> COOTensor:
        """The matrix as a COOTensor."""
        return _ops().csr_to_coo(self)

    def mv(self, dense_vector: Tensor) -> Tensor:
        """The product with a vector (columns, 1): (rows, 1)."""
        return _ops().csr_mv(self, dense_vector)

    def mm(self, matrix: Any) -> Any:
        """The product with a dense matrix, or with a sparse one; see `csr_mm`."""
        return _ops().csr_mm(self, matrix)

    def sum(self, axis: int) -> Tensor:
        """The sums over an axis, which stays with size 1."""
        return _ops().csr_reduce_sum(self, axis)

    def add(self, b: CSRTensor, alpha: Any, beta: Any) -> CSRTensor:
        """alpha * self + beta * b."""
        return _ops().csr_add(self, b, alpha, beta)

    def __add__(self, other: Any) -> Any:
        return _ops().csr_add(self, other, 1, 1)

    def __sub__(self, other: Any) -> Any:
        return _ops().csr_add(self, other, 1, -1)


class RowTensor(_Sparse):
    """Some rows of a tensor.

    Args:
        indices: integers (count,), the rows' numbers. values: (count, ...), the rows. shape: the whole tensor's shape.
        row_tensor: a RowTensor to take over, in place of the three.

    Raises:
        TypeError: a part of a wrong type. ValueError: parts that do not fit.
    """

    __slots__ = ()
    _fields = ("indices", "values", "shape")

    def __new__(cls, indices=None, values=None, shape=None, row_tensor=None):
        if row_tensor is not None:
            if not isinstance(row_tensor, RowTensor) or any(v is not None for v in (indices, values, shape)):
                raise TypeError(f"RowTensor: row_tensor must be a RowTensor and the only argument, but got "
                                f"{type(row_tensor).__name__}")
            return tuple.__new__(cls, row_tensor)
        sizes = _shape_of("RowTensor", shape)
        _parts("RowTensor", {"indices": indices, "values": values})
        if indices.ndim != 1 or not sizes or values.shape != indices.shape + sizes[1:]:
            raise ValueError(f"RowTensor: indices have shape {indices.shape} and values {values.shape} for the shape "
                             f"{sizes}; expected (count,) and {('count', *sizes[1:])}")
        return tuple.__new__(cls, (indices, values, sizes))

    @property
    def indices(self) -> Tensor:
        """The numbers of the rows."""
        return self[0]

    @property
    def dense_shape(self) -> tuple[int, ...]:
        """The shape of the whole tensor."""
        return self[-1]

    def __mul__(self, other: Any) -> NoReturn:
        raise TypeError("RowTensor: there is no product with rows; multiply its values")

    __truediv__ = __div__ = __rmul__ = __mul__


class SparseTensor(COOTensor):
    """A COOTensor, under its former name."""

    __slots__ = ()

    def __new__(cls, indices, values, shape):
        return super().__new__(cls, indices, values, shape)
