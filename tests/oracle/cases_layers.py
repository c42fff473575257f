"""Layers of mindspore.nn and mindspore.mint.nn beside those of torch.nn, with equal weights."""

import numpy as np
import torch
from layers import layer
from table import arguments, distinct, floats, integers

from mindspore import mint, nn

T = torch.nn
D1, D2, D3 = distinct(2, 3, 9) * 0.1, distinct(2, 3, 7, 6) * 0.1, distinct(1, 3, 4, 5, 4) * 0.1

for space, dense in (("nn", nn.Dense), ("mint.nn", mint.nn.Linear)):
    layer(
        f"{space}.{dense.__name__}",
        lambda: T.Linear(3, 4),
        (floats(5, 3),),
        (floats(2, 5, 3),),
        (floats(3),),
        ours=lambda dense=dense: dense(3, 4),
    )
layer(
    "nn.Dense relu",
    lambda: T.Sequential(T.Linear(3, 4), T.ReLU())[0],
    (floats(5, 3),),
    ours=lambda: nn.Dense(3, 4, has_bias=True),
)
layer("nn.BiDense", lambda: T.Bilinear(3, 4, 2), (floats(5, 3), floats(5, 4)), ours=lambda: nn.BiDense(3, 4, 2))
layer("nn.Embedding", lambda: T.Embedding(7, 3), (integers(2, 4, low=0, high=7),), ours=lambda: nn.Embedding(7, 3))
layer(
    "mint.nn.Embedding",
    lambda: T.Embedding(7, 3, padding_idx=2),
    (integers(2, 4, low=0, high=7),),
    ours=lambda: mint.nn.Embedding(7, 3, padding_idx=2),
)

# Convolutions.
layer("nn.Conv1d", lambda: T.Conv1d(3, 4, 3, 2, 1), (D1,), ours=lambda: nn.Conv1d(3, 4, 3, 2, "pad", 1, has_bias=True))
layer(
    "nn.Conv2d",
    lambda: T.Conv2d(3, 6, 3, 2, 1, groups=3),
    (D2,),
    ours=lambda: nn.Conv2d(3, 6, 3, 2, "pad", 1, group=3, has_bias=True),
)
layer("nn.Conv2d same", lambda: T.Conv2d(3, 6, 3, padding="same", bias=False), (D2,), ours=lambda: nn.Conv2d(3, 6, 3))
layer(
    "nn.Conv2d dilated",
    lambda: T.Conv2d(3, 4, 3, dilation=2, bias=False),
    (D2,),
    ours=lambda: nn.Conv2d(3, 4, 3, pad_mode="valid", dilation=2),
)
layer("nn.Conv3d", lambda: T.Conv3d(3, 4, 2, 1, 1), (D3,), ours=lambda: nn.Conv3d(3, 4, 2, 1, "pad", 1, has_bias=True))
layer(
    "nn.Conv1dTranspose",
    lambda: T.ConvTranspose1d(3, 4, 3, 2, 1),
    (D1,),
    ours=lambda: nn.Conv1dTranspose(3, 4, 3, 2, "pad", 1, has_bias=True),
)
layer(
    "nn.Conv2dTranspose",
    lambda: T.ConvTranspose2d(3, 4, 3, 2, 1),
    (D2,),
    ours=lambda: nn.Conv2dTranspose(3, 4, 3, 2, "pad", 1, has_bias=True),
)
layer(
    "nn.Conv3dTranspose",
    lambda: T.ConvTranspose3d(3, 4, 2, 1),
    (D3,),
    ours=lambda: nn.Conv3dTranspose(3, 4, 2, 1, "valid", has_bias=True),
)
for name, x in {"Conv1d": D1, "Conv2d": D2, "Conv3d": D3, "ConvTranspose2d": D2}.items():
    layer(
        f"mint.nn.{name}",
        lambda name=name: getattr(T, name)(3, 6, 2, 2, 1, groups=3),
        (x,),
        ours=lambda name=name: getattr(mint.nn, name)(3, 6, 2, 2, 1, groups=3),
    )

# Normalization, in training and afterwards.
for size, x in enumerate((D1, D2, D3), 1):
    for train in (True, False):
        word = "train" if train else "infer"
        layer(
            f"nn.BatchNorm{size}d {word}",
            lambda size=size: getattr(T, f"BatchNorm{size}d")(3),
            (x,),
            ours=lambda size=size: getattr(nn, f"BatchNorm{size}d")(3),
            train=train,
        )
        layer(
            f"mint.nn.BatchNorm{size}d {word}",
            lambda size=size: getattr(T, f"BatchNorm{size}d")(3),
            (x,),
            ours=lambda size=size: getattr(mint.nn, f"BatchNorm{size}d")(3),
            train=train,
        )
    layer(
        f"nn.InstanceNorm{size}d",
        lambda size=size: getattr(T, f"InstanceNorm{size}d")(3, affine=True, track_running_stats=True),
        (x,),
        ours=lambda size=size: getattr(nn, f"InstanceNorm{size}d")(3),
    )
