"""Containers: sequences and dictionaries of cells."""
from __future__ import annotations

import itertools
import operator
from collections import OrderedDict

from mindspore.nn.cell import Cell

__all__ = ["SequentialCell", "CellList", "CellDict"]


class _Numbered(Cell):
    """Cells under the names 0, 1, 2, ...; a change renumbers them."""

    def _index(self, index: int) -> str:
        if isinstance(index, bool) or not hasattr(index, "__index__"):
            raise TypeError(f"For '{type(self).__name__}', the index must be an int or a slice, but got {index!r}.")
        index = operator.index(index)
        count = len(self._cells)
        if not -count <= index < count:
            raise IndexError(f"For '{type(self).__name__}', the index must be in [{-count}, {count}), but got {index}.")
        return list(self._cells)[index]

    def _renumber(self, cells: list) -> None:
        for cell in cells:
            if not isinstance(cell, Cell):
                raise TypeError(f"For '{type(self).__name__}', every element must be a Cell, but got "
                                f"{type(cell).__name__}.")
        prefix = self._prefix()
        for name in list(self._cells):
            delattr(self, name)
        for number, cell in enumerate(cells):
            self._place(str(number), cell, prefix)

    def _prefix(self) -> str:
        """What the names of the Parameters in it begin with, before the name that their Cell has here: the name by
        which another Cell owns this one, once that is so."""
        named = ((key, param.name.split(".")) for key, cell in self._cells.items() if cell is not None
                 for _, param in itertools.islice(cell.parameters_and_names(), 1))
        first = list(itertools.islice(named, 2))
        found = ""
        for k, part in enumerate(first[0][1] if first else []):
            if part == first[0][0]:
                found = "".join(f"{each}." for each in first[0][1][:k])
                if first[1:] and first[1][1][k:k + 1] == [first[1][0]]:
                    break
        return found

    def _place(self, name: str, cell: Cell, prefix: str) -> None:
        """Put a cell under a name; its Parameters' names begin with the prefix of those around it."""
        setattr(self, name, cell)
        if prefix and self._auto_prefix:
            cell.update_parameters_name(f"{prefix}{name}.")

    def __len__(self):
        return len(self._cells)

    def __bool__(self):
        """Whether there is a Cell in it."""
        return bool(self._cells)

    def __iter__(self):
        return iter(list(self._cells.values()))

    def __getitem__(self, index):
        if isinstance(index, slice):
            chosen = type(self)(list(self._cells.values())[index])
            return chosen
        return self._cells[self._index(index)]

    def __setitem__(self, index, cell):
        if not isinstance(cell, Cell):
            raise TypeError(f"For '{type(self).__name__}', an element must be a Cell, but got {type(cell).__name__}.")
        self._place(self._index(index), cell, self._prefix())

    def __delitem__(self, index):
        cells = list(self._cells.values())
        if not isinstance(index, slice):
            self._index(index)
        del cells[index]
        self._renumber(cells)

    def append(self, cell):
        """Add a cell at the end; the container itself."""
        if not isinstance(cell, Cell):
            raise TypeError(f"For '{type(self).__name__}', an element must be a Cell, but got {type(cell).__name__}.")
        self._place(str(len(self._cells)), cell, self._prefix())
        return self

    def extend(self, cells):
        """Add cells at the end; the container itself."""
        for cell in list(cells):
            self.append(cell)
        return self

    __iadd__ = extend

    def insert(self, index, cell):
        """Put a cell before position `index`."""
        cells = list(self._cells.values())
        if not -len(cells) <= index <= len(cells):
            raise IndexError(f"For '{type(self).__name__}', the index must be in [{-len(cells)}, {len(cells)}], but "
                             f"got {index}.")
        cells.insert(index, cell)
        self._renumber(cells)


class SequentialCell(_Numbered):
    """Cells that are applied one after the other.

    Args:
        args: the cells; or one list of cells; or one OrderedDict, whose keys become the names.

    Attributes:
        cell_list: the cells as a list. A program that assigns another list says what is applied; the cells whose
            Parameters belong to this one stay as they are.
    """

    def __init__(self, *args):
        super().__init__()
        if len(args) == 1 and isinstance(args[0], dict):
            for name, cell in args[0].items():
                if not isinstance(cell, Cell):
                    raise TypeError(f"For 'SequentialCell', every element must be a Cell, but {name!r} is a "
                                    f"{type(cell).__name__}.")
                setattr(self, name, cell)
        else:
            self._renumber(list(args[0]) if len(args) == 1 and isinstance(args[0], list | tuple) else list(args))

    def __getattr__(self, name: str):
        if name == "cell_list" and "cell_list" not in self._cells:
            return list(self._cells.values())
        return super().__getattr__(name)

    def set_grad(self, flag: bool = True) -> SequentialCell:
        """Mark the cell as differentiated; see `Cell.set_grad`."""
        super().set_grad(flag)
        return self

    def construct(self, input_data):
        """The last cell's output."""
        for cell in self.__dict__.get("cell_list", self._cells.values()):
            input_data = cell(input_data)
        return input_data


class CellList(_Numbered):
    """A list of cells, called by the network that owns it."""

    def __init__(self, *args, **kwargs):
        super().__init__(auto_prefix=kwargs.get("auto_prefix", True))
        self._renumber(list(args[0]) if len(args) == 1 and isinstance(args[0], list | tuple | CellList)
                       else list(args))

    def __iadd__(self, cells):
        return self.extend(cells)

    def construct(self, *inputs):
        raise TypeError("For 'CellList', it cannot be called: call its elements.")


class CellDict(Cell):
    """A dictionary of cells by name, called by the network that owns it."""

    def __init__(self, *args, **kwargs):
        super().__init__()
        if args:
            self.update(args[0])

    def __getitem__(self, key):
        return self._cells[key]

    def __setitem__(self, key, cell):
        if not isinstance(key, str):
            raise TypeError(f"For 'CellDict', a key must be a str, but got {key!r}.")
        if not key or "." in key or (key not in self._cells and hasattr(self, key)):
            raise KeyError(f"For 'CellDict', a key must not be empty, have a dot or name an attribute of a Cell, but "
                           f"got {key!r}.")
        if not isinstance(cell, Cell):
            raise TypeError(f"For 'CellDict', the value of {key!r} must be a Cell, but got {type(cell).__name__}.")
        setattr(self, key, cell)

    def __delitem__(self, key):
        if key not in self._cells:
            raise KeyError(key)
        delattr(self, key)

    def __len__(self):
        return len(self._cells)

    def __iter__(self):
        return iter(list(self._cells))

    def __contains__(self, key):
        return key in self._cells

    def keys(self):
        """The names."""
        return self._cells.keys()

    def values(self):
        """The cells."""
        return self._cells.values()

    def items(self):
        """(name, cell) pairs."""
        return self._cells.items()

    def pop(self, key):
        """Take a cell out."""
        cell = self._cells[key]
        del self[key]
        return cell

    def clear(self):
        """Take all cells out."""
        for key in list(self._cells):
            del self[key]

    def update(self, cells):
        """Add cells from a dictionary, a CellDict or pairs."""
        pairs = cells.items() if isinstance(cells, dict | OrderedDict | CellDict) else cells
        for key, cell in pairs:
            self[key] = cell

    def construct(self, *inputs):
        raise TypeError("For 'CellDict', it cannot be called: call its elements.")
