"""Checkpoints during training."""
from __future__ import annotations

import os
import re
import time
from pathlib import Path

from mindspore.formats.encryption import check_key
from mindspore.train.callback.base import Callback

__all__ = ["CheckpointConfig", "ModelCheckpoint"]


class CheckpointConfig:
    """When checkpoints are saved and how many are kept.

    Args:
        save_checkpoint_steps, save_checkpoint_seconds: save every so many steps or seconds (0: not by this); where
            both are positive the steps count, so that seconds need save_checkpoint_steps=0.
        keep_checkpoint_max: the newest so many are kept (0: all).
        keep_checkpoint_per_n_minutes: where keep_checkpoint_max is 0, the newest file of each such span is kept.
        saved_network: save this Cell instead of the training network with its optimizer.
        append_info: what goes into the file besides the parameters: "epoch_num", "step_num", or dicts of values.
        exception_save: save a last file, `prefix-epoch_step_breakpoint.ckpt`, when training fails.
        async_save, crc_check, enc_key, enc_mode, format, remove_redundancy: as for `save_checkpoint`.
        integrated_save: accepted; nothing is split here.

    Raises:
        TypeError: an unknown argument, a number of another type. ValueError: a negative number, neither steps nor
            seconds, a key that does not fit its mode, or another format. ImportError: `cryptography`, which keys need,
            is missing.
    """

    map_param_inc = False  # MapParameters are saved whole

    __slots__ = ("append_info", "async_save", "crc_check", "enc_key", "enc_mode", "exception_save", "format",
                 "integrated_save", "keep_checkpoint_max", "keep_checkpoint_per_n_minutes", "remove_redundancy",
                 "save_checkpoint_seconds", "save_checkpoint_steps", "saved_network")

    def __init__(self, save_checkpoint_steps=1, save_checkpoint_seconds=0, keep_checkpoint_max=5,
                 keep_checkpoint_per_n_minutes=0, integrated_save=True, async_save=False, saved_network=None,
                 append_info=None, enc_key=None, enc_mode="AES-GCM", exception_save=False, crc_check=False,
                 remove_redundancy=False, format="ckpt", **kwargs):
        if kwargs:
            raise TypeError(f"For 'CheckpointConfig', there is no argument {sorted(kwargs)[0]!r}.")
        numbers = {"save_checkpoint_steps": save_checkpoint_steps, "save_checkpoint_seconds": save_checkpoint_seconds,
                   "keep_checkpoint_max": keep_checkpoint_max,
                   "keep_checkpoint_per_n_minutes": keep_checkpoint_per_n_minutes}
        for name, value in numbers.items():
            if value is not None and (isinstance(value, bool) or not isinstance(value, int)):
                raise TypeError(f"For 'CheckpointConfig', the '{name}' must be an int of at least 0, but got "
                                f"{value!r} of type {type(value).__name__}.")
            if value is not None and value < 0:
                raise ValueError(f"For 'CheckpointConfig', the '{name}' must be an int of at least 0, but got "
                                 f"{value}.")
        if not save_checkpoint_steps and not save_checkpoint_seconds:
            raise ValueError("For 'CheckpointConfig', one of 'save_checkpoint_steps' and 'save_checkpoint_seconds' "
                             "must be positive, but both are 0.")
        if format not in ("ckpt", "safetensors"):
            raise ValueError(f"For 'CheckpointConfig', the 'format' must be 'ckpt' or 'safetensors', but got "
                             f"{format!r}.")
        self.enc_key, self.enc_mode = check_key("CheckpointConfig", enc_key, enc_mode), enc_mode
        if not isinstance(remove_redundancy, bool):
            raise ValueError(f"For 'CheckpointConfig', the 'remove_redundancy' must be a bool, but got "
                             f"{remove_redundancy!r}.")
        self.format, self.remove_redundancy = format, remove_redundancy
        self.save_checkpoint_steps = save_checkpoint_steps or None
        self.save_checkpoint_seconds = None if save_checkpoint_steps else save_checkpoint_seconds
        self.keep_checkpoint_max = keep_checkpoint_max
        self.keep_checkpoint_per_n_minutes = None if keep_checkpoint_max else keep_checkpoint_per_n_minutes
        self.integrated_save, self.async_save, self.saved_network = integrated_save, async_save, saved_network
        self.append_info = append_info or []
        self.exception_save, self.crc_check = bool(exception_save), bool(crc_check)

    @property
    def append_dict(self) -> dict:
        """The values of `append_info`, without the numbers of epoch and step, which are known when a file is saved."""
        return {name: value for info in self.append_info if isinstance(info, dict) for name, value in info.items()}

    def get_checkpoint_policy(self) -> dict:
        """When files are saved and how many are kept, as a dict of the arguments of these names."""
        return {name: getattr(self, name) for name in (
            "save_checkpoint_steps", "save_checkpoint_seconds", "keep_checkpoint_max",
            "keep_checkpoint_per_n_minutes", "saved_network")}


