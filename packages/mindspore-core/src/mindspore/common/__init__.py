"""Tensors, dtypes, parameters, seeds and initializers."""
