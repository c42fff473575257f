"""Recursion as a loop: a machine with registers and an explicit stack in place of functions that call each other.

The functions of a `rec` are cut into *blocks* at their recursive calls. A block is straight code, possibly with
choices, and ends by going to another block, by calling a function, or by returning. The machine's state is the number
of the block to run next, registers, and the stack; one `while_` runs block after block, and ends at block 0.

* What a block reads arrives in registers. They are shared by all blocks: the k-th value of a type that a block reads
  is in the k-th register of that type.
* A call pushes what its function still needs afterwards, and the block to go on with; it leaves the arguments in the
  registers of the called function. A return leaves the results in registers and pops the block to go on with. The
  stack is one tape of block numbers and one tape for each call whose function goes on. Popping an empty tape gives
  zero, which is the block that ends the loop.
* A call that is the last thing a function does pushes nothing. So tail recursion is a loop of constant memory.
* A choice with calls inside becomes a choice of what state comes next. What follows it stands on both of its sides
  where it is short and calls nothing, else it is a block of its own. A loop with calls inside begins a block.
  Other regions with calls inside have been replaced by choices and loops (`open_regions`).

Loops, choices and tapes have derivatives of every order and run everywhere, so recursion has and does. The stack is a
linked list in memory: depth is not limited by the stack of Python or of the process.

Source: Reynolds, "Definitional interpreters" (1972): continuation-passing form, its continuations made first order; as
each of them belongs to one place in the program, their number is known.
"""
from __future__ import annotations

from collections.abc import Callable, Iterable

from mindspore.common.dtype import int32
from mindspore.compiler.autodiff.vjp import lower_nodes
from mindspore.compiler.ir import Builder, Graph, Node
from mindspore.compiler.ir.aval import TupleAval, tape_aval, tensor_aval
from mindspore.compiler.passes.open_regions import open_regions
from mindspore.compiler.passes.places import Key, Place, calls, places_of

LONGEST_COPY = 12
BLOCK_NUMBER = tensor_aval((), int32)
BLOCK_NUMBERS = tape_aval((BLOCK_NUMBER,))

Env = dict[Key, Node]


class Block:
    """A block: its `number`, the values that are there when it begins (`live`), and the `place` and `index` of its
    first node. They are in registers; for a block that goes on after the call `node`, the results of the call are, and
    `live` is on a tape. `node` is the loop for the block of a loop's test."""

    def __init__(self, number: int, place: Place, index: int, live: Iterable[Key], node: Node | None = None):
        self.number, self.place, self.index, self.live, self.node = number, place, index, list(live), node
        self.returned = node is not None and node.op.name == "rec_call"


