"""The base of callbacks, the context that they are given, and the manager that calls them.

Events come in this order: on_train_begin; for each epoch on_train_epoch_begin, for each step on_train_step_begin and
on_train_step_end, then on_train_epoch_end; on_train_end. `Model.fit` puts the events of an evaluation
(on_eval_begin, on_eval_epoch_begin, on_eval_step_begin, on_eval_step_end, on_eval_epoch_end, on_eval_end) between the
last step and on_train_epoch_end. The older names (begin, epoch_begin, step_begin, step_end, epoch_end, end) are called
in the same places.
"""
from __future__ import annotations

import contextlib
import warnings
from collections.abc import Iterable

__all__ = ["Callback", "CallbackManager", "InternalCallbackParam", "RunContext"]


class InternalCallbackParam(dict):
    """What `RunContext.original_args()` returns: a dict whose keys are attributes, too."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(f"the callback parameters have no {name!r}; they have {', '.join(self)}") from None

    def __setattr__(self, name, value):
        self[name] = value


class RunContext:
    """What a callback sees of the run.

    `original_args()` has, among others: network, optimizer, loss_fn, train_dataset, epoch_num, batch_num,
    cur_epoch_num, cur_step_num (from 1, over all epochs), net_outputs, metrics, list_callback, mode.
    """

    def __init__(self, original_args):
        if not isinstance(original_args, dict):
            raise TypeError(f"RunContext: expected a dict, got {type(original_args).__name__}")
        self._original_args = original_args
        self._stop_requested = False

    def original_args(self):
        """The run's parameters."""
        return self._original_args

    def request_stop(self) -> None:
        """Stop after this step."""
        self._stop_requested = True

    def get_stop_requested(self) -> bool:
        """Whether somebody asked to stop."""
        return self._stop_requested


_LEGACY = {"begin": ("on_train_begin", "on_eval_begin"), "epoch_begin": ("on_train_epoch_begin", "on_eval_epoch_begin"),
           "epoch_end": ("on_train_epoch_end", "on_eval_epoch_end"),
           "step_begin": ("on_train_step_begin", "on_eval_step_begin"),
           "step_end": ("on_train_step_end", "on_eval_step_end"), "end": ("on_train_end", "on_eval_end")}
_OLD_OF = {new: old for old, news in _LEGACY.items() for new in news}
EVENTS = tuple(_OLD_OF)


class Callback:
    """Base of callbacks: override the events that matter. Each gets a RunContext."""

    def __enter__(self):
        return self

    def __exit__(self, *exc):
        """What has to be released at the end of the run."""


def _event(name: str, old: str):
    def event(self, run_context):
        getattr(self, old)(run_context)
    event.__name__, event.__doc__ = name, f"Called where the name says; by default it calls `{old}`."
    return event


def _old_event(name: str):
    def event(self, run_context):
        """The older name of the event."""
    event.__name__ = name
    return event


for _old, _news in _LEGACY.items():
    setattr(Callback, _old, _old_event(_old))
    for _new in _news:
        setattr(Callback, _new, _event(_new, _old))


class CallbackManager(Callback):
    """Calls a list of callbacks in order, as one callback."""

    def __init__(self, callbacks):
        self.callbacks = _as_list(callbacks)
        self._stack = contextlib.ExitStack()
        for callback in self.callbacks:
            old = [o for o in _LEGACY if getattr(type(callback), o) is not getattr(Callback, o)
                   and not getattr(type(callback), o).__module__.startswith("mindspore.")]
            if old:
                warnings.warn(f"{type(callback).__name__} defines {', '.join(old)}; the names are now "
                              f"{', '.join(_LEGACY[o][0] for o in old)}", DeprecationWarning, stacklevel=3)

    def __enter__(self):
        self._stack = contextlib.ExitStack()
        for callback in self.callbacks:
            self._stack.enter_context(callback)
        return self

    def __exit__(self, *exc):
        return self._stack.__exit__(*exc)


def _broadcast(name: str):
    def event(self, run_context):
        for callback in self.callbacks:
            getattr(callback, name)(run_context)
    event.__name__, event.__doc__ = name, "Pass the event on."
    return event


for _name in (*EVENTS, *_LEGACY):
    setattr(CallbackManager, _name, _broadcast(_name))


def _as_list(callbacks) -> list[Callback]:
    if callbacks is None:
        return []
    found = list(callbacks) if isinstance(callbacks, Iterable) and not isinstance(callbacks, Callback) else [callbacks]
    for callback in found:
        if not isinstance(callback, Callback):
            raise TypeError(f"'callbacks' must be a Callback or a list of them, but got {type(callback).__name__}: "
                            f"derive it from mindspore.train.Callback")
    return found
