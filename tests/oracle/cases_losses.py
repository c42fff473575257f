"""Losses as functions, with every reduction."""

import numpy as np
import torch.nn.functional as F
from table import arguments, case, fixed, floats, integers

from mindspore import ops

M = "mint.nn.functional."
X, Y = floats(4, 3), floats(4, 3, key="y")
P, Q = floats(4, 3, low=0.1, high=0.9), floats(4, 3, low=0.1, high=0.9, key="q")
LABELS = np.array([0, 2, 1, 2])
WEIGHT = fixed(floats(3, low=0.2))
SIGNS = fixed(np.array([[1, -1, 1], [-1, -1, 1], [1, 1, -1], [-1, 1, 1]], np.float32))


def loss(name, theirs, *sets, ours=None, **options):
    """Each set with each of the reductions."""
    reductions = ("mean", "sum", "none")
    named = [
        each if isinstance(each, tuple) and hasattr(each, "keywords") else arguments(str(i), *each)
        for i, each in enumerate(sets)
    ]
    case(
        name,
        theirs,
        *[
            arguments(f"{each.name} {kind}", *each.positional, **each.keywords, reduction=kind)
            for each in named
            for kind in reductions
        ],
        ours=ours,
        **options,
    )


for space in (M, "ops."):
    loss(f"{space}mse_loss", F.mse_loss, (X, Y))
    loss(f"{space}l1_loss", F.l1_loss, (X, Y))
    loss(f"{space}smooth_l1_loss", F.smooth_l1_loss, (X, Y), arguments("beta", X, Y, beta=0.3))
    loss(f"{space}soft_margin_loss", F.soft_margin_loss, (X, SIGNS))
    loss(
        f"{space}binary_cross_entropy",
        F.binary_cross_entropy,
        (P, fixed(Q)),
        (P, fixed(Q), fixed(floats(3, low=0.1))),
        (fixed(np.array([0.0, 1.0, 0.0], np.float32)), fixed(np.array([0.0, 1.0, 1.0], np.float32))),
    )
    loss(
        f"{space}binary_cross_entropy_with_logits",
        F.binary_cross_entropy_with_logits,
        (X * 20, fixed(Q)),
        arguments("weights", X, fixed(Q), weight=fixed(floats(3, low=0.1)), pos_weight=WEIGHT),
    )
    loss(
        f"{space}nll_loss",
        F.nll_loss,
        (X, LABELS),
        arguments("weight", X, LABELS, weight=WEIGHT, ignore_index=1),
        arguments("image", floats(2, 3, 4), integers(2, 4, low=0, high=3)),
    )
    loss(
        f"{space}cross_entropy",
        F.cross_entropy,
        (X, LABELS),
        (X * 100, LABELS),
        (X, fixed(Q / Q.sum(1, keepdims=True))),
        arguments("all", X, LABELS, weight=WEIGHT, ignore_index=1, label_smoothing=0.2),
        arguments("image", floats(2, 3, 4), integers(2, 4, low=0, high=3)),
        arguments("ignored", X, np.array([1, 1, 1, 1]), ignore_index=1),
        arguments("smooth probabilities", X, fixed(Q / Q.sum(1, keepdims=True)), label_smoothing=0.1, weight=WEIGHT),
    )
    loss(
        f"{space}cosine_embedding_loss",
        F.cosine_embedding_loss,
        (X, Y, np.array([1, -1, 1, -1])),
        arguments("margin", X, Y, np.array([1, -1, 1, -1]), margin=0.3),
    )
loss(
    f"{M}kl_div",
    F.kl_div,
    (np.log(P), Q),
    arguments("log", np.log(P), np.log(Q), log_target=True),
    (np.log(P), fixed(np.zeros((4, 3), np.float32))),
)
loss("ops.kl_div", F.kl_div, (np.log(P), Q))
case("ops.kl_div batchmean", F.kl_div, arguments("batchmean", np.log(P), Q, reduction="batchmean"), ours=ops.kl_div)
loss("ops.huber_loss", F.huber_loss, (X, Y), arguments("delta", X, Y, delta=0.3))
loss("ops.gaussian_nll_loss", F.gaussian_nll_loss, (X, Y, P), arguments("full", X, Y, P, full=True))
loss("ops.hinge_embedding_loss", F.hinge_embedding_loss, (X, SIGNS), arguments("margin", X, SIGNS, margin=0.4))
loss("ops.margin_ranking_loss", F.margin_ranking_loss, (X, Y, SIGNS), arguments("margin", X, Y, SIGNS, margin=0.4))
loss(
    "ops.multi_margin_loss",
    F.multi_margin_loss,
    (X, LABELS),
    arguments("squares", X, LABELS, p=2, margin=0.7, weight=WEIGHT),
)
loss(
    "ops.multilabel_margin_loss",
    F.multilabel_margin_loss,
    (X, np.array([[0, 2, -1], [1, -1, 0], [2, 1, 0], [-1, 0, 1]])),
)
loss(
    "ops.multilabel_soft_margin_loss",
    F.multilabel_soft_margin_loss,
    (X, fixed(np.round(Q))),
    arguments("weight", X, fixed(np.round(Q)), weight=WEIGHT),
)
loss(
    "ops.triplet_margin_loss", F.triplet_margin_loss, (X, Y, P), arguments("swap", X, Y, P, margin=0.5, p=1, swap=True)
)
for blank in (0, 4):
    targets = np.array([[1, 2, 2], [3, 1, 1]]) if blank == 0 else np.array([[1, 2, 2], [3, 0, 0]])
    for kind in ("none", "sum", "mean"):
        case(
            f"ops.ctc_loss blank {blank} {kind}",
            lambda x, t, i, n, blank=blank, kind=kind: F.ctc_loss(x.log_softmax(2), t, i, n, blank, kind),
            (floats(7, 2, 5), targets, np.array([7, 5]), np.array([3, 2])),
            ours=lambda x, t, i, n, blank=blank, kind=kind: ops.ctc_loss(ops.log_softmax(x, 2), t, i, n, blank, kind)[
                0
            ],
            tolerance=1e-4,
        )
case(
    "ops.ctc_loss impossible",
    lambda x, t, i, n, z: F.ctc_loss(x.log_softmax(2), t, i, n, zero_infinity=z),
    *[(floats(2, 1, 4), np.array([[1, 1, 2]]), np.array([2]), np.array([3]), zero) for zero in (False, True)],
    ours=lambda x, t, i, n, z: ops.ctc_loss(ops.log_softmax(x, 2), t, i, n, zero_infinity=z)[0],
)
