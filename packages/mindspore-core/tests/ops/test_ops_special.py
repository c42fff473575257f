"""Special functions against values that were computed in 40 digits, and their derivatives against each other."""
from __future__ import annotations

import math

import numpy as np
import pytest

import mindspore as ms
from mindspore import Tensor, nn, ops
from mindspore.ops import operations as P
from mindspore.ops.special import betainc

# name: operands: value
VALUES = {
    "lgamma": {(1e-08,): 18.42068073818021, (0.3,): 1.0957979948180756, (1.001,): -0.0005763935982833062,
        (1.9,): -0.03898427592308336, (2.4,): 0.21685932244884157, (7.5,): 7.534364236758733,
        (150.0,): 600.0094705553274, (-0.5,): 1.2655121234846454, (-20.3,): -41.887292480135244},
    "digamma": {(1e-08,): -100000000.57721564, (0.3,): -3.502524222200133, (1.4,): -0.06138454458511624,
        (2.4,): 0.6529011697005981, (7.5,): 1.9467574842460869, (150.0,): 5.007298257075679,
        (-0.25,): 2.9141391202135276, (-20.3,): 5.317549924239749},
    "polygamma": {(1.0, 0.3): 12.245364546107732, (1.0, 25.0): 0.04081066325722558, (2.0, 1.5): -0.82879664423432,
        (5.0, 4.0): 0.041558384635954376, (20.0, 12.0): -6.54721193671601e-05, (1.0, -1.25): 19.181879647671607,
        (3.0, -7.4): 283.5982756584125},
    "zeta": {(1.5, 0.25): 10.213055360466601, (2.0, 1.0): 1.6449340668482264, (3.5, 40.0): 4.0781745099202635e-05,
        (60.0, 12.0): 1.7894426513060727e-65, (1.01, 3.0): 99.08139709077827},
    "igamma": {(0.01, 0.001): 0.938570652526129, (0.5, 2.0): 0.9544997361036416, (2.5, 0.1): 0.0008861387888124426,
        (9.0, 9.5): 0.6081765174550605, (50.0, 35.0): 0.009845502476408542, (150.0, 170.0): 0.9443655686898067,
        (250.0, 175.0): 5.738744448161123e-08, (1000.0, 1010.0): 0.6276789447369947,
        (100000.0, 99500.0): 0.05674182321279226},
    "igammac": {(1e-12, 0.5): 5.597735947764542e-13, (0.01, 1e-08): 0.16348974531476665, (0.99, 1.1):
        0.32877310915407365,
        (0.5, 2.0): 0.04550026389635842, (2.5, 0.1): 0.9991138612111875, (9.0, 9.5): 0.39182348254493954,
        (50.0, 75.0): 0.0009039320423540091, (150.0, 170.0): 0.05563443131019329,
        (250.0, 345.0): 3.2993043640481204e-08, (1000.0, 1010.0): 0.3723210552630053,
        (100000.0, 100500.0): 0.057103269976028714},
    "betainc": {(2000.0, 3000.0, 0.39): 0.07415054971129782,
        (5000.0, 20.0, 0.997): 0.8723523665131663,
        (800.0, 900.0, 0.48): 0.7816543081721331,
        (3000.0, 0.5, 0.9999): 0.43858565632533314,
        (100000.0, 100000.0, 0.501): 0.8144532554424423,
        (0.3, 0.5, 0.02): 0.22686218210803996, (1.0, 2.0, 0.3): 0.51, (5.0, 30.0, 0.1): 0.2495917162121228,
        (40.0, 0.5, 0.95): 0.04344486964208071, (300.0, 200.0, 0.6): 0.497571383680068,
        (2.5, 3.0, 0.999): 0.9999999934448813},
    "erfinv": {(1e-10,): 8.862269254527581e-11, (0.1,): 0.08885599049425769, (-0.7,): -0.7328690779592167,
        (0.998,): 2.1851242191330043, (0.9985,): 2.2448402503847205, (-0.9999999,): -3.7665625816384707,
        (0.9999999999999716,): 5.377767781541279, (0.9999999999999999,): 5.8635847487551676},
    "bessel_i0": {(-0.3,): 1.022626879351597, (1e-06,): 1.00000000000025, (4.0,): 11.30192195213633,
        (7.9,): 389.406283282158, (8.1,): 469.5006067101215, (80.0,): 2.4751784043341704e+33},
    "bessel_i1": {(-0.3,): -0.15169384000359276, (1e-06,): 5.000000000000624e-07, (4.0,): 9.75946515370445,
        (7.9,): 363.8539440845084, (8.1,): 439.48430891035844, (80.0,): 2.459659579567541e+33},
    "bessel_i0e": {(-0.3,): 0.7575806251825479, (1e-06,): 0.99999900000075, (4.0,): 0.2070019212239867,
        (7.9,): 0.14436986414104191, (8.1,): 0.14251180948829528, (80.0,): 0.044673291782275276},
    "bessel_i1e": {(-0.3,): -0.1123775606398388, (1e-06,): 4.999995000003125e-07, (4.0,): 0.17875083950243534,
        (7.9,): 0.13489649943989376, (8.1,): 0.13340068832583662, (80.0,): 0.044393200058097465},
    "bessel_k0": {(1e-06,): 13.93144207362642, (0.3,): 1.3724600605442974, (1.9,): 0.1288459792760475,
        (2.1,): 0.10078374088996693, (8.1,): 0.00013173427864935836, (80.0,): 2.5251198425054717e-36},
    "bessel_k1": {(1e-06,): 999999.9999927843, (0.3,): 3.055992033457325, (1.9,): 0.15966015303266762,
        (2.1,): 0.12274641153350789, (8.1,): 0.00013964122894503082, (80.0,): 2.54085312752117e-36},
    "bessel_k0e": {(1e-06,): 13.931456005075459, (0.3,): 1.8526273007720142, (1.9,): 0.8614506167517558,
        (2.1,): 0.8230171525316621, (8.1,): 0.4339943754308567, (80.0,): 0.13990735522662032},
    "bessel_k1e": {(1e-06,): 1000000.9999932843, (0.3,): 4.12515776224447, (1.9,): 1.0674709298145701,
        (2.1,): 1.0023680527405792, (8.1,): 0.4600435707528057, (80.0,): 0.14077907713800053},
    "bessel_j0": {(-0.3,): 0.9776262465382961, (1e-06,): 0.99999999999975, (2.4,): 0.002507683297243859,
        (3.8,): -0.4025564101785642, (5.5,): -0.006843869417819197, (7.0,): 0.3000792705195556,
        (8.1,): 0.14751745404437766, (80.0,): -0.06974216551221002},
    "bessel_y0": {(1e-06,): -8.869031481659444, (0.3,): -0.8072735778045195, (3.0,): 0.3768500100127904,
        (6.0,): -0.28819468398157916, (8.1,): 0.23809132870223482, (80.0,): -0.05562033908977},
    "bessel_j1": {(-0.3,): -0.148318816273104, (1e-06,): 4.999999999999375e-07, (2.4,): 0.520185268181931,
        (3.8,): 0.0128210029267317, (5.5,): -0.34143821542904335, (7.0,): -0.004682823482345833,
        (8.1,): 0.24760776698159287, (80.0,): -0.056057296675712576},
    "bessel_y1": {(1e-06,): -636619.772372175, (0.3,): -2.2931051383885293, (3.0,): 0.3246744247918,
        (6.0,): -0.17501034430039825, (8.1,): -0.13314879595249593, (80.0,): 0.06939591378458805},
}


