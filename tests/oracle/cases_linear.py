"""Matrices: products, contractions, decompositions, solvers, distances, and Fourier transforms."""

import numpy as np
import torch
from table import arguments, case, fixed, floats

from mindspore import mint, ops

A, B = floats(3, 4), floats(4, 2)
SQUARE = floats(3, 3) + 3 * np.eye(3, dtype=np.float32)
SYMMETRIC = SQUARE @ SQUARE.T
STACK = floats(2, 3, 4)
for space in ("mint", "ops"):
    case(
        f"{space}.matmul",
        torch.matmul,
        (A, B),
        (floats(4), B),
        (A, floats(4)),
        (floats(4), floats(4, key="b")),
        (STACK, floats(4, 5)),
        (STACK, floats(2, 4, 2)),
        (floats(5, 1, 3, 4), floats(2, 4, 2)),
        (floats(2, 3, 4), floats(4)),
        (np.zeros((2, 0), np.float32), np.zeros((0, 3), np.float32)),
        (fixed(np.full((2, 2), np.inf, np.float32)), floats(2, 2)),
    )
    case(f"{space}.mm", torch.mm, (A, B), (np.zeros((0, 3), np.float32), floats(3, 2)), (A, A))
    case(f"{space}.bmm", torch.bmm, (STACK, floats(2, 4, 3)), (STACK, floats(3, 4, 3)))
    case(f"{space}.mv", torch.mv, (A, floats(4)))
    case(f"{space}.outer", torch.outer, (floats(3), floats(2)))
    case(
        f"{space}.dot",
        torch.dot,
        (floats(4), floats(4, key="b")),
        ours=None if space == "mint" else lambda x, y: ops.dot(x, y).reshape(()),
    )
    case(f"{space}.addmm", torch.addmm, (floats(3, 2), A, B), arguments("scaled", floats(2), A, B, beta=0.5, alpha=2.0))
    case(
        f"{space}.addmv",
        torch.addmv,
        (floats(3), A, floats(4)),
        arguments("scaled", floats(3), A, floats(4), beta=0.5, alpha=2),
    )
    case(
        f"{space}.addbmm",
        torch.addbmm,
        (floats(3, 2), STACK, floats(2, 4, 2)),
        arguments("scaled", floats(3, 2), STACK, floats(2, 4, 2), beta=0.5, alpha=2),
    )
    case(
        f"{space}.baddbmm",
        torch.baddbmm,
        (floats(2, 3, 2), STACK, floats(2, 4, 2)),
        arguments("scaled", floats(2, 3, 2), STACK, floats(2, 4, 2), beta=0.5, alpha=2),
    )
    case(f"{space}.inverse", torch.inverse, (SQUARE,), (np.stack([SQUARE, SYMMETRIC]),), tolerance=1e-4)
    case(
        f"{space}.cross",
        torch.cross,
        (floats(2, 3), floats(2, 3, key="b"), 1),
        (floats(3, 2), floats(3, 2, key="b"), 0),
    )
    case(
        f"{space}.cdist",
        torch.cdist,
        (A, floats(5, 4)),
        (STACK, floats(2, 5, 4), 1.0),
        (A, floats(2, 4), np.inf),
        (A, floats(2, 4), 3.0),
        (A, floats(2, 4), 0.0),
    )
    for equation, operands in {
        "ij,jk->ik": (A, B),
        "ij,jk": (A, B),
        "bij,bjk->bik": (STACK, floats(2, 4, 2)),
        "ii->i": (SQUARE,),
        "ii": (SQUARE,),
        "i,j->ij": (floats(3), floats(2)),
        "ij->ji": (A,),
        "ij->": (A,),
        "...ij->...ji": (STACK,),
        "bij,kj->bki": (STACK, floats(5, 4)),
        "ij,ij->i": (A, floats(3, 4, key="b")),
        "ij,jk,kl->il": (A, B, floats(2, 3)),
        "bhqd,bhkd->bhqk": (floats(2, 2, 3, 4), floats(2, 2, 5, 4)),
        "b...,b->...": (STACK, floats(2)),
    }.items():
        case(
            f"{space}.einsum {equation}",
            torch.einsum,
            (equation, *operands),
            ours={"mint": mint, "ops": ops}[space].einsum,
        )
