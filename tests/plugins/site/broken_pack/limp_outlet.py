"""An outlet without a label."""


class OUTLET:
    name = "limp"

    def open(self, size, fps):
        return None
