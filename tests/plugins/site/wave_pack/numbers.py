from studio.plugin import Knob, Number
from wave_pack.section import MOOD

OWNER = "mood"

_WORDS = ("calm", "wild")
WILD = Number("/mood/wild", "Wild", "switch", 0, 0, 1)


def knobs(preset):
    yield Knob(
        WILD,
        lambda p: float(p.section(MOOD) == "wild"),
        lambda p, value: p.with_section(MOOD, _WORDS[int(value)]),
    )
