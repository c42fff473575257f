"""Programs: `grad` and `value_and_grad` inside programs, of every kind of function, to higher orders."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Cell, Parameter, Tensor, grad, jit, ops, stop_gradient, value_and_grad


def grad_inside(x):
    return grad(lambda a: (a * a * a).sum())(x) * x


def grad_of_nested_function(x, w):
    def f(a):
        return (a * w + ops.sin(a)).sum()
    return grad(f)(x) + w


def grad_by_two(x, w):
    dx, dw = grad(lambda a, b: (a * a * b).sum(), (0, 1))(x, w)
    return dx * dw


def grad_by_second(x, w):
    return grad(lambda a, b: (a * ops.exp(b)).sum(), 1)(x, w)


def value_and_grad_inside(x):
    value, slope = value_and_grad(lambda a: (a ** 3).sum())(x)
    return value * slope


@case(grad=False)  # a difference of differences of differences is too coarse
def grad_of_grad(x):
    f = lambda a: (a ** 4).sum()
    return grad(lambda a: grad(f)(a).sum())(x)


def grad_of_branch(x, s):
    def f(a):
        if a.sum() > 1:
            return (a * a).sum()
        return (a * 3).sum() * s
    return grad(f)(x)


def grad_of_loop(x, n):
    def f(a):
        j = n * 0
        while j < n:
            a = a * 1.1 + j
            j = j + 1
        return (a * a).sum()
    return grad(f)(x)


def grad_in_branch(x, s):
    if s > 0:
        return grad(lambda a: (a * a).sum() * s)(x)
    return x


def grad_in_tensor_loop(x, n):
    f = lambda a: (a * a).sum() * 0.5
    j = n * 0
    while j < n:
        x = x - 0.1 * grad(f)(x)
        j = j + 1
    return x


def grad_descent_static_loop(x, w):
    for _ in range(3):
        x = x - 0.1 * grad(lambda a: ((a - w) ** 2).sum())(x)
    return x


def grad_of_closure_over_loop_variable(x):
    total = x * 0
    for k in range(1, 4):
        total = total + grad(lambda a, k=k: (a ** k).sum())(x)
    return total


def grad_as_value(x):
    operators = [grad, lambda f: f]
    return operators[0](lambda a: (a * a).sum())(x) + operators[1](lambda a: a * 2)(x)


def grad_passed_to_function(x):
    def newton(f, a):
        return a - f(a) / (grad(lambda b: f(b).sum())(a) + 3)
    return newton(lambda a: a * a - 2, x)


def grad_of_function_with_python_arguments(x):
    def f(a, power, flag=True):
        return (a ** power).sum() if flag else a.sum()
    return grad(f)(x, 3) + grad(f)(x, 2, False)


def grad_through_tuple_result(x):
    def f(a):
        return (a * a).sum(), (a * 3).sum()
    return grad(f)(x)


def grad_through_index_assignment(x):
    def f(a):
        b = a * 1
        b[0] = b[1] * b[2]
        b[1:] *= 2.0
        return (b * b).sum()
    return grad(f)(x)


def grad_through_gather(v, i):
    return grad(lambda a: (a[i] * a[i]).sum())(v)


def grad_through_sort(v, x):
    return grad(lambda a: (ops.sort(a)[0][1:4] * x).sum())(v)


def grad_through_cumsum(v):
    return grad(lambda a: (ops.cumsum(a, 0) ** 2).sum())(v)


def grad_through_matmul(m, a):
    return grad(lambda p: ((p @ m) ** 2).sum())(a)


def grad_through_softmax(x, w):
    return grad(lambda a: (ops.softmax(a, -1) * w).sum())(x)


def grad_through_where(x, w):
    return grad(lambda a: ops.where(a > 0, a * a, a * w).sum())(x)


def grad_through_broadcast(s, m):
    return grad(lambda a: (m * a + m[:, :1] * a * a).sum())(s)


def grad_through_reshape_and_transpose(m):
    return grad(lambda a: (a.reshape(3, 2).T * a * a[::-1]).sum())(m)


def grad_through_stack_and_cat(x, w):
    return grad(lambda a: (ops.stack([a, w, a * a]) * ops.cat([a[None], w[None], w[None]])).sum())(x)


def grad_through_max_min(x, w):
    return grad(lambda a: (ops.maximum(a, w) * ops.minimum(a, 0.5)).sum() + a.max() * a.min())(x)


def grad_through_prod(x):
    return grad(lambda a: a.prod() * a.sum())(x)


def grad_through_list_and_dict(x, w):
    def f(a):
        items = [a, w]
        items.append(items[0] * items[1])
        d = {"y": items[-1]}
        d["y"] = d["y"] * d["y"]
        return d["y"].sum()
    return grad(f)(x)


def grad_through_recursion_static(x):
    def power(a, n):
        return 1.0 if n == 0 else a * power(a, n - 1)
    return grad(lambda a: power(a, 5).sum())(x)


def grad_through_object(x, w):
    class Box:
        def __init__(self, value):
            self.value = value
    def f(a):
        box = Box(a)
        box.value = box.value * w
        return (box.value ** 2).sum()
    return grad(f)(x)


def grad_through_try(x):
    def f(a):
        try:
            return (a * [][0]).sum()
        except IndexError:
            return (a * a).sum()
    return grad(f)(x)


def grad_with_unused_input(x, w):
    return grad(lambda a, b: (a * 2).sum(), (0, 1))(x, w)[1] + x


@case(grad=False)  # differences do not know stop_gradient
def stop_gradient_value(x):
    return stop_gradient(x * 2) * x


def jit_inside(x, w):
    @jit
    def f(a):
        return a * w
    return f(x) * f(w)


def grad_of_jit(x):
    f = jit(lambda a: (a * a * a).sum())
    return grad(f)(x)


def hessian_vector_product(x, w):
    f = lambda a: (a * a * a).sum() + (a[0] * a[1])
    return grad(lambda a: (grad(f)(a) * w).sum())(x)


def jacobian_rows(x):
    f = lambda a: ops.stack([a[0] * a[1], a[1] * a[2]])
    return ops.stack([grad(lambda a, k=k: f(a)[k])(x) for k in range(2)])


def implicit_layer(s):
    y = s * 0 + 1
    for _ in range(6):
        y = y - (y * y * y + y - s) / (3 * y * y + 1)
    return y


def physics_energy_force(x):
    energy = lambda q: (q * q).sum() * 0.5 + (q[0] * q[1]) ** 2
    velocity = x * 0
    for _ in range(3):
        velocity = velocity - 0.1 * grad(energy)(x)
        x = x + 0.1 * velocity
    return x


def meta_learning_step(x, w):
    inner = lambda p, data: ((p - data) ** 2).sum()
    adapted = x - 0.1 * grad(inner)(x, w)
    return inner(adapted, w * 2)


@case(factory=True)
def grad_of_cell():
    class Net(Cell):
        def __init__(self):
            super().__init__()
            self.weight = Parameter(Tensor([0.5, 1.0, -1.0]), name="weight")
        def construct(self, x):
            return (x * self.weight * x).sum()
    net = Net()
    return lambda x: grad(net)(x)


def third_order_by_hand(s):
    first = lambda a: 4 * a ** 3
    return grad(first)(s) * 0.5 + s
