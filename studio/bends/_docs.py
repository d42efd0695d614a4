"""docs/bends.md, made from the registry: ``python -m tools.make_bends_page`` writes it and its pictures."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from studio.bends import registry
from studio.model.form import Field, fields

HEAD = """# Bends of activations

Made by `python -m tools.make_bends_page` from the registry; a test holds it to that. The pictures are of the demo film
through `autoencoder-transposed`, bent behind `enc2` with the parameters' defaults, every channel, in full.

A bend stands behind a layer: what reads the layer reads the bent map. A *stage* is a bend with

- **channels**: all, a share by seed, a range, a list, a cluster of those that look alike, or the strongest by the norm
  of their maps or by their effect on the picture;
- **mask**: where on the picture: painted over it with the brush (*Mask: Painted*, in the window; the right button takes
  away), given from Python as an array, or as bright as an input or layer;
- **amount**: from 0, as it was, to 1, bent;
- **guard**: `none`; `finite` makes what is no number, or infinite, zero; `deviation` keeps every channel within so many
  of the standard deviations that it had; `norm` gives every channel the root mean square that it had.

Bends of a second picture take the maps that a film, a picture or a camera makes in the same layer: it is chosen in the
bend's card and saved with the preset, or given by `studio render --second`.

Stages of a layer work in their order, and are turned while the picture plays: a parameter that is marked *live*
compiles nothing and makes nothing. Within its *safe* range pictures mostly stay pictures; beyond it is allowed.

    studio render demo out.mp4 --bend "enc2:Rotate,angle=30@random=0.5,seed=1*0.7"
    studio bends --json

```python
net["enc2"].bend(studio.bend("Rotate", angle=30), channels=net["enc2"].clusters(4)[0], amount=0.7)
```
"""


def bends_page() -> str:
    """The page as Markdown."""
    return HEAD + "\n".join(_lines()) + "\n"


def _lines() -> Iterator[str]:
    group = ""
    for name, kind in sorted(registry().items(), key=lambda found: (found[1].group, found[0])):
        if kind.group != group:
            group = kind.group
            yield f"\n## {group}"
        yield f"\n### {name}\n"
        yield f"![{kind.label}](bends/{name}.jpg)\n"
        yield inspect.cleandoc(kind.__doc__ or "")
        if kind.other:
            yield f"\nIt needs a map from elsewhere: of another {'layer' if kind.other == 'layer' else 'picture'}."
        declared = fields(kind)
        if declared:
            yield ""
        for field in declared:
            yield f"- `{field.name}` ({', '.join(_said(field))}): {field.doc}"


def _said(field: Field) -> Iterator[str]:
    if field.unit:
        yield field.unit
    if field.choices:
        yield " | ".join(map(str, field.choices))
    elif field.lo is not None and field.hi is not None and field.kind != "seed":
        yield f"{field.lo:g} to {field.hi:g}"
    if field.safe:
        yield f"safe {field.safe[0]:g} to {field.safe[1]:g}"
    yield f"default {field.default}"
    if field.live:
        yield "live"
