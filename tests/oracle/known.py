"""Differences that are known: a pattern of a case's identity ("name: arguments: float64"), and the reason for each.

A pattern that no failing case matches any more must be taken out, unless it is one of `SOMEWHERE`: differences that not
every processor shows.
"""
LAYOUT = "an integer beside a list of indices counts as one of them, as in NumPy: their axis comes first"
INFINITE = "the function's limit at infinity is infinite; PyTorch multiplies it by a zero and gives NaN"
UNKNOWN = "what is compared with NaN is unknown, so the result is NaN, as in NumPy"

KNOWN: dict[str, str] = {
    "*.sign: special*": UNKNOWN,
    "ops.sgn: special*": UNKNOWN,
    "ops.heaviside: special*": UNKNOWN,
    "ops.i0: special*": INFINITE,
    "ops.bessel_i0: special*": INFINITE,
    "ops.bessel_i1: special*": INFINITE,
    "ops.igamma: 1*": "NaN beside an infinity stays NaN; PyTorch looks at the infinity first",
    "ops.igammac: 1*": "NaN beside an infinity stays NaN; PyTorch looks at the infinity first",
    "*.xlogy: special*": "documented: zero wherever the first operand is zero, whatever the second is",
    "*threshold: 1*": "documented: an element that is not above the threshold becomes the value; so does NaN",
    "ops.logcumsumexp: 3*": "PyTorch's gradient is NaN beside elements that are -inf; differences are finite",
    "ops.ctc_loss impossible: 0*": "the loss is infinite all around, so it does not change; PyTorch's gradient is NaN",
    "ops.argmin: *": "documented: Int32 in ops, Int64 in mint",
    "*.a[ln][ly]: uint8": "documented: Bool; PyTorch keeps uint8, as before it had bool",
    "Tensor.__getitem__ list beside integer: 0*": LAYOUT,
    "ops.diag: 1*": "documented: the result has the axes of the operand twice, for a matrix four",
    "*interpolate: bicubic*": "MindSpore's kernel has -0.5 for centres between pixels; PyTorch's is -0.75",
    "*.hardsigmoid: *: float64": "PyTorch's derivative is the number 1/6 rounded to float32",
    "ops.digamma: special*": "documented: -inf at zero, whichever sign zero has",
    "ops.bessel_[jy][01]: ?: float64": "PyTorch errs by up to 4e-7 above 5; ours agrees with mpmath to 16 digits",
}
SOMEWHERE: dict[str, str] = {
    "*.gelu: special*": "PyTorch's kernel for AVX-512 gives NaN at infinity, that for AVX2 infinity, as ours",
}
