"""Help, version and facts: what commands print that bend nothing."""

from __future__ import annotations

import inspect
import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from commands import environment
from helpers import tiny_network

import studio as package
from studio.api import LiveNetwork
from studio.cli import app
from studio.cli.render import _codec, render
from studio.errors import StudioError
from studio.io import presets as preset_files
from studio.io.presets import save_preset
from studio.model.networks.preset import Preset

COMMANDS = ("render", "train", "info", "presets", "export", "bends", "addresses", "doctor", "open", "import", "bench")

Studio = Callable[..., "subprocess.CompletedProcess[str]"]
StudioHere = Callable[..., tuple[int, str, str]]


HELP_OF_ALL = """
import contextlib, io, json, sys
from studio.cli import main
found = {}
for command in ("", *sys.argv[1:]):
    sys.argv[1:], said = [*command.split(), "--help"], io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.suppress(SystemExit):
        main()
    heavy = ("torch", "moderngl", "cv2", "av", "numpy", "onnx")
    found[command] = said.getvalue(), [name for name in heavy if name in sys.modules]
print(json.dumps(found))
"""


def test_help_is_printed_without_importing_anything_heavy(tmp_path: Path) -> None:
    arguments = [sys.executable, "-c", HELP_OF_ALL, *COMMANDS]
    ran = subprocess.run(arguments, cwd=tmp_path, env=environment(), capture_output=True, text=True, check=True)
    found = json.loads(ran.stdout)

    assert found.keys() == {"", *COMMANDS}
    for command, (said, heavy) in found.items():
        assert "Usage:" in said
        assert all(name in said for name in ((command,) if command else COMMANDS))
        assert heavy == [], command
        assert "<bool>" not in said, f"{command}: a flag takes no value"


def test_only_the_first_paragraph_of_a_commands_help_spans_lines() -> None:
    """Typer joins its lines alone: others broke in the middle of the terminal."""
    for command in app.registered_commands:
        _, *others = inspect.cleandoc(command.callback.__doc__ or "").split("\n\n") if command.callback else ("",)
        assert not any("\n" in paragraph for paragraph in others), command.callback


def test_the_help_of_render_names_the_suffix_of_every_recording() -> None:
    written = inspect.get_annotations(render, eval_str=True)["output"].__metadata__[0].help
    assert [suffix for suffix in (".mp4", ".mov", ".mkv", ".gif", ".png", ".exr") if suffix not in written] == []
    with pytest.raises(StudioError) as told:
        _codec("", Path("out.xyz"))
    assert [name for name in (".mp4", ".mov", ".mkv", ".gif", ".png", ".exr") if name not in str(told.value)] == []
    assert _codec("", Path("out.exr")) == "exr"


def test_the_version_is_the_packages(studio: Studio) -> None:
    found = studio("--version")
    assert (found.returncode, found.stdout.strip()) == (0, f"studio {package.__version__}")


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
@pytest.mark.parametrize("command", [(), ("open", "tiny")])
def test_without_a_display_the_window_says_what_can_be_done(
    studio_here: StudioHere, monkeypatch: pytest.MonkeyPatch, command: tuple[str, ...]
) -> None:
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(name, raising=False)
    status, _, err = studio_here(*command)
    assert status == 2
    assert "There is no display for a window" in err
    assert "studio render" in err


def test_info_gives_the_layers_as_json(studio: Studio, made: Path) -> None:
    found = studio("info", made / "tiny", "--size", "31x20", "--json")
    assert found.returncode == 0, found.stderr
    facts, network = json.loads(found.stdout), tiny_network()

    assert (facts["name"], facts["network"], facts["sha256"]) == ("tiny", "tiny", network.sha256())
    assert (facts["size"], facts["padded"]) == ([31, 20], [32, 20])
    assert facts["output"] == {"layer": "out", "size": [31, 20]}
    fed = {"name": "input", "channels": 3, "range": [0.0, 1.0], "mean": [], "std": []}
    fed |= {"kind": "picture", "order": "rgb", "size": None, "multiple": [1, 1]}
    fed |= {"heights": [1, None], "widths": [1, None]}
    fed |= {"comes_from": "", "begins": "zeros", "seed": 0, "smaller": [1, 1]}  # of states
    assert facts["inputs"] == [fed]
    assert [layer["name"] for layer in facts["layers"]] == ["enc", "act", "dec", "out"]
    enc = facts["layers"][0]
    assert (enc["op"], enc["inputs"], enc["shape"]) == ("Conv2d", ["input"], [6, 10, 16])
    assert enc["parameters"] == 6 * 3 * 16 + 6
    assert enc["macs"] == 6 * 10 * 16 * 3 * 16
    weights = [network.tensors["enc.weight"], network.tensors["enc.bias"]]
    assert enc["weight_range"] == [min(float(w.min()) for w in weights), max(float(w.max()) for w in weights)]
    assert facts["layers"][1]["weight_range"] is None


def test_info_as_a_table_says_the_same(studio_here: StudioHere, made: Path) -> None:
    status, out, _ = studio_here("info", made / "tiny", "--size", "31x20")
    assert status == 0
    assert all(word in out for word in ("enc", "ConvTranspose2d", "6×10×16", "At 31×20", "works on 32×20"))


