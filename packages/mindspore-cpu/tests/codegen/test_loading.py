"""Loading generated code where the free addresses of the process are scattered."""
import subprocess
import sys

# Single free pages at one end, everything else 5 GiB away: a section of one page gets the page, the next one does not.
SCATTERED = """
import ctypes
import random

from mindspore_cpu.codegen.engine import compile_text
from mindspore_cpu.codegen.target import target

TEXT = '''
@table = private constant [4 x double] [double 1.0, double 2.0, double 3.0, double 4.0]
define double @entry(i64 %k) {
  %p = getelementptr [4 x double], ptr @table, i64 0, i64 %k
  %v = load double, ptr %p
  ret double %v
}
'''
PAGE, NOTHING, ANONYMOUS = 4096, 0, 0x4022  # without access, private, without backing
libc = ctypes.CDLL(None)
libc.mmap.restype, libc.munmap.argtypes = ctypes.c_void_p, [ctypes.c_void_p, ctypes.c_size_t]
libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int, ctypes.c_int, ctypes.c_int, ctypes.c_long]
compile_text(TEXT, target(), "entry")
wall = libc.mmap(None, 5 << 30, NOTHING, ANONYMOUS, -1, 0)
pages = []
while len(pages) < 100_000 and (page := libc.mmap(None, PAGE, NOTHING, ANONYMOUS, -1, 0)) > wall:
    pages.append(page)
random.seed(1)
loaded = []
for _ in range(60):
    libc.munmap(pages.pop(random.randrange(len(pages))), PAGE)
    loaded.append(compile_text(TEXT, target(), "entry"))
    entry = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(loaded[-1].address)
    assert entry(2) == 3.0
print("loaded", len(loaded))
"""


def test_code_is_loaded_where_free_memory_is_scattered():
    done = subprocess.run([sys.executable, "-c", SCATTERED], capture_output=True, text=True)
    assert done.stdout == "loaded 60\n", done.stderr
