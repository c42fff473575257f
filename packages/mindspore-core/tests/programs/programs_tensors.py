"""Programs: indexing and index assignment in all forms, operators and methods of tensors."""
# The programs are written as users write, not as a linter likes.
# ruff: noqa
from table import case
from world import Tensor, bool_, float32, float64, int32, int64, ops


def index_int(m):
    return m[0] + m[-1] + m[1, 2] + m[0][1]


def index_slice(v):
    return v[1:4] + v[:3] + v[-3:] + v[2:][::1]


def index_step(v):
    return v[::2] + v[1:4:1][:3]


def index_negative_step(v):
    return v[::-1] + v[4:0:-2][0]


def index_none(x, m):
    return x[None] * m + x[None, :, None][0, :, 0] + m[:, None].sum(axis=1)


def index_ellipsis(m):
    return m[..., 0].sum() + m[...] + m[..., None, :][:, 0]


def index_tuple_of_slices(m):
    return m[0:1, 1:] * m[1:, :2] + m[:, ::2][0, 1]


def index_int_tensor(v, i):
    return v[i] * 2


def index_int_tensor_2d(m, i):
    return m[:, i] + m[[1, 0]][:, i]


def index_int_tensors_broadcast(m, i):
    rows = i % 2
    return m[rows, i] + m[rows[:, None], i][0]


def index_list(v):
    return v[[0, 2, 2]] + v[[-1]]


def index_scalar_tensor(v, k):
    return v[k] + v[k + 1] * v[-1 - k]


def index_scalar_tensor_in_tuple(m, k):
    return m[k % 2, k] + m[:, k] + m[k % 2].sum()


def index_mixed_int_and_tensor(m, i):
    return m[1, i] + m[0, i[0]]


def index_separated_tensors(m, i):
    t = ops.stack([m, m * 2])
    return t[0, :, i] * 1.0, t[i[:1] % 2, :, i[:1]]


def index_bool_tensor_as_mask_of_where(x, mask):
    return ops.where(mask, x, -x)


def index_bool_in_sum(x, mask):
    return (x * mask).sum() + mask.sum()


def index_bool_list(v):
    return v[[True, False, True, False, True]]


def index_of_index(m):
    return m[1][1:][0] * m[:, 1][1]


def index_empty_slice(v):
    return v[5:].sum() + v[3:3].sum() + v[0]