class Machine:
    """The machine of one `rec`."""

    def __init__(self, functions: tuple[Graph, ...], names: tuple[str, ...], shared: int):
        self.places = {name: Place(open_regions(graph), name, shared) for name, graph in zip(names, functions)}
        self.shared = [p.aval for p in functions[0].params[len(functions[0].params) - shared:]]
        self.blocks: list[Block] = []
        self.slots: dict[tuple, int] = {}
        self.entries = {name: self._block(place, 0, place.parameters()) for name, place in self.places.items()}
        self.joins: dict[tuple[Place, int], Block] = {}
        self.loops: dict[tuple[Place, int], Block] = {}
        self.returns: dict[tuple[Place, int], Block] = {}
        for place in self.places.values():
            self.registers(place.graph.out_avals)
            for inner in places_of(place):
                self._find_blocks(inner)
        self.tapes = [block for block in self.returns.values() if block.live]
        self.stacked = bool(self.returns)
        self.avals = [BLOCK_NUMBER, *[BLOCK_NUMBERS] * self.stacked,
                      *[tape_aval(tuple([b.place.aval(k) for k in b.live])) for b in self.tapes],
                      *[aval for aval, _ in self.slots]]

    # -- layout --------------------------------------------------------------------------------------------------------

    def _find_blocks(self, place: Place) -> None:
        """The blocks that begin in a place: after its calls and its choices with calls, and at its loops with calls."""
        for node in place.graph.nodes:
            after = node.idx + 1
            if not calls(node):
                continue
            if node.op.name == "while_":
                self.loops[place, node.idx] = self._block(place, node.idx, place.loop_needs(node), node)
            elif node.op.name == "rec_call" and not place.is_last(node):
                own = set(place.results(node))
                live = [key for key in place.needs(after) if key not in own]
                self.returns[place, node.idx] = self._block(place, after, live, node)
            elif node.op.name == "cond" and not place.is_short(after, LONGEST_COPY):
                self.joins[place, after] = self._block(place, after, place.needs(after))

    def _block(self, place: Place, index: int, live: Iterable[Key], node: Node | None = None) -> Block:
        block = Block(len(self.blocks) + 1, place, index, live, node)
        self.blocks.append(block)
        if not block.returned:
            self.registers([place.aval(key) for key in block.live])
        return block

    def registers(self, avals: Iterable) -> list[tuple]:
        """The registers of values of these types."""
        count: dict = {}
        found = []
        for aval in avals:
            count[aval] = count.get(aval, -1) + 1
            found.append((aval, count[aval]))
            self.slots.setdefault(found[-1], len(self.slots))
        return found

    def positions(self, avals: Iterable) -> list[int]:
        """Where in the state values of these types are."""
        first = 1 + self.stacked + len(self.tapes)
        return [first + self.slots[register] for register in self.registers(avals)]

    def tape(self, block: Block) -> int:
        """Where in the state the tape of a block is."""
        return 2 + self.tapes.index(block)

    # -- the loop ------------------------------------------------------------------------------------------------------

    def emit(self, b: Builder, operands: tuple[Node, ...], entry: str) -> tuple[Node, ...]:
        """Emit the call of a function: its results."""
        own, graph = len(operands) - len(self.shared), self.places[entry].graph
        state = [b.zeros_like(aval) for aval in self.avals]
        state[0] = b.constant(self.entries[entry].number, int32)
        for position, node in zip(self.positions([o.aval for o in operands[:own]]), operands):
            state[position] = node
        condition, body = Builder(f"{entry}_runs"), Builder(f"{entry}_blocks")
        number = [condition.parameter(a) for a in (*self.avals, *self.shared)][0]
        condition = condition.finish([condition.ne(number, 0)])
        params = [body.parameter(a) for a in (*self.avals, *self.shared)]
        body = body.finish(self._dispatch(body, params, self.blocks))
        final = b.items(b.while_(*state, *operands[own:], condition=condition, body=body, carried=len(state)))
        return tuple([final[position] for position in self.positions(graph.out_avals)])

    def _dispatch(self, b: Builder, params: list[Node], blocks: list[Block]) -> list[Node]:
        """The state after the block, one of `blocks`, whose number the state has."""
        if len(blocks) == 1:
            return self._run_block(b, params, blocks[0])
        half = len(blocks) // 2
        sides = []
        for part in (blocks[:half], blocks[half:]):
            inner = Builder(f"blocks_{part[0].number}_to_{part[-1].number}" if len(part) > 1 else part[0].place.title)
            sides.append(inner.finish(self._dispatch(inner, [inner.parameter(p.aval) for p in params], part)))
        return list(b.items(b.cond(b.le(params[0], blocks[half - 1].number), *params, then=sides[0], orelse=sides[1])))

    def _run_block(self, b: Builder, params: list[Node], block: Block) -> list[Node]:
        count, place = len(self.avals), block.place
        run = _Run(self, b, list(params[:count]), {(None, k): node for k, node in enumerate(params[count:])})
        if block.returned:
            places = self.positions(block.node.attr("avals"))
            run.env.update(zip(place.results(block.node), [params[k] for k in places]))
            if block.live:
                tape = self.tape(block)
                run.state[tape], *values = b.items(b.tape_pop(params[tape], aval=self.avals[tape]))
                run.env.update(zip(block.live, values))
            return run.nodes(place, block.index)
        places = self.positions([place.aval(key) for key in block.live])
        run.env.update(zip(block.live, [params[k] for k in places]))
        return run.nodes(place, block.index) if block.node is None else run.loop(place, block.node)


