"""Weights before and after what has changed them, for whoever takes it back and does it again."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from studio.model.filters.edit import Patch
from studio.model.filters.gesture import Gesture
from studio.model.filters.version import Version
from studio.model.networks.layout import crop
from studio.model.networks.network import same_bits


@dataclass(frozen=True, eq=False)
class ChangedWeights:
    """What tensors hold at some moment, where something has changed them.

    Attributes:
        patches: rectangles of tensors, in the order in which they are put.
        versions: tensors of which most has changed, as a whole.
    """

    patches: tuple[tuple[str, Patch], ...] = ()
    versions: Mapping[str, Version] = field(default_factory=dict)

    @property
    def nbytes(self) -> int:
        """Memory that it holds."""
        patches = sum(patch.values.nbytes for _, patch in self.patches)
        return patches + sum(version.values.nbytes for version in self.versions.values())

    def __bool__(self) -> bool:
        return bool(self.patches or self.versions)


def by_gesture(gesture: Gesture, hold: Callable[[str], Version]) -> tuple[ChangedWeights, ChangedWeights]:
    """What stood where a gesture has changed tensors, and what stands there now; without what is as it was.

    Args:
        gesture: one that is over.
        hold: gives a tensor as it is now, and keeps it so.
    """
    old, new = list[tuple[str, Patch]](), list[tuple[str, Patch]]()
    was, become = dict[str, Version](), dict[str, Version]()
    for name in gesture.touched:
        replaced, now = gesture.replaced(name), hold(name)
        if replaced is None:
            before = gesture.patch(name)
            after = Patch(before.rect, crop(now.values, before.rect))
            if not same_bits(before.values, after.values):
                old.append((name, before))
                new.append((name, after))
        elif not _alike(now, replaced):
            was[name], become[name] = replaced, now
    return ChangedWeights(tuple(reversed(old)), was), ChangedWeights(tuple(new), become)


def _alike(one: Version, other: Version) -> bool:
    """Whether they are alike in every bit; what is known of them may tell, else they are looked at."""
    known = one.is_like(other)
    return same_bits(one.values, other.values) if known is None else known
