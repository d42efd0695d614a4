"""Files of text, and the text within others, whose values are other than they may be: read, or refused in a sentence.

Bytes at random seldom get past a parser: here each file stays JSON or YAML, and says something else.
"""

from __future__ import annotations

import random
import re
import time
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
import safetensors.numpy
import safetensors.torch
from helpers import branched_network, tiny_network
from test_fuzz import preset, pt2, refusal, state, state_dict

from studio.errors import LONGEST
from studio.io.autosave import Recovery, recovered
from studio.io.importers import open_model
from studio.io.network_bending import read_clusters, read_transforms
from studio.io.networks import load_network, save_network
from studio.io.origin import read_origin, read_rest, save_imported
from studio.io.performances import load_performance, save_performance
from studio.io.presets import load_preset
from studio.io.safetensors_file import write_arrays
from studio.learn.backend import State
from studio.learn.checkpoint import lesson_of, load_checkpoint, save_checkpoint
from studio.learn.records import Checkpoint
from studio.model.filters.edit import Patch
from studio.model.networks.layout import Rect
from studio.model.performances import performed
from studio.model.performances.performance import Performance
from studio.paths import PRESETS

IN_ALL = 6_000
_TOKEN = re.compile(rb'"(?:[^"\\]|\\.)*"|-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null')
_ODD = [
    *(b"null", b"true", b"-1", b"0", b"0.5", b"1e308", b"-1e308", b"1e-320", b"NaN", b"Infinity"),
    *(b"2147483648", b"9223372036854775808", b"1" * 400, b"1" * 5000),
    *(b'""', b'"a"', b'"\\ud800"', b'"\\u0000"', b'"' + b"x" * 3000 + b'"'),
    *(b"[]", b"{}", b"[1, 2, 3]", b'{"a": 1}', b"[" * 3000, b"[[[[[[]]]]]]"),
    *(b'"0001-01-01T00:00:00"', b'"9999-12-31T23:59:59-14:00"', b"2026-13-45"),
]


class Text(NamedTuple):
    """What a whole file says, what puts other words in their place, and what reads that."""

    whole: bytes
    put: Callable[[bytes], object]
    read: Callable[[], object]


def other_values(text: bytes, rng: random.Random) -> bytes:
    """One to three values made odd, or what another value of the file is."""
    for _ in range(rng.choice((1, 1, 2, 3))):
        found = list(_TOKEN.finditer(text))
        if not found:
            return text
        place = rng.choice(found)
        new = rng.choice(_ODD) if rng.random() < 0.7 else rng.choice(found).group()
        text = text[: place.start()] + new + text[place.end() :]
    return text


def plain(path: Path, read: Callable[[], object]) -> Text:
    return Text(path.read_bytes(), path.write_bytes, read)


def of_archive(path: Path, member: str, read: Callable[[], object]) -> Text:
    with zipfile.ZipFile(path) as archive:
        held = {each.filename: archive.read(each.filename) for each in archive.infolist()}

    def put(data: bytes) -> None:
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in (held | {member: data}).items():
                archive.writestr(name, content)

    return Text(held[member], put, read)


def performance(home: Path) -> Text:
    path = home / "a.performance"
    stroke = performed.Stroke(0.3, "enc.weight", Patch(Rect(0, 0, 3, 2), np.ones((3, 2), np.float32)))
    bypassed = performed.Arranged(0.4, "bypassed", ["act"], 1)
    events: tuple[performed.Event, ...] = (
        performed.Ran(0.0, 0, 0.0),
        performed.Turned(0.1, "/bend/1/angle", 3.0),
        performed.Signalled(0.2, "osc/x", 0.5),
        stroke,
        bypassed,
        performed.Prepared(0.4, 1, stroke),
        performed.Prepared(0.4, 2, bypassed),
        performed.Faded(0.6, (1, 2), ("enc.weight",), 1.0),
        performed.Mixed(0.7, (0.5, 0.5)),
        performed.NetworkOpened(0.9, "0" * 64, "x", str(home), 0.5),
        performed.Ran(1.0, 1, 0.04),
        performed.Ended(1.2),
    )
    save_performance(Performance("0" * 64, "of somebody", events), path)
    return plain(path, lambda: load_performance(path).trimmed(0.0, 1.0))


def transforms(home: Path) -> Text:
    path = home / "a.yaml"
    one = "  - {{layer: {}, transform: {}, params: [{}], features: {}, feature-param: {}}}\n"
    lines = [one.format(1, "rotate", 45, "all", "null"), one.format(2, "translate", "0.1, -0.3", "random", 0.5)]
    path.write_text("transforms:\n" + "".join([*lines, one.format(1, "ablate", "", "cluster", 2)]))
    graph = tiny_network().graph
    return plain(path, lambda: read_transforms(path, graph, {1: {2: (0, 1)}}))


