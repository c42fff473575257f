"""Numerical algorithms whose control flow depends on values: roots, integrals, fixed points, searches."""
from __future__ import annotations

import numpy as np
from algorithm import algorithm

import mindspore as ms
from mindspore import Tensor, ops

RNG = np.random.default_rng(3)


@algorithm(np.float32(7.0), answer=lambda a: np.sqrt(a), gradient=lambda a: 0.5 / np.sqrt(a))
def square_root_by_newton(a):
    x = a
    while ops.abs(x * x - a) > 1e-4:
        x = 0.5 * (x + a / x)
    return x


@algorithm(np.float32(2.0), answer=lambda a: np.cbrt(a))
def root_by_newton_with_a_gradient_inside(a):
    def residual(x):
        return x * x * x - a

    x = a
    for _ in range(20):
        value = residual(x)
        if ops.abs(value) < 1e-5:
            break
        x = x - value / ms.grad(residual)(x)
    return x


@algorithm(np.float32(0.0), np.float32(2.0), answer=lambda lo, hi: np.float32(np.log(3.0)))
def bisection(lo, hi):
    while hi - lo > 1e-5:
        middle = (lo + hi) / 2
        if ops.exp(middle) > 3:
            hi = middle
        else:
            lo = middle
    return lo


@algorithm(np.float32(1.0), np.float32(0.0), answer=lambda x, v: np.array([np.cos(1.0), -np.sin(1.0)], np.float32),
           atol=1e-3)
def oscillator_by_runge_kutta(x, v):
    def slope(state):
        return ops.stack([state[1], -state[0]])

    state, h = ops.stack([x, v]), 0.05
    for _ in range(20):
        k1 = slope(state)
        k2 = slope(state + h / 2 * k1)
        k3 = slope(state + h / 2 * k2)
        k4 = slope(state + h * k3)
        state = state + h / 6 * (k1 + 2 * k2 + 2 * k3 + k4)
    return state


@algorithm(np.float32(1.0), answer=lambda y: np.float32(np.exp(-2.0)), gradient=lambda y: np.float32(np.exp(-2.0)),
           rtol=1e-2)
def adaptive_step_integration(y):
    t, h = Tensor(0.0), Tensor(0.1)
    while t < 2.0:
        h = ops.minimum(h, 2.0 - t)
        coarse = y - h * y
        half = y - h / 2 * y
        fine = half - h / 2 * half
        if ops.abs(fine - coarse) < 1e-4:
            y = 2 * fine - coarse
            t = t + h
            h = h * 1.5
        else:
            h = h / 2
    return y


@algorithm(RNG.uniform(-0.4, 0.4, (4, 4)).astype(np.float32), RNG.uniform(-1, 1, 4).astype(np.float32))
def deep_equilibrium(w, x):
    z, gap = ops.zeros_like(x), Tensor(1.0)
    trips = 0
    while gap > 1e-6 and trips < 100:
        new = ops.tanh(w @ z + x)
        gap = ops.abs(new - z).max()
        z = new
        trips = trips + 1
    return z


A = RNG.uniform(-0.5, 0.5, (5, 5)).astype(np.float32)
SYMMETRIC = (A @ A.T + np.eye(5)).astype(np.float32)


@algorithm(SYMMETRIC, RNG.uniform(-1, 1, 5).astype(np.float32), answer=lambda a, b: np.linalg.solve(a, b), rtol=1e-2,
           atol=1e-3)
def conjugate_gradients(a, b):
    x = ops.zeros_like(b)
    r = b - a @ x
    p = r
    rr = (r * r).sum()
    for _ in range(25):
        if rr < 1e-10:
            break
        ap = a @ p
        alpha = rr / (p * ap).sum()
        x = x + alpha * p
        r = r - alpha * ap
        new = (r * r).sum()
        p = r + new / rr * p
        rr = new
    return x


@algorithm(SYMMETRIC, answer=lambda a: np.float32(np.linalg.eigvalsh(a)[-1]), rtol=1e-3)
def largest_eigenvalue_by_power_iteration(a):
    v = ops.ones(5) / 5 ** 0.5
    last, value = Tensor(0.0), Tensor(1.0)
    while ops.abs(value - last) > 1e-6 * value:
        last = value
        w = a @ v
        value = (v * w).sum()
        v = w / ops.sqrt((w * w).sum())
    return value


@algorithm(np.array([3.0, 1.0, 2.0, 5.0, 4.0], np.float32), answer=np.sort)
def bubble_sort_by_index_assignment(x):
    x = x * 1
    for i in range(5):
        for j in range(4 - i):
            if x[j] > x[j + 1]:
                small, large = x[j + 1], x[j]
                x[j] = small
                x[j + 1] = large
    return x


@algorithm(np.array([1.0, 3.0, 4.0, 7.0, 9.0, 12.0], np.float32), np.float32(7.5), answer=lambda x, v: np.int64(4))
def binary_search(x, v):
    lo, hi = Tensor(0, ms.int64), Tensor(6, ms.int64)
    while lo < hi:
        middle = (lo + hi) // 2
        if x[middle] < v:
            lo = middle + 1
        else:
            hi = middle
    return lo