case("ops.addr", torch.addr, (floats(3, 2), floats(3), floats(2)))
case("mint.vdot", torch.vdot, (floats(3), floats(3, key="b")))
case("ops.inner", torch.inner, (floats(3), floats(3, key="b")), (A, floats(2, 4)), (A, floats(4)))
case("ops.kron", torch.kron, (A, floats(2, 3)), (floats(3), floats(2)), (floats(2, 2, 2), floats(3)))
case(
    "ops.tensor_dot",
    lambda x, y, d: torch.tensordot(x, y, d),
    (STACK, floats(4, 5), 1),
    (STACK, floats(4, 3), ((1, 2), (1, 0))),
)
case("ops.vecdot", lambda x, y: torch.linalg.vecdot(x, y), (A, floats(3, 4, key="b")), (A, floats(4)))
case("ops.ger", torch.ger, (floats(3), floats(2)))
case("ops.det", torch.det, (SQUARE,), (np.stack([SQUARE, SYMMETRIC]),), tolerance=1e-4)
case("ops.slogdet", lambda x: tuple(torch.linalg.slogdet(x)), (SQUARE,), (-SQUARE,), tolerance=1e-4)
case("ops.logdet", torch.logdet, (SQUARE,), (-np.eye(3, dtype=np.float32),), tolerance=1e-4)
case(
    "ops.cholesky",
    lambda x, u=False: torch.linalg.cholesky(x, upper=u),
    (SYMMETRIC,),
    (SYMMETRIC, True),
    (np.stack([SYMMETRIC, SYMMETRIC * 2]),),
    tolerance=1e-4,
    grad=False,
)
case("ops.cholesky_inverse", torch.cholesky_inverse, (np.linalg.cholesky(SYMMETRIC),), tolerance=1e-3, grad=False)
case(
    "ops.cholesky_solve",
    torch.cholesky_solve,
    (floats(3, 2), np.linalg.cholesky(SYMMETRIC)),
    tolerance=1e-3,
    grad=False,
)
case("ops.pinv", torch.linalg.pinv, (A,), (floats(4, 2),), (SQUARE,), tolerance=1e-4)
case("ops.matrix_exp", torch.matrix_exp, (SQUARE * 0.3,), (np.stack([SQUARE, SQUARE.T]),), tolerance=1e-4)
case("ops.matrix_power", torch.matrix_power, (SQUARE, 3), (SQUARE, 0), (SQUARE, -2), (SQUARE, 1), tolerance=1e-3)
case(
    "ops.svd",
    lambda x: torch.linalg.svdvals(x),
    (A,),
    (SQUARE,),
    tolerance=1e-4,
    ours=lambda x: ops.svd(x, compute_uv=False),
)
case(
    "ops.svd product",
    lambda x: x * 1,
    (A,),
    (floats(4, 2),),
    tolerance=1e-4,
    grad=False,
    ours=lambda x: (lambda s, u, v: ops.matmul(u * s, v.T))(*ops.svd(x)),
)
case(
    "mint.linalg.qr",
    lambda x: tuple(each.abs() for each in torch.linalg.qr(x)),
    (floats(4, 3),),
    (SQUARE,),
    tolerance=1e-4,
    ours=lambda x: tuple(each.abs() for each in mint.linalg.qr(x)),
)
case("mint.linalg.inv", torch.linalg.inv, (SQUARE,), tolerance=1e-4)
case("ops.geqrf", torch.geqrf, (floats(4, 3),), grad=False, tolerance=1e-4)
case("ops.orgqr", torch.orgqr, (floats(4, 3), floats(3)), grad=False)
case("ops.ormqr", torch.ormqr, (floats(4, 3), floats(3), floats(4, 2)), grad=False)
case(
    "ops.eigvals",
    lambda x: torch.sort(torch.linalg.eigvals(x).real)[0],
    (SYMMETRIC,),
    tolerance=1e-4,
    grad=False,
    ours=lambda x: ops.sort(ops.real(ops.eigvals(x)))[0],
)
case(
    "mint.triangular_solve",
    lambda b, a, *m: tuple(torch.triangular_solve(b, a, *m)),
    (floats(3, 2), SQUARE),
    (floats(3, 2), SQUARE, False),
    (floats(3, 2), SQUARE, True, True),
    (floats(3, 2), SQUARE, True, False, True),
)
case(
    "ops.lstsq",
    lambda a, b: torch.linalg.lstsq(a, b).solution,
    (floats(5, 3), floats(5, 2)),
    tolerance=1e-3,
    grad=False,
    ours=lambda a, b: ops.lstsq(a, b)[:3],
)
case("ops.renorm", torch.renorm, (A, 2, 0, 1.0), (STACK, 1, 1, 2.0))
case(
    "ops.dist",
    torch.dist,
    (A, floats(3, 4, key="b")),
    (A, floats(3, 4, key="b"), 1),
    (A, floats(3, 4, key="b"), np.inf),
    (A, floats(3, 4, key="b"), 0),
)
case("ops.pdist", lambda x, p=2.0: torch.pdist(x, p), (floats(4, 3),), (floats(4, 3), 1.0))
case("ops.cosine_similarity", torch.cosine_similarity, (A, floats(3, 4, key="b")), (A, floats(3, 4, key="b"), 0))
for space, names in {
    "mint.linalg": ("norm", "vector_norm", "matrix_norm"),
    "ops": ("norm", "vector_norm", "matrix_norm"),
}.items():
    for name in names:
        orders = {
            "norm": (None, "fro", "nuc", 1, np.inf, -np.inf),
            "vector_norm": (2, 1, 0, np.inf, -np.inf, 3, 0.5),
            "matrix_norm": ("fro", "nuc", 1, -1, 2, -2, np.inf),
        }[name]
        case(
            f"{space}.{name}",
            getattr(torch.linalg, name),
            *[arguments(f"order {order}", A, order) for order in orders],
            tolerance=1e-4,
        )
