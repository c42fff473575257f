"""The `mint` interface against NumPy: what differs from `ops` in names, defaults and results."""
from __future__ import annotations

import numpy as np
import pytest
from ops_cases import assert_agrees, uniform

import mindspore as ms
from mindspore import Tensor, mint, ops
from mindspore.common.generator import Generator
from mindspore.mint.nn import functional as F

X, CUBE, IMAGE = uniform((3, 4)), uniform((2, 3, 4)), uniform((2, 3, 5, 6))
x, cube, image = Tensor(X), Tensor(CUBE), Tensor(IMAGE)


def softmax(a, axis):
    e = np.exp(a)
    return e / e.sum(axis, keepdims=True)


CALLS = [
    (lambda: mint.add(x, x, alpha=2), 3 * X), (lambda: mint.sub(x, 1, alpha=2), X - 2),
    (lambda: mint.addcdiv(x, x, x + 3, value=2), X + 2 * X / (X + 3)), (lambda: mint.vdot(x[0], x[1]), X[0] @ X[1]),
    (lambda: mint.all(x > 9, dim=0), np.zeros(4, bool)), (lambda: mint.any(x > 0, 1, True), (X > 0).any(1)[:, None]),
    (lambda: mint.amax(x, dim=1), X.max(1)), (lambda: mint.amin(x), X.min()), (lambda: mint.mean(x, dim=0), X.mean(0)),
    (lambda: mint.mean(x, (0, 1), keepdim=True), X.mean(keepdims=True)), (lambda: mint.prod(x, dim=1), X.prod(1)),
    (lambda: mint.sum(x, dim=1, keepdim=True), X.sum(1, keepdims=True)), (lambda: mint.argmin(x, 1), X.argmin(1)),
    (lambda: mint.where(x > 0), np.where(X > 0)), (lambda: mint.where(x > 0, x, 2), np.where(X > 0, X, np.float32(2))),
    (lambda: mint.max(x), X.max()), (lambda: mint.max(x, 0), (X.max(0), X.argmax(0))),
    (lambda: mint.max(x, dim=1, keepdim=True), (X.max(1)[:, None], X.argmax(1)[:, None])),
    (lambda: mint.max(x, 1, True), (X.max(1)[:, None], X.argmax(1)[:, None])), (lambda: mint.max(x, -x), np.abs(X)),
    (lambda: mint.min(x, other=x * 0), np.minimum(X, 0)), (lambda: mint.min(x, 1), (X.min(1), X.argmin(1))),
    (lambda: mint.median(x[:, :3], 1), (np.median(X[:, :3], 1), np.argsort(X[:, :3], 1)[:, 1])),
    (lambda: mint.median(x[:1, :3]), np.median(X[0, :3])), (lambda: mint.std(x), X.std(ddof=1)),
    (lambda: mint.var(x, 1, correction=0), X.var(1)), (lambda: mint.std_mean(x, 0), (X.std(0, ddof=1), X.mean(0))),
    (lambda: mint.var_mean(x, dim=1, keepdim=True), (X.var(1, ddof=1)[:, None], X.mean(1)[:, None])),
    (lambda: mint.norm(x), np.linalg.norm(X)), (lambda: mint.norm(x, 1, 0), np.abs(X).sum(0)),
    (lambda: mint.count_nonzero(x, 0), np.full(4, 3)), (lambda: mint.cumsum(x, dim=1), X.cumsum(1)),
    (lambda: mint.cummax(x, 0)[0], np.maximum.accumulate(X)), (lambda: mint.cummin(x, 0)[0], np.minimum.accumulate(X)),
    (lambda: mint.diff(x, dim=0), np.diff(X, axis=0)), (lambda: mint.cat([x, x], dim=1), np.concatenate([X, X], 1)),
    (lambda: mint.stack((x, x), dim=1), np.stack([X, X], 1)), (lambda: mint.split(x, 2, dim=1), (X[:, :2], X[:, 2:])),
    (lambda: mint.chunk(x, 2, dim=1), (X[:, :2], X[:, 2:])), (lambda: mint.narrow(x, 1, 1, 2), X[:, 1:3]),
    (lambda: mint.flatten(cube), CUBE.reshape(-1)), (lambda: mint.transpose(cube, 0, 2), CUBE.swapaxes(0, 2)),
    (lambda: mint.permute(cube, (2, 0, 1)), CUBE.transpose(2, 0, 1)), (lambda: mint.clone(x), X),
    (lambda: mint.diag(x[0], 1), np.diag(X[0], 1)), (lambda: mint.empty(2, 3).shape, (2, 3)),
    (lambda: mint.empty_like(x).shape, (3, 4)), (lambda: mint.gather(x, 1, Tensor([[3], [0], [1]])), np.take_along_axis(
        X, np.array([[3], [0], [1]]), 1)), (lambda: mint.select(x, 1, 2), X[:, 2]),
    (lambda: mint.scatter(x, 1, Tensor([[1]]), 5.0)[0, 1], np.float32(5)),
    (lambda: mint.scatter_add(x, 0, Tensor([[1, 1]]), Tensor([[1.0, 2.0]]))[1, :2], X[1, :2] + [1, 2]),
    (lambda: mint.index_add(x, 0, Tensor([1]), x[:1], alpha=2)[1], X[1] + 2 * X[0]),
    (lambda: mint.sort(x, dim=0), (np.sort(X, 0), np.argsort(X, 0))), (lambda: mint.argsort(x, 1), np.argsort(X, 1)),
    (lambda: mint.topk(x, 2, largest=False), (np.sort(X)[:, :2], np.argsort(X)[:, :2])),
    (lambda: mint.cdist(x, x, 1.0), np.abs(X[:, None] - X).sum(-1)), (lambda: mint.linalg.vector_norm(x, dim=1),
                                                                     np.linalg.norm(X, axis=1)),
    (lambda: mint.linalg.norm(x), np.linalg.norm(X)), (lambda: mint.special.log_softmax(x, 1), np.log(softmax(X, 1))),
    (lambda: mint.conv2d(image, image[:, :, :2, :2], padding="valid"), None),
    (lambda: F.softmax(x), softmax(X, 1)), (lambda: F.softmax(cube), softmax(CUBE, 0)),
    (lambda: F.log_softmax(x, -1), np.log(softmax(X, 1))), (lambda: F.leaky_relu(x), np.where(X > 0, X, 0.01 * X)),
    (lambda: F.relu6(x * 9), np.clip(X * 9, 0, 6)), (lambda: F.elu(x), np.where(X > 0, X, np.expm1(X))),
    (lambda: F.silu(x), X / (1 + np.exp(-X))), (lambda: F.threshold(x, 0.1, 9), np.where(X > 0.1, X, np.float32(9))),
    (lambda: F.hardtanh(x), X.clip(-1, 1)), (lambda: F.glu(x, 1), X[:, :2] / (1 + np.exp(-X[:, 2:]))),
    (lambda: F.logsigmoid(x), -np.log1p(np.exp(-X))), (lambda: F.softplus(x), np.log1p(np.exp(X))),
    (lambda: F.linear(x, x), X @ X.T), (lambda: F.avg_pool2d(image, 2).shape, (2, 3, 2, 3)),
    (lambda: F.avg_pool1d(cube, 2), CUBE.reshape(2, 3, 2, 2).mean(-1)),
    (lambda: F.max_pool2d(image, 2).shape, (2, 3, 2, 3)), (lambda: F.pad(x, (1, 0)), np.pad(X, ((0, 0), (1, 0)))),
    (lambda: F.one_hot(Tensor([0, 2])), np.eye(3, dtype=int)[[0, 2]]),
    (lambda: F.normalize(x), X / np.linalg.norm(X, axis=1, keepdims=True)), (lambda: F.smooth_l1_loss(x, x - 3),
                                                                            np.float32(2.5)),
    (lambda: F.kl_div(x, x, "sum", log_target=True), np.float32(0)), (lambda: F.dropout(x, 0.5, training=False), X),
    (lambda: F.nll_loss(x, Tensor([0, 1, 2])), -(X[0, 0] + X[1, 1] + X[2, 2]) / 3),
    (lambda: F.upsample(image, scale_factor=2.0).shape, (2, 3, 10, 12)), (lambda: F.adaptive_max_pool1d(cube, 1),
                                                                          CUBE.max(-1, keepdims=True)),
    (lambda: F.conv1d(cube, cube[:, :, :2], padding="same").shape, (2, 2, 4)),
    (lambda: F.binary_cross_entropy_with_logits(x, x * 0, reduction="sum"), np.log1p(np.exp(X)).sum()),
    (lambda: F.batch_norm(x, x[0] * 0, x[0] * 0 + 1), X / np.sqrt(np.float32(1 + 1e-5))),
]


