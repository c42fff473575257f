"""The interpreter's policy: what is a traced tensor, what is a Cell, and which reads are guarded."""
from __future__ import annotations

from typing import Any

from mindspore.common.parameter import Parameter
from mindspore.common.tensor import Tensor
from mindspore.compiler.frontend.errors import describe
from mindspore.compiler.frontend.frames import Unbound
from mindspore.compiler.frontend.policy import Policy
from mindspore.compiler.frontend.trip_numbers import TripNumber
from mindspore.graph import control, effects, recursion, tree
from mindspore.graph.compiled import current_guards, note_changes
from mindspore.graph.outside import changes_of
from mindspore.graph.trace import Traced, current_trace


def _item(tensor: Tensor, *index: Any) -> Any:
    """`Tensor.item` of the program: of a traced tensor of one element, that element as a tensor without dimensions."""
    if index or current_trace() is None or tensor.size != 1:
        return tensor.item(*index)
    return tensor.reshape(())


class GraphPolicy(Policy):
    """See the module's text. One object serves every compilation; the guards are those of the thread's own."""

    control = control
    overrides = {Tensor.item: _item}
    effects = effects
    recursion = recursion

    def compilation(self) -> object:
        return current_guards()

    def guards_type(self, cls: type) -> bool:
        from mindspore.nn.cell import Cell
        return issubclass(cls, Cell) or super().guards_type(cls)

    def is_traced(self, value: object) -> bool:
        """Also a tensor from outside: its value is that of the day when the function runs."""
        return isinstance(value, Tensor) and (type(value._value) is Traced or current_trace() is not None) \
            or type(value) is TripNumber

    def is_cell(self, obj: object) -> bool:
        from mindspore.nn.cell import Cell
        return isinstance(obj, Cell)

    def call_cell(self, cell: Any, args: tuple, kwargs: dict, call_construct: Any) -> Any:
        return cell(*args, **kwargs)

    def unwrap(self, fn: Any) -> Any:
        return getattr(fn, "__ms_function__", fn)

    def guard_global(self, globals_dict: dict, name: str, value: object) -> None:
        guards = current_guards()
        if guards is not None:
            guards.note_read(value)
            guards.add_global(globals_dict, name, value)
            self._guard_children(guards, value)

    def guard_cell(self, closure_cell, name: str, value: object) -> None:
        guards = current_guards()
        if guards is not None:
            guards.note_read(value)
            guards.add_cell(closure_cell, value)
            self._guard_children(guards, value)

    def set_attr(self, obj: Any, name: str, value: object) -> None:
        guards = current_guards()
        if guards is not None and (self.is_cell(obj) or guards.knows(obj)) and not _is_parameter(obj, name):
            guards.note_assigned(obj, name)
        setattr(obj, name, value)

    def joins_attribute(self, obj: Any, name: str, values: Any) -> None:
        parameter = next((value for value in values if isinstance(value, Parameter)), None)
        if parameter is not None and self.is_cell(obj):
            other = next(value for value in values if value is not parameter)
            other = "no value" if isinstance(other, Unbound) else describe(other)
            raise control.Mismatch(f"{type(obj).__name__}.{name} is {describe(parameter)} on one side and {other} on "
                                   f"the other, and a Cell holds a Parameter or not whatever the values are")

    def guard_attr(self, obj: object, name: str, value: object) -> None:
        guards = current_guards()
        if guards is not None:
            if _is_parameter(obj, name) and self.is_cell(obj):
                own = obj.__dict__  # what is read of a cell in low precision is its cast
                value = own["_params" if name in own["_params"] else "_buffers"][name]
            guards.note_read(value)
            guards.add_attr(obj, name, value, self.is_cell(obj))
            self._guard_children(guards, value)

    def reads_to_change(self, kind: type | None) -> None:
        guards = current_guards()
        if guards is not None:
            guards.by_identity = kind

    def was_there(self, value: object) -> bool:
        return isinstance(value, Tensor) and type(value._value) is not Traced

    def holds_traced(self, value: object) -> bool:
        return tree.is_traced(value)

    def finished(self, session: Any) -> None:
        guards = current_guards()
        if guards is not None:
            changes = changes_of(session, guards)
            note_changes(changes)

    def _guard_children(self, guards: Any, value: object) -> None:
        """A Cell that is a container gives its children to iteration and subscripts, which read no attribute."""
        if self.is_cell(value) and hasattr(type(value), "__iter__"):
            guards.add_layer(value)
            for child in value.cells():
                self._guard_children(guards, child)


def _is_parameter(obj: Any, name: str) -> bool:
    """Whether the attribute is a Parameter or a buffer, whose assignments the trace keeps."""
    own = getattr(obj, "__dict__", {})
    return name in own.get("_params", ()) or name in own.get("_buffers", ())


POLICY = GraphPolicy()
