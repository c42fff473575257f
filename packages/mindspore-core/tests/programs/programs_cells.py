"""Programs: Cells, Parameters and their assignment, state outside of the program."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import numpy as np
from table import case
from world import Cell, CellList, Parameter, Tensor, ops


class _Linear(Cell):
    def __init__(self, start=0.5):
        super().__init__()
        self.weight = Parameter(np.array([start, 1.0, -1.0]), name="weight")
        self.bias = Parameter(np.array(0.25), name="bias")

    def construct(self, x):
        return x * self.weight + self.bias


class _Counter(Cell):
    def __init__(self):
        super().__init__()
        self.calls = Parameter(np.array(0.0), name="calls")

    def construct(self, x):
        self.calls = self.calls + 1
        return x * self.calls


@case(factory=True)
def cell_call():
    return _Linear()


@case(factory=True)
def cell_nested():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.first, self.second = _Linear(), _Linear(2.0)
        def construct(self, x):
            return self.second(ops.tanh(self.first(x))) + x
    return Net()


@case(factory=True)
def cell_list_iterated():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.layers = CellList([_Linear(k * 0.5) for k in range(3)])
        def construct(self, x):
            for layer in self.layers:
                x = layer(x)
            return x * len(self.layers)
    return Net()


@case(factory=True)
def cell_list_by_tensor():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.layers = CellList([_Linear(k * 0.5) for k in range(3)])
        def construct(self, x, k):
            return self.layers[k](x)
    return Net()


@case(factory=True)
def cell_counts_its_calls():
    net = _Counter()
    return net, lambda: net.calls


@case(factory=True)
def cell_called_twice_counts_twice():
    counter = _Counter()
    def program(x):
        return counter(x) + counter(x) * 10
    return program, lambda: counter.calls


@case(factory=True)
def parameter_assigned_in_branch():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.best = Parameter(np.array(-1.0), name="best")
        def construct(self, s):
            if s > self.best:
                self.best = s
            return self.best * 2
    net = Net()
    return net, lambda: net.best


@case(factory=True)
def parameter_assigned_in_loop():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.state = Parameter(np.array([1.0, 2.0, 3.0]), name="state")
        def construct(self, x, n):
            j = n * 0
            while j < n:
                self.state = self.state * 0.5 + x
                j = j + 1
            return self.state.sum()
    net = Net()
    return net, lambda: net.state


@case(factory=True)
def parameter_augmented():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.state = Parameter(np.array([1.0, 2.0, 3.0]), name="state")
        def construct(self, x):
            self.state += x
            self.state *= 0.5
            return x * self.state
    net = Net()
    return net, lambda: net.state


@case(factory=True)
def parameter_item_assigned():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.state = Parameter(np.array([1.0, 2.0, 3.0]), name="state")
        def construct(self, x, k):
            self.state[k] = x.sum()
            self.state[0] = self.state[0] + 1
            return self.state * 2
    net = Net()
    return net, lambda: net.state


@case(factory=True)
def parameter_shared_by_two_cells():
    class Reader(Cell):
        def __init__(self, weight):
            super().__init__()
            self.weight = weight
        def construct(self, x):
            return x * self.weight
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.weight = Parameter(np.array(2.0), name="weight")
            self.reader = Reader(self.weight)
        def construct(self, x):
            y = self.reader(x)
            self.weight = self.weight + 1
            return y + self.reader(x)
    net = Net()
    return net, lambda: net.weight


@case(factory=True)
def cell_with_property_and_methods():
    class Net(_Linear):
        @property
        def doubled(self):
            return self.weight * 2
        def norm(self, x):
            return (x * x).sum()
        @staticmethod
        def shift(x):
            return x + 1
        @classmethod
        def name_of(cls):
            return cls.__name__
        def construct(self, x):
            y = self.shift(x) * self.doubled + self.norm(x)
            return y if self.name_of() == "Net" else x
    return Net()


@case(factory=True)
def cell_super_construct():
    class Net(_Linear):
        def construct(self, x):
            return super().construct(x) * 2
    return Net()


@case(factory=True)
def cell_with_default_and_keyword():
    class Net(_Linear):
        def construct(self, x, *extra, scale=2.0, **named):
            return super().construct(x) * scale + len(extra) + len(named)
    net = Net()
    def program(x):
        return net(x) + net(x, x, scale=0.5) + net(x, x, x, other=1)
    return program


@case(factory=True)
def cell_attribute_decides():
    class Net(_Linear):
        def __init__(self):
            super().__init__()
            self.kind, self.steps, self.table = "relu", 2, {"relu": ops.relu, "tanh": ops.tanh}
        def construct(self, x):
            for _ in range(self.steps):
                x = self.table[self.kind](super().construct(x))
            return x
    return Net()


@case(factory=True)
def cell_stored_in_dict_and_tuple():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.a, self.b = _Linear(), _Linear(3.0)
            self.pair, self.named = (self.a, self.b), {"a": self.a}
        def construct(self, x):
            return self.pair[1](self.named["a"](x))
    return Net()


@case(factory=True)
def cell_as_argument():
    net = _Linear()
    def apply(cell, x):
        return cell(cell(x))
    return lambda x: apply(net, x)


@case(factory=True)
def cell_first_parameter_has_another_name():
    class Net(Cell):
        def __init__(this):
            super().__init__()
            this.weight = Parameter(np.array(3.0), name="weight")
        def construct(this, x):
            return x * this.weight
    return Net()


@case(factory=True)
def cell_chosen_by_tensor():
    a, b = _Linear(), _Linear(4.0)
    def program(x, s):
        net = a if s > 0 else b
        return net(x)
    return program


@case(factory=True)
def cell_branch_uses_weights():
    class Net(_Linear):
        def construct(self, x, s):
            if s > 0:
                return x * self.weight
            return x + self.bias
    return Net()


@case(factory=True)
def global_list_of_the_program_is_read():
    table = [1.0, 2.0, 3.0]
    return lambda x: x * table[0] + sum(table)


@case(factory=True)
def outer_list_grows():
    seen = []
    def program(x):
        y = x * 2
        seen.append(1)
        return y
    return program, lambda: list(seen)


@case(factory=True)
def attribute_counts_calls():
    class Net(_Linear):
        def __init__(self):
            super().__init__()
            self.last = None
        def construct(self, x):
            self.last = x * 2
            return super().construct(x)
    net = Net()
    return net, lambda: net.last
