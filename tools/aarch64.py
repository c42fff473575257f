#!/usr/bin/env python3
"""Build and test for aarch64 what the CPU backend is made of, on an x86 machine, under an emulator.

    python tools/aarch64.py FOLDER [--every N]

There is no wheel of oneDNN for aarch64, so the backend is not built for it. What does not depend on oneDNN is: the
kit's executor and cache of memory blocks (tests/kit/check_kit.cpp, stress_kit.cpp), our own products, attention,
transforms, systems and random words (check_kernels.cpp), and generated code: for the samples of every operator of which
code is generated (every N-th of them), objects are made for aarch64, linked into one program, and its results compared
with the references.

Needs `aarch64-linux-gnu-g++` and `qemu-aarch64` (Debian: g++-aarch64-linux-gnu, qemu-user). Writes to FOLDER alone. The
exit status is 0 if everything is right.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parent.parent
CPU = ROOT / "packages" / "mindspore-cpu"
KIT = CPU / "tests" / "kit"
sys.path[:0] = [str(CPU / "tests" / "codegen")]

import mindspore  # noqa: E402
from mindspore.compiler.ir import Graph  # noqa: E402
from mindspore.compiler.ir.evaluate import evaluate  # noqa: E402
from mindspore_cpu.codegen.engine import object_code  # noqa: E402
from mindspore_cpu.codegen.kernel import _source, group_nests  # noqa: E402
from mindspore_cpu.codegen.nest import Scratch, Slot  # noqa: E402
from mindspore_cpu.codegen.sizes import numbers  # noqa: E402
from mindspore_cpu.codegen.target import Target  # noqa: E402
from mindspore_cpu.codegen.work import plan  # noqa: E402

COMPILER, EMULATOR = "aarch64-linux-gnu-g++", "qemu-aarch64"
LIBRARIES = "/usr/aarch64-linux-gnu"  # where Debian puts aarch64's own
TARGET = Target("generic", 128, False, False, False, "", "", "aarch64-linux-gnu")
# The sources of our own kernels that need neither oneDNN nor Python.
SOURCES = ("attention", "element", "fft", "fft_generic", "fft_plan", "gemm", "gemm_generic", "isa", "linalg",
           "linalg_generic", "random", "random_generic", "threads")
ALIGNMENT = 64


def program(folder: Path, name: str, sources: list[Path], *options: str) -> Path:
    """An executable for aarch64."""
    made = folder / name
    subprocess.run([COMPILER, "-std=c++20", "-O1", *options, f"-I{mindspore.get_include()}",
                    f"-I{CPU / 'csrc'}", *map(str, sources), "-o", str(made)], check=True)
    return made


def emulated(made: Path, *arguments: str) -> bool:
    """Whether a program ends with 0 under the emulator; what it prints is shown."""
    done = subprocess.run([EMULATOR, "-L", LIBRARIES, str(made), *arguments], capture_output=True, text=True,
                          env={**os.environ, "OMP_NUM_THREADS": "2"})
    print(f"{made.name}: {'right' if done.returncode == 0 else f'FAILED with {done.returncode}'}", flush=True)
    print(done.stdout + done.stderr, end="")
    return done.returncode == 0


# -- generated code ----------------------------------------------------------------------------------------------------


class Data:
    """The bytes that the program reads, and the room for those that it writes."""

    def __init__(self):
        self.parts: list[bytes] = []
        self.size = self.room = 0

    def put(self, array: np.ndarray) -> int:
        """The place of an array among what is read."""
        place, data = self.size, np.ascontiguousarray(array).tobytes()
        self.parts.append(data + bytes(-len(data) % ALIGNMENT))
        self.size += len(self.parts[-1])
        return place

    def reserve(self, nbytes: int) -> int:
        """The place of so many bytes among what is written."""
        place = self.room
        self.room += -(-nbytes // ALIGNMENT) * ALIGNMENT
        return place


@dataclass
class Case:
    """A group, the arrays of its parameters, and the places of its results."""

    name: str
    body: Graph
    arrays: list[np.ndarray]
    results: list[int]


def cases(every: int) -> list[tuple[str, Graph, list[np.ndarray]]]:
    """The groups of the operators' samples, in every dtype that they take."""
    from test_samples import _cases, build

    from mindspore.compiler.primitives.base import PRIMITIVES
    found = []
    for number, parameters in enumerate(_cases()):
        if number % every:
            continue
        name, sample, dtype = parameters.values
        with np.errstate(all="ignore"):
            arrays = [np.asarray(a).astype(dtype) if dtype is not None and np.asarray(a).dtype == np.float64
                      else np.asarray(a) for a in sample.ins]
        try:
            body = build(lambda b, *nodes, name=name, sample=sample: b.call(PRIMITIVES[name], *nodes, **sample.attrs),
                         *arrays)
        except TypeError:
            continue
        if not any(node.dtype.kind == "c" for node in body.nodes):
            found.append((parameters.id, body, arrays))
    return found


