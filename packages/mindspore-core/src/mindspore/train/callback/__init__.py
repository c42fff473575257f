"""Callbacks: what happens beside training and evaluation."""
from mindspore.train.callback.base import Callback, CallbackManager, InternalCallbackParam, RunContext
from mindspore.train.callback.base import CallbackManager as _CallbackManager
from mindspore.train.callback.base import InternalCallbackParam as _InternalCallbackParam
from mindspore.train.callback.checkpoint import CheckpointConfig, ModelCheckpoint
from mindspore.train.callback.control import EarlyStopping, LambdaCallback, LearningRateScheduler, ReduceLROnPlateau
from mindspore.train.callback.landscape import SummaryLandscape
from mindspore.train.callback.leaving import BackupAndRestore, OnRequestExit
from mindspore.train.callback.monitor import History, LossMonitor, ProgressBar, TimeMonitor
from mindspore.train.callback.monitor import loss_of as _handle_loss
from mindspore.train.callback.summary import SummaryCollector
from mindspore.train.callback.utilization import FlopsUtilizationCollector

__all__ = ["BackupAndRestore", "Callback", "CallbackManager", "CheckpointConfig", "EarlyStopping",
           "FlopsUtilizationCollector", "History", "InternalCallbackParam", "LambdaCallback", "LearningRateScheduler",
           "LossMonitor", "ModelCheckpoint", "OnRequestExit", "ProgressBar", "ReduceLROnPlateau", "RunContext",
           "SummaryCollector", "SummaryLandscape", "TimeMonitor"]
