"""Activations, convolutions, pooling, normalization, padding and resizing, as functions."""

import numpy as np
import torch
import torch.nn.functional as F
from table import SPECIAL, arguments, booleans, case, distinct, fixed, floats, integers, unary

from mindspore import mint, ops

M = "mint.nn.functional."
KNEES = np.array([-3.5, -3.0, -1.0, -0.5, -0.4, 0.3, 0.5, 1.0, 3.0, 5.9, 6.5], np.float32) + np.float32(0.01)
for names, theirs in {
    f"{M}relu ops.relu": F.relu,
    f"{M}relu6 ops.relu6": F.relu6,
    f"{M}elu ops.elu": F.elu,
    f"{M}selu ops.selu": F.selu,
    f"{M}silu ops.silu": F.silu,
    f"{M}gelu ops.gelu": F.gelu,
    f"{M}mish ops.mish": F.mish,
    f"{M}softplus ops.softplus": F.softplus,
    f"{M}hardsigmoid ops.hardsigmoid": F.hardsigmoid,
    f"{M}hardswish ops.hardswish": F.hardswish,
    f"{M}hardshrink ops.hardshrink": F.hardshrink,
    f"{M}softshrink ops.softshrink": F.softshrink,
    f"{M}hardtanh ops.hardtanh": F.hardtanh,
    f"{M}logsigmoid ops.logsigmoid": F.logsigmoid,
    "ops.celu": F.celu,
    "ops.softsign": F.softsign,
    "ops.tanhshrink": F.tanhshrink,
    f"{M}tanh": torch.tanh,
    f"{M}sigmoid": torch.sigmoid,
    f"{M}leaky_relu": F.leaky_relu,
}.items():
    unary(
        names,
        theirs,
        -4,
        4,
        arguments("knees", KNEES),
        arguments("large", np.array([-200.0, 150.0, 25.0], np.float32)),
        whole=False,
    )
case(
    f"{M}gelu tanh",
    lambda x: F.gelu(x, approximate="tanh"),
    (KNEES,),
    (fixed(SPECIAL),),
    ours=lambda x: mint.nn.functional.gelu(x, approximate="tanh"),
)
case(f"{M}elu alpha", F.elu, (KNEES, 0.3), ours=mint.nn.functional.elu)
case(f"{M}softplus beta", F.softplus, (KNEES, 2.0, 5.0), ours=mint.nn.functional.softplus)
case(f"{M}threshold", F.threshold, (KNEES, 0.7, -3.0), (fixed(SPECIAL), 0.5, 2.0))
case(f"{M}hardtanh bounds", F.hardtanh, (KNEES, -0.7, 2.0), ours=mint.nn.functional.hardtanh)
case("ops.leaky_relu", F.leaky_relu, (KNEES, 0.1))
for space in (M, "ops."):
    case(f"{space}prelu", F.prelu, (floats(2, 3, 4), floats(3)), (floats(2, 3), floats(1)))
    case(f"{space}glu", F.glu, (floats(2, 6),), (floats(4, 3), 0))
    case(
        f"{space}softmax",
        lambda x, d: F.softmax(x, d),
        (floats(2, 3), 1),
        (floats(2, 3, 2), 0),
        (floats(4) * 200, 0),
        (np.array([1.0, -np.inf, 2.0], np.float32), 0),
        (np.full(3, -np.inf, np.float32), 0),
        (np.zeros((0, 2), np.float32), 1),
        (fixed(SPECIAL), 0),
    )
    case(
        f"{space}log_softmax",
        lambda x, d: F.log_softmax(x, d),
        (floats(2, 3), 1),
        (floats(2, 3, 2), 0),
        (floats(4) * 200, 0),
    )
case("ops.softmin", lambda x: F.softmin(x, -1), (floats(2, 3),))
case(f"{M}normalize", F.normalize, (floats(2, 3),), (floats(2, 3, 2), 1.0, 2), (np.zeros((2, 3), np.float32),))
case(
    f"{M}linear",
    F.linear,
    (floats(2, 3), floats(4, 3), floats(4)),
    (floats(2, 5, 3), floats(4, 3)),
    (floats(3), floats(4, 3)),
    (np.zeros((0, 3), np.float32), floats(4, 3)),
)
case("ops.dense", F.linear, (floats(2, 3), floats(4, 3), floats(4)), (floats(2, 5, 3), floats(4, 3)))
for space in (M, "ops."):
    case(
        f"{space}embedding",
        F.embedding,
        (integers(2, 3, low=0, high=5), floats(5, 4)),
        (np.array([[1, 2]]), floats(5, 4), 2),
    )