@pytest.mark.parametrize("index", [i for i, c in enumerate(CALLS) if c[1] is not None])
def test_calls(index):
    call, expected = CALLS[index]
    assert_agrees(call(), expected, 2e-5, 1e-6)


def test_functions_that_are_not_listed():
    v = Tensor([3, 1, 1, 2])
    values, inverse, counts = mint.unique(v, return_inverse=True, return_counts=True)
    assert [t.asnumpy().tolist() for t in (values, inverse, counts)] == [[1, 2, 3], [2, 0, 0, 1], [2, 1, 1]]
    assert mint.unique(Tensor([[1, 2], [1, 2]]), dim=0).shape == (1, 2)
    assert mint.equal(v, v) is True and mint.equal(v, v[:3]) is False and mint.equal(v, v.astype(ms.float32)) is True
    assert mint.item(Tensor([2.5])) == 2.5 and mint.fix(Tensor([-1.5, 2.7])).asnumpy().tolist() == [-1, 2]
    assert mint.clip(v, 2, 2).asnumpy().tolist() == [2] * 4
    assert mint.ge(v, 2).asnumpy().tolist() == [True, False, False, True]
    assert mint.addcmul(v, v, v, value=2).asnumpy().tolist() == [21, 3, 3, 10]
    chosen = ms.jit(lambda a, b: a * 2 if mint.equal(a, b) else b, fullgraph=True)
    assert chosen(v, v).asnumpy()[0] == 6 and chosen(v, v + 1).asnumpy()[0] == 4
    for wrong, error in ((lambda: mint.item(v), RuntimeError), (lambda: mint.item(3), TypeError),
                         (lambda: mint.equal(v, 3), TypeError)):
        with pytest.raises(error):
            wrong()


