"""Automatic differentiation by source transformation on graphs."""
