"""`python -m mindspore`: commands about the installation and about programs."""
from __future__ import annotations

import argparse
import importlib
import os
import platform
import sys

COMMANDS = {"plugins": "list the installed plugins and their devices",
            "doctor": "check the installation and say what to do about what is wrong",
            "show": "print the graph of a compiled function: show FILE:FUNC [SHAPE ...]",
            "grad": "print the derivative of a function: grad FILE:FUNC [SHAPE ...]",
            "profile": "run a program and say where its time went: profile FILE [ARGUMENT ...]",
            "new-backend": "write the repository of a backend: new-backend NAME [--kind python|cpp] [--directory DIR]",
            "coverage": "count the names of MindSpore's interface that are present and tested"}


def main(argv: list[str] | None = None) -> int:
    """Run one command; the process's exit status."""
    parser = argparse.ArgumentParser(prog="python -m mindspore", description="MindSpore's command line.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    commands.add_parser("plugins", help=COMMANDS["plugins"])
    commands.add_parser("doctor", help=COMMANDS["doctor"])
    for name in ("show", "grad"):
        command = commands.add_parser(name, help=COMMANDS[name])
        command.add_argument("target", metavar="FILE:FUNC", help="a Python file and a function or Cell in it")
        command.add_argument("arguments", nargs="*", metavar="SHAPE", type=_argument,
                             help="one argument each: 2x3, 2x3:int32, i32[2,3], or scalar for a 0-d tensor")
    command = commands.add_parser("profile", help=COMMANDS["profile"])
    command.add_argument("--html", metavar="PATH", help="where the page with the picture goes (default: "
                         "NAME_profile.html here)")
    command.add_argument("--trace", metavar="PATH", help="write a trace for chrome://tracing or Perfetto")
    command.add_argument("--rows", metavar="N", type=int, default=30, help="the rows of the table (default: 30)")
    command.add_argument("file", metavar="FILE", help="a Python program")
    command.add_argument("arguments", nargs=argparse.REMAINDER, metavar="ARGUMENT", help="what the program gets")
    command = commands.add_parser("new-backend", help=COMMANDS["new-backend"])
    command.add_argument("name", metavar="NAME", help="the backend's name: a-z and 0-9, beginning with a letter")
    command.add_argument("--kind", choices=["python", "cpp"], default="python",
                         help="kernels in NumPy, or in C++ through pybind11 (default: python)")
    command.add_argument("--directory", metavar="DIR", help="the folder to write (default: mindspore-NAME)")
    command = commands.add_parser("coverage", help=COMMANDS["coverage"])
    command.add_argument("modules", nargs="*", metavar="MODULE", help="a module or class, whose names are then listed")
    command.add_argument("--json", action="store_true", help="print present, tested and missing names as JSON")
    arguments = parser.parse_args(argv)
    if arguments.command == "coverage":
        return coverage(arguments.modules, arguments.json)
    if arguments.command == "new-backend":
        return new_backend(arguments.name, arguments.kind, arguments.directory)
    if arguments.command == "profile":
        from mindspore.profiler.command import profile_program
        return profile_program(arguments.file, arguments.arguments, arguments.html, arguments.trace, arguments.rows)
    if arguments.command in ("show", "grad"):
        return describe_program(arguments.command, arguments.target, arguments.arguments)
    return {"plugins": plugins, "doctor": doctor}[arguments.command]()


def plugins() -> int:
    """Print what is installed: name, version, API version, hooks, device status, and why something is off."""
    from mindspore.plugin import OLDEST_PLUGIN_API, PLUGIN_API_VERSION, manager
    found = manager.backends()
    print(f"plugin API {PLUGIN_API_VERSION}; plugins written for {OLDEST_PLUGIN_API} to {PLUGIN_API_VERSION} are taken")
    for record in manager.records():
        written_for = "" if record.api_version is None else f", plugin API {record.api_version}"
        print(f"{record.name}  ({record.distribution} {record.version}{written_for})")
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


def describe_program(command: str, target: str, arguments: list) -> int:
    """Print the graph or the gradient of FILE:FUNC for these arguments; exit status 2 if it cannot be called so."""
    from mindspore import programs
    describe = programs.show_gradient if command == "grad" else programs.show_program
    try:
        print(describe(target, arguments))
    except programs.UsageError as error:
        print(f"{command}: {error}", file=sys.stderr)
        return 2
    return 0


def new_backend(name: str, kind: str, directory: str | None) -> int:
    """Write the repository of a backend; exit status 2 if it cannot be made under this name or in this place."""
    from mindspore.plugin import new_backend as maker
    try:
        print(maker.instructions(maker.create(name, kind, directory), name, kind))
    except maker.NewBackendError as error:
        print(f"new-backend: {error}", file=sys.stderr)
        return 2
    return 0


def coverage(modules: list[str], as_json: bool) -> int:
    """Print which names of the interface are present and tested; exit status 2 for a module that it does not have."""
    from mindspore.testing.coverage import report
    try:
        print(report(modules, as_json))
    except LookupError as error:
        print(f"coverage: {error.args[0]}", file=sys.stderr)
        return 2
    return 0


def _argument(text: str):
    """The tensor that a SHAPE of the command line stands for."""
    from mindspore.programs import argument
    try:
        return argument(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


if __name__ == "__main__":
    try:
        status = main()
        sys.stdout.flush()
    except BrokenPipeError:  # the reader of a pipe has seen enough
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        status = 0
    sys.exit(status)