@algorithm(np.int32(48), np.int32(36), answer=np.gcd)
def greatest_common_divisor(a, b):
    while b != 0:
        a, b = b, a % b
    return a


@algorithm(np.int32(27), answer=lambda n: np.int64(111))
def collatz_steps(n):
    steps = 0
    while n != 1:
        if n % 2 == 0:
            n = n // 2
        else:
            n = 3 * n + 1
        steps += 1
    return steps


def _edit_distance(a, b):
    table = np.zeros((len(a) + 1, len(b) + 1), np.int64)
    table[:, 0], table[0] = np.arange(len(a) + 1), np.arange(len(b) + 1)
    for i in range(len(a)):
        for j in range(len(b)):
            table[i + 1, j + 1] = min(table[i, j] + (a[i] != b[j]), table[i, j + 1] + 1, table[i + 1, j] + 1)
    return table[-1, -1]


@algorithm(np.array([1, 2, 3, 4, 2]), np.array([2, 3, 1, 4]), answer=_edit_distance)
def edit_distance(a, b):
    row = [Tensor(j) for j in range(len(b) + 1)]
    for i in range(len(a)):
        above, row = row, [Tensor(i + 1)]
        for j in range(len(b)):
            if a[i] == b[j]:
                row.append(above[j])
            else:
                row.append(ops.minimum(ops.minimum(above[j], above[j + 1]), row[j]) + 1)
    return row[-1]


@algorithm(RNG.uniform(0, 1, (6, 6)).astype(np.float32) < 0.4)
def game_of_life(board):
    cells = board.astype(ms.int32)
    for _ in range(3):
        around = sum(ops.roll(ops.roll(cells, i, 0), j, 1) for i in (-1, 0, 1) for j in (-1, 0, 1) if (i, j) != (0, 0))
        cells = ((around == 3) | ((around == 2) & (cells == 1))).astype(ms.int32)
    return cells


def _floyd(d):
    d = d.copy()
    for k in range(len(d)):
        d = np.minimum(d, d[:, k:k + 1] + d[k:k + 1])
    return d


@algorithm(RNG.uniform(0.1, 5, (5, 5)).astype(np.float32), answer=_floyd)
def shortest_paths(d):
    for k in range(d.shape[0]):
        d = ops.minimum(d, d[:, k].expand_dims(1) + d[k])
    return d


@algorithm(RNG.uniform(-1, 1, (40, 2)).astype(np.float32))
def k_means(points):
    centres, moved, rounds = points[:3], Tensor(1.0), 0
    while moved > 1e-6 and rounds < 50:
        distance = ((points.expand_dims(1) - centres) ** 2).sum(-1)
        mine = ops.one_hot(distance.argmin(-1), 3, Tensor(1.0), Tensor(0.0))
        new = mine.T @ points / ops.maximum(mine.sum(0), 1.0).expand_dims(1)
        moved = ops.abs(new - centres).max()
        centres = new
        rounds += 1
    return centres


@algorithm(RNG.uniform(0.5, 1, (3, 3)).astype(np.float32), RNG.uniform(0.5, 1, (3, 4)).astype(np.float32),
           np.array([0, 1, 3, 2, 0]))
def viterbi(transitions, emissions, seen):
    t, e = ops.log(transitions), ops.log(emissions)
    score, back = e[:, seen[0]], []
    for k in range(1, len(seen)):
        options = score.expand_dims(1) + t
        back.append(options.argmax(0))
        score = options.max(0) + e[:, seen[k]]
    path = [score.argmax()]
    for pointers in reversed(back):
        path.append(pointers[path[-1]])
    return ops.stack(path[::-1])


@algorithm(RNG.uniform(-1, 1, 6).astype(np.float32), answer=lambda x: np.array([x[x > 0].sum(), (x > 0).sum()],
                                                                                  np.float32))
def counting_in_a_loop_over_elements(x):
    total, count = Tensor(0.0), 0
    for value in x:
        if value <= 0:
            continue
        total = total + value
        count += 1
    return ops.stack([total, Tensor(count, ms.float32) if isinstance(count, int) else count.astype(ms.float32)])


@algorithm(np.array([-1.2, 1.0], np.float32), answer=lambda x: np.ones(2, np.float32), rtol=1e-2, atol=1e-2)
def newton_with_a_hessian_on_rosenbrock(x):
    def f(x):
        return (1 - x[0]) ** 2 + 100 * (x[1] - x[0] ** 2) ** 2

    def gradient(x):
        return ms.grad(f)(x)

    for _ in range(30):
        g = gradient(x)
        if (g * g).sum() < 1e-8:
            break
        rows = [ms.grad(lambda x, i=i: gradient(x)[i])(x) for i in range(2)]
        h = ops.stack(rows)
        x = x - ops.inverse(h) @ g
    return x


@algorithm(np.float32(0.7))
def continued_fraction_until_it_settles(x):
    value, k = x, 1
    while True:
        new = x / (k + value * value)
        if ops.abs(new - value) < 1e-6 or k > 50:
            break
        value = new
        k += 1
    return value + new
