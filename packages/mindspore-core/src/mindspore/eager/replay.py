"""From a recorded stream to an executable: what happens when a segment's key is seen for the first time.

The stream is emitted into a builder. A gradient entry builds the graph of its region (the entries since its start, cut
at the wanted values), differentiates it, and inlines the joint graph; since the builder shares equal nodes, the
region's forward part is the one that is already there. The region's outputs are from then on those of the joint graph,
whose loops and branches keep what the gradient reads, so that they do not run a second time. Nested gradients are
entries of the region and are resolved when the region's own graph is built: innermost first.

Where a derivative does not exist, what depends on it has no value; the rest of the stream has.
"""
from __future__ import annotations

from mindspore.compiler.autodiff.vjp import lower_nodes, seedable, vjp_graph
from mindspore.compiler.frontend.location import Location
from mindspore.compiler.ir import Builder, Graph, Node, TupleAval, infer
from mindspore.compiler.primitives.effects import without_effects


class _VjpEntry:
    """Marks gradient entries in a stream."""

    def __repr__(self) -> str:
        return "vjp"


VJP = _VjpEntry()


class Underivable(Exception):
    """A derivative in a stream that does not exist: `numbers` are the values that depend on it, `reason` is the error
    that says why."""

    def __init__(self, numbers: set[int], reason: Exception) -> None:
        super().__init__(str(reason))
        self.numbers, self.reason = numbers, reason


def replay(entries: tuple, inputs: list[int], live: tuple, donated: dict[int, int], device,
           stable: tuple[int, ...] = (), lines: dict[int, tuple] | None = None):
    """The executable of a stream: its parameters are the inputs, its outputs the live values. stable: the positions of
    inputs that are weights. lines: file and line by the positions of entries. Underivable if a live value depends on a
    derivative that does not exist."""
    from mindspore.compiler.pipeline import compile_graph
    return compile_graph(stream_graph(entries, inputs, live, lines), device, donated, stable=stable)


def stream_graph(entries: tuple, inputs: list[int], live: tuple, lines: dict[int, tuple] | None = None) -> Graph:
    """The graph of a stream. What is known already is not computed again once the gradients are derived."""
    b = Builder("eager")
    firsts = first_numbers(entries)
    env: dict[int, Node] = {}
    wanted_inputs = iter(inputs)
    for op, _, aval in entries:
        if op is None:
            env[next(wanted_inputs)] = b.parameter(aval)
    reason = None
    for position, (op, refs, _) in enumerate(entries):
        if any(number not in env for number in _reads(op, refs)):
            continue
        try:
            _emit(b, entries, firsts, position, env, lines or {})
        except Exception as error:
            if op is not VJP:
                raise
            reason = reason or error
    if reason is not None and any(number not in env for number in live):
        count = firsts[-1] + (len(entries[-1][1][1]) if entries[-1][0] is VJP else 1)
        raise Underivable({number for number in range(count) if number not in env}, reason)
    graph = b.finish([env[n] for n in live])
    known = {node.idx for node in graph.nodes if node.op.name == "known_value"}
    return lower_nodes(graph, known) if known else graph


def first_numbers(entries) -> list[int]:
    """For each entry of a stream the number of its first value."""
    numbers: list[int] = []
    avals: list = []
    for op, refs, attrs in entries:
        numbers.append(len(avals))
        if op is None:
            avals.append(attrs)
        elif op is VJP:
            avals.extend([avals[r] for r in refs[1]])
        else:
            aval = infer(op, tuple([avals[r] for r in refs]), attrs)
            avals.extend(aval.items if isinstance(aval, TupleAval) else (aval,))
    return numbers


def _emit(b: Builder, entries: tuple, firsts: list[int], position: int, env: dict[int, Node],
          lines: dict[int, tuple]) -> None:
    op, refs, attrs = entries[position]
    if op is None:
        return
    first = firsts[position]
    if op is VJP:
        results = _gradient(b, entries, firsts, position, env, lines)
    else:
        file, line = lines.get(position, (None, 0))
        b.loc = None if file is None else Location(file, line, 0, "")
        node = b.emit(op, tuple([env[r] for r in refs]), attrs)
        results = b.items(node) if isinstance(node.aval, TupleAval) else (node,)
    for offset, node in enumerate(results):
        env.setdefault(first + offset, node)


def _gradient(b: Builder, entries: tuple, firsts: list[int], position: int, env: dict[int, Node],
              lines: dict[int, tuple]) -> list[Node]:
    start, wanted, outputs, seeds = entries[position][1]
    region = Builder("region")
    inner: dict[int, Node] = {}
    sources: list[int] = []

    def bind(number: int) -> None:
        inner[number] = region.parameter(env[number].aval)
        sources.append(number)

    for number in dict.fromkeys(wanted):
        bind(number)
    for entry in _needed(entries, firsts, start, position, outputs):
        op, refs, _ = entries[entry]
        if op is None or firsts[entry] not in env:
            continue
        for number in _reads(op, refs):
            if number not in inner:
                bind(number)
        _emit(region, entries, firsts, entry, inner, lines)
    for number in outputs:
        if number not in inner:
            bind(number)
    graph = without_effects(region.finish([inner[n] for n in outputs]))
    place = {n: k for k, n in enumerate(sources)}
    points = tuple(place[n] for n in wanted)
    seeded = seedable(graph.out_avals, [graph.params[k].aval for k in points])
    joint = vjp_graph(graph, points, seeded)
    cotangents = [b.ones_like(graph.outputs[k].aval) if seeds[k] < 0 else env[seeds[k]] for k in seeded]
    found = b.inline(joint, [env[n] for n in sources] + cotangents)
    env.update(zip(outputs, found))
    return found[len(outputs):]


def _needed(entries: tuple, firsts: list[int], start: int, position: int, outputs: tuple) -> list[int]:
    """The entries from `start` on that the outputs depend on, in order. Gradients taken in stages stand in the
    region, too: each would hold all that were taken before it."""
    reached, found = set(outputs), []
    for entry in reversed(range(start, position)):
        if any(number in reached for number in range(firsts[entry], firsts[entry + 1])):
            op, refs, _ = entries[entry]
            reached.update(_reads(op, refs))
            found.append(entry)
    return found[::-1]


def _reads(op, refs: tuple) -> list[int]:
    if op is None:
        return []
    if op is VJP:
        return [*refs[1], *refs[2], *(r for r in refs[3] if r >= 0)]
    return list(refs)