# Convolutions.
for space in (M, "ops."):
    case(
        f"{space}conv1d",
        F.conv1d,
        (floats(2, 4, 9), floats(6, 4, 3), floats(6)),
        arguments("strided", floats(2, 4, 9), floats(6, 4, 3), stride=2),
        arguments("dilated", floats(2, 4, 9), floats(6, 2, 3), groups=2, dilation=2),
    )
    case(
        f"{space}conv2d",
        F.conv2d,
        (floats(2, 4, 7, 6), floats(6, 4, 3, 3), floats(6)),
        (floats(2, 4, 7, 6), floats(6, 4, 3, 2)),
        arguments("strided", floats(1, 2, 8, 7), floats(3, 2, 3, 3), stride=(2, 3)),
        arguments("dilated", floats(1, 2, 8, 7), floats(3, 2, 3, 3), dilation=(2, 1)),
        arguments("depthwise", floats(1, 4, 6, 6), floats(8, 1, 3, 3), groups=4),
    )
    case(
        f"{space}conv3d",
        F.conv3d,
        (floats(1, 2, 4, 5, 4), floats(3, 2, 2, 3, 2), floats(3)),
        arguments("grouped", floats(1, 2, 4, 5, 4), floats(4, 1, 2, 2, 2), groups=2, stride=2),
    )
case(
    f"{M}conv2d padded",
    F.conv2d,
    arguments("number", floats(1, 2, 5, 5), floats(3, 2, 3, 3), padding=1),
    arguments("pair", floats(1, 2, 5, 5), floats(3, 2, 3, 3), padding=(2, 0)),
    arguments("same", floats(1, 2, 5, 5), floats(3, 2, 3, 2), padding="same"),
    ours=mint.nn.functional.conv2d,
)
for space in (M, "ops."):
    case(
        f"{space}conv_transpose2d",
        F.conv_transpose2d,
        (floats(1, 3, 4, 4), floats(3, 2, 3, 3), floats(2)),
        arguments("strided", floats(1, 3, 4, 4), floats(3, 2, 3, 3), stride=2, padding=1, output_padding=1),
        arguments("grouped", floats(1, 4, 4, 4), floats(4, 2, 2, 3), groups=2, dilation=2),
    )
case(
    "ops.conv_transpose1d",
    F.conv_transpose1d,
    (floats(1, 3, 5), floats(3, 2, 3), floats(2)),
    arguments("strided", floats(1, 3, 5), floats(3, 2, 3), stride=2, padding=1),
)
case("ops.conv_transpose3d", F.conv_transpose3d, (floats(1, 2, 3, 3, 3), floats(2, 2, 2, 2, 2)))
for space in (M, "ops."):
    case(
        f"{space}unfold",
        F.unfold,
        (floats(1, 2, 5, 6), (2, 3)),
        arguments("all", floats(1, 2, 5, 6), 2, dilation=2, padding=1, stride=2),
    )
    case(f"{space}fold", F.fold, (floats(1, 8, 12), (4, 5), (2, 2)))

# Pooling.
D1, D2, D3 = distinct(1, 2, 9), distinct(1, 2, 7, 6), distinct(1, 2, 4, 5, 4)
for space in (M, "ops."):
    case(f"{space}avg_pool1d", F.avg_pool1d, (D1, 3, 2), (D1, 3, 1, 1), (D1, 3, 2, 1, True, False))
    case(
        f"{space}avg_pool2d",
        F.avg_pool2d,
        (D2, 2, 2),
        (D2, (3, 2), (2, 1), 1),
        (D2, 3, 2, 1, True, False),
        (D2, 2, 1, 0, False, True, 3),
    )
    case(f"{space}avg_pool3d", F.avg_pool3d, (D3, 2, 1), (D3, 2, 2, 1, True, False))
    case(
        f"{space}max_pool2d",
        F.max_pool2d,
        (D2, 2),
        (D2, (3, 2), (2, 1), (1, 0)),
        arguments("dilated", D2, 2, 1, 0, 2),
        arguments("ceiling", D2, 3, 2, ceil_mode=True),
        arguments("indices", D2, 2, 2, return_indices=True),
    )
    case(f"{space}adaptive_avg_pool1d", F.adaptive_avg_pool1d, (D1, 4), (D1, 1))
    case(f"{space}adaptive_avg_pool2d", F.adaptive_avg_pool2d, (D2, 3), (D2, (1, 4)), (D2, (None, 2)), (D2, (9, 8)))
    case(f"{space}adaptive_avg_pool3d", F.adaptive_avg_pool3d, (D3, (2, 3, 2)))
    case(f"{space}adaptive_max_pool1d", F.adaptive_max_pool1d, (D1, 4))
    case(f"{space}adaptive_max_pool2d", F.adaptive_max_pool2d, (D2, 3), (D2, (2, 4)))
case("ops.max_pool3d", F.max_pool3d, (D3, 2), (D3, 2, 1, 1))
case("ops.lp_pool1d", F.lp_pool1d, (np.abs(D1) + 1, 2, 3), (np.abs(D1) + 1, 3.0, 2, 1))
case("ops.lp_pool2d", F.lp_pool2d, (np.abs(D2) + 1, 2, 3), (np.abs(D2) + 1, 3.0, (2, 3), 1))
for space in (M, "ops."):
    case(f"{space}max_unpool2d", F.max_unpool2d, (floats(1, 1, 2, 2), np.array([[[[0, 3], [9, 14]]]]), 2))

