"""Callbacks for runs that end early: leaving when asked to, and going on where a run was cut off."""
from __future__ import annotations

import json
import os
import signal
import threading
import warnings
from pathlib import Path
from typing import Any

from mindspore.train.callback.base import Callback

__all__ = ["BackupAndRestore", "OnRequestExit"]
_EXIT_KEY = "GracefulExit"


class OnRequestExit(Callback):
    """Ends a run in good order when the process is asked to: after the step under way the network is saved, and the run
    stops. The request is a signal, or `{"GracefulExit": 1}` in a file of JSON, which is read after each step.

    Args:
        save_ckpt: whether `NAME_train.ckpt` (`NAME_eval.ckpt` in an evaluation) is written, the training network with
            its optimizer.
        save_mindir: whether `NAME_train.mindir` is written, the network in inference for the batch under way.
        file_name: NAME. directory: the folder in which the files' folder is made, `rank_0` for the process 0.
        config_file: the file of JSON, or None.
        sig: the signal. The handler that it had before is put back at the end.

    Raises:
        TypeError, ValueError: an argument of another form, or a signal that cannot be handled.
    """

    def __init__(self, save_ckpt=True, save_mindir=True, file_name="Net", directory="./", config_file=None,
                 sig=signal.SIGTERM):
        for name, value in (("save_ckpt", save_ckpt), ("save_mindir", save_mindir)):
            if not isinstance(value, bool):
                raise TypeError(f"For 'OnRequestExit', '{name}' must be a bool, but got {value!r}.")
        if not isinstance(file_name, str) or not file_name or "/" in file_name:
            raise ValueError(f"For 'OnRequestExit', 'file_name' must be a name without '/', but got {file_name!r}.")
        if config_file is not None and (not isinstance(config_file, str) or not config_file.endswith(".json")):
            raise ValueError(f"For 'OnRequestExit', 'config_file' must be the path of a .json file or None, but got "
                             f"{config_file!r}.")
        try:
            self.sig = signal.Signals(sig)
        except ValueError:
            raise ValueError(f"For 'OnRequestExit', 'sig' must be a signal, but got {sig!r}.") from None
        if self.sig.name in ("SIGKILL", "SIGSTOP"):
            raise ValueError(f"For 'OnRequestExit', {self.sig.name} cannot be handled; choose another signal.")
        self.save_ckpt, self.save_mindir, self.file_name = save_ckpt, save_mindir, file_name
        self.directory, self.config_file = Path(directory), config_file
        self.requested = False
        self._before: Any = None

    def __enter__(self) -> OnRequestExit:
        self.requested = False
        if threading.current_thread() is threading.main_thread():
            self._before = (signal.signal(self.sig, self._note),)
        return self

    def __exit__(self, *_) -> None:
        if self._before is not None:
            signal.signal(self.sig, self._before[0])
            self._before = None

    def _note(self, *_) -> None:
        self.requested = True

    def on_train_step_end(self, run_context) -> None:
        """Save and stop, if that was asked for."""
        self._leave(run_context, "train")

    def on_eval_step_end(self, run_context) -> None:
        """Save and stop, if that was asked for."""
        self._leave(run_context, "eval")

    def _leave(self, run_context, what: str) -> None:
        if run_context.get_stop_requested() or not (self.requested or self._is_written()):
            return
        args = run_context.original_args()
        self.requested = True
        run_context.request_stop()
        if not self.save_ckpt and not self.save_mindir:
            return
        from mindspore.communication import get_rank
        folder = self.directory / f"rank_{get_rank()}"
        folder.mkdir(parents=True, exist_ok=True)
        path = str(folder / f"{self.file_name}_{what}")
        if self.save_ckpt:
            from mindspore.train.serialization import save_checkpoint
            save_checkpoint(args.get("train_network") or args.network, f"{path}.ckpt")
        if self.save_mindir:
            self._export(args, path)

    def _export(self, args, path: str) -> None:
        """Write the network; what cannot be written is a warning, so that the run ends in any case."""
        from mindspore.train.serialization import export
        columns = args.train_dataset_element or ()
        inputs = columns[:-1] if args.loss_fn is not None and len(columns) > 1 else columns
        try:
            export(args.network, *inputs, file_name=path, file_format="MINDIR")
        except (TypeError, ValueError, RuntimeError) as error:
            warnings.warn(f"OnRequestExit: {path}.mindir was not written: {error}", stacklevel=2)

    def _is_written(self) -> bool:
        """Whether the file of JSON asks to leave. A file that is missing or half written does not."""
        if self.config_file is None:
            return False
        try:
            known = json.loads(Path(self.config_file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return False
        return isinstance(known, dict) and known.get(_EXIT_KEY) == 1


class BackupAndRestore(Callback):
    """Goes on where a run was cut off: the training network is saved every epoch, or every so many steps, and a run
    that finds such a file begins with it, after the epochs that are done. An epoch that was cut off is run again from
    its first step, with the parameters of the file.

    Args:
        backup_dir: the folder of the file, `backup.ckpt`. save_freq: "epoch" or a number of steps.
        delete_checkpoint: whether the file is removed at the end of a run that was not cut off.

    Raises:
        TypeError, ValueError: an argument of another form.
    """

    def __init__(self, backup_dir, save_freq="epoch", delete_checkpoint=True):
        if not isinstance(backup_dir, (str, os.PathLike)) or not os.fspath(backup_dir):
            raise TypeError(f"For 'BackupAndRestore', 'backup_dir' must be a path, but got {backup_dir!r}.")
        if save_freq != "epoch" and (isinstance(save_freq, bool) or not isinstance(save_freq, int) or save_freq <= 0):
            raise ValueError(f"For 'BackupAndRestore', 'save_freq' must be 'epoch' or an int above 0, but got "
                             f"{save_freq!r}.")
        if not isinstance(delete_checkpoint, bool):
            raise TypeError(f"For 'BackupAndRestore', 'delete_checkpoint' must be a bool, but got "
                            f"{delete_checkpoint!r}.")
        self.save_freq, self.delete_checkpoint = save_freq, delete_checkpoint
        self.backup_file = Path(backup_dir) / "backup.ckpt"

    def on_train_begin(self, run_context) -> None:
        """Begin with the file, if there is one."""
        self.backup_file.parent.mkdir(parents=True, exist_ok=True)
        if not self.backup_file.is_file():
            return
        from mindspore.train.serialization import load_checkpoint, load_param_into_net
        args = run_context.original_args()
        loaded = load_checkpoint(str(self.backup_file))
        done = {name: int(loaded.pop(name).asnumpy()) for name in ("epoch_num", "step_num")}
        load_param_into_net(args.train_network, loaded, strict_load=True)
        args.cur_epoch_num, args.cur_step_num = done["epoch_num"], done["step_num"]

    def on_train_step_end(self, run_context) -> None:
        """Save, if it is time."""
        args = run_context.original_args()
        if self.save_freq != "epoch" and args.cur_step_num % self.save_freq == 0:
            self._save(args, args.cur_epoch_num - 1, (args.cur_epoch_num - 1) * args.batch_num)

    def on_train_epoch_end(self, run_context) -> None:
        """Save, if it is time."""
        args = run_context.original_args()
        if self.save_freq == "epoch":
            self._save(args, args.cur_epoch_num, args.cur_step_num)

    def _save(self, args, epochs: int, steps: int) -> None:
        from mindspore.train.serialization import save_checkpoint
        save_checkpoint(args.train_network, str(self.backup_file), append_dict={"epoch_num": epochs, "step_num": steps})

    def on_train_end(self, run_context) -> None:
        """Remove the file, unless the run was asked to stop."""
        if self.delete_checkpoint and not run_context.get_stop_requested():
            self.backup_file.unlink(missing_ok=True)
