"""The reference backend: every primitive by its NumPy definition."""
