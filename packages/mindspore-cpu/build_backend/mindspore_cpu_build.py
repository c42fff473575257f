"""The build backend of mindspore-cpu: scikit-build-core, told where two sets of C++ headers are.

The extension compiles mindspore-core's header-only kit.  In the repository the kit stands in the neighbouring folder
``../mindspore-core``, and taking it from there lets one ``pip install ./packages/mindspore-core
./packages/mindspore-cpu`` build both packages with no index that knows either.  A source distribution has no such
neighbour: there `mindspore-core` becomes a build requirement and ``mindspore.get_include()`` names the folder, as
NumPy and pybind11 do it.

oneDNN comes from the build requirement onednn-devel-cpu-gomp.  Its files lie outside any importable package, under the
prefix of whatever environment pip made for the build, so they are found through that distribution's own file list.
"""

from __future__ import annotations

import importlib.metadata
from pathlib import Path

from scikit_build_core import build as _skbuild

PROJECT = Path(__file__).resolve().parent.parent
NEIGHBOUR_KIT = PROJECT.parent / "mindspore-core" / "src" / "mindspore" / "include"
CORE_REQUIREMENT = "mindspore-core~=2.10.0"

ConfigSettings = dict[str, "list[str] | str"]

build_sdist = _skbuild.build_sdist
get_requires_for_build_sdist = _skbuild.get_requires_for_build_sdist
prepare_metadata_for_build_wheel = _skbuild.prepare_metadata_for_build_wheel
prepare_metadata_for_build_editable = _skbuild.prepare_metadata_for_build_editable


def kit_include() -> Path:
    """Return the folder of mindspore-core's C++ headers: the neighbouring source folder, else the installed package."""
    if NEIGHBOUR_KIT.is_dir():
        return NEIGHBOUR_KIT
    import mindspore

    return Path(mindspore.get_include())


def onednn_file(distribution: str, name: str) -> Path:
    """Return where `distribution` put its file called `name`, e.g. ``dnnl.hpp``.

    Raises FileNotFoundError when it did not install such a file.
    """
    for entry in importlib.metadata.files(distribution) or ():
        if entry.name == name:
            return Path(str(entry.locate())).resolve()
    raise FileNotFoundError(f"mindspore-cpu: the build requirement {distribution} has no file {name}; reinstall it")


def cmake_definitions() -> dict[str, str]:
    """Return the CMake cache entries that say where the kit and oneDNN are."""
    library = onednn_file("onednn-cpu-gomp", "libdnnl.so.3")
    header = onednn_file("onednn-devel-cpu-gomp", "dnnl.hpp")
    licence = onednn_file("onednn-cpu-gomp", "THIRD-PARTY-PROGRAMS")
    return {
        "MINDSPORE_KIT_INCLUDE": str(kit_include()),
        "DNNL_INCLUDE": str(header.parent),
        "DNNL_LIBRARY": str(library),
        "DNNL_LICENCES": str(licence.parent),
    }


def _settings(given: ConfigSettings | None) -> ConfigSettings:
    """Return `given` with the definitions added; what the user defines by hand wins."""
    found = {f"cmake.define.{name}": value for name, value in cmake_definitions().items()}
    return {**found, **(given or {})}


def _requirements(found: list[str]) -> list[str]:
    return found if NEIGHBOUR_KIT.is_dir() else [*found, CORE_REQUIREMENT]


def get_requires_for_build_wheel(config_settings: ConfigSettings | None = None) -> list[str]:
    """Return what the build needs beside pyproject.toml's list: CMake, Ninja and the kit where missing."""
    return _requirements(_skbuild.get_requires_for_build_wheel(config_settings))


def get_requires_for_build_editable(config_settings: ConfigSettings | None = None) -> list[str]:
    """Return the same for an editable installation."""
    return _requirements(_skbuild.get_requires_for_build_editable(config_settings))


def build_wheel(
    wheel_directory: str, config_settings: ConfigSettings | None = None, metadata_directory: str | None = None
) -> str:
    """Build the wheel and return its file name."""
    return _skbuild.build_wheel(wheel_directory, _settings(config_settings), metadata_directory)


def build_editable(
    wheel_directory: str, config_settings: ConfigSettings | None = None, metadata_directory: str | None = None
) -> str:
    """Build an editable wheel and return its file name."""
    return _skbuild.build_editable(wheel_directory, _settings(config_settings), metadata_directory)
