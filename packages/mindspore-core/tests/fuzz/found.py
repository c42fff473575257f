"""Programs on which Python, graph mode, PyNative mode or differences once disagreed, or which were refused without
need, as small as they shrank."""

NET = """
class Net(Cell):
    def __init__(self):
        super().__init__()
        self.p = Parameter(Tensor(0.4, float64), name="p")
        self.u = Parameter(Tensor([0.2, -0.7, 1.1], float64), name="u")
"""

FOUND = {
    "gradient_after_two_looks": """
def main(s, t, v, w, n):
    if s > -9:
        v = v + 1
    if t > -9:
        v = v * 2
    return s, v
""",
    "operator_without_operands_in_a_loop": """
def main(s, t, v, w, n):
    j = n * 0
    while j < n:
        v[j % 3] = v[j % 3] * s
        j = j + 1
    return s, v
""",
    "break_of_an_endless_loop_on_a_tensor": """
def main(s, t, v, w, n):
    while True:
        s = s + 1
        if s > 2:
            break
    return s, v
""",
    "name_bound_before_a_break_of_an_endless_loop": """
def main(s, t, v, w, n):
    j = 0
    while True:
        j = j + 1
        if j > 2:
            break
        a = s * 0.5
        if ops.sin(t) > 0.2:
            break
        v = v * 2
    return s, v
""",
    "name_bound_after_a_break_of_an_endless_loop": """
def main(s, t, v, w, n):
    j = n * 0
    while True:
        j = j + 1
        if j > n:
            break
        a = [v, s]
        v = a[0] * a[1]
    return s, v
""",
    "rows_of_a_vector_that_the_loop_changes": """
def main(s, t, v, w, n):
    for e in w:
        w[1:] = e
    return s, w
""",
    "results_of_one_operator_read_at_different_depths": NET + """
    def construct(self, x):
        return ops.sort(grad(lambda a: ops.logsumexp(a, 0))(self.u))


net = Net()


def main(s, t, v, w, n):
    a = net(s)[0]
    if s > 0:
        return s, s * a
    return s, v
""",
    "changed_vector_returned_out_of_a_loop": """
def main(s, t, v, w, n):
    j = n * 0
    while j < 3:
        j = j + 1
        v[j % 3] -= t
        if v.sum() > s:
            return s, v
    return s, v * 2
""",
    "list_unpacked_in_each_trip": """
def main(s, t, v, w, n):
    j = n * 0
    while j < n:
        j = j + 1
        a, *rest = [v, 1, 2]
        s = s + rest[0] * a[0]
        if s > 1:
            v, *rest = v, w, v
    return s, v
""",
    "containers_that_the_language_makes_in_each_trip": """
def main(s, t, v, w, n):
    def named(**others):
        return others

    j = n * 0
    while j < n:
        j = j + 1
        match [v, 1, 2]:
            case [a, *rest]:
                s = s + rest[0] * a[0]
        match {"a": t, "b": 2}:
            case {"a": b, **others}:
                s = s - b * others["b"]
        words, made, found = "a b".split(), dict.fromkeys("ab"), named(c=s)
        s = found["c"] * 0.5 + len(words) * len(made)
    return s, v
""",
    "recorded_identity_of_what_is_changed_later": """
def main(s, t, v, w, n):
    a = vmap(lambda x: x)(w)
    w[2] *= 0.5
    return s, a
""",
    "error_about_a_parameter_that_was_assigned": NET + """
net = Net()


def main(s, t, v, w, n):
    net.p = s * 1.0
    if s > 0.5:
        raise ValueError(f"{net.p:.2f}")
    return s, v
""",
    "parameter_assigned_by_a_cell_after_with": """
class Box:

    def __init__(self, x, y, k=1):
        self.x, self.y = (x, y)

class Crate(Box):

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self = self

class Net(Cell):

    def __init__(self):
        super().__init__()
        self.p = Parameter(0.4, name='p')
        self.u = Parameter(Tensor([0.2, -0.7, 1.1], float64), name='u')

    def construct(self, x):
        self.u = sum((ops.tanh(self.u) * x for e9 in [x, self.u]))
net = Net()
other = Net()

def main(s, t, v, w, n):
    o11 = Crate(s, v)
    s13 = (s12 := s)
    with Crate(ops.einsum('i,i->', ops.sin(other.u), v), net.u) as o16:
        s17 = recompute(lambda a19: ops.einsum('ij,j->j', ops.stack((o16.y, w), 0), w), other(o11.y))
    return grad(lambda a23, a24: ops.einsum('i,i->', ops.sin(net.u), other.u), (0, 1))(s12, v)
""",
    "sum_that_a_cell_assigns_after_with": """
class Crate:

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        self = self

class Net(Cell):

    def __init__(self):
        super().__init__()
        self.p = Parameter(0.4, name='p')
        self.u = Parameter(Tensor([0.2, -0.7, 1.1], float64), name='u')

    def construct(self, x):
        self.u = sum((x for e9 in range(12)))
net = Net()
other = Net()

def main(s, t, v, w, n):
    with Crate() as o16:
        other(w)
    return v + other.u
""",
    "larger_of_a_parameter_and_itself": """
class Net(Cell):

    def __init__(self):
        super().__init__()
        self.p = Parameter(Tensor(0.4, float64), name="p")
        self.u = Parameter(Tensor([0.2, -0.7, 1.1], float64), name="u")

    def construct(self, x):
        def make7(a8):
            return lambda p9: self.u + a8
        f6 = make7(max(self.p, self.p))
        self.p = ops.sin(self.p) * 1.0
        return ops.tanh(f6(self.u)) * self.u
net = Net()

def main(s, t, v, w, n):
    return s + s * 0.7 - t * 0.4, (v + net(v)) + v * 0.9 - w * 0.6
""",
    "decision_by_an_indexed_element_under_two_gradients": """
def main(s, t, v, w, n):
    return grad(grad(lambda a: sum((t for e in [w, v] if e[n % 3] < s), s)))(t), v + s
""",
    "recomputation_of_a_vector_that_changes_afterwards": """
def main(s, t, v, w, n):
    kept = recompute(lambda a: v if n > 1 else w, v)
    v[::-1] += v[::-1]
    return s, kept + v * 0.9
""",
    "argument_that_a_loop_in_a_branch_may_leave": """
def main(s, t, v, w, n):
    if v[0] < s + 9:
        j = n * 0
        while j < n:
            j = j + 1
            v = w * s
    v[-1] -= t
    return s, v
""",
    "raise_out_of_a_loop_that_checks_an_index": """
def main(s, t, v, w, n):
    try:
        for k in range(1, n % 4):
            s = s * v[k % 3]
            if s < t:
                raise ValueError(f"too small: {s:.2f}")
        t = t * 2
    except ValueError:
        t = t + s
    return s, t
""",
    "generator_expression_over_a_list_that_a_decision_extended": """
def main(s, t, v, w, n):
    l = [v, w]
    if (v > w).any():
        l.extend([w * 2])
    return s, sum(ops.sort(w)[0] for e in l) * 0.3 + v
""",
    "loop_that_prints_before_two_ways_to_raise": """
def main(s, t, v, w, n):
    try:
        for k in range(1, n % 4):
            if t > 2.1:
                raise ValueError("much")
            print(f"{s:.3f}")
            if v[1] > s:
                break
        if v[0] > 5:
            raise ValueError
        t = t * 1.0
    except ValueError:
        s = s * 2
    return s, v + w
""",
}
