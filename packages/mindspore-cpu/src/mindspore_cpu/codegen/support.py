"""The primitives that may be members of generated groups."""
from mindspore.compiler.passes.group_space import GATHERS, REDUCTIONS, VIEWS
from mindspore_cpu.codegen.scalars import SCALARS

SUPPORTED = SCALARS | REDUCTIONS | VIEWS | GATHERS | {"iota"}