layer("nn.LayerNorm", lambda: T.LayerNorm((7, 6), eps=1e-7), (D2,), ours=lambda: nn.LayerNorm((7, 6), -2, -2))
layer("mint.nn.LayerNorm", lambda: T.LayerNorm(6), (D2,), ours=lambda: mint.nn.LayerNorm(6))
layer("nn.GroupNorm", lambda: T.GroupNorm(3, 6), (floats(2, 6, 3, 2),), ours=lambda: nn.GroupNorm(3, 6))
layer("mint.nn.GroupNorm", lambda: T.GroupNorm(3, 6), (floats(2, 6, 3, 2),), ours=lambda: mint.nn.GroupNorm(3, 6))

# Activations.
for ours, theirs in {
    "ReLU": "ReLU",
    "ReLU6": "ReLU6",
    "Sigmoid": "Sigmoid",
    "Tanh": "Tanh",
    "ELU": "ELU",
    "SeLU": "SELU",
    "SiLU": "SiLU",
    "CELU": "CELU",
    "HSwish": "Hardswish",
    "HSigmoid": "Hardsigmoid",
    "HShrink": "Hardshrink",
    "SoftShrink": "Softshrink",
    "Hardtanh": "Hardtanh",
    "LogSigmoid": "LogSigmoid",
    "Softplus": "Softplus",
    "Softsign": "Softsign",
    "Mish": "Mish",
    "Tanhshrink": "Tanhshrink",
    "PReLU": "PReLU",
}.items():
    layer(f"nn.{ours}", getattr(T, theirs), (D1,), ours=getattr(nn, ours))
layer("nn.GELU", lambda: T.GELU("tanh"), (D1,), ours=nn.GELU)
layer("nn.LeakyReLU", lambda: T.LeakyReLU(0.2), (D1,), ours=nn.LeakyReLU)
layer("nn.Softmax", lambda: T.Softmax(-1), (D1,), ours=nn.Softmax)
layer("nn.LogSoftmax", lambda: T.LogSoftmax(-1), (D1,), ours=nn.LogSoftmax)
layer("nn.Softmin", lambda: T.Softmin(-1), (D1,), ours=nn.Softmin)
layer("nn.Softmax2d", T.Softmax2d, (D2,), ours=nn.Softmax2d)
layer("nn.GLU", lambda: T.GLU(-1), (D2,), ours=nn.GLU)
layer("nn.Threshold", lambda: T.Threshold(0.1, 2.0), (D1,), ours=lambda: nn.Threshold(0.1, 2.0))
for name in (
    "ReLU",
    "GELU",
    "SELU",
    "SiLU",
    "Mish",
    "Hardswish",
    "Hardsigmoid",
    "Hardshrink",
    "LogSigmoid",
    "PReLU",
    "ELU",
):
    layer(f"mint.nn.{name}", getattr(T, name), (D1,), ours=getattr(mint.nn, name))

# Pooling, padding, shapes.
for size, x in enumerate((D1, D2, D3), 1):
    layer(
        f"nn.MaxPool{size}d",
        lambda size=size: getattr(T, f"MaxPool{size}d")(3, 2),
        (x,),
        ours=lambda size=size: getattr(nn, f"MaxPool{size}d")(3, 2),
    )
    layer(
        f"nn.AvgPool{size}d",
        lambda size=size: getattr(T, f"AvgPool{size}d")(3, 2),
        (x,),
        ours=lambda size=size: getattr(nn, f"AvgPool{size}d")(3, 2),
    )
    layer(
        f"nn.AvgPool{size}d padded",
        lambda size=size: getattr(T, f"AvgPool{size}d")(2, 2, 1, count_include_pad=False),
        (x,),
        ours=lambda size=size: getattr(nn, f"AvgPool{size}d")(2, 2, "pad", 1, count_include_pad=False),
    )
    layer(
        f"nn.AdaptiveAvgPool{size}d",
        lambda size=size: getattr(T, f"AdaptiveAvgPool{size}d")(2),
        (x,),
        ours=lambda size=size: getattr(nn, f"AdaptiveAvgPool{size}d")(2),
    )
    layer(
        f"nn.AdaptiveMaxPool{size}d",
        lambda size=size: getattr(T, f"AdaptiveMaxPool{size}d")(2),
        (x,),
        ours=lambda size=size: getattr(nn, f"AdaptiveMaxPool{size}d")(2),
    )
    widths = (1, 2, 2, 1, 1, 0)[: 2 * size]
    layer(
        f"nn.ReflectionPad{size}d",
        lambda size=size, w=widths: getattr(T, f"ReflectionPad{size}d")(w),
        (x,),
        ours=lambda size=size, w=widths: getattr(nn, f"ReflectionPad{size}d")(w),
    )
    layer(
        f"nn.ReplicationPad{size}d",
        lambda size=size, w=widths: getattr(T, f"ReplicationPad{size}d")(w),
        (x,),
        ours=lambda size=size, w=widths: getattr(nn, f"ReplicationPad{size}d")(w),
    )
    layer(
        f"nn.ConstantPad{size}d",
        lambda size=size, w=widths: getattr(T, f"ConstantPad{size}d")(w, 1.5),
        (x,),
        ours=lambda size=size, w=widths: getattr(nn, f"ConstantPad{size}d")(w, 1.5),
    )
