"""Lists of names, as text."""

from __future__ import annotations


def words(text: str) -> frozenset[str]:
    """The names that stand in a text."""
    return frozenset(text.split())


_BOXES = "it is of a detector, which finds boxes: export the part before it, which makes maps"
_OVER_TIME = "in its place put convolutions, or a network that is fed its own output"
_INSTEAD = {
    "NonMaxSuppression": _BOXES,
    "RoiAlign": _BOXES,
    "MaxRoiPool": _BOXES,
    "NonZero": "in its place put Where with a mask",
    "Unique": "in its place put OneHot",
    "LSTM": _OVER_TIME,
    "GRU": _OVER_TIME,
    "RNN": _OVER_TIME,
    "Compress": "in its place put Gather with places that do not follow the picture",
    "ReverseSequence": "in its place put Slice with a step of -1",
    "STFT": "in its place put DFT of windows that Slice cuts out",
    "StringNormalizer": "it works on text: export the part that makes maps",
    "TfIdfVectorizer": "it works on text: export the part that makes maps",
    "Optional": "export the model without values that may be missing",
    "OptionalGetElement": "export the model without values that may be missing",
    "Det": "put the number itself, where the matrix does not follow the picture",
}


def way_on(kind: str) -> str:
    """What to do where ONNX's operator of this kind is not supported."""
    return _INSTEAD.get(kind, "docs/operators.md lists those that are")