def clusters(home: Path) -> Text:
    path = home / "c.yaml"
    path.write_text("1:\n  - {feature_index: 0, cluster_index: 2}\n  - {feature_index: 1, cluster_index: 2}\n")
    return plain(path, lambda: read_clusters(path))


def checkpoint(home: Path) -> Text:
    path, network = home / "learning-1.safetensors", tiny_network()
    begun = State(network.tensors, {}, 3)
    save_checkpoint(Checkpoint(begun, np.random.default_rng(0).bit_generator.state), path)
    arrays = safetensors.numpy.load_file(path)

    def put(data: bytes) -> None:
        write_arrays(path, arrays | {"said": np.frombuffer(data, np.uint8)})

    def read() -> None:
        load_checkpoint(path, network)
        lesson_of(path)

    return Text(arrays["said"].tobytes(), put, read)


def header(home: Path) -> Text:
    path = home / "a.safetensors"
    path.write_bytes(safetensors.torch.save(state()))
    data = path.read_bytes()
    length = int.from_bytes(data[:8], "little")

    def put(text: bytes) -> None:
        path.write_bytes(len(text).to_bytes(8, "little") + text + data[8 + length :])

    return Text(data[8 : 8 + length], put, lambda: open_model(path))


def exported(home: Path) -> Text:
    path = home / "a.pt2"
    pt2(path)
    with zipfile.ZipFile(path) as archive:
        [member] = [name for name in archive.namelist() if name.endswith("models/model.json")]
    return of_archive(path, member, lambda: open_model(path))


def network(home: Path) -> Text:
    save_network(branched_network(), home / "net")
    return plain(home / "net" / "network.json", lambda: load_network(home / "net"))


def shipped(home: Path) -> Text:
    """A preset that has most sections: stages, routes, live edits."""
    folder = home / "bass-bloom"
    folder.mkdir()
    for file in (PRESETS / "bass-bloom").iterdir():
        (folder / file.name).write_bytes(file.read_bytes())
    return plain(folder / "preset.json", lambda: load_preset(folder))


def origin(home: Path) -> Text:
    state_dict(home / "a.pt")
    save_imported(open_model(home / "a.pt"), home / "net")

    def read() -> None:
        read_origin(home / "net")
        read_rest(home / "net")

    return plain(home / "net" / "origin.json", read)


def autosave(home: Path) -> Text:
    run = Recovery(home / "recovery")
    run.keep(preset(), home / "mine", 3)

    def read() -> None:
        # What cannot be read is left out: work that can is still offered.
        for kept in Recovery(home / "recovery").others():
            recovered(kept)

    return plain(run.folder / "about.json", read)


TEXTS: dict[str, Callable[[Path], Text]] = {
    made.__name__: made
    for made in (
        *(performance, transforms, clusters, checkpoint, header, exported, network, shipped, origin, autosave),
    )
}


def try_odd(text: Text, count: int, seed: int) -> None:
    rng = random.Random(seed)
    assert refusal(lambda _: text.read(), Path()) is None
    for number in range(count):
        odd = other_values(text.whole, rng)
        text.put(odd)
        began = time.process_time()
        sentence = refusal(lambda _: text.read(), Path())
        seconds = time.process_time() - began
        assert seconds < 1, f"{odd[:400]!r} took {seconds:.1f} s (seed {seed}, number {number})"
        assert sentence is None or 0 < len(sentence) <= LONGEST + 3
    text.put(text.whole)


@pytest.mark.parametrize("name", TEXTS)
def test_odd_values_are_read_or_refused(name: str, tmp_path: Path, fresh_seed: int) -> None:
    text = TEXTS[name](tmp_path)
    try_odd(text, 40, 0)
    try_odd(text, 20, fresh_seed)


@pytest.mark.slow
@pytest.mark.parametrize("name", TEXTS)
def test_thousands_of_odd_values(name: str, tmp_path: Path, fresh_seed: int) -> None:
    try_odd(TEXTS[name](tmp_path), IN_ALL // len(TEXTS) + 1, fresh_seed)


def test_of_work_that_is_kept_the_first_and_the_last_days_of_a_calendar_are_none(tmp_path: Path) -> None:
    text = autosave(tmp_path)
    for day in (b"0001-01-01T00:00:00", b"9999-12-31T23:59:59", b"0001-01-01T00:00:00+14:00"):
        text.put(re.sub(rb'("when": ")[^"]*', rb"\g<1>" + day, text.whole))
        Recovery(tmp_path / "recovery").others()
