"""Layers that a file spells out step by step, as the one operator that they are."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import replace

import numpy as np

from studio.io.importers._draft import Draft, Weight
from studio.model.networks.node import Node
from studio.model.networks.op import Op
from studio.ops import operator


def simplify(draft: Draft, output: str) -> str:
    """Recognise norms, GELUs and scales with a shift; the output's name, which may be another layer's then."""
    output = _join_scale_and_shift(draft, output)
    output = _recognise_instance_norm(draft, output)
    output = _recognise_gelu(draft, output)
    return _join_affine_norms(draft, output)


def fold_batch_norms(draft: Draft, output: str) -> str:
    """Multiply batch norms into the convolutions that they alone read."""
    for norm in [node for node in draft.nodes if type(node.op).__name__ == "BatchNorm2d"]:
        conv = _sole(draft, norm, "Conv2d", output) or _sole(draft, norm, "ConvTranspose2d", output)
        axes = None if conv is None else _output_axis(conv.op)
        if conv is None or axes is None or norm.tensors_of or conv.tensors_of or _shared(draft, conv):
            continue
        have = {key: draft.weights[f"{norm.name}.{key}"].values.astype(np.float64) for key in norm.op.tensor_shapes()}
        scale = have.get("weight", np.ones(1)) / np.sqrt(have["running_var"] + norm.op.model_dump()["eps"])
        weight = draft.weights[f"{conv.name}.weight"].values * scale.reshape(axes)
        old = draft.weights.get(f"{conv.name}.bias")
        shifted = (0.0 if old is None else old.values) - have["running_mean"]
        bias = shifted * scale + have.get("bias", np.zeros(1))
        made = replace(conv, op=conv.op.model_copy(update={"bias": True}))
        draft.weights[f"{conv.name}.weight"] = Weight(weight.astype(np.float32))
        draft.weights[f"{conv.name}.bias"] = Weight(bias.astype(np.float32))
        draft.nodes = [made if node is conv else node for node in draft.nodes]
        output = _bypass(draft, norm, conv.name, output)
    return output


def _output_axis(op: Op) -> tuple[int, ...] | None:
    """Shape of one number for each output channel of a weight; None where groups have it run over two axes."""
    if type(op).__name__ == "Conv2d":
        return -1, 1, 1, 1
    return (1, -1, 1, 1) if op.model_dump()["groups"] == 1 else None


def _named(draft: Draft) -> dict[str, Node]:
    return {node.name: node for node in draft.nodes}


def _is(node: Node | None, kind: str) -> bool:
    return node is not None and type(node.op).__name__ == kind


def _readers(draft: Draft, output: str) -> Counter[str]:
    return Counter([name for node in draft.nodes for name in node.inputs] + [output, *draft.others])


def _shared(draft: Draft, node: Node) -> bool:
    return any(other.tensors_of == node.name for other in draft.nodes)


def _sole(draft: Draft, node: Node, kind: str, output: str) -> Node | None:
    """What a layer reads, where that is of this kind and nothing else reads it."""
    before = _named(draft).get(node.inputs[0])
    alone = before is not None and _readers(draft, output)[before.name] == 1
    return before if alone and _is(before, kind) else None


def _bypass(draft: Draft, gone: Node, instead: str, output: str) -> str:
    """Have what reads one layer read another, and leave the first out."""
    draft.nodes = [
        replace(node, inputs=tuple(instead if name == gone.name else name for name in node.inputs))
        for node in draft.nodes
        if node.name != gone.name
    ]
    draft.others = [instead if name == gone.name else name for name in draft.others]
    return instead if output == gone.name else output


def _put(draft: Draft, old: Node, op: Op, reads: tuple[str, ...], tensors: dict[str, Weight]) -> None:
    made = Node(old.name, op, reads)
    draft.nodes = [made if node.name == old.name else node for node in draft.nodes]
    draft.weights |= {f"{old.name}.{key}": weight for key, weight in tensors.items()}


def _join_scale_and_shift(draft: Draft, output: str) -> str:
    """A scale per channel and then a shift per channel are one ScaleShift."""
    for shift in [node for node in draft.nodes if _is(node, "ScaleShift") and not node.tensors_of]:
        scale = _sole(draft, shift, "ScaleShift", output)
        if scale is None or scale.tensors_of or _shared(draft, scale) or _shared(draft, shift):
            continue
        adds = (draft.weights[f"{shift.name}.weight"].values == 1).all()
        multiplies = (draft.weights[f"{scale.name}.bias"].values == 0).all()
        if adds and multiplies:
            draft.weights[f"{scale.name}.bias"] = draft.weights[f"{shift.name}.bias"]
            output = _bypass(draft, shift, scale.name, output)
    return output


def _recognise_instance_norm(draft: Draft, output: str) -> str:
    """``d = x - mean(x); d / sqrt(mean(d * d) + eps)``, spelled out, is InstanceNorm2d."""
    for last in [node for node in draft.nodes if _is(node, "Div")]:
        named = _named(draft)
        centred, root = (named.get(name) for name in last.inputs)
        if centred is None or root is None or not (_is(centred, "Sub") and _is(root, "Sqrt")):
            continue
        shifted = named.get(root.inputs[0])
        variance = named.get(shifted.inputs[0]) if shifted is not None and _is(shifted, "Affine") else None
        squared = named.get(variance.inputs[0]) if variance is not None and _is_space_mean(variance) else None
        mean = named.get(centred.inputs[1])
        if shifted is None or squared is None or not _is_square(squared, centred.name) or not _is_space_mean(mean):
            continue
        settings = shifted.op.model_dump()
        if mean is None or mean.inputs[0] != centred.inputs[0] or settings["scale"] != 1:
            continue
        channels = draft.shapes[last.name].channels
        params = {"num_features": channels, "eps": settings["shift"], "affine": False}
        _put(draft, last, operator("InstanceNorm2d").model_validate(params), (centred.inputs[0],), {})
        _prune(draft, output)
    return output


def _recognise_gelu(draft: Draft, output: str) -> str:
    """``x * (1 + erf(x / sqrt(2))) / 2``, wherever the half stands, is GELU."""
    for product in [node for node in draft.nodes if _is(node, "Mul")]:
        readers = [node for node in draft.nodes if product.name in node.inputs]
        halved = readers[0] if len(readers) == 1 and output != product.name and _is(readers[0], "Affine") else None
        for place in (product, halved):
            base = "" if place is None else _gelu_of(draft, product, place)
            if place is not None and base:
                _put(draft, place, operator("GELU")(), (base,), {})
                _prune(draft, output)
                break
    return output


def _gelu_of(draft: Draft, product: Node, place: Node) -> str:
    """Of what layer this place holds the GELU; empty where it holds something else."""
    after = {"scale": 1.0, "shift": 0.0} if place is product else place.op.model_dump()
    for gate, other in (product.inputs, product.inputs[::-1]):
        curve, scale, shift = _through_affines(draft, gate)
        bent = _named(draft).get(curve)
        if bent is None or not _is(bent, "Erf"):
            continue
        base, narrowing, moved = _through_affines(draft, bent.inputs[0])
        same, factor, added = _through_affines(draft, other)
        # Of the other side: erfc(-x) is 1 + erf(x).
        narrowing, scale = (-narrowing, -scale) if narrowing < 0 else (narrowing, scale)
        halves = (scale * factor * after["scale"], shift * factor * after["scale"])
        plain = same == base and not (added or moved or after["shift"])
        if plain and np.allclose([narrowing, *halves], [math.sqrt(0.5), 0.5, 0.5], atol=1e-6):
            return base
    return ""


def _through_affines(draft: Draft, name: str) -> tuple[str, float, float]:
    """What lies before a chain of Affines, and the scale and shift that the chain comes to."""
    named, scale, shift = _named(draft), 1.0, 0.0
    while (node := named.get(name)) is not None and _is(node, "Affine"):
        settings = node.op.model_dump()
        scale, shift = scale * settings["scale"], shift + scale * settings["shift"]
        name = node.inputs[0]
    return name, scale, shift


def _is_space_mean(node: Node | None) -> bool:
    return node is not None and _is(node, "Mean") and node.op.model_dump()["dim"] == "space"


def _is_square(node: Node, of: str) -> bool:
    if _is(node, "Pow"):
        return node.inputs == (of,) and node.op.model_dump()["exponent"] == 2
    return _is(node, "Mul") and node.inputs == (of, of)


def _join_affine_norms(draft: Draft, output: str) -> str:
    """A norm without weights, and then a ScaleShift, is the norm with weights."""
    for after in [node for node in draft.nodes if _is(node, "ScaleShift") and not node.tensors_of]:
        for kind in ("InstanceNorm2d", "GroupNorm"):
            norm = _sole(draft, after, kind, output)
            if norm is None or norm.op.model_dump()["affine"] or _shared(draft, after):
                continue
            op = norm.op.model_copy(update={"affine": True})
            _put(draft, after, op, norm.inputs, {})
            draft.nodes = [node for node in draft.nodes if node.name != norm.name]
    return output


def _prune(draft: Draft, output: str) -> None:
    """Leave out layers that nothing reads any more."""
    while idle := [node for node in draft.nodes if not _readers(draft, output)[node.name]]:
        draft.nodes = [node for node in draft.nodes if node not in idle]
