"""Protecting the weights of networks."""
from mindspore.safeguard.obfuscation import load_obf_params_into_net, obfuscate_ckpt

__all__ = ["load_obf_params_into_net", "obfuscate_ckpt"]
