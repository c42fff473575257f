"""What may be one tensor: what is not known for sure is refused where it is read, and nothing else is."""
import numpy as np
import pytest

from mindspore import Tensor, jit, ops
from mindspore.compiler.frontend import GraphCompileError

X = Tensor(np.float32([1, 2, 3]))
N = Tensor(np.int64(3))


def carried_and_changed(x, n):
    y = x * 1
    kept = y
    while n > 0:
        y[0] = y[0] + 1
        y = y * 2
        n = n - 1
    return kept, y


def changed_by_the_other_name(x, n):
    y = x * 1
    kept = y
    while n > 0:
        kept[0] = 5.0
        y = y + 1
        n = n - 1
    return y


def handed_on_in_a_trip(x, n):
    a, b = x * 1, x * 2
    while n > 0:
        a[0] = a[0] + 1
        b = b * 2
        a = b
        n = n - 1
    return a, b


def returned_by_a_recursion(x, n):
    def go(y, n):
        return y if n <= 0 else go(y, n - 1)

    y = go(x, n)
    y[0] = 7
    return x


def found_outside_by_a_recursion(x, n):
    def go(n):
        if n <= 0:
            return x if x.sum() > 0 else x * 2
        return go(n - 1)

    y = go(n)
    x[0] = 7
    return y


def holds_what_some_trips_change(x, n):
    y, kept = x * 1, x
    while n > 0:
        y[0] = y[0] * 2
        if n > 2:
            kept = y
        n = n - 1
    return kept


def holds_what_is_changed_after_the_loop(x, n):
    y, kept = x * 1, x
    while n > 0:
        n = n - 1
        y[0] = y[0] * 2
        kept = y
    y[1] = 7
    return kept


def left_by_a_loop_in_a_loop(x, n):
    z, k = x + 1, n * 0
    while k < n:
        k = k + 1
        u, j = x, n * 0
        while j < n:
            j = j + 1
            if j > 1:
                u = u * 2
        z = u
    z[0] = 50
    return x


@pytest.mark.parametrize("program", [carried_and_changed, changed_by_the_other_name, handed_on_in_a_trip,
                                     returned_by_a_recursion, found_outside_by_a_recursion,
                                     left_by_a_loop_in_a_loop, holds_what_some_trips_change,
                                     holds_what_is_changed_after_the_loop],
                         ids=lambda program: program.__name__)
def test_a_tensor_that_may_be_a_changed_one_is_refused_where_it_is_read(program):
    with pytest.raises(GraphCompileError, match="changed in place through another variable"):
        jit(program)(X, N)


def test_the_error_names_the_line_of_the_change():
    with pytest.raises(GraphCompileError) as caught:
        jit(carried_and_changed)(X, N)
    assert "y[0] = y[0] + 1" in caught.value.found
    assert "copy" in caught.value.remedy


def test_what_is_not_read_is_not_refused():
    def program(x, n):
        y = x * 1
        kept = y
        while n > 0:
            y[0] = y[0] + 1
            y = y * 2
            n = n - 1
        kept = x
        return kept, y
    for found, expected in zip(jit(program)(X, N), program(X, N)):
        assert found.asnumpy().tolist() == expected.asnumpy().tolist()


def assigned_in_each_trip(x, w, n):
    j = n * 0
    while j < n:
        j = j + 1
        x = w * j
    x[-1] -= 1
    return x


def assigned_in_each_trip_that_ends_early(x, w, n):
    j = n * 0
    while j < n:
        j = j + 1
        x = w * j
        if x[0] > 7:
            break
    x[-1] -= 1
    return x


def assigned_in_a_branch(x, w, n):
    if x[0] < 200:
        j = n * 0
        while j < n:
            j = j + 1
            x = w * j
    x[-1] -= 1
    return x


def assigned_in_loops_in_loops(x, w, n):
    for _ in range(2):
        if x[0] > 200:
            continue
        j = n * 0
        while j < n:
            j = j + 1
            x = w * j
    x[-1] -= 1
    return x


def the_start_changes_afterwards(x, w, n):
    y, j = x, n * 0
    while j < n:
        j = j + 1
        y = w * j
    x[-1] -= 1
    return y


def starts_in_a_branch(x, w, n):
    if n > 1:
        y, j = x + 0, n * 0
        while j < n:
            j = j + 1
            y = w * j
    else:
        y = x * 3
    y[0] = 7
    return y + x


def holds_what_each_trip_changes(x, w, n):
    j = n * 0
    while j < n:
        j = j + 1
        w[0] = w[0] * j + 3
        x = w
    return x * 1


def holds_what_each_trip_changes_later(x, w, n):
    j, also = n * 0, x
    while j < n:
        j = j + 1
        x = also = w
        w[0] = w[0] * j + 1
    return x + also


def decides_about_what_each_trip_changes(x, w, n):
    j = n * 0
    while x[0] < 20 and j < n:
        j = j + 1
        w[0] = w[0] * 2
        x = w
    return x * 1


@pytest.mark.parametrize("program", [
    holds_what_each_trip_changes, holds_what_each_trip_changes_later, decides_about_what_each_trip_changes,
    assigned_in_each_trip, assigned_in_each_trip_that_ends_early, assigned_in_a_branch, assigned_in_loops_in_loops,
    the_start_changes_afterwards, starts_in_a_branch], ids=lambda program: program.__name__)
@pytest.mark.parametrize("trips", [0, 1, 3])
def test_a_variable_that_each_trip_assigns_is_the_first_tensor_where_no_trip_is_made(program, trips):
    both = []
    for function in (jit(program), program):
        args = Tensor(np.float32([1, 2, 3])), Tensor(np.float32([4, 5, 6])), Tensor(np.int64(trips))
        result = function(*args)
        both.append([each.asnumpy().tolist() for each in (result, *args)])
    assert both[0] == both[1]


def test_a_merge_costs_nothing_where_nothing_is_written():
    def program(x, t):
        y = x * 1
        if t > 0:
            y = x * 2
            if t > 1:
                y = x * 3
        return y + 1
    graph = repr(jit(program).graph(X, Tensor(np.float32(1))))
    assert "select" not in graph
    assert "item(" not in graph.split("graph program")[1].replace("{index=0}", "", 1) or graph.count("{index=1}") == 0


def test_the_change_of_a_part_of_a_chosen_tensor_is_seen_in_the_whole():
    def program(x, t):
        a, b = ops.stack([x, x * 2]), ops.stack([x * 3, x * 4])
        row = a[0] if t > 0 else b[1]
        row[1] = 50.0
        return a, b
    for t in (1.0, -1.0):
        t = Tensor(np.float32(t))
        for found, expected in zip(jit(program)(X, t), program(X, t)):
            assert found.asnumpy().tolist() == expected.asnumpy().tolist()


def test_a_repeated_compilation_leaves_containers_as_they_were():
    seen = []

    def program(x, t, s):
        seen.append(x)
        a, b, c = x * 1, x * 2, x * 3
        if t > 0:
            c = a if s > 0 else b
        c[0] = 9.0
        return a, b, c

    one = Tensor(np.float32(1))
    jit(program)(X, one, one)
    assert len(seen) == 1
