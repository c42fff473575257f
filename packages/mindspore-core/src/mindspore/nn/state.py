"""What a Cell remembers: buffers, and its whole state as a dict.

A buffer is a tensor that belongs to a Cell and is no Parameter: no optimizer trains it, a checkpoint may keep it. It
is read and assigned as an attribute. An assignment gives the buffer's tensor another value, as it does with a
Parameter, so that compiled graphs take a buffer as an input and may change it.

`state_dict` maps the path of each Parameter and of each persistent buffer, and of each Cell that has a state of its own
(`get_extra_state`), to its value; `load_state_dict` is the way back. It checks everything before it changes anything.
"""
from __future__ import annotations

from collections import OrderedDict, namedtuple
from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from mindspore.common.dtype import DType
from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.graph.guards import CELL_EPOCH
from mindspore.nn.hook_handle import HookHandle
from mindspore.runtime import device as _device
from mindspore.runtime import record

if TYPE_CHECKING:
    from mindspore.nn.cell import Cell

EXTRA = "_extra_state"


class IncompatibleKeys(namedtuple("IncompatibleKeys", ["missing_keys", "unexpected_keys"])):
    """What `load_state_dict` found: keys of the Cell that the dict lacks, and keys of the dict that the Cell lacks."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "<All keys matched successfully>" if not self.missing_keys and not self.unexpected_keys \
            else super().__repr__()


class CellState:
    """The part of `Cell` that is about buffers and state."""

    if TYPE_CHECKING:
        _params: OrderedDict[str, Any]
        _cells: OrderedDict[str, Any]
        cells_and_names: Callable
        get_parameters: Callable

    def _init_state(self) -> None:
        own = self.__dict__
        own["_buffers"] = OrderedDict()
        own["_transient"] = frozenset()
        own["_state_hooks"] = {}

    # -- buffers -----------------------------------------------------------------------------------------------------

    def register_buffer(self, name: str, tensor: Tensor | None, persistent: bool = True) -> None:
        """Make a tensor a buffer under an attribute name.

        Args:
            name: the attribute. tensor: the buffer, or None for one that is not there. persistent: whether
                `state_dict` holds it.

        Raises:
            TypeError: `name` is not a str, or `tensor` is neither None nor a Tensor that is no Parameter.
            KeyError: the name is empty, has a dot, or is that of another attribute.
        """
        kind = type(self).__name__
        if not isinstance(name, str):
            raise TypeError(f"{kind}.register_buffer: name must be a str, got {type(name).__name__}")
        if not name or "." in name:
            raise KeyError(f"{kind}: {name!r} cannot name a buffer: it is empty or has a dot")
        if name not in self._buffers and hasattr(self, name):
            raise KeyError(f"{kind}: {name!r} cannot name a buffer: there is an attribute of that name")
        if tensor is not None and (not isinstance(tensor, Tensor) or isinstance(tensor, Parameter)):
            raise TypeError(f"{kind}.register_buffer: {name!r} must be a Tensor or None, got {type(tensor).__name__}")
        CELL_EPOCH[0] += 1
        self._buffers[name] = tensor
        kept = self._transient - {name}
        self.__dict__["_transient"] = kept if persistent else kept | {name}

    def _set_buffer(self, name: str, value: Any) -> None:
        """Assign to the attribute of a buffer."""
        known = self._buffers[name]
        if value is not None and (not isinstance(value, Tensor) or isinstance(value, Parameter)):
            raise TypeError(f"{type(self).__name__}.{name} is a buffer, which takes a Tensor or None, but got "
                            f"{value!r} of type {type(value).__name__}: delete the attribute first")
        if value is not None and known is not None and value.shape == known.shape and value.dtype is known.dtype:
            record.assign(known, value)
            return
        if record._stack.trace is not None:
            raise ValueError(f"{type(self).__name__}.{name} is a buffer of "
                             f"{None if known is None else known._value.aval}, and a compiled function must keep its "
                             f"shape and dtype, but it assigns {None if value is None else value._value.aval}")
        CELL_EPOCH[0] += 1
        self._buffers[name] = value

    def named_buffers(self, prefix: str = "", recurse: bool = True,
                      remove_duplicate: bool = True) -> Iterator[tuple[str, Tensor]]:
        """(path, buffer) for this Cell's buffers, and with `recurse` for those of all below it.

        Args:
            prefix: stands before the paths. remove_duplicate: whether a buffer of two Cells comes once.
        """
        seen: set[int] = set()
        for path, cell in self.cells_and_names(name_prefix=prefix) if recurse else ((prefix, self),):
            for name, buffer in cell._buffers.items():
                if buffer is not None and not (remove_duplicate and id(buffer) in seen):
                    seen.add(id(buffer))
                    yield f"{path}.{name}" if path else name, buffer

    def buffers(self, recurse: bool = True) -> Iterator[Tensor]:
        """This Cell's buffers, and with `recurse` those of all below it, each once."""
        return (buffer for _, buffer in self.named_buffers(recurse=recurse))

    def get_sub_cell(self, target: str) -> Cell:
        """The Cell at a path of attribute names, such as "block.0.dense"; "" is this one.

        Raises:
            AttributeError: the path leads nowhere, or not to a Cell.
        """
        cell: Any = self
        for k, name in enumerate(target.split(".") if target else ()):
            found = cell._cells.get(name)
            if found is None:
                raise AttributeError(f"get_sub_cell: there is no Cell at {target!r}: "
                                     f"{'.'.join(target.split('.')[:k]) or 'the Cell itself'} "
                                     f"({type(cell).__name__}) has no child {name!r}")
            cell = found
        return cell

    def get_buffer(self, target: str) -> Tensor:
        """The buffer at a path of attribute names, such as "block.0.counter".

        Raises:
            AttributeError: the path leads nowhere, or not to a buffer.
        """
        path, _, name = target.rpartition(".")
        cell = self.get_sub_cell(path)
        if name not in cell._buffers:
            raise AttributeError(f"get_buffer: {type(cell).__name__} has no buffer {name!r}")
        return cell._buffers[name]

    # -- the state as a dict -----------------------------------------------------------------------------------------

    def get_extra_state(self) -> Any:
        """What `state_dict` keeps of a Cell beside Parameters and buffers; subclasses define it with
        `set_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state: define get_extra_state in it")

    def set_extra_state(self, state: Any) -> None:
        """Take over what `get_extra_state` gave; subclasses define it with `get_extra_state`."""
        raise RuntimeError(f"{type(self).__name__} has no extra state, but a state dict holds one for it: define "
                           f"set_extra_state in it")

    def state_dict(self, *args: Any, destination: dict | None = None, prefix: str = "",
                   keep_vars: bool = False) -> dict:
        """All Parameters and persistent buffers, and the extra states, by path. What is trained or loaded later is seen
        in the dict, too; `copy.deepcopy` of it keeps today's values.

        Args:
            destination: the dict to fill, by default a new OrderedDict. prefix: stands before the paths.
            keep_vars: taken for the interface's sake: the dict always has the Parameters and buffers themselves.
            args: the same three by position, in this order.
        """
        names = ("destination", "prefix", "keep_vars")
        if len(args) > len(names):
            raise TypeError(f"state_dict: expected at most {len(names)} arguments, got {len(args)}")
        given = {**dict(zip(names, (destination, prefix, keep_vars))), **dict(zip(names, args))}
        found = OrderedDict() if given["destination"] is None else given["destination"]
        self._collect(found, given["prefix"], given["keep_vars"])
        return found

    def _collect(self, found: dict, prefix: str, keep_vars: bool) -> None:
        for hook in self._hooks_of("save_pre"):
            hook(self, prefix, keep_vars)
        for name, value in self._own_state():
            found[prefix + name] = value
        if type(self).get_extra_state is not CellState.get_extra_state:
            found[prefix + EXTRA] = self.get_extra_state()
        for name, cell in self._cells.items():
            if cell is not None:
                cell._collect(found, f"{prefix}{name}.", keep_vars)
        for hook in self._hooks_of("save_post"):
            hook(self, found, prefix, {})

    def _own_state(self) -> list[tuple[str, Any]]:
        """This Cell's own Parameters and persistent buffers by name."""
        kept = [(n, b) for n, b in self._buffers.items() if n not in self._transient]
        return [(name, value) for name, value in (*self._params.items(), *kept) if value is not None]

    def load_state_dict(self, state_dict: Mapping[str, Any], strict: bool = True) -> IncompatibleKeys:
        """Give all Parameters, persistent buffers and extra states the values of a dict that `state_dict` made.

        Args:
            state_dict: tensors (or arrays) by path; values of another dtype are cast.
            strict: whether both must have the same keys.

        Returns:
            (missing_keys, unexpected_keys), two lists.

        Raises:
            TypeError: `state_dict` is no mapping.
            RuntimeError: keys differ and `strict` is set, a value is no tensor or has another shape, or a hook added a
                message; all of it is named, and no Parameter or buffer was changed.
        """
        if not isinstance(state_dict, Mapping):
            raise TypeError(f"load_state_dict: state_dict must be a dict, got {type(state_dict).__name__}")
        load = _Loading(OrderedDict(state_dict), strict)
        load.visit(self, "")
        load.finish(type(self).__name__)
        result = IncompatibleKeys(load.missing, load.unexpected)
        for _, cell in reversed(list(self.cells_and_names())):
            for hook in cell._hooks_of("load_post"):
                hook(cell, result)
        if strict and (result.missing_keys or result.unexpected_keys):  # a hook may have changed the lists
            raise RuntimeError(f"load_state_dict: after loading, hooks of {type(self).__name__} report {result!r}")
        return result

    def register_state_dict_pre_hook(self, hook: Callable) -> HookHandle:
        """`hook(cell, prefix, keep_vars)` runs before `state_dict` reads this Cell; the handle's `remove()` ends it."""
        return self._add_state_hook("save_pre", hook)

    def register_state_dict_post_hook(self, hook: Callable) -> HookHandle:
        """`hook(cell, state_dict, prefix, local_metadata)` runs after `state_dict` has read this Cell and those below
        it, and may change the dict; `local_metadata` is an empty dict. The handle's `remove()` ends it."""
        return self._add_state_hook("save_post", hook)

    def register_load_state_dict_pre_hook(self, hook: Callable) -> HookHandle:
        """`hook(cell, state_dict, prefix, local_metadata, strict, missing_keys, unexpected_keys, error_msgs)` runs
        before `load_state_dict` looks at this Cell. It may change the (copied) dict and add to the three lists. The
        handle's `remove()` ends it."""
        return self._add_state_hook("load_pre", hook)

    def register_load_state_dict_post_hook(self, hook: Callable) -> HookHandle:
        """`hook(cell, incompatible_keys)` runs when everything is loaded, and may change the two lists. The handle's
        `remove()` ends it."""
        return self._add_state_hook("load_post", hook)

    def _add_state_hook(self, when: str, hook: Callable) -> HookHandle:
        return HookHandle.added(self.__dict__["_state_hooks"].setdefault(when, OrderedDict()), hook)

    def _hooks_of(self, when: str) -> list[Callable]:
        return list(self.__dict__["_state_hooks"].get(when, {}).values())

    # -- dtypes and devices ------------------------------------------------------------------------------------------

    def to(self, *args: Any, **kwargs: Any) -> CellState:
        """Cast the floating Parameters and buffers of this Cell and all below it, in place.

        Args:
            args, kwargs: a floating dtype (`dtype`); a device (`device`: the target in force, or None), whose memory
                they are in already; a Tensor (`tensor`), of which the dtype is taken; `non_blocking`, without effect.

        Returns:
            the Cell itself.

        Raises:
            TypeError: something else is given. ValueError: the dtype is not floating, or the device is not the one in
            force.
        """
        unknown = kwargs.keys() - {"dtype", "device", "tensor", "non_blocking"}
        if unknown:
            raise TypeError(f"Cell.to: unexpected keyword {min(unknown)!r}; expected dtype, device, tensor or "
                            f"non_blocking")
        dtype = kwargs.get("dtype")
        if kwargs.get("device") is not None:
            _check_device("Cell.to", kwargs["device"])
        for value in (*args, *([kwargs["tensor"]] if "tensor" in kwargs else [])):
            if isinstance(value, str):
                _check_device("Cell.to", value)
            elif isinstance(value, DType | Tensor):
                dtype = value if isinstance(value, DType) else value.dtype
            elif value is not None and not isinstance(value, bool):
                raise TypeError(f"Cell.to: expected a dtype, a device's name or a Tensor, got {type(value).__name__}")
        if dtype is None:
            return self
        if not isinstance(dtype, DType):
            raise TypeError(f"Cell.to: dtype must be a mindspore dtype, got {type(dtype).__name__}")
        if not dtype.is_inexact:
            raise ValueError(f"Cell.to: dtype must be floating or complex, got {dtype}")
        for tensor in (*self.get_parameters(), *self.buffers()):
            if tensor.dtype.is_inexact and tensor.dtype is not dtype:
                record.assign(tensor, record.wrap(tensor._value).astype(dtype))
        return self

    def to_empty(self, *, device: str | None = None, recurse: bool = True) -> CellState:
        """Give the Parameters and buffers of this Cell, and with `recurse` of all below it, memory of the device in
        force whose contents are of no account (zeros); the Cell itself.

        Raises:
            ValueError: `device` is not the one in force.
        """
        if device is not None:
            _check_device("Cell.to_empty", device)
        for tensor in (*self.get_parameters(expand=recurse), *self.buffers(recurse)):
            record.assign(tensor, Tensor(shape=tensor.shape, dtype=tensor.dtype, init="zeros"))
        return self


