"""The window while it is worked in: see `benchmarks.ui.__main__`."""
