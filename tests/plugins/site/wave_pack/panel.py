from PySide6.QtWidgets import QLabel

from studio.plugin import Command, Dial, Number, Panel, Place

BRIGHTNESS = Number("/names/brightness", "Brightness", "number", 1.0, 0.0, 1.0)


class Names(QLabel):
    brightness = 1.0

    def __init__(self, document):
        super().__init__(", ".join(node.name for node in document.graph.nodes))

    def dim(self, brightness):
        self.brightness = brightness


PANELS = (
    Panel(
        "names",
        "Names",
        "right",
        lambda c: Names(c.document),
        stack=20,
        commands=(
            Command(
                "names.shout",
                "Shout",
                lambda c: c[Names].setText(c[Names].text().upper()),
                Place("View", 90),
                keys=("Ctrl+Alt+N",),
            ),
        ),
        dials=lambda c: (Dial(BRIGHTNESS, lambda: c[Names].brightness, c[Names].dim),),
    ),
)
