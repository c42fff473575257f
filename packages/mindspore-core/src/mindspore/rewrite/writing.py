"""From a changed syntax tree to a function that graph mode can read.

The function's text is kept in `linecache` under a name of its own, where tracebacks, debuggers and the compiler find
it. It stands in a class of the name that the first one stood in, so that private names (`self.__x`) are the same, and
shares the globals and the variables of enclosing functions with the first one.
"""
from __future__ import annotations

import ast
import itertools
import linecache
import textwrap
from types import CodeType, FunctionType

__all__ = ["function_of"]

_numbers = itertools.count(1)


def function_of(definition: ast.FunctionDef, first: FunctionType, private: str | None) -> FunctionType:
    """A function of this syntax tree, in the place of `first`. private: the class that `first` was defined in."""
    text = ast.unparse(ast.fix_missing_locations(definition)) + "\n"
    text = f"class {private or 'Rewritten'}:\n{textwrap.indent(text, '    ')}"
    free = [name for name in first.__code__.co_freevars if name != "__class__"]
    if free:
        text = f"def enclosing({', '.join(free)}):\n{textwrap.indent(text, '    ')}"
    filename = f"<rewritten {first.__qualname__} {next(_numbers)}>"
    linecache.cache[filename] = (len(text), None, text.splitlines(True), filename)
    flags = first.__code__.co_flags & _future_flags()
    code = _code_named(compile(text, filename, "exec", flags, dont_inherit=True), definition.name)
    cells = dict(zip(first.__code__.co_freevars, first.__closure__ or ()))
    missing = [name for name in code.co_freevars if name not in cells]
    if missing:
        raise ValueError(f"get_network: the new statements need {missing[0]!r} of the enclosing class, which the first "
                         f"ones did not; call super() in neither or in both")
    made = FunctionType(code, first.__globals__, first.__name__, first.__defaults__,
                        tuple(cells[name] for name in code.co_freevars))
    made.__kwdefaults__, made.__qualname__ = first.__kwdefaults__, first.__qualname__
    made.__module__, made.__doc__ = first.__module__, first.__doc__
    return made


def _future_flags() -> int:
    import __future__
    return sum({getattr(__future__, name).compiler_flag for name in __future__.all_feature_names
                if getattr(__future__, name).compiler_flag > 0xFFFF})


def _code_named(code: CodeType, name: str) -> CodeType:
    """The innermost code of this name."""
    pending = [code]
    while pending:
        found = pending.pop()
        if found.co_name == name and found is not code:
            return found
        pending += [each for each in found.co_consts if isinstance(each, CodeType)]
    raise RuntimeError(f"the text of {code.co_filename} holds no function {name}")
