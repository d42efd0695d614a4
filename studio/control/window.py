"""The numbers that the window has besides a preset's: of source, view, output, brush, lesson, variants and fades.

They are declared here, where no window is needed to list them; the panels say how they are read and turned.
"""

from __future__ import annotations

from studio.control.crossing import FADE, MORPH
from studio.learn.lesson_numbers import loss_numbers, setting_numbers
from studio.model.declared.form import fields
from studio.model.filters.learning_sheets import MOST
from studio.model.movement.address import Number, joined, number_of
from studio.model.performances.cue import MOST as CUES
from studio.model.views.brush import Brush

SPEED = Number("/source/speed", "Speed", "number", 1.0, 0.1, 4.0, "", "Seconds of the source in one second")
POSITION = Number(
    "/source/position", "Position", "number", 0.0, 0.0, 1.0, "", "Where the source is, as a part of its length"
)
CUE = Number(
    "/source/cue", "Cue", "integer", 0.0, 0.0, float(CUES), "", "Goes to a cue point of the film; 0 is its beginning"
)

ZOOM = Number(
    "/view/zoom",
    "Zoom",
    "number",
    1.0,
    1 / 1024,
    128.0,
    "",
    "Pixels of the screen for each of the picture; what is smaller or larger than can be shown goes as far as it can",
    safe=(0.1, 16.0),
)
VIEW_X = Number("/view/x", "View x", "number", 0.5, 0.0, 1.0, "", "What is in the middle, from the left to the right")
VIEW_Y = Number("/view/y", "View y", "number", 0.5, 0.0, 1.0, "", "What is in the middle, from the top to the bottom")
SPLIT = Number("/view/split", "Split", "number", 0.5, 0.0, 1.0, "", "Where input and output are parted side by side")


def _switch(name: str, label: str, doc: str) -> Number:
    return Number(f"/output/{name}", label, "switch", 0.0, 0.0, 1.0, "", doc)


BLACK = _switch("black", "Output black", "Whether the output window shows nothing")
TEST = _switch("test", "Output test picture", "Whether it shows a test picture")
MIRRORED = _switch("mirrored", "Output mirrored", "Whether left and right are exchanged")
FLIPPED = _switch("flipped", "Output upside down", "Whether it stands on its head")
QUARTERS = Number("/output/quarters", "Output turn", "integer", 0.0, 0.0, 3.0, "", "Turns of 90 degrees, clockwise")

BRUSH = {
    field.name: number_of(joined("brush", field.name), field, f"Brush {field.label.lower()}") for field in fields(Brush)
}
"""The brush's own settings, by their names."""

RATE = Number("/brush/rate", "Brush rate", "number", 0.0, 0.0, MOST["rates"], "", "What it sets rates of learning to")
PULL = Number("/brush/pull", "Brush pull", "number", 0.05, 0.0, MOST["pulls"], "", "What it sets pulls to")

NAMED_BRUSH = Number(
    "/brush/preset", "Brush by name", "integer", 0.0, 0.0, 60.0, "", "Takes a brush that is kept; 0 is one set by hand"
)

FADE_BEATS = Number(
    "/fading/beats", "Fade", "number", 4.0, 0.0, 64.0, "beats", "How long opening a preset takes; 0 cuts"
)


STEPS = Number(
    "/lesson/steps",
    "Lesson steps",
    "integer",
    0.0,
    0.0,
    1e7,
    "",
    "How many steps Learn takes before it pauses; 0 is endless",
    safe=(0.0, 10_000.0),
)
SECONDS = Number(
    "/lesson/seconds",
    "Lesson seconds",
    "number",
    0.0,
    0.0,
    1e6,
    "s",
    "How many seconds of steps Learn takes before it pauses; 0 is endless",
    safe=(0.0, 600.0),
)
DECIBELS = Number(
    "/lesson/decibels",
    "Lesson decibels",
    "number",
    0.0,
    0.0,
    200.0,
    "dB",
    "The PSNR at which Learn pauses, as the mean of the last 20 steps; 0 is endless",
    safe=(0.0, 60.0),
)
STRENGTH = Number(
    "/vary/strength",
    "Strength of variants",
    "number",
    0.5,
    0.05,
    1.0,
    "",
    "How many filters the next eight bend, and how far",
)


def window_numbers() -> tuple[Number, ...]:
    """All of them; those of plug-ins' panels are theirs alone, and ``/fade`` and ``/morph`` wait for filled slots."""
    return (
        *(SPEED, POSITION, CUE, ZOOM, VIEW_X, VIEW_Y, SPLIT),
        *(BLACK, TEST, MIRRORED, FLIPPED, QUARTERS),
        *(*BRUSH.values(), RATE, PULL, NAMED_BRUSH),
        *(number for _, number in (*setting_numbers(), *loss_numbers())),
        *(STEPS, SECONDS, DECIBELS, STRENGTH, FADE_BEATS, FADE, *MORPH),
    )
