"""Finding the source of a function: the right one, or a reason why there is none."""

import functools
import gc
import importlib.util
import linecache
import os
import subprocess
import sys
import tempfile
import textwrap
import threading
import weakref

import pytest
from frontend_support import RecordingPolicy

from mindspore.compiler.frontend import interpret, source, source_problem
from mindspore.compiler.frontend.functions import code_of


def interpreted(fn, *args):
    """The result of interpreting `fn`, which must not fall back to a native call."""
    policy = RecordingPolicy()
    result = interpret(fn, args, {}, policy)
    assert (fn, "__code__", fn.__code__) in policy.attrs, "the program was not interpreted"
    return result


def load(path, text, name="loaded_program"):
    path.write_text(textwrap.dedent(text))
    spec = importlib.util.spec_from_file_location(name, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# fmt: off
PAIR = (lambda x: x + 1, lambda x: x + 2)
SAME_SHAPE = [lambda: "a", lambda: "b", (lambda: (lambda: "c"))()]
DEFAULTS = [lambda x, y=(lambda: 3): y() + x, lambda x, y=(lambda: 4): y() + x]
IDENTICAL = (lambda x: x * 2, lambda x: x * 2)
# fmt: on


@pytest.mark.parametrize("table", [PAIR, DEFAULTS, IDENTICAL])
def test_lambdas_on_one_line(table):
    for fn in table:
        assert interpreted(fn, 10) == fn(10)


def test_lambdas_on_one_line_without_argument():
    assert [interpreted(fn) for fn in SAME_SHAPE] == ["a", "b", "c"]


@pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 records no columns")
def test_identical_lambdas_are_told_apart_by_column():
    first, second = (source.find_source(fn.__code__, fn.__globals__).node for fn in IDENTICAL)
    assert first.col_offset < second.col_offset


def test_lambda_in_default_argument_and_decorator():
    def f(key=lambda x: -x):
        return key

    assert interpreted(f()) if False else interpreted(f(), 3) == -3


def test_lambda_over_several_lines():
    fn = functools.reduce(
        lambda f, g: lambda x: g(f(x)),
        [
            lambda x: x + 1,
            lambda x:
                x * 2,
        ],
    )
    assert interpreted(fn, 3) == 8


def test_methods_and_private_names(tmp_path):
    module = load(
        tmp_path / "private.py",
        """
        class _Outer:
            __secret = 1

            class Inner:
                def get(self):
                    return self.__secret
                _Inner__secret = 2

            def get(self):
                def inside():
                    return self.__secret, _Outer.__secret
                return inside()

            def old_style(self):
                return super(_Outer, self).__init__()

        def make():
            class Local:
                def get(self):
                    return Local, super().__repr__, __class__
            return Local
        """,
    )
    assert interpreted(module._Outer.get, module._Outer()) == (1, 1)
    assert interpreted(module._Outer.Inner.get, module._Outer.Inner()) == 2
    assert interpreted(module._Outer.old_style, module._Outer()) is None
    local = module.make()
    assert interpreted(local.get, local())[0::2] == (local, local)


def test_names_imported_by_the_module(tmp_path):
    module = load(
        tmp_path / "imports.py",
        """
        import math
        try:
            import collections.abc as abc
        except ImportError:
            abc = None
        def f(x):
            import json
            return math.floor(x), json.dumps(x), abc.Sized.__name__, x.hex()
        """,
    )
    assert interpreted(module.f, 2.5) == module.f(2.5)


def test_future_annotations(tmp_path):
    module = load(
        tmp_path / "future.py",
        """
        from __future__ import annotations
        def f(x: Unknown) -> Unknown:
            class C:
                y: Unknown = 3
            def g(a: Unknown): return a
            return C.__annotations__, g.__annotations__
        """,
    )
    assert interpreted(module.f, 1) == ({"y": "Unknown"}, {"a": "Unknown"})


def test_file_edited_after_import(tmp_path):
    path = tmp_path / "edited.py"
    module = load(path, "def f(x):\n    return x + 1\n\ndef g(x):\n    return x * 2\n")
    path.write_text("def f(x):\n    return x + 2\n\ndef g(x):\n    return x * 2\n")
    linecache.checkcache(str(path))
    assert "the file has changed since it was imported" in source_problem(module.f)
    assert interpret(module.f, (1,), {}, RecordingPolicy()) == 2
    assert interpreted(module.g, 1) == 2


def test_old_text_in_line_cache(tmp_path):
    path = tmp_path / "reloaded.py"
    load(path, "def f(x):\n    return x + 1\n")
    linecache.getlines(str(path))
    module = load(path, "# a new first line\ndef f(x):\n    return x + 22\n")
    assert interpreted(module.f, 1) == 23


def test_notebook_cell():
    text = "def cell_function(x):\n    return [x, x]\n"
    name = os.path.join(tempfile.gettempdir(), "ipykernel_1", "123456.py")
    namespace = {"__name__": "__main__"}
    exec(compile(text, name, "exec"), namespace)
    linecache.cache[name] = len(text), None, text.splitlines(True), name
    assert interpreted(namespace["cell_function"], 1) == [1, 1]


def test_function_without_source():
    namespace = {"__name__": "__main__"}
    exec("def made(x):\n    return x + 1\ndef outer(x):\n    return made(x)", namespace)
    assert source_problem(namespace["made"]) == "the text of <string> is not available"
    assert interpret(namespace["outer"], (1,), {}, RecordingPolicy()) == 2


def test_other_function_at_that_line():
    namespace = {"__name__": "__main__"}
    exec(compile("\n\ndef load(path): return 'imposter'", __file__, "exec"), namespace)
    assert "is not the function load" in source_problem(namespace["load"])
    assert interpret(namespace["load"], (1,), {}, RecordingPolicy()) == "imposter"


def test_standard_input_has_no_source():
    program = textwrap.dedent(
        """
        from mindspore.compiler.frontend import interpret, Policy, source_problem
        def f(x):
            return x + 1
        print(bool(source_problem(f)), interpret(f, (1,), {}, Policy()))
        """
    )
    done = subprocess.run([sys.executable, "-"], input=program, capture_output=True, text=True, check=True)
    assert done.stdout == "True 2\n"


def test_rewritten_asserts_are_accepted():
    def checks(x):
        assert x == 1, "x must be one"
        assert [each + 0 for each in range(3)][x] == 1
        return x

    assert any(name.startswith("@py") for name in checks.__code__.co_varnames), "pytest no longer rewrites asserts"
    assert interpreted(checks, 1) == 1
    with pytest.raises(AssertionError, match="x must be one"):
        interpreted(checks, 2)


def test_decorated_function_is_found_behind_its_decorator():
    @functools.lru_cache
    @functools.wraps(len)
    def f(x):
        return x + 1

    assert interpreted(f.__wrapped__, 1) == 2


def test_compiled_once_and_forgotten_with_the_code(tmp_path):
    module = load(tmp_path / "short_lived.py", "def f(x):\n    return x\n")
    assert interpreted(module.f, 1) == 1
    compiled = weakref.ref(code_of(module.f))
    assert compiled() is code_of(module.f)
    del module
    gc.collect()
    assert compiled() is None


def test_closures_of_one_code_share_its_compiled_form():
    def make(n):
        return lambda: n

    one, two = make(1), make(2)
    assert (interpreted(one), interpreted(two)) == (1, 2)
    assert code_of(one) is code_of(two)


def test_threads_compile_independently():
    def work(x):
        return [y * x for y in range(100)]

    results = []
    threads = [threading.Thread(target=lambda n=n: results.append(interpreted(work, n))) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [work(n) for n in range(8)]
