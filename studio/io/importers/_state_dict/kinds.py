"""What tensors that fit no architecture of pictures seem to be, told by their names, and the way on."""

from __future__ import annotations

from collections.abc import Iterable

_KINDS: tuple[tuple[tuple[str, ...], str], ...] = (
    (
        (".lora_up.", ".lora_down.", ".lora_a.", ".lora_b.", "lora_unet_"),
        "They are what a LoRA adds to another model's weights, and no network of their own.",
    ),
    (("exp_avg", "exp_avg_sq"), "They are an optimiser's, not a network's; look for the file of the weights."),
    (
        ("model.diffusion_model.", "down_blocks.0.attentions.", "double_blocks.", "joint_blocks."),
        "They are of a diffusion model, which makes a picture in many steps; its autoencoder (vae) opens by itself.",
    ),
    (
        ("cls_token", "patch_embed.proj.weight", "blocks.0.attn.qkv.weight"),
        "They are of a vision transformer, which sees pictures and makes none.",
    ),
    (
        (".anchors", "rpn.head.", "bbox_head.", "bbox_embed.", "box_head."),
        "They are of a detector, which finds boxes and makes no picture.",
    ),
    (
        ("embed_tokens.weight", "lm_head.weight", "wte.weight", "word_embeddings.weight"),
        "They are of a language model, which makes no picture.",
    ),
    (
        ("fc.weight", "classifier.weight", "head.fc.weight", "classifier.6.weight", "classifier.1.weight"),
        "They are of a classifier, which makes no picture; its layers before the last make maps that one can watch.",
    ),
)


def kind_of(names: Iterable[str]) -> str:
    """A sentence, with a space before it; empty where the names tell nothing."""
    lower = [name.lower() for name in names]
    found = (said for marks, said in _KINDS if any(_has(name, mark) for name in lower for mark in marks))
    return next((f" {said}" for said in found), "")


def _has(name: str, mark: str) -> bool:
    return mark in name if mark.startswith(".") or mark.endswith((".", "_")) else f".{name}".endswith(f".{mark}")