# Normalization.
X = floats(4, 3, 5)
for space in (M, "ops."):
    case(
        f"{space}layer_norm",
        F.layer_norm,
        (X, (5,), floats(5), floats(5, key="b")),
        (X, (3, 5)),
        (X * 100 + 1000, (5,)),
        arguments("eps", X, (5,), eps=0.1),
        tolerance=1e-4,
    )
    case(
        f"{space}group_norm",
        F.group_norm,
        (floats(2, 6, 4), 3, floats(6), floats(6, key="b")),
        (floats(2, 6), 2),
        tolerance=1e-4,
    )
    case(
        f"{space}batch_norm",
        F.batch_norm,
        (X, fixed(floats(3)), fixed(floats(3, low=0.3)), floats(3), floats(3, key="b")),
        arguments(
            "training", X, fixed(floats(3)), fixed(floats(3, low=0.3)), floats(3), floats(3, key="b"), training=True
        ),
        tolerance=1e-4,
    )
case(
    "ops.rms_norm",
    lambda x, g: F.rms_norm(x, (5,), g, 1e-6),
    (X, floats(5)),
    tolerance=1e-4,
    ours=lambda x, g: ops.rms_norm(x, g)[0],
)
case(
    "ops.lrn",
    lambda x, r=5, b=1.0, a=1.0, e=0.5: F.local_response_norm(x, 2 * r + 1, a * (2 * r + 1), e, b),
    (floats(2, 7, 3, 3),),
    (floats(2, 7, 3, 3), 1, 2.0, 0.5, 0.75),
)

# Padding, resizing, sampling.
I1, I2 = floats(1, 2, 6), floats(1, 2, 4, 5)
for space in (M, "ops."):
    case(
        f"{space}pad",
        F.pad,
        (I2, (1, 2)),
        (I2, (1, 2, 0, 3), "constant", 1.5),
        (I2, (1, 2, 2, 1), "reflect"),
        (I2, (1, 2, 2, 1), "replicate"),
        (I1, (2, 1), "circular"),
        (I2, (-1, 1, 0, -2)),
        (floats(1, 1, 3, 3, 3), (1, 0, 1, 1, 2, 0), "reflect"),
    )
    case(
        f"{space}interpolate",
        F.interpolate,
        arguments("nearest", I2, (7, 3)),
        arguments("bilinear", I2, (7, 3), mode="bilinear"),
        arguments("corners", I2, (7, 3), mode="bilinear", align_corners=True),
        arguments("linear", I1, 9, mode="linear"),
        arguments("linear corners", I1, 3, mode="linear", align_corners=True),
        arguments("bicubic", I2, (7, 8), mode="bicubic"),
        arguments("bicubic corners", I2, (7, 8), mode="bicubic", align_corners=True),
        arguments("area", I2, (2, 3), mode="area"),
        arguments("factor", I2, scale_factor=(2.0, 2.0)),
        arguments("bilinear factor", I2, scale_factor=(1.5, 2.0), mode="bilinear", recompute_scale_factor=True),
        arguments("trilinear", floats(1, 1, 3, 3, 4), (4, 5, 2), mode="trilinear"),
        arguments("nearest-exact", I2, (7, 3), mode="nearest-exact"),
    )
    for mode in ("bilinear", "nearest"):
        case(
            f"{space}grid_sample {mode}",
            F.grid_sample,
            *[
                arguments(f"{padding} {corners}", I2, floats(1, 3, 4, 2, low=-1.3, high=1.3), mode, padding, corners)
                for padding in ("zeros", "border", "reflection")
                for corners in (False, True)
            ],
            ours=(mint.nn.functional if space == M else ops).grid_sample,
            tolerance=1e-4,
        )
    case(f"{space}pixel_shuffle", F.pixel_shuffle, (floats(1, 8, 2, 3), 2))
case(
    "ops.grid_sample volume",
    F.grid_sample,
    (floats(1, 2, 3, 3, 3), floats(1, 2, 2, 2, 3)),
    ours=ops.grid_sample,
    tolerance=1e-4,
)
case(
    "ops.affine_grid",
    F.affine_grid,
    (floats(2, 2, 3), (2, 1, 3, 4), False),
    (floats(2, 2, 3), (2, 1, 3, 4), True),
    (floats(1, 3, 4), (1, 1, 2, 3, 4), False),
)
case("ops.pixel_unshuffle", F.pixel_unshuffle, (floats(1, 2, 4, 6), 2))
case("ops.channel_shuffle", F.channel_shuffle, (floats(1, 6, 2, 2), 3))
Q, K, V = floats(2, 2, 3, 4), floats(2, 2, 5, 4), floats(2, 2, 5, 4, key="v")
case(
    f"{M}scaled_dot_product_attention",
    F.scaled_dot_product_attention,
    (Q, K, V),
    (Q, K, V, booleans(3, 5) | np.eye(3, 5, dtype=bool)),
    (Q, K, V, floats(3, 5)),
    arguments("causal", K, K, V, is_causal=True),
    arguments("scale", Q, K, V, scale=0.3),
)