class _Loading:
    """A `load_state_dict` under way: what is to be assigned, and what does not fit."""

    def __init__(self, state: OrderedDict, strict: bool):
        self.state, self.strict = state, strict
        self.missing: list[str] = []
        self.unexpected: list[str] = []
        self.errors: list[str] = []
        self.known: set[str] = set()
        self.actions: list[tuple[Callable, Any]] = []

    def visit(self, cell: Any, prefix: str) -> None:
        for hook in cell._hooks_of("load_pre"):
            hook(cell, self.state, prefix, {}, self.strict, self.missing, self.unexpected, self.errors)
        for name, target in cell._own_state():
            self._note(prefix + name, target)
        if type(cell).set_extra_state is not CellState.set_extra_state or prefix + EXTRA in self.state:
            self.known.add(prefix + EXTRA)
            if prefix + EXTRA in self.state:
                self.actions.append((cell.set_extra_state, self.state[prefix + EXTRA]))
            else:
                self.missing.append(prefix + EXTRA)
        for name, child in cell._cells.items():
            if child is not None:
                self.visit(child, f"{prefix}{name}.")

    def _note(self, key: str, target: Tensor) -> None:
        self.known.add(key)
        if key not in self.state:
            self.missing.append(key)
            return
        value = self.state[key]
        try:
            value = value if isinstance(value, Tensor) else Tensor(value)
        except (TypeError, ValueError):
            self.errors.append(f"{key!r} is a {type(value).__name__}, expected a Tensor")
            return
        if value.shape != target.shape:
            self.errors.append(f"{key!r} has shape {value.shape}, expected {target.shape}")
            return
        value = record.wrap(value._value)
        self.actions.append((lambda new: record.assign(target, new),
                             value if value.dtype is target.dtype else value.astype(target.dtype)))

    def finish(self, name: str) -> None:
        """Assign everything, or raise."""
        self.unexpected += [key for key in self.state if key not in self.known]
        problems = list(self.errors)
        if self.strict and self.missing:
            problems.insert(0, "missing keys: " + ", ".join(map(repr, self.missing)))
        if self.strict and self.unexpected:
            problems.insert(0, "unexpected keys: " + ", ".join(map(repr, self.unexpected)))
        if problems:
            raise RuntimeError(f"load_state_dict: the state dict does not fit {name}:\n  " + "\n  ".join(problems))
        for act, value in self.actions:
            act(value)


def _check_device(name: str, device: Any) -> None:
    wanted = device.partition(":")[0] if isinstance(device, str) else device
    if not isinstance(wanted, str) or wanted.lower() != _device.target().lower():
        raise ValueError(f"{name}: the device is {device!r}, but programs run on {_device.target()!r}; choose another "
                         f"one by mindspore.set_device before the Cell is made")
