"""docs/bends.md, made from the registry: ``python -m tools.make_bends_page`` writes it and its pictures."""

from __future__ import annotations

import inspect
from collections.abc import Iterator

from studio.bends import registry
from studio.model.declared.form import Field, fields

HEAD = """# Bends of activations

Made by `python -m tools.make_bends_page` from the registry; a test holds it to that. The pictures are of the demo film
through `autoencoder-transposed`, bent behind `enc2_act` with the parameters' defaults, every channel, in full.

A bend stands behind a layer: what reads the layer reads the bent map. A *stage* is a bend with

- **channels**: all, a share by seed, a range, a list, those of the selected filters, a cluster of those that look
  alike, or the strongest by the norm of their maps or by their effect on the picture;
- **mask**: where on the picture: painted over it with the brush (*Mask: Painted*, in the window; the right button takes
  away), given from Python as an array, or as bright as an input or layer;
- **amount**: from 0, as it was, to 1, bent;
- **guard**: `none`; `finite` makes what is no number, or infinite, zero; `deviation` keeps every channel within so many
  of the standard deviations that it had; `norm` gives every channel the root mean square that it had.

Bends of a second picture take the maps that a film, a picture or a camera makes in the same layer: it is chosen in the
bend's card and saved with the preset, or given by `studio render --second`.

Stages of a layer work in their order, and are turned while the picture plays: a parameter that is marked *live*
compiles nothing and makes nothing. Within its *safe* range pictures mostly stay pictures; beyond it is allowed. While
the viewport shows a layer with bends, *Before bends* and *After* over it, or `Shift+L`, show it without them and with.

    studio render demo out.mp4 --bend "enc2:Rotate,angle=30@random=0.5,seed=1*0.7"
    studio bends --json

```python
net["enc2"].bend(studio.bend("Rotate", angle=30), channels=net["enc2"].clusters(4)[0], amount=0.7)
```

## Clusters

Channels whose maps look alike are found within seconds, on any layer: how far the maps of some frames depart from
their middle values, up or down, shrunk to 16×16, brought to mean 0 and length 1, and clustered by k-means. (The
signed maps themselves would cancel out in outlines.) Where a map is a single value, as behind a dense layer, it is how
that rises and falls from frame to frame. How many are found is *auto*, as many as are told apart best, or a number
(beside the clusters in a bend's card, `net["enc2"].clusters(4)`, `@cluster=1,of=4`). A cluster is kept with the preset
under a name (the tag in a bend's card, or `net.keep_cluster(cluster, "sky")`), bent by it
(`--bend "enc2:Invert@cluster=sky"`), and listed by `studio bends PRESET`.

Broad asks two things of clusters: that members look alike, and that bending one changes another part of the picture
than bending the next. `python -m tools.make_cluster_sheet` measures both on the networks that come with the studio:
how alike two maps are within a cluster and between clusters (mean cosine), and by how much the regions overlap that
change when one or another cluster is ablated. A region is the fifth of the picture that changes most, an overlap the
intersection of two over their union, averaged over all pairs and three frames. Regions that have nothing to do with
each other overlap by 0.11.

| network, layer | channels | clusters | alike within | between | overlap | of random groups |
| --- | --- | --- | --- | --- | --- | --- |
| autoencoder-transposed, `enc2` | 256 | 61 60 57 43 35 | 0.75 | 0.05 | 0.12 | 0.23 |
| autoencoder-fractional, `enc2` | 256 | 75 74 44 41 22 | 0.72 | 0.05 | 0.11 | 0.16 |
| edges-to-picture, `up5` | 128 | 43 33 26 18 8 | 0.14 | 0.11 | 0.14 | 0.17 |
| restorer, `conv3` | 48 | 12 12 9 8 7 | 0.86 | 0.69 | 0.46 | 0.55 |
| style-aurora, `res3.norm1` | 64 | 21 17 11 11 4 | 0.64 | 0.55 | 0.26 | 0.28 |
| style-ink, `res3.norm1` | 64 | 20 16 10 9 9 | 0.55 | 0.43 | 0.32 | 0.34 |
| style-mosaic, `res3.norm1` | 64 | 15 14 14 12 9 | 0.72 | 0.54 | 0.22 | 0.29 |
| landscapes, `up2_norm` | 96 | 23 19 19 18 17 | 0.21 | 0.09 | 0.17 | 0.22 |

On every one of them clusters overlap less than random groups. Clusters of the autoencoders and of the edges move
parts of the picture that have next to nothing to do with each other: sky, building and outlines come apart. In the
painters, whose norms spread each change over the whole picture, and in the restorer, which corrects the same
outlines by all its channels, they part it a little better than chance. The smaller a map, the less its members look
alike. Each row of the sheet is a network of the table: its picture, then for each cluster the mean of its maps, the
picture without it, and where that changes.

![Clusters](clusters.jpg)
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