def operands_of(name: str, dtype) -> tuple:
    return tuple(np.array(column, dtype) for column in zip(*VALUES[name]))


def function(name: str):
    return betainc if name == "betainc" else getattr(ops, name)


@pytest.mark.parametrize("name", VALUES)
def test_values_in_float64(name):
    got = function(name)(*map(Tensor, operands_of(name, np.float64))).asnumpy()
    np.testing.assert_allclose(got, list(VALUES[name].values()), rtol=1e-12, atol=0)


# Where the operand, rounded to Float32, is far from what the table has in terms of the function's slope.
STEEP = {"erfinv", "betainc", "igamma", "igammac"}


def test_values_in_float32_are_right_to_the_last_place_but_one():
    for name in sorted(VALUES.keys() - STEEP):
        rounded = operands_of(name, np.float32)
        got = function(name)(*map(Tensor, rounded)).asnumpy()
        wide = function(name)(*[Tensor(x.astype(np.float64)) for x in rounded]).asnumpy()
        assert got.dtype == np.float32
        np.testing.assert_allclose(got, wide.astype(np.float32), rtol=1.2e-7, atol=0, err_msg=name)


def test_graph_mode_gives_the_same():
    names = ["lgamma", "zeta", "igamma", "erfinv", "bessel_k1", "bessel_y0"]
    given = [tuple(map(Tensor, operands_of(name, np.float64))) for name in names]
    together = ms.jit(lambda *groups: [function(name)(*group) for name, group in zip(names, groups)])
    for name, got in zip(names, together(*given)):
        np.testing.assert_allclose(got.asnumpy(), list(VALUES[name].values()), rtol=1e-12, err_msg=name)


