"""Learning: the lesson, its curves and pictures, and the checkpoints to go back to."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from studio.model.filters.learning_sheets import LEARNING_SHEETS
from studio.model.networks.network import Network
from studio.model.networks.preset import Preset
from studio.runtime.learning.comparison import Comparison
from studio.runtime.learning.session import LearningSession
from studio.runtime.live.playing import PlayerState
from studio.runtime.live.report import Message
from studio.runtime.live.telemetry import Telemetry
from studio.runtime.services.loading import Loader
from studio.ui.kit.command import LAYER, Command, Context, Place, has_tensor
from studio.ui.kit.panel import Panel
from studio.ui.services.messages import MessageBar
from studio.ui.services.parts import Parts

# What draws with pyqtgraph, or knows all losses, takes a while to import: that comes when it is made.
if TYPE_CHECKING:
    from studio.ui.learning.compare import CompareWindow
    from studio.ui.learning.panel import LearningPanel


def _make(context: Context) -> LearningPanel:
    from studio.ui.learning.panel import LearningPanel

    messages, session = context[MessageBar], context[LearningSession]
    session.changed.connect(lambda what: messages.settle("lesson") if what == "fits" else None)
    return LearningPanel(context.workspace, session, context[Telemetry], messages.say, context[Parts].worker)


def _panel(context: Context) -> LearningPanel:
    from studio.ui.learning.panel import LearningPanel

    return context[LearningPanel]


def _toggle(context: Context) -> None:
    _panel(context).toggle()


def _rate(context: Context, rate: float) -> None:
    tensor, selection, document = context.workspace.tensor, context.workspace.selection, context.document
    if tensor is not None and selection is not None:
        shape, label = document.tensor(tensor).shape, _RATES.get(rate, "Rate of kernels")
        after = document.section(LEARNING_SHEETS).with_kernels("rates", tensor, shape, selection, rate)
        document.set_section(LEARNING_SHEETS, after, f"{label} of {tensor}")


_RATES = {0.0: "Pin kernels", 1.0: "Release kernels", 10.0: "Hurry kernels"}


def _new(context: Context) -> None:
    from studio.ui.learning.new_network import ask_for_network, made

    wanted = ask_for_network(context.window)
    if wanted is not None:
        context[Loader].make("a new network", partial(made, wanted), context.document.load)


def _compare(context: Context) -> None:
    """Show the window in which both upsamplings learn."""
    from studio.ui.learning.compare import CompareWindow

    made = context.once(CompareWindow, lambda: _compare_window(context))
    made.show()
    made.raise_()


def _compare_window(context: Context) -> CompareWindow:
    from studio.ui.learning.compare import CompareWindow

    def keep(network: Network) -> None:
        context.document.load(Preset(network.name, network, {}), None)

    def report(text: str) -> None:
        context[MessageBar].say(Message(text, "error"))

    def playing() -> str:
        return context[Telemetry][PlayerState].spec or "demo"

    return CompareWindow(context.window, context[Comparison], playing, keep, report)


PANELS = (
    Panel(
        "learning",
        "Learning",
        "right",
        _make,
        modules=("studio.ui.learning.panel",),
        stack=20,
        order=60,
        scrolled=True,
        dials=lambda c: _panel(c).dials(),
        commands=(
            Command(
                "learn.toggle",
                "Learn",
                _toggle,
                Place("Run", 60, 10),
                keys=("Ctrl+Shift+L",),
                icon="graduation-cap",
                tip="Learn, or pause; what is learnt is in the document, and undo takes it back",
            ),
            Command(
                "learn.step",
                "Learn one step",
                lambda c: _panel(c).one_step(),
                Place("Run", 60, 20),
                keys=("Ctrl+Alt+L",),
            ),
            Command(
                "learn.pin",
                "Pin selected kernels",
                lambda c: _rate(c, 0.0),
                Place("Edit", 60, 10),
                icon="push-pin",
                tip="They keep their weights bit for bit while the rest learns",
                enabled=has_tensor,
                follows=LAYER,
            ),
            Command(
                "learn.hurry",
                "Hurry selected kernels",
                lambda c: _rate(c, 10.0),
                Place("Edit", 60, 20),
                tip="They learn ten times as fast",
                enabled=has_tensor,
                follows=LAYER,
            ),
            Command(
                "learn.release",
                "Let selected kernels learn as usual",
                lambda c: _rate(c, 1.0),
                Place("Edit", 60, 30),
                enabled=has_tensor,
                follows=LAYER,
            ),
            Command(
                "learn.new",
                "New network…",
                _new,
                Place("File", 10, 5),
                keys=("Ctrl+N",),
                icon="plus",
                tip="A network that has learnt nothing yet, to teach",
            ),
            Command(
                "learn.compare",
                "Which upsampling learns better?",
                _compare,
                Place("File", 10, 6),
                tip="Two new autoencoders learn side by side: transposed convolution, and fractional stride",
            ),
        ),
    ),
)
