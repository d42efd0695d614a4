"""A picture on its way out of a network, while the next one goes in."""

from __future__ import annotations

from collections.abc import Callable

from studio.model.networks.picture import DeepPicture

DeepComing = Callable[[], DeepPicture]
"""Waits for it; called once at most."""


def there(picture: DeepPicture) -> DeepComing:
    """One that is there already."""
    return lambda: picture