EDGES = [
    ("lgamma", ([0.0, -3.0, math.inf],), [math.inf] * 3), ("digamma", ([0.0, -3.0],), [-math.inf, math.nan]),
    ("polygamma", (1, [0.0, math.inf]), [math.inf, 0]), ("zeta", ([1.0, 0.5, 2.0], [1.0, 1.0, -2.0]),
                                                         [math.inf, math.nan, math.inf]),
    ("igamma", ([0.0, -1.0, 1.0, 1.0], [1.0, 1.0, 0.0, math.inf]), [1, math.nan, 0, 1]),
    ("igammac", ([0.0, -1.0, 1.0, 1.0], [1.0, 1.0, 0.0, math.inf]), [0, math.nan, 1, 0]),
    ("betainc", ([1.0, -1.0, 2.0], [1.0, 1.0, 2.0], [1.0, 0.5, 1.5]), [1, math.nan, math.nan]),
    ("erfinv", ([1.0, -1.0, 1.5],), [math.inf, -math.inf, math.nan]),
    ("bessel_i1", ([-math.inf, 711.0],), [-math.inf, math.inf]), ("bessel_k0", ([0.0, -1.0],), [math.inf, math.nan]),
    ("bessel_y1", ([0.0, -1.0, math.inf],), [-math.inf, math.nan, 0]), ("bessel_j0", ([math.inf, 0.0],), [0, 1]),
]


@pytest.mark.parametrize("name, given, expected", EDGES, ids=[e[0] for e in EDGES])
def test_edges_of_the_domains(name, given, expected):
    tensors = [Tensor(np.array(x, np.float32)) if isinstance(x, list) else x for x in given]
    np.testing.assert_array_equal(function(name)(*tensors).asnumpy(), np.array(expected, np.float32))


def test_derivatives_of_the_incomplete_functions_by_every_operand():
    def checked(call, *numbers, step=1e-5):
        points = [Tensor(np.array(v)) for v in numbers]
        slopes = ms.grad(call, tuple(range(len(points))))(*points)
        for k, slope in enumerate(slopes):
            ends = [call(*[Tensor(np.array(v + s * (k == j))) for j, v in enumerate(numbers)]) for s in (step, -step)]
            difference = (float(ends[0]) - float(ends[1])) / (2 * step)
            np.testing.assert_allclose(float(slope), difference, rtol=2e-7)

    checked(ops.igamma, 2.0, 4.5)  # the continued fraction ends for a whole parameter, its derivative does not
    checked(ops.igammac, 300.0, 290.0, step=1e-3)
    checked(betainc, 2.5, 3.0, 0.2)


def test_derivatives_keep_their_digits_for_large_parameters():
    wide = ms.grad(ops.igamma, (0, 1))(Tensor(np.array(300.0)), Tensor(np.array(290.0)))
    narrow = ms.grad(ops.igamma, (0, 1))(Tensor(np.float32(300)), Tensor(np.float32(290)))
    for got, expected in zip(narrow, wide):
        np.testing.assert_allclose(got.asnumpy(), expected.asnumpy(), rtol=3e-7)
    by_x = ms.grad(betainc, 2)
    np.testing.assert_allclose(by_x(*map(Tensor, np.float32([300, 200, 0.5]))).asnumpy(), by_x(
        *map(Tensor, np.array([300.0, 200.0, 0.5]))).asnumpy(), rtol=3e-7)


