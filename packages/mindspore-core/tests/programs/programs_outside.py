"""Programs: what was there before the call is changed at every call."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Cell, Parameter, Tensor, ops


@case(factory=True)
def outer_list_takes_tensors():
    history = []
    def program(x, s):
        history.append(x * 2)
        if s > 0:
            x = x + 1
        history.extend([x, 1])
        return x
    return program, lambda: list(history)


@case(factory=True)
def outer_list_takes_what_a_branch_says():
    history = []
    def program(x, s):
        y = x * 2
        if s > 0:
            history.append(y.sum())
        return y
    return program, lambda: list(history)


@case(factory=True)
def outer_list_of_an_object():
    class Log:
        def __init__(self):
            self.lines = []
        def add(self, line):
            self.lines.append(line)
    log = Log()
    def program(x):
        log.add(x.sum())
        log.lines.append("called")
        return x * 3
    return program, lambda: list(log.lines)


@case(factory=True)
def outer_list_of_a_cell():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.seen = []
        def construct(self, x):
            y = x * 2
            self.seen.append(y[0])
            return y
    net = Net()
    return net, lambda: list(net.seen)


@case(factory=True)
def outer_variable_takes_a_tensor():
    last = None
    def program(x):
        nonlocal last
        last = x * 2
        return x
    return program, lambda: last


_LAST = 0


@case(factory=True)
def global_takes_a_tensor():
    def program(x):
        global _LAST
        _LAST = x + 5
        return x
    return program, lambda: _LAST


@case(factory=True)
def outer_object_takes_an_attribute():
    class Box:
        pass
    box = Box()
    def program(x, s):
        box.last = x * 2
        if s > 0:
            box.sign = 1
        else:
            box.sign = -1
        return x
    return program, lambda: [box.last, box.sign]


@case(factory=True)
def outer_dict_takes_an_entry():
    table = {"a": 0}
    def program(x):
        table["a"] = x * 2
        return x
    return program, lambda: [table["a"]]


@case(factory=True)
def outer_list_appended_in_a_loop():
    history = []
    def program(x):
        for j in range(3):
            x = x * 0.5
            history.append(x)
        return x
    return program, lambda: list(history)


@case(factory=True)
def outer_list_appended_and_returned_parts():
    history = []
    def program(x, w):
        def note(y):
            history.append((y, "text", {"k": y.sum()}))
            return y
        return note(x) + note(w)
    return program, lambda: [[a, b, c["k"]] for a, b, c in history]