def test_convolution():
    kernel = image[:, :, :2, :2]
    same = ops.conv2d(image, kernel, pad_mode="pad", padding=1).asnumpy()
    np.testing.assert_array_equal(mint.conv2d(image, kernel, padding=1).asnumpy(), same)
    np.testing.assert_array_equal(mint.conv2d(image, kernel, padding="valid").asnumpy(), same[:, :, 1:-1, 1:-1])


def test_in_place():
    y = Tensor([-1.0, 2.0])
    assert F.relu_(y) is y and F.silu(y, inplace=True) is y and y.asnumpy()[0] == 0


def test_random_numbers():
    one = Generator().manual_seed(4)
    first = mint.rand(3, generator=one).asnumpy().tolist()
    assert mint.rand(3, generator=one).asnumpy().tolist() != first
    assert mint.rand(3, generator=Generator().manual_seed(4)).asnumpy().tolist() == first
    assert mint.randn(2, 3, generator=one).shape == (2, 3)
    assert mint.rand_like(x).shape == mint.randn_like(x).shape == X.shape
    half = x.astype(ms.float16)
    assert [f(half).dtype for f in (mint.rand_like, mint.randn_like, ops.rand_like, ops.randn_like)] == [
        ms.float16, ms.float16, ms.float16, ms.float32]
    assert set(mint.randint(2, (50,)).asnumpy().tolist()) == {0, 1}
    assert int(mint.randint(3, 4, (1,), generator=one)[0]) == 3
    assert mint.randint_like(Tensor([1, 2]), 1).asnumpy().tolist() == [0, 0]
    assert sorted(mint.randperm(4, generator=one).asnumpy().tolist()) == [0, 1, 2, 3]
    assert mint.normal(Tensor([5.0, 6.0]), 0.0).asnumpy().tolist() == [5, 6] and mint.normal(size=(2,)).shape == (2,)
    assert mint.bernoulli(Tensor([0.0, 1.0])).asnumpy().tolist() == [0, 1]
    drawn = mint.multinomial(Tensor([0.5, 0.5]), 2)
    assert sorted(drawn.asnumpy().tolist()) == [0, 1] and drawn.dtype is ms.int64
    largest, places = F.adaptive_max_pool1d(cube, 1, True)
    np.testing.assert_array_equal(places.asnumpy()[..., 0], cube.asnumpy().argmax(-1))
    np.testing.assert_array_equal(largest.asnumpy()[..., 0], cube.asnumpy().max(-1))


def test_arguments_have_the_names_of_the_interface():
    x = Tensor(np.arange(6, dtype=np.float32).reshape(1, 2, 3))
    np.testing.assert_allclose(mint.softmax(input=x, dim=2).asnumpy().sum(2), np.ones((1, 2)), rtol=1e-6)
    assert mint.squeeze(x, dim=0).shape == (2, 3)
    assert mint.index_select(x, dim=2, index=Tensor([0, 2])).shape == (1, 2, 2)
    assert mint.repeat_interleave(x, 2, dim=1).shape == (1, 4, 3)
    assert mint.nansum(x, dim=2, keepdim=True).shape == (1, 2, 1)
    assert mint.bmm(input=x, mat2=x.swapaxes(1, 2)).shape == (1, 2, 2)
    assert mint.mv(input=x[0], vec=Tensor([1.0, 2.0, 3.0])).asnumpy().tolist() == [8, 26]
    assert mint.sqrt(input=Tensor([4.0])).asnumpy().tolist() == [2]
    assert mint.baddbmm(x[:, :, :2], x, x.swapaxes(1, 2), beta=0, alpha=2).asnumpy()[0, 0, 0] == 10
    rows, columns = mint.meshgrid(Tensor([1, 2]), Tensor([3, 4, 5]))
    assert rows.shape == columns.shape == (2, 3)


def test_every_listed_name_is_there():
    for module in (mint, F, mint.linalg, mint.special):
        assert len(set(module.__all__)) == len(module.__all__)
        assert all(callable(getattr(module, name)) for name in module.__all__)