def index_with_variables(v, lo=1, hi=4):
    n = v.shape[0]
    return v[lo:hi] * v[n - hi:n - lo] + v[n // 2]


def slice_with_tensor_start(v, k):
    return v[k:k + 2]


def set_int(x):
    x[1] = 5.0
    x[-1] = x[0] * 2
    return x * x


def set_slice(v):
    v[1:3] = v[3:5] * 2
    v[:1] = 0.5
    return v * v


def set_step(v):
    v[::2] = v[1:4] + 1
    return v * v


def set_broadcast(m, x):
    m[:] = x
    m[0] = m[0] * 2
    m[:, 1] = 3.0
    return m * x


def set_element(m):
    m[0, 1] = m[1, 2] * 3
    m[1, -1] = 0.0
    return m * m


def set_int_tensor(v, i):
    v[i] = 0.5
    return v * v


def set_int_tensor_with_values(v, x):
    v[[3, 0, 1]] = x * 2
    return v * v


def set_scalar_tensor(v, k, s):
    v[k] = s
    v[k + 1] += s * 2
    return v * v


def set_mask(x, mask):
    x[mask] = 2.5
    return x * x


def set_by_comparison(x):
    x[x < 0.3] = 0.0
    return x * x


def set_mask_with_tensor(x, w, mask):
    return ops.where(mask, x * w, x)


def set_ellipsis(m):
    m[..., 0] = 1.0
    m[...] = m * 2
    return m * m


def set_mixed(m, i):
    m[1, i[:2] * 0 + 1] = 4.0
    return m * m


def set_none(m):
    m[None] = m * 2
    return m


def set_augmented(m, x):
    m[0] += x
    m[:, 1] *= 2.0
    m[1, 1:] -= x[:2]
    m[1] /= 2
    return m * m


def set_augmented_in_branch(x, s):
    if s > 0:
        x[0] += s
        x[1:] *= 2
    return x * x


def set_in_tensor_loop(v, n):
    j = n * 0
    while j < n:
        v[j] = v[j] * v[j] + j
        j = j + 1
    return v


def set_in_static_loop(m):
    for r in range(2):
        for c in range(3):
            if r != c:
                m[r, c] = m[r, c] * (r - c)
    return m * m


def set_then_alias_sees(x):
    y = x * 1
    z = y
    z[0] = 9.0
    return y * z


def set_does_not_reach_copies(x):
    y = x * 1
    z = y.copy()
    z[0] = 9.0
    return y + z


def set_in_helper_reaches_caller(x):
    def clear(t):
        t[0] = 0.0
    y = x * 2
    clear(y)
    return y * y


def set_in_helper_under_branch(x, s):
    def scale(t):
        t[1] = t[1] * s
    y = x * 2
    if s > 0:
        scale(y)
    return y * y


def set_in_closure(x):
    y = x * 2
    def change(k):
        y[k] = y[k] + k
    for k in range(3):
        change(k)
    return y


def set_scatter_pattern(x, i):
    y = x * 0
    for k in range(3):
        y[i[k]] = y[i[k]] + x[k]
    return y


def iterate_rows(m):
    return sum([row * k for k, row in enumerate(m)])


def unpack_rows(m):
    a, b = m
    return a * b


def arithmetic_operators(x, w):
    return x + w - x * w / (w * w + 1) + (-x) + abs(w) + x ** 2 + 2 ** w


def arithmetic_with_numbers(x):
    return 1 + x - 2 * x / 4 + (3 - x) + 1 / (x * x + 1) + x * True


def floor_division_and_remainder(x):
    return x // 0.37, x % 0.37, (x * 10) // 3 % 2, 7 % (x * x + 1)


def integer_operators(i, k):
    return i // 2 + i % 2 - k, i * k, i ** 2, -i, abs(i - 1), i / 2, 7 // (i + 1)


def bitwise_operators(mask, b):
    return mask & b, mask | b, mask ^ b, ~mask


def comparison_results(x, w):
    return x < w, x <= w, x > 0.2, x >= w, x == x, x != w, 0.5 < x


def comparison_as_number(x, w):
    return (x > w) * x + (x < w) * 2.0


def matrix_products(m, x, a):
    return m @ x + (a @ m) @ x + ops.matmul(m, m.T).sum() + ops.dot(x, x)


def vector_products(x, w):
    return x @ w * x + (x[:, None] @ w[None]).sum(axis=0)


def reductions(m):
    return m.sum(), m.sum(axis=0), m.mean(axis=1), m.max(), m.min(axis=0), m.prod(axis=1)


def reductions_keepdims(m):
    return m / m.sum(axis=1, keepdims=True), (m - m.mean(axis=0, keepdims=True)) ** 2


def reductions_over_tuple(m):
    return ops.stack([m, m * m]).sum(axis=(0, 2))


def softmax_by_hand(x):
    e = ops.exp(x - x.max())
    return e / e.sum() * x


def argmax_used_as_index(x, w):
    return w[x.argmax()] * x


def cumulative_sum(v):
    return ops.cumsum(v, 0) * v


def sort_values(v):
    values, indices = ops.sort(v)
    return values * v, indices


def gather_and_take(v, i):
    return ops.gather(v, i, 0) * v[:3]


def shapes_of_tensors(m):
    rows, columns = m.shape
    return m.reshape(columns, rows) * rows + m.reshape((-1, 2)) + m.T.reshape(-1, 2) + m.ndim + m.size


def transposes(m):
    return m.T @ m + m.transpose(1, 0) @ m + ops.transpose(m, (1, 0)) @ m


def joins(x, w):
    return ops.cat([x, w]) * ops.cat((w, x), 0), ops.stack([x, w], 1), ops.cat([x[None], w[None]], axis=0)


def creations(x):
    y = ops.zeros(3, float64) + ops.ones((3,), float64) + ops.full((3,), 0.5, dtype=float64) + ops.arange(3)
    return y * x + ops.zeros_like(x) + ops.ones_like(x)


def creation_from_data(x):
    return x * Tensor([1.0, 2.0, 3.0]) + Tensor(2) + Tensor([[1, 2, 3]])[0]


def creation_from_tensors(x):
    return ops.stack([x[0], x[1] * 2]) * ops.stack((x[2], x[0]))


def broadcasting(x, m, s):
    return m * x + x[None] * s + m[:, :1] * m[:1]


def tile_and_broadcast(x):
    return ops.tile(x, (2, 1)) * ops.broadcast_to(x[:1], (2, 3)) + ops.expand_dims(x, 0).squeeze()


def flip_and_roll(x):
    return ops.flip(x, (0,)) * ops.roll(x, 1)


def elementwise_functions(x):
    return ops.sin(x) + ops.cos(x) * ops.tanh(x) - ops.exp(x) / ops.sqrt(x * x + 1) + ops.log(x * x + 0.5)


def elementwise_methods(x):
    return x.abs().sqrt() + x.exp().log() + x.tanh().square() + x.sin() * x.cos() + x.sigmoid()


def relu_and_clamp(x):
    return ops.relu(x - 0.3) + ops.clamp(x, -0.5, 0.7) + ops.maximum(x, 0.1) * ops.minimum(x, 0.2)


def where_nested(x, w):
    return ops.where(x > 0, ops.where(w > 0, x * w, x), w * 2)


def logical_functions(x, w):
    return ops.logical_and(x > 0, w > 0), ops.logical_or(x > 0, w > 0), ops.logical_not(x > 0)


def any_all_methods(m):
    return (m > 0).any(), (m > 0).all(axis=0), (m > 5).any(axis=1)


def casts(x, i, mask):
    return x.astype(int64), i.astype(float64) * x, mask.astype(float64) + x, (x > 0).astype(int32)


@case(grad=False)  # differences in float32 are too coarse
def cast_to_float32_and_back(x):
    return x.astype(float32).astype(float64) * x


def method_chain(m):
    return (m.reshape(3, 2).transpose(1, 0) * 2).sum(axis=0).reshape(3, 1).squeeze().clamp(-1.1, 1.1)


def dtype_and_shape_decide(x, i):
    y = x * 2 if x.dtype == float64 else x
    return y + i if i.dtype in (int32, int64) and len(x.shape) == 1 else y


def item_of_shape_used_as_number(m):
    return m * m.shape[0] / m.shape[-1] + len(m.shape)


def polynomial_horner(x):
    y = x * 0
    for c in (1.0, -2.0, 0.5, 3.0):
        y = y * x + c
    return y


def convolution_by_slices(v):
    kernel = [0.25, 0.5, 0.25]
    return sum(c * v[k:k + 3] for k, c in enumerate(kernel))


def attention_by_hand(m):
    scores = m @ m.T / m.shape[1] ** 0.5
    return ops.softmax(scores, -1) @ m


def layer_norm_by_hand(m):
    mean = m.mean(axis=-1, keepdims=True)
    variance = ((m - mean) ** 2).mean(axis=-1, keepdims=True)
    return (m - mean) / ops.sqrt(variance + 1e-5)


def recurrent_cell_by_hand(v, x):
    h = x * 0
    for each in v:
        h = ops.tanh(h * 0.5 + each * x)
    return h


def power_iteration(a):
    u = ops.ones((2,), float64)
    for _ in range(4):
        u = a @ u
        u = u / ops.sqrt((u * u).sum())
    return u @ a @ u


@case(grad=False)  # a Python number has no derivative
def number_of_tensor_by_float(x, s):
    return x * float(s)


@case(grad=False)
def number_of_tensor_by_item(x, s):
    return x + s.item()


def number_of_tensor_by_int(x, k):
    return x * int(k)


def bool_of_tensor(x, s):
    return x * 2 if bool(s > 0) else x


def static_number_from_constant_tensor(x):
    return x * int(Tensor(3)) + float(Tensor(0.5))


def slice_bound_from_static_tensor(v):
    n = Tensor(3)
    return v[:int(n)]


def items_by_tensors_of_constants(x):
    lists = [[x], [x * 2], [x * 3], [x * 5]]
    for k in range(3):
        lists[Tensor(k)].append(x + k)
        lists[Tensor(k - 3)] = lists[Tensor(k)] + [x]
    return [sum(each) * len(each) for each in lists]


def item_by_a_tensor_that_a_loop_changes(x, n):
    k, y, items = Tensor(0), x, [x, x * 2, x * 3]
    for _ in range(n):
        y = y + items[k]
        k = (k + 2) % 3
    return y
