"""`python -m mindspore profile FILE`: run a program under a profiler, and say where its time went."""
from __future__ import annotations

import runpy
import sys
import traceback
from pathlib import Path

from mindspore.profiler.profiler import profile

__all__ = ["profile_program"]


def profile_program(file: str, arguments: list[str], page: str | None, trace: str | None, most: int) -> int:
    """Run a file as the main program; print the table, and write the page and the trace.

    Args:
        file, arguments: the program, and what it finds in `sys.argv`.
        page, trace: where the HTML page and the trace go; by default `NAME_profile.html` here, and no trace.
        most: how many rows the table has.

    Returns:
        the program's exit status; 1 where it ended in an exception, whose traceback is printed; 2 where there is no
        such file.
    """
    path = Path(file)
    if not path.is_file():
        print(f"profile: there is no file {file}", file=sys.stderr)
        return 2
    given, where = sys.argv, list(sys.path)
    sys.argv, sys.path[0:0] = [file, *arguments], [str(path.resolve().parent)]
    status = 0
    try:
        with profile() as done:
            try:
                runpy.run_path(file, run_name="__main__")
            except SystemExit as ended:
                status = _status(ended)
            except BaseException as error:
                traceback.print_exception(error.with_traceback(_below(error)))
                status = 1
    finally:
        sys.argv, sys.path[:] = given, where
    sys.stdout.flush()
    if not any(event.kind == "operator" for event in done.events):
        print(f"profile: {file} ran no operator on the device", file=sys.stderr)
        return status
    print(f"\n{done.table(most)}\n\n{done.memory_table()}")
    page = page or f"{path.stem}_profile.html"
    done.export_html(page, path.name)
    print(f"\n{page}: the same with a picture")
    if trace:
        done.export_chrome_trace(trace)
        print(f"{trace}: a trace for chrome://tracing or Perfetto")
    return status


def _status(ended: SystemExit) -> int:
    """The exit status that a program asks for."""
    if ended.code is None or isinstance(ended.code, int):
        return ended.code or 0
    print(ended.code, file=sys.stderr)
    return 1


def _below(error: BaseException):
    """The traceback from the program's first line on."""
    at = error.__traceback__
    while at is not None and at.tb_frame.f_code.co_filename in (__file__, runpy.__file__, "<frozen runpy>"):
        at = at.tb_next
    return at
