"""Einstein sums.

`einsum("ij,jk->ik", a, b)` names the axes of its operands and of its result by letters; equal letters are one axis, and
letters that the result does not have are summed over. Each operand is first brought to one axis for each letter
(diagonals for repeated ones); then operands are contracted from left to right, each pair as one stack of matrix
products: letters that both have and that are still needed are the stack, letters that both have and that are not are
summed over, the others are rows and columns. `...` stands for leading axes that broadcast.
"""
from __future__ import annotations

from math import prod
from string import ascii_lowercase, ascii_uppercase

from mindspore.common.tensor import Tensor
from mindspore.ops._operands import Operand, apply, primitive, promote_all
from mindspore.ops.reduction import sum as sum_over
from mindspore.ops.shapes import broadcast_to, reshape, transpose
from mindspore.ops.triangles import diagonal

__all__ = ["einsum"]

_MATMUL = primitive("matmul")
_BY_NUMBER = ascii_uppercase + ascii_lowercase


def einsum(equation: str, *operands: Operand) -> Tensor:
    """The sum of products that `equation` describes, as `numpy.einsum`: letters for axes, `...`, and `->` with the
    letters of the result (by default those that occur once, in alphabetical order). Instead of an equation each operand
    may be followed by a list of its axes' numbers, 0 to 51, or Ellipsis; a list at the end is the result's.

    Raises:
        ValueError: the equation is malformed, does not fit the operands' axes, or letters have unequal sizes.
    """
    if isinstance(equation, Tensor) and operands:
        equation, operands = _equation_of((equation, *operands))
    if not isinstance(equation, str):
        raise TypeError(f"einsum: equation must be a str, but got {type(equation).__name__}")
    if len(operands) == 1 and isinstance(operands[0], (tuple, list)):
        operands = tuple(operands[0])
    tensors = promote_all("einsum", operands)
    terms, result = _letters(equation, [t.ndim for t in tensors])
    parts = [_one_axis_each(t, term) for t, term in zip(tensors, terms)]
    parts = _with_equal_sizes(equation, parts)
    total, letters = parts[0]
    for position, (part, term) in enumerate(parts[1:], start=2):
        later = set(result).union(*[t for _, t in parts[position:]])
        total, letters = _contract(total, letters, part, term, later)
    gone = [i for i, letter in enumerate(letters) if letter not in result]
    if gone:
        total = sum_over(total, tuple(gone), dtype=total.dtype)
        letters = [letter for letter in letters if letter in result]
    return transpose(total, tuple(letters.index(letter) for letter in result)) if letters != result else total


def _equation_of(given: tuple) -> tuple[str, tuple]:
    """The equation and the operands of `op, axes, op, axes, ..., axes of the result`."""
    lists, odd = given[1::2], len(given) % 2
    if odd:
        lists += given[-1:]
    terms = []
    for axes in lists:
        if not isinstance(axes, (list, tuple)) or not all(a is ... or (isinstance(a, int) and 0 <= a < 52)
                                                          for a in axes):
            raise ValueError(f"einsum: {axes!r} stands where the list of an operand's axes is expected: ints from 0 to "
                             f"51 and Ellipsis")
        terms.append("".join("..." if a is ... else _BY_NUMBER[a] for a in axes))
    if odd:
        return f"{','.join(terms[:-1])}->{terms[-1]}", given[:-1:2]
    return ",".join(terms), given[::2]


def _letters(equation: str, ranks: list[int]) -> tuple[list[list[str]], list[str]]:
    """The letters of each operand and of the result; the axes of an ellipsis are named by numbers from behind."""
    left, arrow, right = equation.replace(" ", "").partition("->")
    texts = left.split(",")
    if len(texts) != len(ranks):
        raise ValueError(f"einsum: {equation!r} describes {len(texts)} operands, but {len(ranks)} were given")
    spans = [rank - len(text.replace("...", "")) for text, rank in zip(texts, ranks)]
    for text, rank, span in zip(texts, ranks, spans):
        if span < 0 or (span and "..." not in text):
            raise ValueError(f"einsum: {text!r} in {equation!r} does not fit an operand of {rank} axes")
    dots = [str(i) for i in range(max((s for t, s in zip(texts, spans) if "..." in t), default=0), 0, -1)]
    terms = [_term(equation, text, dots[len(dots) - span:]) for text, span in zip(texts, spans)]
    if arrow:
        result = _term(equation, right, dots)
    else:
        every = [letter for term in terms for letter in term if not letter.isdigit()]
        result = dots + sorted(letter for letter in set(every) if every.count(letter) == 1)
    unknown = [letter for letter in result if not any(letter in term for term in terms)]
    if unknown or len(set(result)) != len(result):
        raise ValueError(f"einsum: the result of {equation!r} must name letters of the operands, each once")
    return terms, result


def _term(equation: str, text: str, dots: list[str]) -> list[str]:
    before, ellipsis, behind = text.partition("...")
    if not all(c.isalpha() and c.isascii() for c in before + behind):
        raise ValueError(f"einsum: {text!r} in {equation!r} has something else than letters and one '...'")
    return [*before, *(dots if ellipsis else []), *behind]


def _one_axis_each(x: Tensor, letters: list[str]) -> tuple[Tensor, list[str]]:
    """An operand with the diagonals of its repeated letters."""
    letters = list(letters)
    for letter in dict.fromkeys(letters):
        while letters.count(letter) > 1:
            first = letters.index(letter)
            second = letters.index(letter, first + 1)
            if x.shape[first] != x.shape[second]:
                raise ValueError(f"einsum: letter {letter!r} stands for sizes {x.shape[first]} and {x.shape[second]}")
            x = diagonal(x, 0, first, second)
            del letters[second], letters[first]
            letters.append(letter)
    return x, letters


def _with_equal_sizes(equation: str, parts: list) -> list:
    """Operands in which each letter has one size: axes of size 1 are broadcast."""
    sizes: dict[str, int] = {}
    for x, letters in parts:
        for letter, size in zip(letters, x.shape):
            known = sizes.get(letter, 1)
            if size != known and 1 not in (size, known):
                raise ValueError(f"einsum: letter {letter!r} in {equation!r} stands for sizes {known} and {size}")
            sizes[letter] = max(size, known) if 0 not in (size, known) else 0
    return [(broadcast_to(x, tuple(sizes[letter] for letter in letters)), letters) for x, letters in parts]


def _contract(x: Tensor, a: list[str], y: Tensor, b: list[str], later: set[str]) -> tuple[Tensor, list[str]]:
    """The products of two operands, summed over the letters that nobody needs later."""
    stack = [letter for letter in a if letter in b and letter in later]
    summed = [letter for letter in a if letter in b and letter not in later]
    rows, columns = [letter for letter in a if letter not in b], [letter for letter in b if letter not in a]
    sizes = {**dict(zip(a, x.shape)), **dict(zip(b, y.shape))}

    def block(t: Tensor, own: list[str], *groups: list[str]) -> Tensor:
        order = [own.index(letter) for group in groups for letter in group]
        return reshape(transpose(t, tuple(order)), tuple(prod(sizes[letter] for letter in group) for group in groups))

    product = apply(_MATMUL, (block(x, a, stack, rows, summed), block(y, b, stack, summed, columns)), (False, False))
    letters = stack + rows + columns
    return reshape(product, tuple(sizes[letter] for letter in letters)), letters