class ModelCheckpoint(Callback):
    """Saves `prefix-epoch_step.ckpt` (or `.safetensors`) files while training.

    Where the directory already has files of this prefix, `prefix_1`, `prefix_2`, ... is used.

    Args:
        prefix: the beginning of the files' names, or a function of the run's parameters (`RunContext.original_args()`)
            that gives the whole name without its ending.
        directory: where they go, the current folder by default, or a function of the run's parameters that gives it.
        config: a CheckpointConfig.

    Raises:
        TypeError, ValueError: arguments of wrong types, or a prefix with '/'.
    """

    def __init__(self, prefix="CKP", directory=None, config=None):
        if not callable(prefix):
            _check_prefix(prefix)
        if not callable(directory) and not isinstance(directory, str | os.PathLike | None):
            raise ValueError(f"For 'ModelCheckpoint', the 'directory' must be a path or a function, but got "
                             f"{directory!r}.")
        if config is not None and not isinstance(config, CheckpointConfig):
            raise TypeError(f"For 'ModelCheckpoint', the 'config' must be a CheckpointConfig, but got "
                            f"{type(config).__name__}.")
        self.directory = directory if callable(directory) else Path(directory or ".").resolve()
        self.prefix, self.config = prefix, config or CheckpointConfig()
        self.saved: list[Path] = []
        self.latest_ckpt_file_name = ""
        self._last_step, self._last_time = 0, time.monotonic()
        self._span_start, self._args = 0.0, None

    def on_train_begin(self, run_context):
        """Choose a free prefix."""
        self._start(run_context.original_args())
        self._last_step = self._args.cur_step_num
        super().on_train_begin(run_context)

    def _start(self, args) -> None:
        self._args, self._last_time, suffix = args, time.monotonic(), self.config.format
        if callable(self.prefix) or callable(self.directory) or self.saved:
            return
        taken, base, number = {p.name for p in self.directory.glob(f"*.{suffix}")}, self.prefix, 0
        while any(re.fullmatch(re.escape(self.prefix) + r"-\d+_\d+(_breakpoint)?\." + suffix, name) for name in taken):
            number += 1
            self.prefix = f"{base}_{number}"

    def step_end(self, run_context):
        """Save, if it is time."""
        args, config = run_context.original_args(), self.config
        if self._args is not args:  # called without a run
            self._start(args)
        if config.save_checkpoint_steps:
            due = args.cur_step_num - self._last_step >= config.save_checkpoint_steps
        else:
            due = time.monotonic() - self._last_time >= config.save_checkpoint_seconds
        if due:
            self._save(args)

    def end(self, run_context):
        """Save the last state."""
        args = run_context.original_args()
        if args.cur_step_num != self._last_step:
            self._save(args)

    def on_eval_step_end(self, run_context):
        """An evaluation changes nothing that is saved."""

    def on_eval_end(self, run_context):
        """An evaluation changes nothing that is saved."""

    def __exit__(self, kind, error, trace):
        if kind is not None and self.config.exception_save and self._args is not None and self._args.cur_step_num:
            self._save(self._args, "_breakpoint")

    def _path(self, args, suffix: str) -> Path:
        """The file of this step, in a folder that exists."""
        step = (args.cur_step_num - 1) % (args.batch_num or args.cur_step_num) + 1
        name = _check_prefix(self.prefix(args)) if callable(self.prefix) else \
            f"{self.prefix}-{args.cur_epoch_num}_{step}"
        folder = Path(self.directory(args)).resolve() if callable(self.directory) else self.directory
        os.makedirs(folder, exist_ok=True)
        return folder / f"{name}{suffix}.{self.config.format}"

    def _save(self, args, suffix: str = "") -> None:
        from mindspore.train.serialization import save_checkpoint
        path, config = self._path(args, suffix), self.config
        save_checkpoint(config.saved_network or args.train_network, str(path), async_save=config.async_save,
                        append_dict=self._extra(args), crc_check=config.crc_check, enc_key=config.enc_key,
                        enc_mode=config.enc_mode, format=config.format, remove_redundancy=config.remove_redundancy)
        self._last_step, self._last_time = args.cur_step_num, time.monotonic()
        self.latest_ckpt_file_name = args.latest_ckpt_file = str(path)
        args.last_save_ckpt_step = args.cur_step_num
        self._keep(path)

    def _keep(self, path: Path) -> None:
        """Note a new file, and remove what is no longer to be kept."""
        config = self.config
        self.saved = [each for each in self.saved if each != path]  # a function may give a name again
        if config.keep_checkpoint_per_n_minutes:
            if self.saved and self._last_time - self._span_start < 60 * config.keep_checkpoint_per_n_minutes:
                self.saved.pop().unlink(missing_ok=True)
            else:
                self._span_start = self._last_time
        self.saved.append(path)
        while config.keep_checkpoint_max and len(self.saved) > config.keep_checkpoint_max:
            self.saved.pop(0).unlink(missing_ok=True)

    def _extra(self, args) -> dict | None:
        """What `append_info` asks for."""
        extra: dict = {}
        for info in self.config.append_info:
            if isinstance(info, dict):
                extra.update(info)
            elif info == "epoch_num":
                extra["epoch_num"] = args.cur_epoch_num
            elif info == "step_num":
                extra["step_num"] = args.cur_step_num
        return extra or None


def _check_prefix(prefix) -> str:
    if not isinstance(prefix, str) or "/" in prefix or not prefix:
        raise ValueError(f"For 'ModelCheckpoint', the 'prefix' must be a file name without '/', or a function that "
                         f"gives one, but got {prefix!r}.")
    return prefix
