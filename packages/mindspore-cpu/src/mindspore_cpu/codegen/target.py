"""The processor for which code is generated.

Three levels: `avx512` (512-bit vectors with masks), `avx2` (256-bit vectors, fused multiply-add, half conversion) and
`generic` (128-bit vectors: what every x86-64 has, and other processors through LLVM). The host's best level is taken;
the environment variable MS_CPU_ISA forces a lower one, for tests and for reproducing results of an older machine. The
level fixes the order of floating-point sums, so results of different levels differ by rounding.
"""
from __future__ import annotations

import os
from dataclasses import dataclass
from functools import lru_cache

import llvmlite.binding as llvm

LEVELS = ("generic", "avx2", "avx512")
_NEEDED = {"avx2": ("avx2", "fma", "f16c", "bmi2"),
           "avx512": ("avx512f", "avx512bw", "avx512dq", "avx512vl", "avx512cd", "fma", "f16c")}
_CPU = {"avx2": "haswell", "avx512": "skylake-avx512"}


@dataclass(frozen=True)
class Target:
    """level: one of `LEVELS`. bits: width of a vector register. masks: whether loads and stores of part of a register
    are cheap. fma, half: whether there are instructions for fused multiply-add and for float16. triple: LLVM's name of
    another machine for which objects are made (tools/aarch64.py); empty for this one."""

    level: str
    bits: int
    masks: bool
    fma: bool
    half: bool
    cpu: str
    features: str
    triple: str = ""

    def lanes(self, element_bits: int) -> int:
        """The number of elements in a register."""
        return self.bits // element_bits

    @property
    def attributes(self) -> str:
        """LLVM's attributes for generated functions."""
        return f'nounwind "prefer-vector-width"="{self.bits}" "min-legal-vector-width"="{self.bits}"'


class UnsupportedIsaError(RuntimeError):
    """MS_CPU_ISA names an instruction set that does not exist or that this processor lacks."""


@lru_cache(maxsize=1)
def _host() -> tuple[str, frozenset[str], str]:
    """The host's LLVM name, its features, and its best level."""
    features = llvm.get_host_cpu_features()
    present = frozenset(name for name, on in features.items() if on)
    level = "generic"
    for candidate in LEVELS[1:]:
        if all(name in present for name in _NEEDED[candidate]):
            level = candidate
    return llvm.get_host_cpu_name(), present, level


def target() -> Target:
    """The target in force: the host, or the level that MS_CPU_ISA names. UnsupportedIsaError if there is none such."""
    return _target(os.environ.get("MS_CPU_ISA", ""))


@lru_cache(maxsize=8)
def _target(forced: str) -> Target:
    name, present, best = _host()
    level = forced or best
    if level not in LEVELS:
        raise UnsupportedIsaError(f"MS_CPU_ISA: {forced!r} is no instruction set; expected one of {', '.join(LEVELS)}")
    if LEVELS.index(level) > LEVELS.index(best):
        raise UnsupportedIsaError(f"MS_CPU_ISA: this processor has no {level}; the best that it has is {best}")
    if level == best and level != "generic":
        cpu, features = name, ",".join(("+" if f in present else "-") + f for f in sorted(_host_features()))
    else:
        cpu, features = _CPU.get(level, ""), ""
    bits = {"generic": 128, "avx2": 256, "avx512": 512}[level]
    return Target(level, bits, level == "avx512", level != "generic", level != "generic", cpu, features)


def _host_features() -> list[str]:
    return [name for name, _ in llvm.get_host_cpu_features().items()]
