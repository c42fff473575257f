"""Parts of a program without gradients, and the object by which programs ask for that and for what waits to run.

    with _no_grad():
        target = network(x)      # a constant for a gradient that is being taken

Operators that are called inside have results without gradients (`runtime.mixing.Detached`), in both modes. The setting
belongs to the thread.
"""
from __future__ import annotations

import contextlib
from typing import Any

from mindspore.eager import segment
from mindspore.graph.trace import _stack
from mindspore.runtime.mixing import Detached

__all__ = ["is_grad_enabled", "no_grad", "enable_grad", "set_enable_grad"]


def is_grad_enabled() -> bool:
    """Whether results of operators have gradients here."""
    return type(_stack.mixing) is not Detached


def set_enable_grad(flag: bool) -> None:
    """Let results of operators have gradients, or not, from here on.

    Raises:
        TypeError: the flag is no bool.
    """
    if not isinstance(flag, bool):
        raise TypeError(f"set_enable_grad: expected a bool, got {type(flag).__name__}: {flag!r}")
    if flag != is_grad_enabled():
        _stack.mixing = _stack.mixing.inner if flag else Detached.around(_stack.mixing)


class _Switched(contextlib.ContextDecorator):
    """A block, or a function whose calls are such a block; blocks nest, and one object may be used again."""

    enabled: bool

    def __enter__(self) -> _Switched:
        self.__dict__.setdefault("_saved", []).append(_stack.mixing)
        set_enable_grad(self.enabled)
        return self

    def __exit__(self, *exc: object) -> None:
        _stack.mixing = self.__dict__["_saved"].pop()


class no_grad(_Switched):
    """Inside, results of operators have no gradients."""

    enabled = False


class enable_grad(_Switched):
    """Inside, results of operators have gradients, also in a block without."""

    enabled = True


class _EagerExecutor:
    """What programs ask of the recording of PyNative mode."""

    def sync(self) -> None:
        """Wait until everything that was called has run; errors of the run come here."""
        from mindspore.runtime.streams import synchronize
        segment.flush()
        synchronize()

    def set_enable_grad(self, flag: bool) -> None:
        """See the function of this name."""
        set_enable_grad(flag)

    def enable_grad(self) -> bool:
        """Whether results of operators have gradients here."""
        return is_grad_enabled()

    def grad_flag(self) -> bool:
        """Whether what is called now is being differentiated."""
        return segment.is_differentiated()

    def set_async_for_graph(self, flag: bool) -> None:
        """Whether a compiled network's call may return before it has run, which it may in any case; False waits for
        those before."""
        if not flag:
            self.sync()


class _GraphExecutor:
    """What programs ask of the compiler of networks."""

    def compile(self, obj: Any, *args: Any, phase: str = "predict", **kwargs: Any) -> tuple[str, bool]:
        """Compile a Cell for these arguments; the phase, and whether it was compiled."""
        names = ("do_convert", "auto_parallel_mode", "jit_config_dict")
        obj.compile(*args, **{name: value for name, value in kwargs.items() if name not in names})
        return phase, True

    def __call__(self, obj: Any, *args: Any, phase: str = "predict") -> Any:
        """The result of a Cell for these arguments."""
        return obj(*args)


pynative_executor, cell_graph_executor = _EagerExecutor(), _GraphExecutor()
