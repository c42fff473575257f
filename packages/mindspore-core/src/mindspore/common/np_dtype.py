"""The NumPy types that NumPy itself does not have: `np.array([1, 2], dtype=np_dtype.bfloat16)`."""
from ml_dtypes import bfloat16

__all__ = ["bfloat16"]
