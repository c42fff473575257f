"""`python -m mindspore`: commands about the installation and about programs."""
from __future__ import annotations

import argparse
import importlib.util
import os
import platform
import sys
from pathlib import Path
from typing import Any

COMMANDS = {"plugins": "list the installed plugins and their devices",
            "doctor": "check the installation and say what to do about what is wrong",
            "show": "print the graph of a compiled function: show FILE:FUNC [SHAPE ...]"}


def main(argv: list[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m mindspore", description="MindSpore's command line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("plugins", help=COMMANDS["plugins"])
    commands.add_parser("doctor", help=COMMANDS["doctor"])
    show = commands.add_parser("show", help=COMMANDS["show"])
    show.add_argument("target", metavar="FILE:FUNC", help="a Python file and the name of a function or Cell in it")
    show.add_argument("arguments", nargs="*", metavar="SHAPE", type=_argument,
                      help="one argument each: 2x3, 2x3:int32, or scalar for a 0-d tensor")
    arguments = parser.parse_args(argv)
    run = {"plugins": plugins, "doctor": doctor, "show": lambda: show_graph(arguments.target, arguments.arguments)}
    return run[arguments.command]()


def plugins() -> int:
    """Print what is installed: name, version, API version, hooks, device status, and why something is off."""
    from mindspore.plugin import manager
    found = manager.backends()
    for record in manager.records():
        print(f"{record.name}  ({record.distribution} {record.version})")
        print(f"    hooks: {', '.join(record.hooks) or 'none'}")
        for info in record.backends:
            print(f"    backend {info.name} {info.version}: target {info.target}, plugin API {info.api_version}, "
                  f"priority {info.priority}, plans {', '.join(map(str, info.plan_versions))}")
            print(f"        {info.description}")
            print(f"        device: {found[info.name].status()}")
        if record.problem:
            print(f"    OFF: {record.problem}")
    return 0


def doctor() -> int:
    """Check versions, plugins and devices; exit status 1 if something is wrong."""
    from mindspore._version import __version__
    from mindspore.plugin import manager
    print(f"mindspore-core {__version__}, Python {platform.python_version()}, {platform.platform()}")
    for name in ("numpy", "pluggy", "ml_dtypes", "google.protobuf", "tqdm"):
        module = importlib.import_module(name)
        print(f"  {name} {getattr(module, '__version__', '')}")
    wrong = 0
    for record in manager.records():
        if record.problem:
            wrong += 1
            print(f"WRONG  plugin {record.name}: {record.problem}")
    for name, backend in manager.backends().items():
        wrong += _check_backend(name, backend)
    print("everything works" if not wrong else f"{wrong} problem{'s' * (wrong != 1)} found")
    return 1 if wrong else 0


def _check_backend(name: str, backend) -> int:
    from mindspore.plugin import manager
    try:
        device = manager.device(name)
        describe = getattr(device, "describe", None)
        print(f"OK     backend {name} (target {backend.info.target})" + (f": {describe()}" if describe else ""))
        result = _small_program(device)
    except Exception as error:  # a doctor reports every failure, whatever it is
        print(f"WRONG  backend {name}: {type(error).__name__}: {error}")
        return 1
    if not result:
        print(f"WRONG  backend {name}: a small program gave a wrong result; reinstall the package of this backend")
        return 1
    return 0


def _small_program(device) -> bool:
    import numpy as np

    import mindspore.compiler.primitives  # noqa: F401  (registers the operators)
    from mindspore.common.dtype import float32
    from mindspore.compiler.ir import Builder, tensor_aval
    from mindspore.compiler.pipeline import run_graph
    b = Builder("doctor")
    x = b.parameter(tensor_aval((4, 4), float32))
    graph = b.finish([b.sum(b.exp(b.matmul(x, x)), axis=(1,), keepdims=False)])
    values = np.linspace(-1, 1, 16, dtype=np.float32).reshape(4, 4)
    return np.allclose(run_graph(graph, [values], device)[0], np.exp(values @ values).sum(1), rtol=1e-4)


def show_graph(target: str, arguments: list) -> int:
    """Compile FILE:FUNC for these arguments and print its graph with source lines."""
    from mindspore.common.api import jit
    from mindspore.compiler.ir.text import show
    from mindspore.nn.cell import Cell
    path, _, name = target.rpartition(":")
    if not path.endswith(".py") or not Path(path).is_file():
        print(f"show: {target!r} is not FILE:FUNC with an existing Python file", file=sys.stderr)
        return 2
    module = _load(Path(path))
    found = getattr(module, name, None)
    if isinstance(found, type) and issubclass(found, Cell):
        found = found()
    if not callable(found):
        print(f"show: {path} has no function or Cell called {name!r}", file=sys.stderr)
        return 2
    compiled: Any = found if hasattr(found, "graph") else jit(found)
    print(show(compiled.graph(*arguments), locations=True))
    return 0


def _load(path: Path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    assert spec is not None and spec.loader is not None  # there is a loader for names that end in .py
    module = importlib.util.module_from_spec(spec)
    sys.modules[path.stem] = module
    sys.path.insert(0, str(path.parent))
    spec.loader.exec_module(module)
    return module


def _argument(text: str):
    """The tensor that a SHAPE of the command line stands for."""
    from mindspore.common.dtype import DType
    from mindspore.common.tensor import Tensor
    sizes, _, key = text.partition(":")
    dtype = DType._by_key.get(key or "float32")
    if dtype is None or not (sizes == "scalar" or all(d.isdecimal() for d in sizes.split("x"))):
        raise argparse.ArgumentTypeError(f"{text!r} is no shape; expected sizes such as 2x3, or scalar, and a dtype "
                                         f"where it is not float32, as in 2x3:int32")
    return Tensor(shape=() if sizes == "scalar" else tuple(map(int, sizes.split("x"))), dtype=dtype)


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
