"""Programs: exceptions that leave a loop on a tensor for a handler outside of it."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
import numpy as np
from table import case
from world import Cell, Parameter, Tensor, ops


def raise_from_while_to_outer_try(x, w):
    try:
        while x.sum() < 8:
            x = x * 1.3 + 1
            if x.max() > 3:
                raise ValueError("large")
    except ValueError:
        x = x * w
    return x


def raise_from_while_with_values(x, w):
    try:
        while x.sum() < 8:
            x = x * 1.3 + 1
            if x.max() > 3.5:
                raise ValueError("large", x.sum(), w)
            if x.min() > 1.4:
                raise KeyError(x * w)
    except ValueError as error:
        x = x * error.args[1] + error.args[2]
    except KeyError as error:
        x = error.args[0] * 2
    return x


def raise_from_while_in_while(x, w):
    total = x.sum()
    try:
        while x.sum() < 9:
            x = x + 1
            y = x * w
            while y.sum() < 12:
                y = y + x * 0.5 + 1.5
                total = total + y.sum()
                if y.max() > 4:
                    raise ValueError("large")
        x = x + 3
    except ValueError:
        x = x * w
    finally:
        total = total + 100
    return x, total


def raise_to_try_between_whiles(x, w):
    tries = 0
    while x.sum() < 9:
        try:
            y = x
            while y.sum() < 7:
                y = y * 1.4 + 1
                if y.max() > 3:
                    raise ValueError("large")
            x = y + w * w
        except ValueError:
            tries = tries + 1
            x = x + 1.5
    return x * (tries + 1)


def _checked(y, limit):
    if y.max() > limit:
        raise ValueError(f"{y.max():.3f} is large")
    return y * 1.2 + 0.5


def raise_from_function_in_while(x, w):
    text = ""
    try:
        while x.sum() < 9:
            x = _checked(x, 3)
    except ValueError as error:
        print(error)
        x = x * w
    return x


def raise_from_function_in_condition(x, w):
    try:
        while _checked(x, 3).sum() < 12:
            x = x + 0.75
    except ValueError:
        return x * w
    return x - w


def raise_from_range(x, w):
    count = 0
    try:
        for k in range(30):
            x = _checked(x, 2.5)
            count = count + 1
    except ValueError as error:
        x = x * w
    return x * count


def raise_from_while_true(x, w):
    try:
        while True:
            x = x * 1.1 + 0.5
            if x.sum() > 6:
                raise StopIteration
    except StopIteration:
        x = x * w
    return x


def raise_from_while_with_else(x, w):
    try:
        while x.sum() < 8:
            x = x * 1.3 + 1
            if x.max() > 3:
                raise ValueError("large")
            if x.min() > 1.2:
                break
        else:
            x = x * 2
    except ValueError:
        x = x * w
    else:
        x = x + w
    return x


def return_or_raise_from_while(x, w):
    try:
        while x.sum() < 20:
            x = x * 1.3 + 1
            if x.max() > 3:
                raise ValueError("large")
            if x.min() > 1.2:
                return x * w * w
    except ValueError:
        x = x * w
    return x


def raise_past_finally_and_with(x, w):
    class Scope:
        def __enter__(self):
            print("enter")

        def __exit__(self, *error):
            print("exit", error[0] is not None)

    try:
        while x.sum() < 8:
            with Scope():
                try:
                    x = _checked(x, 2)
                finally:
                    print("after a trip")
    except ValueError as error:
        print("caught", error)
        x = x * w
    finally:
        print("done")
    return x


def loop_that_prints_then_raise(x, w):
    try:
        while x.sum() < 8:
            x = x * 1.3 + 1
            print("trip")
        if x.max() > 5:
            raise ValueError("large")
        print("all trips")
    except ValueError:
        print("caught")
        x = x * w
    return x


def branch_that_prints_then_raise(x, w):
    try:
        if x.sum() > 1:
            print("large")
            y = x * 2
        else:
            print("small")
            y = x - 1
        if y.max() > 1.5:
            raise ValueError("y")
        print("kept")
    except ValueError:
        print("caught")
        y = y * w
    return y


def list_at_the_raise(x, w):
    kept = [x, x, x]
    k = 0
    try:
        while x.sum() < 12:
            x = x * 1.2 + 0.5
            kept[1] = x
            if x.max() > 3:
                raise ValueError("large")
            kept[2] = x * w
            k = k + 1
    except ValueError:
        kept[0] = kept[1] * w
    return kept[0] + kept[1] * 2 + kept[2] * 3 + k


def handler_raises_again(x, w):
    try:
        try:
            while x.sum() < 8:
                x = x * 1.3 + 1
                if x.max() > 3:
                    raise ValueError("large", x.max())
        except ValueError as error:
            raise KeyError(error.args[1] * 2) from error
    except KeyError as error:
        x = x * error.args[0]
    return x


def uncaught_kind_goes_on(x, w):
    try:
        while x.sum() < 8:
            x = x * 1.3 + 1
            if x.max() > 3.2:
                raise ValueError(f"large: {x.max():.3f}")
            if x.min() > 1.4:
                raise KeyError("min")
    except KeyError:
        x = x * w
    return x


def raise_from_recursion_in_while(x, w):
    def descend(y, n):
        if y.max() > 3:
            raise ValueError("large")
        if n == 0:
            return y
        return descend(y * 1.1 + 0.2, n - 1)

    try:
        while x.sum() < 9:
            x = descend(x, 2) + 0.3
    except ValueError:
        x = x * w
    return x


@case(factory=True)
def parameter_at_the_raise():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.steps = Parameter(Tensor(np.array(0.0)), name="steps")

        def construct(self, x, w):
            try:
                while x.sum() < 8:
                    x = x * 1.3 + 1
                    self.steps = self.steps + 1
                    if x.max() > 3:
                        raise ValueError("large")
                    self.steps = self.steps + 10
            except ValueError:
                x = x * w
            return x

    net = Net()
    return net, lambda: net.steps


def dict_at_the_raise(x, w):
    state = {"last": x - 1, "calls": 0}
    try:
        while x.sum() < 8:
            x = x * 1.3 + 1
            if x.max() > 3:
                raise ValueError("large")
            state["last"] = x
            state["calls"] += 1
    except ValueError:
        return state["last"] * w
    return x * state["calls"]