def test_info_of_a_preset_shows_what_it_bends(studio_here: StudioHere, made: Path, tmp_path: Path) -> None:
    network = tiny_network()
    changed = {"enc.weight": network.tensors["enc.weight"] * 2}
    save_preset(Preset("mine", network, changed, weights_path=made / "tiny"), tmp_path / "mine")
    status, out, _ = studio_here("info", "mine", "--json")
    facts = json.loads(out)

    assert status == 0
    assert (facts["name"], facts["network"]) == ("mine", "tiny")
    assert [layer["bent"] for layer in facts["layers"]] == [["weight"], [], [], []]


def bracketed(folder: Path) -> None:
    """A preset whose words look like markup of the table that lists it."""
    network = tiny_network()
    network = type(network)("tiny", network.graph, network.tensors, "", "[/b] licence")
    with LiveNetwork(network, engine="torch") as live:
        live.save(folder / "odd", description="[/red] a [bold]bend")


def test_presets_are_listed_whatever_their_words(
    studio_here: StudioHere, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    bracketed(tmp_path)
    monkeypatch.setattr(preset_files.paths, "PRESETS", tmp_path)

    status, out, _ = studio_here("presets")
    assert status == 0
    assert "[/red] a [bold]bend" in out
    status, out, _ = studio_here("presets", "--json")
    assert status == 0
    (card,) = json.loads(out)
    assert (card["name"], card["description"], card["problem"]) == ("odd", "[/red] a [bold]bend", None)
    assert Path(card["path"]) == tmp_path / "odd"
    status, out, _ = studio_here("info", tmp_path / "odd")
    assert status == 0
    assert "[/b] licence" in out


def test_presets_that_come_with_the_studio_are_listed_as_json(studio: Studio) -> None:
    found = studio("presets", "--json")
    assert found.returncode == 0, found.stderr
    cards = json.loads(found.stdout)
    assert [card["name"] for card in cards] == sorted(card["name"] for card in cards)
    assert [card["problem"] for card in cards if card["problem"]] == []


@pytest.mark.long
def test_doctor_says_what_works_as_json(studio: Studio) -> None:
    found = studio("doctor", "--json")
    assert found.returncode == 0, found.stderr
    facts = json.loads(found.stdout)

    assert facts["studio"] == package.__version__
    assert facts["engines"].keys() == {"gl", "gl-half", "gl-fragment", "torch", "torch-tf32", "torch-half"}
    assert facts["engines"]["torch"].startswith("works on ")
    assert facts["auto"].split(",")[0] in facts["engines"]
    assert facts["codecs"]["ffv1"].startswith("works")
    assert facts["packages"]["numpy"]


def test_doctor_without_opengl_still_says_what_works(studio_here: StudioHere, monkeypatch: pytest.MonkeyPatch) -> None:
    import moderngl

    def fail(**_: object) -> None:
        raise Exception("no display [/b]")

    monkeypatch.setattr(moderngl, "create_context", fail)
    status, out, _ = studio_here("doctor")
    assert status == 0
    assert "does not work: No OpenGL 3.3 here (no display [/b])" in out
    assert "torch, because there is no usable OpenGL" in out


@pytest.mark.parametrize(
    ("number", "text"), [(0, "0"), (999, "999"), (1234, "1.23 k"), (999_999, "1 M"), (54_413_955, "54.4 M")]
)
def test_large_numbers_are_shortened(number: int, text: str) -> None:
    from studio.cli.common import human_count

    assert human_count(number) == text


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="elsewhere there is always a display")
@pytest.mark.parametrize("name", ["DISPLAY", "WAYLAND_DISPLAY"])
def test_a_display_that_does_not_answer_is_one_sentence(
    studio: Callable[..., subprocess.CompletedProcess[str]], monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    for other in ("DISPLAY", "WAYLAND_DISPLAY", "QT_QPA_PLATFORM"):
        monkeypatch.delenv(other, raising=False)
    monkeypatch.setenv(name, ":4242" if name == "DISPLAY" else "wayland-4242")
    found = studio("open")
    assert found.returncode == 2
    assert "4242" in found.stderr
    assert "does not answer: log in to a desktop" in found.stderr


@pytest.mark.long
@pytest.mark.parametrize("encoding", ["cp1251", "cp437", "latin-1", "ascii"])
@pytest.mark.parametrize("command", [("info", "negative-space"), ("info", "negative-space", "--json"), ("presets",)])
def test_a_pipe_of_an_old_encoding_gets_what_it_can_hold(
    studio: Callable[..., subprocess.CompletedProcess[str]],
    monkeypatch: pytest.MonkeyPatch,
    encoding: str,
    command: tuple[str, ...],
) -> None:
    if encoding in ("cp437", "latin-1") and command[0] == "presets":
        pytest.skip("the other encodings show it")
    monkeypatch.setenv("PYTHONIOENCODING", encoding)
    found = studio(*command)
    assert found.returncode == 0, found.stderr
    if "--json" in command:
        json.loads(found.stdout)


@pytest.mark.long
@pytest.mark.parametrize("option", ["", "--json"])
def test_a_reader_that_has_gone_is_no_defect(made: Path, tmp_path: Path, option: str) -> None:
    command = f"{sys.executable} -m studio info {made}/tiny {option} | head -c 1 >/dev/null; exit ${{PIPESTATUS[0]}}"
    found = subprocess.run(
        ["bash", "-c", command], cwd=tmp_path, env=environment(), capture_output=True, text=True, check=False
    )
    assert found.returncode in (0, 2)
    assert "Traceback" not in found.stderr
