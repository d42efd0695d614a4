"""The source that is time alone: how its name says in which way vectors move."""

from __future__ import annotations

import pytest

from studio.errors import StudioError
from studio.io.sources.latent import latent_path, path_of_source
from studio.model.networks.latent import LatentPath


def test_the_text_of_a_path() -> None:
    assert latent_path("") == latent_path("walk") == LatentPath()
    assert latent_path("loop,seed=3,seconds=8.5,pace=1") == LatentPath("loop", 3, 4, 8.5, 1.0)
    assert latent_path("between,seed=4,to=2") == LatentPath("between", 4, 2)
    assert path_of_source("latent") == LatentPath()
    assert path_of_source("latent:loop,seed=3") == LatentPath("loop", 3, 4)
    assert path_of_source("late.mp4") is None


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("fly", '"fly" is no way for a vector to move'),
        ("loop,speed=3", '"speed=3" is not understood'),
        ("loop,seed=1,seed=2", '"seed=2" is not understood'),
        ("loop,seed=-1", 'seed="-1" is no seed'),
        ("loop,seed=99999999999", "is no seed"),
        ("loop,seed=4294967296", "is no seed"),
        ("loop,seconds=0", "is out of range"),
        ("loop,seconds=nan", "is out of range"),
        ("walk,pace=inf", "is out of range"),
        ("loop,seconds", "is out of range"),
        ("loop,to=3", '"to" goes with "between" alone'),
        ("between,pace=3", '"pace" goes with "walk" and "loop"'),
        ("loop,", "is not understood"),
    ],
)
def test_a_text_that_says_no_path_is_refused_in_a_sentence(text: str, said: str) -> None:
    with pytest.raises(StudioError, match=said):
        latent_path(text)