layer("nn.LPPool1d", lambda: T.LPPool1d(2, 3), (D1,), ours=lambda: nn.LPPool1d(2, 3))
layer("nn.LPPool2d", lambda: T.LPPool2d(2, 3), (D2,), ours=lambda: nn.LPPool2d(2, 3))
layer("nn.PixelShuffle", lambda: T.PixelShuffle(2), (floats(1, 8, 2, 3),), ours=lambda: nn.PixelShuffle(2))
layer("nn.PixelUnshuffle", lambda: T.PixelUnshuffle(2), (floats(1, 2, 4, 6),), ours=lambda: nn.PixelUnshuffle(2))
layer("nn.ChannelShuffle", lambda: T.ChannelShuffle(3), (floats(1, 6, 2, 2),), ours=lambda: nn.ChannelShuffle(3))
layer("nn.Flatten", T.Flatten, (D2,), ours=nn.Flatten)
layer("nn.Unflatten", lambda: T.Unflatten(1, (3, 1)), (D1,), ours=lambda: nn.Unflatten(1, (3, 1)))
layer(
    "nn.Upsample",
    lambda: T.Upsample(scale_factor=2.0, mode="bilinear", align_corners=True),
    (D2,),
    ours=lambda: nn.Upsample(scale_factor=2.0, mode="bilinear", align_corners=True, recompute_scale_factor=True),
)
layer("mint.nn.Unfold", lambda: T.Unfold(2, padding=1), (D2,), ours=lambda: mint.nn.Unfold(2, padding=1))
layer(
    "mint.nn.UpsamplingBilinear2d",
    lambda: T.UpsamplingBilinear2d((9, 4)),
    (D2,),
    ours=lambda: mint.nn.UpsamplingBilinear2d((9, 4)),
)

# Recurrent layers and attention.
X, H, C = floats(5, 2, 3), floats(4, 2, 4), floats(4, 2, 4, key="c")
for name in ("RNN", "GRU", "LSTM"):
    for layers, both in ((1, False), (2, True)):
        state = floats(layers * (1 + both), 2, 4)
        start = (state, floats(layers * (1 + both), 2, 4, key="c")) if name == "LSTM" else state
        layer(
            f"nn.{name} layers {layers}",
            lambda name=name, n=layers, b=both: getattr(T, name)(3, 4, n, bidirectional=b),
            arguments("zeros", X),
            arguments("state", X, start),
            ours=lambda name=name, n=layers, b=both: getattr(nn, name)(3, 4, n, bidirectional=b),
        )
    layer(
        f"nn.{name} batch first",
        lambda name=name: getattr(T, name)(3, 4, batch_first=True, bias=False),
        (X,),
        ours=lambda name=name: getattr(nn, name)(3, 4, has_bias=False, batch_first=True),
    )
    cell = name + "Cell"
    one = (floats(2, 4), floats(2, 4, key="c")) if name == "LSTM" else floats(2, 4)
    layer(
        f"nn.{cell}",
        lambda cell=cell: getattr(T, cell)(3, 4),
        (floats(2, 3), one),
        ours=lambda cell=cell: getattr(nn, cell)(3, 4),
    )
layer("nn.RNN relu", lambda: T.RNN(3, 4, nonlinearity="relu"), (X,), ours=lambda: nn.RNN(3, 4, nonlinearity="relu"))
S, MEMORY = floats(5, 2, 8), floats(6, 2, 8)
MASK = np.triu(np.ones((5, 5), bool), 1)
PADDED = np.array([[False, False, False, False, True], [False, False, False, True, True]])
layer(
    "nn.MultiheadAttention",
    lambda: T.MultiheadAttention(8, 2),
    (S, S, S),
    (S, MEMORY, MEMORY),
    arguments("padding", S, S, S, PADDED),
    arguments("mask", S, S, S, None, True, MASK),
    ours=lambda: nn.MultiheadAttention(8, 2),
    tolerance=1e-4,
)
layer(
    "nn.MultiheadAttention key and value",
    lambda: T.MultiheadAttention(8, 2, kdim=6, vdim=5, add_bias_kv=True),
    (S, floats(7, 2, 6), floats(7, 2, 5)),
    ours=lambda: nn.MultiheadAttention(8, 2, kdim=6, vdim=5, add_bias_kv=True),
    tolerance=1e-4,
)
for first in (False, True):
    layer(
        f"nn.TransformerEncoderLayer {'before' if first else 'after'}",
        lambda first=first: T.TransformerEncoderLayer(8, 2, 16, 0.0, norm_first=first),
        (S,),
        arguments("mask", S, MASK),
        ours=lambda first=first: nn.TransformerEncoderLayer(8, 2, 16, 0.0, norm_first=first),
        tolerance=1e-4,
    )
