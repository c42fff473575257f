"""The principal components of a network's weights over the checkpoints of a training."""
from __future__ import annotations

import os
import time

import numpy as np

from mindspore.nn._check import positive_int

__all__ = ["load_pca_mat", "pca_mat_path_of"]


def pca_mat_path_of(weight_load_dir, pca_mat_path, n_components, network) -> str:
    """The path of a .npy file with the components: `pca_mat_path` where there is such a file; otherwise
    pca_mat_temp.npy in the folder of checkpoints, computed from those now.

    Raises:
        ValueError: there is neither file nor folder, there are fewer checkpoints than components, or one lacks a
            trainable parameter of the network.
    """
    if pca_mat_path is not None and pca_mat_path.endswith(".npy") and os.path.isfile(pca_mat_path):
        return pca_mat_path
    if weight_load_dir is None or not os.path.isdir(weight_load_dir):
        raise ValueError(f"dim_reduce needs 'pca_mat_path', a .npy file, or 'weight_load_dir', a folder of "
                         f"checkpoints, but got {pca_mat_path!r} and {weight_load_dir!r}")
    rows = _weights(weight_load_dir, [p.name for p in network.trainable_params()])
    if len(rows) < positive_int("dim_reduce", "n_components", n_components):
        raise ValueError(f"dim_reduce needs at least n_components ({n_components}) checkpoints, but "
                         f"{weight_load_dir!r} has {len(rows)}")
    data = np.stack(rows)
    components = np.linalg.svd(data - data.mean(0), full_matrices=False)[2][:n_components]
    path = os.path.join(weight_load_dir, "pca_mat_temp.npy")
    np.save(path, components)
    return path


def _weights(folder: str, names: list[str]) -> list[np.ndarray]:
    """The named parameters of each checkpoint in a folder, as one row."""
    from mindspore.train.serialization import load_checkpoint
    rows = []
    for file in sorted(os.listdir(folder)):
        if file.endswith(".ckpt"):
            found = load_checkpoint(os.path.join(folder, file))
            missing = [name for name in names if name not in found]
            if missing:
                raise ValueError(f"dim_reduce: the checkpoint {file!r} has no parameter {missing[0]!r}")
            rows.append(np.concatenate([found[name].asnumpy().ravel() for name in names]))
    return rows


def load_pca_mat(path: str, timeout: float) -> np.ndarray:
    """The matrix in a file, which may come within `timeout` seconds.

    Raises:
        TimeoutError: it has not come.
    """
    end = time.monotonic() + timeout
    while not os.path.exists(path):
        if time.monotonic() > end:
            raise TimeoutError(f"the file {path!r} with the principal components has not come in {timeout} seconds")
        time.sleep(0.1)
    return np.load(path)
