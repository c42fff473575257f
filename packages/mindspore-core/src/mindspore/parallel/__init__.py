"""Settings of automatic parallel training, as far as programs that run in one process set and read them."""
from mindspore.parallel.algorithm_settings import get_algo_parameters, reset_algo_parameters, set_algo_parameters

__all__ = ["get_algo_parameters", "reset_algo_parameters", "set_algo_parameters"]