def lines_of(case: Case, number: int, data: Data, sources: dict) -> tuple[list[str], int]:
    """The C function that runs a case, and the scratch memory that it needs."""
    nests, scratch = group_nests(case.body)
    scratch = scratch.at(None)
    inputs = [data.put(array) for array in case.arrays]
    lines = [f"static void case_{number}(char* in, char* out, char* scratch) {{"]
    for place, placed in enumerate(sorted(nests, key=lambda p: p.phase)):
        source = _source(placed, TARGET)
        sources[source.name] = source
        block = numbers(placed, None)
        buffers = ", ".join(_address(slot, scratch, inputs, case.results, data) for slot in placed.slots)
        units = plan(placed.nest, TARGET, block).units
        lines += [f"  int64_t block_{place}[] = {{{', '.join(map(str, [*block, 0]))}}};",
                  f"  char* buffers_{place}[] = {{(char*)block_{place}, scratch, {buffers}}};",
                  f"  {source.name}(buffers_{place}, {units // 2}, {units});",
                  f"  {source.name}(buffers_{place}, 0, {units // 2});"]
    return [*lines, "}"], scratch.nbytes


def _address(slot: Slot, scratch: Scratch, inputs: list[int], results: list[int], data: Data) -> str:
    if slot.kind == "constant":
        return f"in + {data.put(slot.literal.array)}"
    if slot.kind == "scratch":
        return f"scratch + {scratch.offsets[slot.number]}"
    return f"in + {inputs[slot.number]}" if slot.kind == "in" else f"out + {results[slot.number]}"


def driver(made: list[Case], data: Data, sources: dict) -> str:
    """The program's text in C++; `sources` gets the functions that it calls."""
    functions, most = [], 0
    for number, case in enumerate(made):
        lines, scratch = lines_of(case, number, data, sources)
        functions += lines
        most = max(most, scratch)
    declared = [f'extern "C" void {name}(char* const* buffers, int64_t begin, int64_t end);' for name in sources]
    calls = [f"  case_{number}(in, out, scratch);" for number in range(len(made))]
    return "\n".join(["#include <cstdint>", "#include <cstdio>", "#include <cstdlib>", *declared, *functions, f"""
int main(int, char** names) {{
  char* in = static_cast<char*>(std::aligned_alloc({ALIGNMENT}, {data.size + ALIGNMENT}));
  char* out = static_cast<char*>(std::aligned_alloc({ALIGNMENT}, {data.room + ALIGNMENT}));
  char* scratch = static_cast<char*>(std::aligned_alloc({ALIGNMENT}, {(most // ALIGNMENT + 1) * ALIGNMENT}));
  std::FILE* file = std::fopen(names[1], "rb");
  if (file == nullptr || std::fread(in, 1, {data.size}, file) != {data.size}) return 1;
  std::fclose(file);""", *calls, f"""
  file = std::fopen(names[2], "wb");
  return file == nullptr || std::fwrite(out, 1, {data.room}, file) != {data.room} || std::fclose(file) != 0;
}}
"""])


def check_generated(folder: Path, every: int) -> bool:
    """Whether generated code computes what the references do."""
    from test_samples import assert_right
    data, made, sources = Data(), [], {}
    for name, body, arrays in cases(every):
        results = [data.reserve(o.aval.size * o.dtype.itemsize) for o in body.outputs]
        made.append(Case(name, body, arrays, results))
    text = driver(made, data, sources)
    (folder / "generated.cpp").write_text(text, encoding="utf-8")
    (folder / "data").write_bytes(b"".join(data.parts))
    objects = []
    for name, source in sources.items():
        objects.append(folder / f"{name}.o")
        objects[-1].write_bytes(object_code(source.write(), TARGET, source.optimized))
    linked = folder / "generated.a"
    linked.unlink(missing_ok=True)
    subprocess.run([COMPILER.replace("g++", "ar"), "qc", str(linked), *map(str, objects)], check=True)
    if not emulated(program(folder, "generated", [folder / "generated.cpp", linked]), str(folder / "data"),
                    str(folder / "results")):
        return False
    written, wrong = (folder / "results").read_bytes(), 0
    for case in made:
        for node, place, expected in zip(case.body.outputs, case.results, evaluate(case.body, case.arrays)):
            found = np.frombuffer(written, node.dtype.np, node.aval.size, place).reshape(node.shape)
            try:
                assert_right(case.name.partition("-")[0], found, expected)
            except AssertionError as error:
                wrong += 1
                print(f"{case.name}: {error}")
    print(f"generated code: {len(made)} groups, {len(sources)} functions, {wrong} results are wrong")
    return wrong == 0 and bool(made)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("folder", type=Path, help="where everything is written")
    parser.add_argument("--every", type=int, default=1, help="take one of so many samples")
    options = parser.parse_args()
    missing = [name for name in (COMPILER, EMULATOR) if shutil.which(name) is None]
    if missing:
        parser.error(f"{' and '.join(missing)} not found; on Debian: apt-get install g++-aarch64-linux-gnu qemu-user")
    options.folder.mkdir(parents=True, exist_ok=True)
    right = [emulated(program(options.folder, name, [KIT / f"{name}.cpp"], "-pthread"))
             for name in ("check_kit", "stress_kit")]
    own = [CPU / "csrc" / f"{name}.cpp" for name in SOURCES]
    right.append(emulated(program(options.folder, "check_kernels", [KIT / "check_kernels.cpp", *own], "-fopenmp")))
    right.append(check_generated(options.folder, options.every))
    return int(not all(right))


if __name__ == "__main__":
    sys.exit(main())
