"""One edit that no form can ask for, one that fails at work."""

from studio.plugin import Edit


class Formless(Edit):
    label = "Formless"

    what: dict[str, str] = {}


class Trip(Edit):
    label = "Trip"

    def change(self, kernels, selected):
        raise IndexError("out of reach")
