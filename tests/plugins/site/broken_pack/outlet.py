"""An outlet that opens, and fails at its first picture."""


class Line:
    where = "nowhere"

    def send(self, picture):
        raise LookupError("nobody there")

    def close(self):
        raise LookupError("never was")


class DeafOutlet:
    name, label = "deaf", "Deaf"

    def open(self, size, fps):
        return Line()


OUTLET = DeafOutlet()
