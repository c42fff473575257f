"""Messages of the framework, and of programs that want them to look the same.

The messages are those of Python's logger `mindspore` (`logging.getLogger("mindspore")`). A program that sets up logging
itself, with handlers of that logger or of the root, gets them there; otherwise they go to standard error, or with
`GLOG_logtostderr=0` and `GLOG_log_dir` to `rank_0/logs/mindspore.log` in that folder, in files of at most
`logger_maxBytes` bytes of which `logger_backupCount` old ones are kept; those of level `GLOG_stderrthreshold` and above
then go to standard error as well.

The lowest level that is written is that of the logger, if the program has set it; otherwise `MS_LOG` names it (debug,
info, warning, error, critical), or `GLOG_v` gives its number (0 to 4); by default it is warning. The variables are read
at the first message.
"""
from __future__ import annotations

import logging
import logging.handlers
import os
import sys
import threading
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any

__all__ = ["get_level", "get_log_config"]
_LEVELS = {"0": logging.DEBUG, "1": logging.INFO, "2": logging.WARNING, "3": logging.ERROR, "4": logging.CRITICAL}
_NAMES = {"debug": "0", "info": "1", "warning": "2", "error": "3", "critical": "4"}
_DEFAULT_LEVEL, _DEFAULT_BYTES, _DEFAULT_COUNT = "2", 52428800, 30
_VARIABLES = ("MS_LOG", "GLOG_v", "GLOG_logtostderr", "GLOG_log_dir", "GLOG_stderrthreshold", "logger_maxBytes",
              "logger_backupCount")
_lock = threading.Lock()
_logger: logging.Logger | None = None


def _level(variable: str, default: str) -> int:
    """The level that a variable names. ValueError for anything but a digit from 0 to 4."""
    value = os.environ.get(variable, "") or default
    if value not in _LEVELS:
        raise ValueError(f"the environment variable {variable} must be 0 (debug), 1 (info), 2 (warning), 3 (error) or "
                         f"4 (critical), but is {value!r}")
    return _LEVELS[value]


def _lowest() -> int:
    """The level that `MS_LOG` or `GLOG_v` names. ValueError if the first is no level's name."""
    name = os.environ.get("MS_LOG", "").lower()
    if not name:
        return _level("GLOG_v", _DEFAULT_LEVEL)
    if name not in _NAMES:
        raise ValueError(f"the environment variable MS_LOG must be {', '.join(_NAMES)}, but is {name!r}")
    return _LEVELS[_NAMES[name]]


class _Unattended(logging.Filter):
    """Lets messages through while the program has not set up logging itself."""

    def filter(self, record: logging.LogRecord) -> bool:
        return not logging.getLogger().handlers and all(self in each.filters for each in _named().handlers)


def _named() -> logging.Logger:
    return logging.getLogger("mindspore")


def _number(variable: str, default: int) -> int:
    value = os.environ.get(variable, "") or str(default)
    if not value.isdecimal():
        raise ValueError(f"the environment variable {variable} must be a number, but is {value!r}")
    return int(value)


def _made() -> logging.Logger:
    """The logger, set up by the environment when it is first needed."""
    global _logger
    with _lock:
        if _logger is None:
            made, unattended = _named(), _Unattended()
            if made.level == logging.NOTSET:
                made.setLevel(_lowest())
            to_file = os.environ.get("GLOG_logtostderr") == "0" and bool(os.environ.get("GLOG_log_dir"))
            screen: logging.StreamHandler = logging.StreamHandler(sys.stderr)
            screen.setLevel(_level("GLOG_stderrthreshold", "3") if to_file else logging.NOTSET)
            handlers: list[logging.Handler] = [screen]
            if to_file:
                folder = Path(os.environ["GLOG_log_dir"]) / "rank_0" / "logs"
                folder.mkdir(parents=True, exist_ok=True)
                handlers.append(logging.handlers.RotatingFileHandler(
                    folder / "mindspore.log", maxBytes=_number("logger_maxBytes", _DEFAULT_BYTES),
                    backupCount=_number("logger_backupCount", _DEFAULT_COUNT), delay=True))
            for handler in handlers:
                if not to_file:
                    handler.addFilter(unattended)
                handler.setFormatter(logging.Formatter(
                    "[%(levelname)s] ME(%(process)d:%(thread)d,%(processName)s):%(asctime)s.%(msecs)03d "
                    "[%(pathname)s:%(lineno)d] %(message)s", "%Y-%m-%d-%H:%M:%S"))
                made.addHandler(handler)
            _logger = made
        return _logger


def debug(msg, *args, **kwargs) -> None:
    """Write a message of the lowest level; arguments as of `logging.debug`."""
    _made().debug(msg, *args, stacklevel=2, **kwargs)


def info(msg, *args, **kwargs) -> None:
    """Write a message that tells what happens; arguments as of `logging.info`."""
    _made().info(msg, *args, stacklevel=2, **kwargs)


def warning(msg, *args, **kwargs) -> None:
    """Write a message about what may be a mistake; arguments as of `logging.warning`."""
    _made().warning(msg, *args, stacklevel=2, **kwargs)


def error(msg, *args, **kwargs) -> None:
    """Write a message about what went wrong; arguments as of `logging.error`."""
    _made().error(msg, *args, stacklevel=2, **kwargs)


def critical(msg, *args, **kwargs) -> None:
    """Write a message about what ends the program; arguments as of `logging.critical`."""
    _made().critical(msg, *args, stacklevel=2, **kwargs)


def get_level() -> str:
    """The lowest level that is written: "0" debug, "1" info, "2" warning, "3" error, "4" critical."""
    level = _made().getEffectiveLevel()
    return next((name for name, value in _LEVELS.items() if value >= level), "4")


def get_log_config() -> dict[str, str]:
    """The variables of the environment that decide about messages, with their values; `GLOG_v` and
    `GLOG_logtostderr` in any case."""
    found = {name: os.environ[name] for name in _VARIABLES if os.environ.get(name)}
    return {"GLOG_v": get_level(), "GLOG_logtostderr": "1", **found}


class _LogActionOnce:
    """A decorator of a function, most often `__init__` of a class: warnings are written during the first call alone.

    Args:
        logger: where the function writes them: this module, or anything with a `warning`. key: calls of functions with
            the same key count as one function's. no_warning: warnings of the first call are not written either.
    """

    __is_logged__: dict[str, bool] = {}

    def __init__(self, logger: Any, key: str, no_warning: bool = False):
        self.logger, self.key, self.no_warning = logger, key, no_warning

    def __call__(self, func: Callable) -> Callable:
        @wraps(func)
        def quiet(*args: Any, **kwargs: Any) -> Any:
            seen = self.__is_logged__.setdefault(self.key, False)
            self.__is_logged__[self.key] = True
            if not (seen or self.no_warning):
                return func(*args, **kwargs)
            write = self.logger.warning
            self.logger.warning = lambda *args, **kwargs: None
            try:
                return func(*args, **kwargs)
            finally:
                self.logger.warning = write

        return quiet
