"""Matrix products in the body of a `scan`, cut where their parts belong to different places.

* A product with a matrix that stays, of rows of which some columns come from slices and others from carried values
  (`concat(x[t], h) @ w`, as recurrent cells are written), is the sum of two products, of which the one of the slices
  can leave the loop (`loop_split`).
* A product of which only some columns are read, or some by the trips and others only from outside (the gradient of
  such a row, of which h's part is handed on and x's part is not), becomes one product for each of the two.

The parts of the matrix are cut out once, before the loop.
"""
from __future__ import annotations

from itertools import groupby

from mindspore.compiler.ir import Builder, Graph, Node, rewrite
from mindspore.compiler.passes.loop_levels import CHANGING, STAYING, has_symbols, levels, needed
from mindspore.compiler.passes.loop_split import FEW_ROWS


def split_products(node: Node) -> Node:
    """A scan with these products cut in its body."""
    body, length, carried, sliced, reverse = node.attrs
    if has_symbols(body) or not any(n.op.name == "matmul" for n in body.nodes):
        return node
    key = ("split_products", carried, sliced)
    found = body.memo.get(key)
    if found is None:
        found = body.memo[key] = _columns_apart(_rows_apart(body, carried, sliced), carried, sliced)
    return Node(node.op, node.ins, (found, length, carried, sliced, reverse), node.aval, node.idx, node.loc)


# -- what is joined before a product -----------------------------------------------------------------------------------


def _rows_apart(body: Graph, carried: int, sliced: int) -> Graph:
    level = levels(body, carried, sliced)

    def is_mixed(node: Node) -> bool:
        if node.op.name != "matmul":
            return False
        x, y = node.ins
        kinds = {level[i.idx] for i in x.ins}
        return (x.op.name == "concat" and x.attrs[0] == x.aval.ndim - 1 and not node.attr("transpose_a")
                and level[y.idx] == STAYING and y.aval.ndim == 2 and CHANGING in kinds and len(kinds) > 1
                and node.aval.size < FEW_ROWS * node.shape[-1])

    if not any(map(is_mixed, body.nodes)):
        return body

    def apart(b: Builder, node: Node, ins: tuple) -> Node | None:
        if not is_mixed(node):
            return None
        total, start, axis = None, 0, 1 if node.attr("transpose_b") else 0
        parts = list(zip(node.ins[0].ins, ins[0].ins))
        for _, run in groupby(parts, lambda pair: level[pair[0].idx] == CHANGING):
            joined = [x for _, x in run]
            rows = b.concat(*joined, axis=ins[0].aval.ndim - 1)
            end = start + rows.shape[-1]
            product = b.emit(node.op, (rows, _cut(b, ins[1], axis, start, end)), node.attrs)
            total, start = product if total is None else b.add(total, product), end
        return total

    return rewrite(body, apart)


def _cut(b: Builder, x: Node, axis: int, start: int, end: int) -> Node:
    """x[start:end] on an axis."""
    begin = tuple(start if k == axis else 0 for k in range(x.aval.ndim))
    ends = tuple(end if k == axis else d for k, d in enumerate(x.shape))
    return b.slice(x, begin=begin, end=ends, strides=(1,) * x.aval.ndim)


# -- what is cut after a product ---------------------------------------------------------------------------------------


def _columns_apart(body: Graph, carried: int, sliced: int) -> Graph:
    level, users = levels(body, carried, sliced), body.users()
    inner = needed(body, body.outputs[:carried])
    outputs = {o.idx for o in body.outputs}
    stretches: dict[int, list] = {}
    for node in body.nodes:
        if node.op.name == "matmul" and level[node.idx] > STAYING and level[node.ins[1].idx] == STAYING and \
                node.ins[1].aval.ndim == 2 and node.idx not in outputs and all(map(_takes_columns, users[node.idx])):
            found = _stretches(users[node.idx], inner)
            if sum(high - low for low, high in found.values()) < node.shape[-1] or len(found) == 2 and not _overlap(
                    *found.values()):
                stretches[node.idx] = found
    if not stretches:
        return body

    def apart(b: Builder, node: Node, ins: tuple) -> Node | None:
        source = node.ins[0] if node.op.name == "slice" else None
        if source is None or source.idx not in stretches:
            return None
        low, high = stretches[source.idx][node.idx in inner]
        matrix = _cut(b, ins[0].ins[1], 0 if source.attr("transpose_b") else 1, low, high)
        product = b.emit(source.op, (ins[0].ins[0], matrix), source.attrs)
        begin, end, _ = node.attrs
        return _cut(b, product, product.aval.ndim - 1, begin[-1] - low, end[-1] - low)

    return rewrite(body, apart)


def _takes_columns(node: Node) -> bool:
    if node.op.name != "slice":
        return False
    begin, end, strides = node.attrs
    return not any(begin[:-1]) and end[:-1] == node.ins[0].shape[:-1] and set(strides) == {1}


def _stretches(slices: list[Node], inner: set[int]) -> dict[bool, tuple[int, int]]:
    """The columns that are read by slices which the trips need (True), and by others."""
    found: dict[bool, tuple[int, int]] = {}
    for node in slices:
        low, high = node.attr("begin")[-1], node.attr("end")[-1]
        known = found.get(node.idx in inner, (low, high))
        found[node.idx in inner] = min(known[0], low), max(known[1], high)
    return found


def _overlap(a: tuple[int, int], b: tuple[int, int]) -> bool:
    return a[0] < b[1] and b[0] < a[1]
