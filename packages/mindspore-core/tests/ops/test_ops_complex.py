"""Complex numbers: parts, conjugates, angles, and what the operators for real numbers do with complex ones."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import Case, check_eager, check_gradient, check_graph, uniform

import mindspore as ms
from mindspore import Tensor, mint, ops
from mindspore.ops import operations as P

Z = (uniform((2, 3), 0.3, 1.5) + 1j * uniform((2, 3), -1.5, 1.2, 1)).astype(np.complex64)
W = (uniform((2, 3), -1.5, 1.5, 2) + 1j * uniform((2, 3), 0.2, 1.4, 3)).astype(np.complex64)
M = (uniform((3, 2), -1, 1, 4) + 1j * uniform((3, 2), -1, 1, 5)).astype(np.complex64)
X = uniform((2, 3))

CASES = [
    Case("real", ops.real, np.real, (Z,)), Case("imag", ops.imag, np.imag, (Z,)), Case("conj", ops.conj, np.conj, (Z,)),
    Case("real of real", ops.real, lambda x: x, (X,)), Case("imag of real", ops.imag, np.zeros_like, (X,)),
    Case("conj of real", ops.conj, lambda x: x, (X,)),
    Case("mint", lambda z: mint.polar(mint.real(z), mint.imag(z)), lambda z: z.real * np.exp(1j * z.imag), (Z,)),
    Case("methods", lambda z: z.real() * z.imag() + z.angle() + ops.abs(z.conj()),
         lambda z: z.real * z.imag + np.angle(z) + np.abs(z), (Z,)),
    Case("H", lambda z: z.H @ z, lambda z: z.conj().T @ z, (Z,)),
    Case("mH", lambda z: z.mH, lambda z: z.conj().T, (Z,)), Case("adjoint", ops.adjoint, lambda z: z.conj().T, (Z,)),
    Case("P.ConjugateTranspose", lambda z: P.ConjugateTranspose()(z, (1, 0)), lambda z: z.conj().T, (Z,)),
    Case("P.Complex", lambda x, y: P.Complex()(x, y), lambda x, y: x + 1j * y, (X, uniform((3,), seed=9))),
    Case("P.ComplexAbs", P.ComplexAbs(), np.abs, (W,)), Case("abs", ops.abs, np.abs, (W,)),
    Case("abs at 0", ops.abs, np.abs, (np.zeros(2, np.complex64),), grad=False),
    Case("angle", ops.angle, np.angle, (Z,)), Case("angle of real", ops.angle, np.angle, (X,)),
    Case("sgn", ops.sgn, lambda z: z / np.abs(z), (W,)),
    Case("sgn at 0", ops.sgn, lambda z: z, (np.zeros(2, np.complex64),), grad=False),
    Case("polar", ops.polar, lambda r, t: r * np.exp(1j * t), (np.abs(X), uniform((2, 3), seed=4))),
    Case("view_as_real", ops.view_as_real, lambda z: np.stack([z.real, z.imag], -1), (Z,)),
    Case("isreal", ops.isreal, np.isreal, (np.array([1, 2j, 1e-300j, 0]),)),
    Case("isnan", ops.isnan, np.isnan, (np.array([1, complex(0, np.nan)]),)),
    Case("arithmetic", lambda z, w: z * w - z / w + 2 * z + 1j, lambda z, w: z * w - z / w + 2 * z + 1j, (Z, W)),
    Case("with real numbers", lambda z, x: (z + x) * x, lambda z, x: (z + x) * x, (Z, X)),
    Case("pow", lambda z, w: z ** w + z ** 3 + z ** 0.5, lambda z, w: z ** w + z ** 3 + np.sqrt(z), (Z, W)),
    Case("matmul", ops.matmul, np.matmul, (Z, M)),
    Case("einsum", lambda z, m: ops.einsum("ij,jk->ik", z, m), np.matmul, (Z, M)),
    Case("mean and prod", lambda z: z.mean() + z.sum(0) * ops.prod(z), lambda z: z.mean() + z.sum(0) * z.prod(), (Z,)),
    Case("var and std", lambda z: z.var(0) + ops.std(z, 1).sum(), lambda z: z.var(0) + z.std(1).sum(), (Z,)),
    Case("norms", lambda z: ops.norm(z) + ops.vector_norm(z, 1) + ops.vector_norm(z, 3), lambda z: sum(
        np.linalg.norm(z.ravel(), k) for k in (1, 2, 3)), (Z,)),
    Case("matrix_norm", ops.matrix_norm, np.linalg.norm, (Z,)),
    Case("count of numbers that are not 0", lambda z: ops.vector_norm(z, 0), lambda z: np.float32(2),
         (np.array([1, 0, 2j], np.complex64),), grad=False),
    Case("vecdot", ops.vecdot, lambda z, w: (z.conj() * w).sum(-1), (Z, W)),
    Case("mint.vdot", mint.vdot, np.vdot, (Z[0], W[0])),
    Case("isclose", lambda z: ops.isclose(z, z + 1e-7j), lambda z: np.ones(z.shape, bool), (Z,)),
    Case("cumsum", lambda z: ops.cumsum(z, 1), lambda z: np.cumsum(z, 1), (Z,)),
    Case("places", lambda z: ops.concat((z[:, 1:], z.T[:2, ::-1]), 1),
         lambda z: np.concatenate((z[:, 1:], z.T[:2, ::-1]), 1), (Z,)),
    Case("stack and pad", lambda z: ops.pad(ops.stack((z, z)), (1, 1)),
         lambda z: np.pad(np.stack((z, z)), [(0, 0), (0, 0), (1, 1)]), (Z,)),
    *[Case(name, getattr(ops, name), getattr(np, meaning), (Z,)) for name, meaning in {
        "exp": "exp", "expm1": "expm1", "log": "log", "log1p": "log1p", "log2": "log2", "log10": "log10",
        "sqrt": "sqrt", "sin": "sin", "cos": "cos", "tan": "tan", "sinh": "sinh", "cosh": "cosh", "tanh": "tanh",
        "asin": "arcsin", "acos": "arccos", "atan": "arctan", "asinh": "arcsinh", "acosh": "arccosh",
        "atanh": "arctanh", "square": "square", "reciprocal": "reciprocal"}.items()],
]


@pytest.mark.parametrize("case", CASES, ids=repr)
def test_values(case):
    check_eager(case)
    check_graph(case)


@pytest.mark.parametrize("case", [c for c in CASES if c.grad], ids=repr)
def test_gradients(case):
    check_gradient(case)


def test_dtypes():
    for wide, part in ((np.complex64, ms.float32), (np.complex128, ms.float64)):
        z = Tensor(Z.astype(wide))
        assert ops.real(z).dtype is ops.abs(z).dtype is ops.angle(z).dtype is ops.view_as_real(z).dtype is part
        assert P.Complex()(z.real(), z.imag()).dtype is z.dtype and (z.real() * z).dtype is z.dtype
    assert (Tensor(X) * 1j).dtype is ms.complex64 and ms.cdouble is ms.complex128


def test_the_gradient_of_a_real_loss_is_that_of_its_parts():
    """dL/dx + i dL/dy for L = |z|^2 + Re(z^2), in both modes."""
    def loss(z):
        return (ops.abs(z) ** 2 + ops.real(z * z)).sum()

    want = 2 * Z + 2 * Z.conj()
    for fn in (ms.grad(loss), ms.jit(ms.grad(loss))):
        np.testing.assert_allclose(fn(Tensor(Z)).asnumpy(), want, rtol=1e-5)


def test_lanes():
    got = ms.vmap(lambda z: ops.real(ops.exp(z)) * ops.abs(z))(Tensor(Z))
    np.testing.assert_allclose(got.asnumpy(), np.exp(Z).real * np.abs(Z), rtol=1e-5)


def test_complex_numbers_in_loops_and_networks():
    @ms.jit
    def turned(z, count):
        while count > 0:
            z, count = z * z / ops.abs(z) + 0.1j, count - 1
        return z

    want = Z
    for _ in range(3):
        want = want * want / np.abs(want) + 0.1j
    np.testing.assert_allclose(turned(Tensor(Z), Tensor(3)).asnumpy(), want, rtol=1e-4)

    class Filter(ms.nn.Cell):
        def __init__(self):
            super().__init__()
            self.weight = ms.Parameter(Tensor(Z[0]), name="weight")

        def construct(self, x):
            return ops.real(self.weight * x).sum()

    net = Filter()
    for training in (ms.value_and_grad(net, None, net.trainable_params()),
                     ms.jit(ms.value_and_grad(net, None, net.trainable_params()))):
        np.testing.assert_allclose(training(Tensor(W[0]))[1][0].asnumpy(), W[0].conj(), rtol=1e-6)


MODES = pytest.mark.parametrize("compiled", [lambda fn: fn, ms.jit], ids=["pynative", "graph"])


@MODES
def test_cotangents_and_gradients_are_conjugates_of_those_of_calculus(compiled):
    """The derivative of z^3 pulls ct back to ct * conj(3 z^2)."""
    z, ct = Tensor(Z), Tensor(W)
    want = W * np.conj(3 * Z ** 2)
    cube = lambda x: x * x * x  # noqa: E731
    np.testing.assert_allclose(compiled(ms.grad(cube, sens_param=True))(z, ct).asnumpy(), want, rtol=1e-5)
    np.testing.assert_allclose(compiled(lambda x, s: ms.vjp(cube, x)[1](s)[0])(z, ct).asnumpy(), want, rtol=1e-5)
    np.testing.assert_allclose(compiled(ops.GradOperation(sens_param=True)(cube))(z, ct).asnumpy(), want, rtol=1e-5)
    held = ms.vjp(cube, z)[1]
    np.testing.assert_allclose(held(ct)[0].asnumpy(), want, rtol=1e-5)


@MODES
def test_a_step_against_the_gradient_descends(compiled):
    target = Tensor(W)

    def loss(z):
        return (ops.abs(z * z - target) ** 2).sum()

    step = compiled(ms.value_and_grad(loss))
    z, found = Tensor(Z), []
    for _ in range(30):
        value, gradient = step(z)
        found.append(float(value))
        z = z - 0.02 * gradient
    assert found[-1] < 0.1 * found[0] and all(after < before for before, after in zip(found, found[1:]))


@MODES
def test_second_derivatives_of_complex_functions(compiled):
    """L = |dz-bar (z^3)|^2 = |3 z^2|^2 = 9 |z|^4, whose gradient is 36 |z|^2 z."""
    inner = ms.grad(lambda z: z * z * z)
    loss = lambda z: (ops.abs(inner(z)) ** 2).sum()  # noqa: E731
    np.testing.assert_allclose(compiled(ms.grad(loss))(Tensor(Z)).asnumpy(), 36 * np.abs(Z) ** 2 * Z, rtol=1e-4)


class Scaled(ms.nn.Cell):
    """z * w, with a derivative of its own."""

    def construct(self, z, w):
        return z * w

    def bprop(self, z, w, out, dout):
        return dout * w.conj(), dout * z.conj()


@MODES
def test_bprops_and_hooks_see_gradients_as_programs_do(compiled):
    z, w, seen, scaled = Tensor(Z), Tensor(W), [], Scaled()

    def loss(call):
        return lambda z, w: (ops.abs(call(z, w) - 1) ** 2).sum()

    want = [g.asnumpy() for g in ms.grad(loss(lambda z, w: z * w), (0, 1))(z, w)]
    for got, expected in zip(compiled(ms.grad(loss(scaled), (0, 1)))(z, w), want):
        np.testing.assert_allclose(got.asnumpy(), expected, rtol=1e-5)

    def hooked(z, w):
        product = z * w
        product.register_hook(lambda g: g * 2j)
        return product

    through = compiled(ms.grad(loss(hooked), 0))(z, w).asnumpy()
    dout = 2 * (Z * W - 1)
    np.testing.assert_allclose(through, 2j * dout * W.conj(), rtol=1e-4)
    outside = Tensor(Z)
    outside.register_hook(seen.append)
    ms.grad(loss(lambda z, w: z * w))(outside, w)
    np.testing.assert_allclose(seen[0].asnumpy(), want[0], rtol=1e-5)
    marked = ops.InsertGradientOf(lambda g: g * 3j)
    through = compiled(ms.grad(loss(lambda z, w: marked(z * w)), 0))(z, w).asnumpy()
    np.testing.assert_allclose(through, 3j * dout * W.conj(), rtol=1e-4)


def test_backward_hooks_of_cells_see_gradients_as_programs_do():
    seen = []

    class Square(ms.nn.Cell):
        def construct(self, z):
            return z * z

    cell = Square()
    cell.register_backward_hook(lambda cell, grad_input, grad_output: seen.append((grad_input[0], grad_output[0])))
    got = ms.grad(lambda z: (ops.abs(cell(z) - 1) ** 2).sum())(Tensor(Z)).asnumpy()
    dout = 2 * (Z * Z - 1)
    np.testing.assert_allclose(got, dout * np.conj(2 * Z), rtol=1e-4)
    np.testing.assert_allclose(seen[0][0].asnumpy(), got, rtol=1e-5)
    np.testing.assert_allclose(seen[0][1].asnumpy(), dout, rtol=1e-4)


SLOPES = {  # of the operand or, where a gradient operator has the result, of that
    "AtanGrad": lambda x: 1 / (1 + x * x), "TanhGrad": lambda y: 1 - y * y, "SqrtGrad": lambda y: 0.5 / y,
    "RsqrtGrad": lambda y: -0.5 * y ** 3, "ReciprocalGrad": lambda y: -y * y, "InvGrad": lambda y: -y * y,
    "AcoshGrad": lambda y: 1 / np.sinh(y), "AsinhGrad": lambda y: 1 / np.cosh(y),
}


@pytest.mark.parametrize("name", SLOPES)
def test_gradient_operators_take_conjugates(name):
    from mindspore.ops.operations import _grad_ops as G
    got = getattr(G, name)()(Tensor(Z), Tensor(W)).asnumpy()
    np.testing.assert_allclose(got, W * np.conj(SLOPES[name](Z)), rtol=1e-4)


def test_hessians_pass_through_complex_numbers():
    x = Tensor(np.array([0.3, -0.7]))
    found = ms.hessian(lambda x: (ops.abs(ops.exp(x * (1 + 2j))) ** 2).sum())(x).asnumpy()
    np.testing.assert_allclose(found, np.diag(4 * np.exp(2 * x.asnumpy())), rtol=1e-6)


@pytest.mark.parametrize(("call", "error", "text"), [
    (lambda: P.Complex()(Tensor(X), Tensor(X.astype(np.float64))), TypeError, "Complex: .*Float32 or both Float64"),
    (lambda: ops.polar(Tensor(X.astype(np.float16)), Tensor(X.astype(np.float16))), TypeError, "polar: .*Float16"),
    (lambda: ops.view_as_real(Tensor(X)), TypeError, "view_as_real: .*Complex64"),
    (lambda: P.ComplexAbs()(Tensor(X)), TypeError, "ComplexAbs: .*see abs"),
    (lambda: Tensor(Z[0]).H, ValueError, "H: .*expected 2"),
    (lambda: ops.floor(Tensor(Z)), TypeError, "floor: got Complex64"),
    (lambda: Tensor(Z) > Tensor(Z), TypeError, "gt: got Complex64"),
])
def test_errors(call, error, text):
    with pytest.raises(error, match=text):
        call()