layer(
    "nn.TransformerDecoderLayer",
    lambda: T.TransformerDecoderLayer(8, 2, 16, 0.0, "gelu"),
    (S, MEMORY),
    arguments("mask", S, MEMORY, MASK),
    ours=lambda: nn.TransformerDecoderLayer(8, 2, 16, 0.0, "gelu"),
    tolerance=1e-4,
)
layer(
    "nn.TransformerEncoder",
    lambda: T.TransformerEncoder(T.TransformerEncoderLayer(8, 2, 16, 0.0), 2, enable_nested_tensor=False),
    (S,),
    ours=lambda: nn.TransformerEncoder(nn.TransformerEncoderLayer(8, 2, 16, 0.0), 2),
    tolerance=1e-4,
)
layer(
    "nn.Transformer",
    lambda: T.Transformer(8, 2, 1, 2, 16, 0.0),
    (MEMORY, S),
    arguments("mask", MEMORY, S, None, MASK),
    ours=lambda: nn.Transformer(8, 2, 1, 2, 16, 0.0),
    tolerance=2e-4,
)

# Losses.
A, B, SIGNS = floats(4, 3), floats(4, 3, key="b"), np.where(floats(4, 3) > 0, 1, -1)
LABELS = np.array([0, 2, 1, 2], np.int64)
for name in ("MSELoss", "L1Loss", "HuberLoss"):
    layer(f"nn.{name}", getattr(T, name), (A, B), ours=getattr(nn, name))
layer("nn.HingeEmbeddingLoss", T.HingeEmbeddingLoss, (A, SIGNS.astype(np.float32)), ours=nn.HingeEmbeddingLoss)
layer("nn.BCELoss", T.BCELoss, (floats(4, 3, low=0.1, high=0.9), floats(4, 3, low=0, high=1, key="b")), ours=nn.BCELoss)
layer("nn.BCEWithLogitsLoss", T.BCEWithLogitsLoss, (A, floats(4, 3, low=0, high=1, key="b")), ours=nn.BCEWithLogitsLoss)
layer("nn.KLDivLoss", T.KLDivLoss, (A, floats(4, 3, low=0.1, high=1, key="b")), ours=nn.KLDivLoss)
layer("nn.NLLLoss", T.NLLLoss, (A, LABELS), ours=nn.NLLLoss)
layer(
    "nn.CrossEntropyLoss",
    lambda: T.CrossEntropyLoss(label_smoothing=0.1),
    (A, LABELS),
    ours=lambda: nn.CrossEntropyLoss(label_smoothing=0.1),
)
layer(
    "nn.SoftmaxCrossEntropyWithLogits",
    lambda: T.CrossEntropyLoss(),
    (A, LABELS),
    ours=lambda: nn.SoftmaxCrossEntropyWithLogits(True, "mean"),
)
layer("nn.GaussianNLLLoss", T.GaussianNLLLoss, (A, B, floats(4, 3, low=0.2, high=2)), ours=nn.GaussianNLLLoss)
layer(
    "nn.PoissonNLLLoss",
    lambda: T.PoissonNLLLoss(full=True),
    (A, floats(4, 3, low=0.2, high=4)),
    ours=lambda: nn.PoissonNLLLoss(full=True),
)
layer("nn.MarginRankingLoss", T.MarginRankingLoss, (A, B, SIGNS), ours=nn.MarginRankingLoss)
layer("nn.TripletMarginLoss", T.TripletMarginLoss, (A, B, floats(4, 3, key="n")), ours=nn.TripletMarginLoss)
layer(
    "nn.MultiLabelSoftMarginLoss",
    T.MultiLabelSoftMarginLoss,
    (A, (SIGNS > 0).astype(np.float32)),
    ours=nn.MultiLabelSoftMarginLoss,
)
layer("nn.MultiMarginLoss", T.MultiMarginLoss, (A, LABELS), ours=nn.MultiMarginLoss)
layer("nn.CosineEmbeddingLoss", T.CosineEmbeddingLoss, (A, B, np.array([1, -1, 1, 1])), ours=nn.CosineEmbeddingLoss)
