"""An edit of filters."""

from studio.plugin import Edit, param


class Halve(Edit):
    """Every weight over a number."""

    label = "Halve"
    group = "Waves"

    by: float = param(2.0, lo=0.1, hi=10.0, doc="Over what")

    def change(self, kernels, selected):
        return kernels / self.by
