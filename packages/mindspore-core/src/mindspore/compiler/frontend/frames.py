"""The state of one interpretation: sessions, frames, variables.

A `Session` lives from the outermost call of `interpret` to its return, in one thread. A `Frame` is one call of one
interpreted function (or one class body, or one generator expression). The variables of a frame are one list indexed by
slots that were numbered at compile time; a variable that an inner function shares is a real `types.CellType` in its
slot, so interpreted closures and native ones mix freely. Copying `vars` (and the contents of its cells) is all it takes
to run two continuations from one point.

Compiled expressions are closures `run(frame) -> value`; compiled statements are closures `run(frame) -> signal`, where
the signal is None to go on, or says that the enclosing loop or function is left. Leaving is a returned value and never
an exception, so the interpreter always knows what each branch of a decision does with control.
"""

from __future__ import annotations

from collections.abc import Callable
from types import FunctionType
from typing import TYPE_CHECKING, Any

from mindspore.compiler.frontend.location import Site
from mindspore.compiler.frontend.recursion import Room

if TYPE_CHECKING:
    from mindspore.compiler.frontend.entries import Entry
    from mindspore.compiler.frontend.functions import FunctionCode
    from mindspore.compiler.frontend.journal import Journal
    from mindspore.compiler.frontend.policy import Policy
    from mindspore.compiler.frontend.postponed import Log
    from mindspore.compiler.frontend.variants import Tag

__all__ = [
    "BARRIER",
    "BLOCK",
    "BREAK",
    "CONTINUE",
    "LOOP",
    "RETURN",
    "TENSOR_LOOP",
    "UNBOUND",
    "Frame",
    "Run",
    "Session",
    "Unbound",
]

Run = Callable[["Frame"], Any]

BREAK, CONTINUE, RETURN = "break", "continue", "return"

# What follows a statement (`Frame.rest`) is of one of these kinds.
BLOCK, LOOP, TENSOR_LOOP, BARRIER = "block", "loop", "loop on a tensor", "barrier"


class Unbound:
    """The content of a variable slot that holds no value: not yet, no longer, or not on both sides of a decision on a
    tensor; `why` and `site` then say where. `asked`: whether the program has read it, which is of interest for those
    that are made for one trip of a loop. `instead_of`: the one in whose place it stands."""

    def __init__(self, why: str = "", site: Site | None = None, instead_of: Unbound | None = None) -> None:
        self.why, self.site, self.instead_of = why, site, instead_of
        self.asked = False

    def ask(self) -> None:
        """The program reads it."""
        self.asked = self is not UNBOUND
        if self.instead_of is not None:
            self.instead_of.ask()

    def __repr__(self) -> str:
        return "UNBOUND"


UNBOUND = Unbound()


