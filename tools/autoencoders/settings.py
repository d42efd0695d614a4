"""The names of both autoencoders, and what their training goes by."""

from __future__ import annotations

NAMES = {"transposed": "autoencoder-transposed", "fractional": "autoencoder-fractional"}
DESCRIPTIONS = {
    "transposed": "Colour autoencoder whose decoder doubles the picture by transposed convolution",
    "fractional": "Colour autoencoder whose decoder doubles the picture by nearest upsampling and convolution",
}
STORED = 96
"""Side of a stored patch; every use cuts a CROP x CROP piece out of it."""
CROP = 64
BATCH = 64
RATE = 2e-3
WARMUP = 500
DECAY = 1e-3
EMA = 0.999
EPSILON = 0.01
INPUT_NOISE = 0.04
CODE_NOISE = 0.2
IDLE = 1e-3
"""A channel that is positive in less than this share of places does not fire."""
EXACT = 0.15
"""The last part of the run, in full float32 arithmetic; before it, CUDA runs in bfloat16."""