class _Run:
    """The code of a block, or of one side of a choice in it: what is emitted so far."""

    def __init__(self, machine: Machine, b: Builder, state: list[Node], env: Env):
        self.machine, self.b, self.state, self.env = machine, b, state, env

    def value(self, place: Place, node: Node) -> Node:
        if node.op.name == "constant":
            return self.b.emit(node.op, (), node.attrs)
        return self.env[place.key(node)]

    def nodes(self, place: Place, index: int) -> list[Node]:
        """Run a place from one of its nodes on; the state in which the block ends."""
        graph = place.graph
        for node in graph.nodes[index:]:
            if not node.ins and node.op.name in ("parameter", "constant"):
                continue
            self.b.loc = node.loc
            if calls(node):
                return self.transfer(place, node)
            if place.key(node) in self.env or place.is_result(node):
                continue
            emitted = self.b.emit(node.op, tuple([self.value(place, i) for i in node.ins]), node.attrs)
            if isinstance(node.aval, TupleAval):
                for item in place.items(node):
                    self.env[place.key(item)] = self.b.item(emitted, index=item.attr("index"))
            else:
                self.env[place.key(node)] = emitted
        return self.leave(place, [self.value(place, o) for o in graph.outputs])

    def transfer(self, place: Place, node: Node) -> list[Node]:
        """Go on with a node with calls: a call, a choice or a loop."""
        operands = [self.value(place, i) for i in node.ins]
        if node.op.name == "rec_call":
            return self.call(place, node, operands)
        self.env.update(zip([place.key(i) for i in node.ins], operands))
        if node.op.name == "cond":
            then, orelse = place.sides(node)
            needed = [*[place.key(i) for i in node.ins[1:]], *place.needs(node.idx + 1)]
            return self.choose(operands[0], needed, lambda run: run.nodes(then, 0), lambda run: run.nodes(orelse, 0))
        self.env.update(zip(place.results(node), operands))
        return self.jump(self.machine.loops[place, node.idx])

    def loop(self, place: Place, node: Node) -> list[Node]:
        """The test of a loop with calls inside, and what follows from it."""
        test, body = place.sides(node)
        if any(calls(n) for n in test.graph.nodes):
            return self.nodes(test, 0)
        pred, = self.b.inline(test.graph, [self.env[test.key(p)] for p in test.graph.params])
        return self.branch(place, node, pred)

    def branch(self, place: Place, node: Node, pred: Node) -> list[Node]:
        body = place.sides(node)[1]
        return self.choose(pred, place.loop_needs(node), lambda run: run.nodes(body, 0),
                           lambda run: run.nodes(place, node.idx + 1))

    def choose(self, pred: Node, needed: Iterable[Key], then: Callable[[_Run], list[Node]],
               orelse: Callable[[_Run], list[Node]]) -> list[Node]:
        """The state after one of two runs, which have what is known of the needed values."""
        needed = set(needed)
        keys = [key for key in self.env if key in needed or key[0] is None]
        values = [*self.state, *[self.env[key] for key in keys]]
        graphs = []
        for name, go_on in (("then", then), ("orelse", orelse)):
            b = Builder(name)
            params = [b.parameter(v.aval) for v in values]
            count = len(self.state)
            run = _Run(self.machine, b, params[:count], dict(zip(keys, params[count:])))
            graphs.append(b.finish(go_on(run)))
        return list(self.b.items(self.b.cond(pred, *values, then=graphs[0], orelse=graphs[1])))

    # -- the ends of blocks --------------------------------------------------------------------------------------------

    def leave(self, place: Place, outputs: list[Node]) -> list[Node]:
        """The end of a place, with its outputs: of a function, a side of a choice, a loop's test or its body."""
        if place.node is None:
            return self.give(outputs)
        if place.role == "test":
            return self.branch(place.around, place.node, outputs[0])
        self.env.update(zip(place.around.results(place.node), outputs))
        if place.role == "body":
            return self.jump(self.machine.loops[place.around, place.node.idx])
        at = (place.around, place.node.idx + 1)
        return self.jump(self.machine.joins[at]) if at in self.machine.joins else self.nodes(*at)

    def jump(self, block: Block) -> list[Node]:
        """Go on with a block that finds what it reads in registers."""
        self._load([block.place.aval(key) for key in block.live], [self.env[key] for key in block.live])
        self.state[0] = self.b.constant(block.number, int32)
        return self.state

    def call(self, place: Place, node: Node, arguments: list[Node]) -> list[Node]:
        machine = self.machine
        back = machine.returns.get((place, node.idx))
        if back is not None:
            if back.live:
                tape = machine.tape(back)
                self.state[tape] = self.b.tape_push(self.state[tape], *[self.env[key] for key in back.live])
            self.state[1] = self.b.tape_push(self.state[1], self.b.constant(back.number, int32))
        self._load([a.aval for a in arguments], arguments)
        self.state[0] = self.b.constant(machine.entries[node.attr("function")].number, int32)
        return self.state

    def give(self, outputs: list[Node]) -> list[Node]:
        """Return from a function."""
        self._load([o.aval for o in outputs], outputs)
        if self.machine.stacked:
            self.state[1], self.state[0] = self.b.items(self.b.tape_pop(self.state[1], aval=BLOCK_NUMBERS))
        else:
            self.state[0] = self.b.constant(0, int32)
        return self.state

    def _load(self, avals: Iterable, nodes: list[Node]) -> None:
        for position, node in zip(self.machine.positions(avals), nodes):
            self.state[position] = node


def as_loop(b: Builder, operands: tuple[Node, ...], functions: tuple[Graph, ...], names: tuple[str, ...],
            shared: int) -> tuple[Node, ...]:
    """Emit a call of the first function as a loop: its results."""
    return Machine(functions, names, shared).emit(b, operands, names[0])


def without_recursion(graph: Graph) -> Graph:
    """The graph with each `rec` as a loop; those inside of its regions stay."""
    chosen = {node.idx for node in graph.nodes if node.op.name == "rec"}
    return lower_nodes(graph, chosen) if chosen else graph
