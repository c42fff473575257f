"""Summaries of training, written as event files for TensorBoard."""
from mindspore.train.summary.record import SummaryRecord

__all__ = ["SummaryRecord"]
