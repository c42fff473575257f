"""What `Model(..., boost_level=..., boost_config_dict=...)` changes in a network and its optimizer."""
from __future__ import annotations

from typing import Any, ClassVar

from mindspore.boost.base import OptimizerProcess, ParameterProcess
from mindspore.boost.grad_freeze import GradientFreeze
from mindspore.boost.less_batch_normalization import LessBN
from mindspore.boost.pca import pca_mat_path_of
from mindspore.nn.optim.sgd import SGD

__all__ = ["AutoBoost"]

MODES = ("auto", "manual", "enable_all", "disable_all")
ALGORITHMS = ("less_bn", "grad_freeze", "adasum", "grad_accumulation", "dim_reduce", "loss_scale_group")
LEVELS: dict[str, tuple[str, ...]] = {"O0": (), "O1": ("less_bn", "grad_freeze"),
                                      "O2": ("less_bn", "grad_freeze", "adasum")}
SETTINGS: dict[str, dict[str, Any]] = {
    "common": {"gradient_split_groups": None, "device_number": 8},
    "less_bn": {"fn_flag": True, "gc_flag": True},
    "grad_freeze": {"param_groups": 10, "freeze_type": 1, "freeze_p": 0.7, "total_steps": 65536},
    "grad_accumulation": {"grad_accumulation_step": 1},
    "dim_reduce": {"rho": 0.55, "gamma": 0.9, "alpha": 0.001, "sigma": 0.4, "n_components": 32, "pca_mat_path": None,
                   "weight_load_dir": None, "timeout": 1800}}


class AutoBoost:
    """A choice of algorithms that make a training faster, and their settings.

        less_bn             `LessBN`, and gradients are centralized
        grad_freeze         `GradientFreeze`
        grad_accumulation   gradients of `grad_accumulation_step` batches are summed
        dim_reduce          `DimReduce`, in place of all others
        adasum              joins the steps of groups of devices; of one device nothing changes
        loss_scale_group    accepted; it is on where the loss scale is a `GroupLossScaleManager`

    There is one choice for the process, which the steps of this module look at: AutoBoost() gives the one that was
    made last.

    Args:
        level: "O0" nothing; "O1" less_bn and grad_freeze; "O2" adasum as well.
        boost_config_dict: {"boost": {"mode": ..., algorithm: bool, ...}, "less_bn": {...}, ...}. The mode "auto" takes
            the level's algorithms, "manual" those of the dict over the level's, "enable_all" all, "disable_all" none.
            Settings that the dict has not have the values of `SETTINGS`.

    Attributes:
        boost_config: algorithm: whether it is on. Each setting by its name; `local_pca_mat_path`.

    Raises:
        ValueError: an unknown level, mode, algorithm or setting. TypeError: the dict is none.
    """

    _instance: ClassVar[AutoBoost | None] = None
    level: str
    boost_config: dict[str, bool]
    fn_flag: bool
    gc_flag: bool
    param_groups: int
    freeze_type: int
    freeze_p: float
    total_steps: int
    gradient_split_groups: list[int] | None
    n_components: int
    pca_mat_path: str | None
    weight_load_dir: str | None
    local_pca_mat_path: str | None

    def __new__(cls, *args, **kwargs):
        if cls._instance is None:
            cls._instance = super().__new__(cls)
            cls._instance._configure("O0", {})
        return cls._instance

    def __init__(self, level=None, boost_config_dict=None):
        if level is not None or boost_config_dict:
            self._configure("O0" if level is None else level, boost_config_dict or {})

    def _configure(self, level, config) -> None:
        if level not in LEVELS:
            raise ValueError(f"For 'AutoBoost', the 'level' must be one of {', '.join(LEVELS)}, but got {level!r}.")
        if not isinstance(config, dict) or not all(isinstance(part, dict) for part in config.values()):
            raise TypeError(f"For 'AutoBoost', the 'boost_config_dict' must be a dict of dicts, but got {config!r}.")
        chosen = _chosen(level, dict(config.get("boost", {})))
        given: dict[str, Any] = {}
        for part, settings in SETTINGS.items():
            unknown = sorted(set(config.get(part, {})) - set(settings))
            if unknown:
                raise ValueError(f"For 'AutoBoost', {part!r} has no setting {unknown[0]!r}; it has "
                                 f"{', '.join(settings)}.")
            given |= {**settings, **config.get(part, {})}
        unknown = sorted(set(config) - set(SETTINGS) - {"boost", *ALGORITHMS})
        if unknown:
            raise ValueError(f"For 'AutoBoost', there is no {unknown[0]!r}; the dict may have 'boost' and "
                             f"{', '.join(SETTINGS)}.")
        self.__dict__.update(given, level=level, boost_config_dict=config, boost_config=chosen, local_pca_mat_path=None)

    def network_auto_process_train(self, network, optimizer) -> tuple:
        """The network and the optimizer that train, from those of the program."""
        config = self.boost_config
        if config["dim_reduce"]:
            self.local_pca_mat_path = pca_mat_path_of(self.weight_load_dir, self.pca_mat_path, self.n_components,
                                                      network)
            optimizer = SGD(network.trainable_params(), learning_rate=1.0)
            optimizer.dim_reduce = True
            return network, optimizer
        if config["less_bn"]:
            network = LessBN(network, fn_flag=self.fn_flag)
            process = OptimizerProcess(optimizer)
            params = ParameterProcess().assign_parameter_group(network.trainable_params(), self.gradient_split_groups)
            process.origin_params = ParameterProcess.generate_group_params(params, process.origin_params)
            if self.gc_flag:
                process.add_grad_centralization(network)
            optimizer = process.generate_new_optimizer()
        if config["grad_freeze"]:
            freeze = GradientFreeze(self.param_groups, self.freeze_type, self.freeze_p, self.total_steps)
            network, optimizer = freeze.freeze_generate(network, optimizer)
        if config["adasum"]:
            optimizer.adasum = True
        return network, optimizer

    def network_auto_process_eval(self, network):
        """The network that is evaluated; layers that training has replaced are already in it."""
        if self.boost_config["less_bn"] and not self.boost_config["dim_reduce"]:
            return LessBN(network)
        return network


def _chosen(level: str, boost: dict) -> dict[str, bool]:
    """Which algorithms are on."""
    mode = boost.pop("mode", "auto")
    if mode not in MODES:
        raise ValueError(f"For 'AutoBoost', the 'mode' must be one of {', '.join(MODES)}, but got {mode!r}.")
    unknown = sorted(set(boost) - set(ALGORITHMS))
    if unknown:
        raise ValueError(f"For 'AutoBoost', there is no algorithm {unknown[0]!r}; there are {', '.join(ALGORITHMS)}.")
    if mode in ("enable_all", "disable_all"):
        return dict.fromkeys(ALGORITHMS, mode == "enable_all")
    chosen = {name: name in LEVELS[level] for name in ALGORITHMS}
    return chosen | {name: bool(on) for name, on in boost.items()} if mode == "manual" else chosen