class Session:
    """What all frames of one interpretation share.

    Attributes:
        policy, is_traced, guard_global, guard_attr: the policy, and its methods that are needed most often.
        compilation: what the session works for; sessions of one policy are shared only within one compilation.
        replacements: callables that are replaced when the program calls them (`replacements.py`).
        frame: the innermost frame.
        functions: the compiled form of each function called so far; None for those that are called natively.
        kinds: how attributes are read, by the type of the object (`attributes.py`).
        entries: what classes say about attributes, by class and name (`entries.py`).
        specials: the functions that operators call, by class and name (`special.py`).
        running: the activations of each function, the innermost last; functions that do not run may be missing.
        recursions: the recursive functions that are being compiled, the innermost last (`recursive_calls.py`).
        starts: the first activations that a recursion may begin again at, by function.
        unrolled: functions whose calls have to be interpreted one inside the other, with the error that says why.
        created: the objects and classes that the program made itself, by identity; they are not guarded.
        room: how deep the program may recurse (`recursion.py`).
        journal: what is changed since the innermost decision under way (`journal.py`).
        known: the alternatives that are left of tags, inside of branches that they decide (`variants.py`).
        superposed: the containers whose contents are a variant, with these, by identity.
        tags: the tags of predicates, by what the policy's `control` says identifies them.
        implied: what follows for other tags if a predicate is true, and if it is false, by the same keys.
        varies: whether there has been a variant or a superposed container.
        log: the decisions of the `try` or `with` statement that runs, if none of them is being compiled
            (`protected.py`).
        numbers: whether there are tensors that stand for Python numbers.
        outer_cells: the variables of functions that were there before, of those that the program assigns, by identity.
        trips: how many loops are around whose trips are interpreted as one (`scans.py`).
    """

    __slots__ = (
        "compilation",
        "created",
        "entries",
        "frame",
        "functions",
        "guard_attr",
        "guard_global",
        "implied",
        "is_traced",
        "journal",
        "kinds",
        "known",
        "log",
        "numbers",
        "outer_cells",
        "policy",
        "recursions",
        "replacements",
        "room",
        "running",
        "unrolled",
        "specials",
        "starts",
        "superposed",
        "tags",
        "varies",
        "trips",
    )

    def __init__(self, policy: Policy, replacements: dict[Any, Any], room: Room) -> None:
        self.policy = policy
        self.is_traced = policy.is_traced
        self.guard_global = policy.guard_global
        self.guard_attr = policy.guard_attr
        self.compilation = policy.compilation()
        self.replacements = replacements
        self.frame = Frame(self, None, None, {}, {}, None, [], False)
        self.functions: dict[FunctionType, FunctionCode | None] = {}
        self.kinds: dict[type, int] = {}
        self.entries: dict[tuple[type, str], Entry] = {}
        self.specials: dict[tuple[type, str], Any] = {}
        self.created: dict[int, object] = {}
        self.running: dict[FunctionCode, list[Frame]] = {}
        self.recursions: list[Any] = []
        self.starts: dict[FunctionCode, Any] = {}
        self.unrolled: dict[FunctionCode, Exception] = {}
        self.room = room
        self.known: dict[Tag, tuple[int, ...]] = {}
        self.superposed: dict[int, Any] = {}
        self.tags: dict[Any, Tag] = {}
        self.implied: dict[Any, tuple[dict[Tag, tuple[int, ...]], dict[Tag, tuple[int, ...]]]] = {}
        self.varies = False
        self.journal: Journal = None  # type: ignore[assignment]  # given by `interpret`
        self.log: Log | None = None
        self.trips = 0
        self.outer_cells: dict[int, Any] = {}
        self.numbers = False


class Frame:
    """One activation.

    Attributes:
        back: the frame that called it.
        code: the function that runs; None for class bodies and generator expressions.
        globals, builtins: where global names are looked up.
        site: the expression being evaluated.
        vars: the variables by slot.
        guard_closure: whether the closure was made before the compilation, so that reading from it is reported.
        depth: how many frames are below it.
        namespace: the entries of the class body that runs, else None.
        result: what `return` gave.
        rest: what follows the statement that runs (`decisions.py`).
        generator: the generator that the activation belongs to (`generators.py`), or None.
        arguments, closure: the function's parameters in slot order when it was called, and its cells.
        region: the trace in which it was called.
    """

    __slots__ = (
        "arguments",
        "back",
        "builtins",
        "closure",
        "code",
        "depth",
        "generator",
        "globals",
        "guard_closure",
        "namespace",
        "region",
        "rest",
        "result",
        "session",
        "site",
        "vars",
    )

    def __init__(
        self,
        session: Session,
        back: Frame | None,
        code: FunctionCode | None,
        namespace: dict[str, Any],
        builtins: dict[str, Any],
        site: Site | None,
        variables: list[Any],
        guard_closure: bool,
    ) -> None:
        self.session = session
        self.back = back
        self.code = code
        self.globals = namespace
        self.builtins = builtins
        self.site = site
        self.vars = variables
        self.guard_closure = guard_closure
        self.depth: int = 0 if back is None else back.depth + 1
        self.namespace: Any = None
        self.result: Any = None
        self.rest: Any = None
        self.generator: Any = None
        self.arguments: Any = ()
        self.closure: Any = None
        self.region: Any = None