def test_second_derivative_of_the_incomplete_gamma_function_by_its_parameter():
    slope = ms.grad(ops.igamma)
    x = Tensor(np.array(2.0))
    ends = [float(slope(Tensor(np.array(2.5 + s)), x)) for s in (1e-4, -1e-4)]
    second = float(ms.grad(slope)(Tensor(np.array(2.5)), x))
    np.testing.assert_allclose(second, (ends[0] - ends[1]) / 2e-4, rtol=1e-6)


def test_whole_numbers_and_neighbours():
    x, y = np.array([12, -18, 0, 7], np.int32), np.array([[8], [0]], np.int32)
    np.testing.assert_array_equal(ops.gcd(Tensor(x), Tensor(y)).asnumpy(), np.gcd(x, y))
    np.testing.assert_array_equal(Tensor(x).lcm(Tensor(y)).asnumpy(), np.lcm(x, y))
    near, far = np.array([0.0, 1.0, -2.0], np.float32), np.array([1.0, -3.0, -3.0], np.float32)
    np.testing.assert_array_equal(Tensor(near).nextafter(Tensor(far)).asnumpy(), np.nextafter(near, far))
    for found, share in zip(ms.grad(ops.nextafter, (0, 1))(Tensor(near), Tensor(far)), (1, 0)):
        assert found.asnumpy().tolist() == [share] * 3
    with pytest.raises(TypeError, match="input is Float32 and other is Float64; expected one dtype"):
        ops.nextafter(Tensor(near), Tensor(far.astype(np.float64)))
    np.testing.assert_array_equal(ops.eps(Tensor(near)).asnumpy(), np.full(3, np.finfo(np.float32).eps))
    np.testing.assert_array_equal(ops.eps(Tensor(near.astype(np.float16))).asnumpy(), np.finfo(np.float16).eps)


def test_classes_layers_and_methods_are_the_functions():
    x = Tensor(np.array([0.5, 1.5], np.float32))
    for got, expected in [
            (P.Lgamma()(x), ops.lgamma(x)), (P.BesselI0e()(x), ops.bessel_i0e(x)), (P.BesselY1()(x), ops.bessel_y1(x)),
            (P.Polygamma()(Tensor(1), x), ops.polygamma(1, x)), (P.Mvlgamma(p=2)(x + 1), ops.mvlgamma(x + 1, 2)),
            (P.Betainc()(x, x, x - 0.5), betainc(x, x, x - 0.5)), (nn.LGamma()(x), x.lgamma()),
            (nn.DiGamma()(x), x.digamma()), (nn.IGamma()(x, x), x.igamma(x)), (ops.i0(x), x.i0()),
            (nn.LBeta()(x, x), 2 * ops.lgamma(x) - ops.lgamma(2 * x)), (ms.mint.erfinv(x - 1), (x - 1).erfinv())]:
        np.testing.assert_allclose(got.asnumpy(), expected.asnumpy(), rtol=1e-5, atol=1e-7)
    y = Tensor(np.array([0.25, -0.5], np.float32))
    expected = y.erfinv().asnumpy()
    assert y.erfinv_() is y
    np.testing.assert_array_equal(y.asnumpy(), expected)


def test_mvlgamma_is_a_sum_of_lgammas():
    x = np.array([1.7, 4.0, 0.5])
    expected = [1.5 * math.log(math.pi) + sum(math.lgamma(v - j / 2) for j in range(3)) for v in x[:2]]
    np.testing.assert_allclose(ops.mvlgamma(Tensor(x), 3).asnumpy(), [*expected, math.nan], rtol=1e-12)


def test_what_is_refused():
    with pytest.raises(ValueError, match="polygamma: n is -1"):
        ops.polygamma(-1, Tensor(1.0))
    with pytest.raises(ValueError, match="mvlgamma: p is 0"):
        ops.mvlgamma(Tensor(1.0), 0)
    with pytest.raises(TypeError, match="eps: the dtype of x is Int32"):
        ops.eps(Tensor(np.array([1], np.int32)))
    with pytest.raises(TypeError, match="gcd: got Float32"):
        ops.gcd(Tensor(1.0), Tensor(2.0))