case(
    "mint.norm",
    torch.norm,
    (A,),
    (A, 1, 1),
    (A, "fro", (0, 1), True),
    (A, np.inf, 0),
    (A, 3, 1),
    (np.zeros(3, np.float32), 2, 0),
)

Z = (floats(3, 8) + 1j * floats(3, 8, key="i")).astype(np.complex64)
R = floats(3, 8)


def transformed(name, *sets, theirs=None):
    """A Fourier transform; complex results are compared by their parts, so that the gradient's projection is real."""
    function, other = getattr(ops, name), theirs or getattr(torch.fft, name)

    def parts(x, *more, **keywords):
        result = function(x, *more, **keywords)
        return (ops.real(result), ops.imag(result)) if "Complex" in str(result.dtype) else result

    def other_parts(x, *more, **keywords):
        result = other(x, *more, **keywords)
        return (result.real, result.imag) if result.is_complex() else result

    case(f"ops.{name}", other_parts, *sets, ours=parts, tolerance=1e-4)


for name in ("fft", "ifft"):
    transformed(name, (Z,), (R,), (Z, 5, 0, "ortho"), (R, 10), (R, 8, 1, "forward"))
transformed("rfft", (R,), (R, 5, 0), (R, 7, 1, "ortho"))
transformed("irfft", (Z,), (Z, 7), (Z, 8, 1, "forward"))
transformed("hfft", (Z,), (Z, 6))
transformed("ihfft", (R,), (R, 6))
for name in ("fft2", "ifft2", "fftn", "ifftn"):
    transformed(name, (Z,), (R,), (Z, (4, 6)))
for name in ("rfft2", "rfftn", "ihfft2", "ihfftn"):
    transformed(name, (R,), (R, (4, 6)))
for name in ("irfft2", "irfftn", "hfft2", "hfftn"):
    transformed(name, (Z,), (Z, (3, 7)))
case("ops.fftshift", torch.fft.fftshift, (R,), (R, 1))
case("ops.ifftshift", torch.fft.ifftshift, (R,), (floats(5),))
case("ops.fftfreq", torch.fft.fftfreq, (8,), (7, 0.5))
case("ops.rfftfreq", torch.fft.rfftfreq, (8,), (7, 0.5))
