from studio.plugin import Command, Place

COMMANDS = (
    Command(
        "wave.bypass",
        "Bypass the first layer",
        lambda c: c.document.set_bypassed(c.document.graph.nodes[0].name, True),
        Place("Layer", 90),
        enabled=lambda c: not c.document.bypassed,
        follows=frozenset({"bypass", "history"}),
    ),
)
