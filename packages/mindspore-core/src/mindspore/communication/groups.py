"""Groups of processes, and the place of this process in them; see the package's text."""
from __future__ import annotations

import os

__all__ = ["GlobalComm", "HCCL_WORLD_COMM_GROUP", "MCCL_WORLD_COMM_GROUP", "NCCL_WORLD_COMM_GROUP", "create_group",
           "destroy_group", "get_comm_name", "get_group_rank_from_world_rank", "get_group_size", "get_local_rank",
           "get_local_rank_size", "get_process_group_ranks", "get_rank", "get_world_rank_from_group_rank", "init",
           "is_group", "is_initialized", "members_of", "release"]

HCCL_WORLD_COMM_GROUP = "hccl_world_group"
NCCL_WORLD_COMM_GROUP = "nccl_world_group"
MCCL_WORLD_COMM_GROUP = "mccl_world_group"
_BACKENDS = {"hccl": HCCL_WORLD_COMM_GROUP, "nccl": NCCL_WORLD_COMM_GROUP, "mccl": MCCL_WORLD_COMM_GROUP}
_SIZES = ("MS_WORKER_NUM", "RANK_SIZE", "OMPI_COMM_WORLD_SIZE")

_groups: dict[str, list[int]] = {}


class GlobalComm:
    """The library and the world group that `init` chose, and whether it was called."""

    BACKEND = "mccl"
    WORLD_COMM_GROUP = HCCL_WORLD_COMM_GROUP
    INITED = False
    CHECK_ENVS = True


def init(backend_name: str | None = None) -> None:
    """Begin to communicate. In one process there is nothing to connect.

    Args:
        backend_name: "hccl", "nccl" or "mccl"; None: "mccl", that of hosts.

    Raises:
        TypeError, ValueError: no such name.
        RuntimeError: a launcher started several processes, which needs mindspore-parallel.
    """
    if backend_name is not None and not isinstance(backend_name, str):
        raise TypeError(f"init: backend_name must be a str or None, but got {backend_name!r} of type "
                        f"{type(backend_name).__name__}")
    name = "mccl" if backend_name is None else backend_name
    if name not in _BACKENDS:
        raise ValueError(f"init: backend_name must be one of {', '.join(_BACKENDS)}, but got {name!r}")
    for variable in _SIZES:
        if os.environ.get(variable, "1") not in ("", "0", "1"):
            raise RuntimeError(f"init: {variable}={os.environ[variable]} says that a launcher started several "
                               f"processes, and core alone knows one; install mindspore-parallel, or unset it")
    GlobalComm.BACKEND, GlobalComm.WORLD_COMM_GROUP, GlobalComm.INITED = name, _BACKENDS[name], True


def is_initialized() -> bool:
    """Whether `init` was called, and `release` not since."""
    return GlobalComm.INITED


_is_initialized = is_initialized  # the name by which programs import it


def release() -> None:
    """End what `init` began; groups that were created are gone."""
    _groups.clear()
    GlobalComm.INITED = False


def is_group(group: str) -> bool:
    """Whether there is a group of this name."""
    return group in _groups or group in _BACKENDS.values()


def members_of(group: str | None, what: str = "group") -> list[int]:
    """The ranks of a group's processes in the world. TypeError, ValueError if there is no such group."""
    if group is None or group in _BACKENDS.values():
        return [0]
    if not isinstance(group, str):
        raise TypeError(f"{what}: a group is named by a str, but got {group!r} of type {type(group).__name__}")
    if group not in _groups:
        known = ", ".join([*_BACKENDS.values(), *_groups])
        raise ValueError(f"{what}: there is no group {group!r}; known are {known}, and create_group makes others")
    return _groups[group]


def create_group(group: str, rank_ids: list[int], options: object = None) -> None:
    """Name a group of processes.

    Args:
        group: the name.
        rank_ids: the ranks of its processes in the world, [0] in one process.
        options: taken and not used.

    Raises:
        TypeError, ValueError: no name, or ranks that are not those of processes.
    """
    if not isinstance(group, str) or not group:
        raise TypeError(f"create_group: group must be a str with at least one letter, but got {group!r}")
    if not isinstance(rank_ids, list) or not all(isinstance(rank, int) for rank in rank_ids):
        raise TypeError(f"create_group: rank_ids must be a list of ints, but got {rank_ids!r}")
    if rank_ids != [0]:
        raise ValueError(f"create_group: rank_ids must be [0], the only process there is, but got {rank_ids}; several "
                         f"processes need mindspore-parallel")
    if is_group(group):
        raise ValueError(f"create_group: there is a group {group!r} already; destroy_group ends it")
    _groups[group] = list(rank_ids)


def destroy_group(group: str) -> None:
    """Forget a group that `create_group` made. ValueError if there is none of that name."""
    if group in _BACKENDS.values():
        raise ValueError(f"destroy_group: {group!r} is the group of all processes, which release() ends")
    members_of(group, "destroy_group")
    del _groups[group]


def get_rank(group: str = HCCL_WORLD_COMM_GROUP) -> int:
    """The rank of this process in a group."""
    return members_of(group, "get_rank").index(0)


def get_group_size(group: str = HCCL_WORLD_COMM_GROUP) -> int:
    """How many processes a group has."""
    return len(members_of(group, "get_group_size"))


def get_local_rank(group: str = HCCL_WORLD_COMM_GROUP) -> int:
    """The rank of this process among those of a group on this machine."""
    return members_of(group, "get_local_rank").index(0)


def get_local_rank_size(group: str = HCCL_WORLD_COMM_GROUP) -> int:
    """How many processes of a group run on this machine."""
    return len(members_of(group, "get_local_rank_size"))


def get_world_rank_from_group_rank(group: str, group_rank_id: int) -> int:
    """The rank in the world of the process with this rank in the group."""
    members = members_of(group, "get_world_rank_from_group_rank")
    return members[_rank("get_world_rank_from_group_rank", "group_rank_id", group_rank_id, range(len(members)))]


def get_group_rank_from_world_rank(world_rank_id: int, group: str) -> int:
    """The rank in the group of the process with this rank in the world."""
    members = members_of(group, "get_group_rank_from_world_rank")
    return members.index(_rank("get_group_rank_from_world_rank", "world_rank_id", world_rank_id, members))


def get_process_group_ranks(group: str = HCCL_WORLD_COMM_GROUP) -> list[int]:
    """The ranks of a group's processes in the world."""
    return list(members_of(group, "get_process_group_ranks"))


def get_comm_name(group: str = HCCL_WORLD_COMM_GROUP) -> str:
    """The name by which the library knows a group."""
    members_of(group, "get_comm_name")
    return group


def _rank(what: str, name: str, rank: int, members) -> int:
    if not isinstance(rank, int) or isinstance(rank, bool):
        raise TypeError(f"{what}: {name} must be an int, but got {rank!r} of type {type(rank).__name__}")
    if rank not in members:
        raise ValueError(f"{what}: {name} must be one of {list(members)}, but got {rank}")
    return rank
