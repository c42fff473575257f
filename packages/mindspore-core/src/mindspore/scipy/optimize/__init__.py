"""Minimisation and assignment with the names and arguments of `scipy.optimize`, on tensors.

`minimize` and `line_search` are loops in Python that decide by values, so they are called in PyNative mode; the
function that they minimise may be compiled. `linear_sum_assignment` is an operator and works everywhere.
"""
from __future__ import annotations

from mindspore.scipy.optimize._assignment import linear_sum_assignment
from mindspore.scipy.optimize._lagrange import LagrangeResults
from mindspore.scipy.optimize._line_search import LineSearchResults, line_search
from mindspore.scipy.optimize._minimize import OptimizeResults, minimize

__all__ = ["LagrangeResults", "LineSearchResults", "OptimizeResults", "line_search", "linear_sum_assignment",
           "minimize"]
