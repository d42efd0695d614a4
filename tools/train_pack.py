"""Trains the pack: three painters, a network that repaints edges, one that restores, and one that dreams landscapes.

    pip download --no-deps -d wheels scikit-image==0.25.2 scikit-learn==1.6.1 matplotlib==3.10.0
    pip download --no-deps --only-binary=:all: --python-version 3.11 -d wheels scipy==1.9.3
    python -m tools.train_pack data --wheels wheels         # pictures into out/train-data
    python -m tools.train_pack train style-ink              # writes out/pack/style-ink.npz; on a GPU, some minutes
    python -m tools.train_pack export                       # out/pack/*.npz into weights/*, by studio.export_torch

`train` needs torch, numpy and opencv-python-headless alone. The same seed draws the same pictures, batches and starting
weights; a GPU adds up in its own order, so that two runs agree in their looks and not in their last bits.

The pictures are those that `train_autoencoders.py` lists, frames of the demo film, and pictures rendered here.

**Painters** (`style-*`): the network of Johnson et al., "Perceptual losses for real-time style transfer", 2016, with
16-32-64 channels, nearest-neighbour upsampling and reflected borders. No network trained on ImageNet is involved. A
style is a set of renditions of the pictures, drawn by `tools/pack/styles.py`; the network learns to give what
could be one of them, by

- sliced Wasserstein distances (Heitz et al., "A sliced Wasserstein loss for neural texture synthesis", 2021; Elnekave
  and Weiss, "Generating natural images with direct patch distributions matching", 2022): patches of five sizes, and
  the features of the project's own autoencoder, must be distributed as in the renditions of the same pictures;
- a patch discriminator with hinge loss and spectral norms (Miyato et al., 2018);
- the rendition itself, but blurred: it says where which tone goes and leaves the texture free;
- the same answer for the same place when the picture moves by some pixels and has other noise: film must not flicker.

**Edges to picture** (`edges-to-picture`): pix2pix (Isola et al., 2017), a U-Net of five levels under L1 and a patch
discriminator. Its first layers find the edges, so that it takes film as it comes: two derivatives of a Gaussian, their
length, a soft threshold. They are not trained, and they can be bent like all others.

**Restorer** (`restorer`): takes noise and blur off. Sub-pixel layers as in ESPCN (Shi et al., 2016) run it at half the
size.

**Landscapes** (`landscapes`): the decoder of an autoencoder (in DCGAN's form, Radford et al., 2015) whose code is
pulled towards a normal distribution, under L1 and a discriminator of large patches, on landscapes rendered here.

None of these learns by `studio train`: what they are taught by (sliced distances, spectral norms, hinge loss, a decoder
whose code is pulled towards a normal distribution) are no losses of the studio's, and the restorer's blur and noise are
drawn anew for every crop on the GPU. `docs/learning.md` has lessons of the same kinds that it does teach.
"""

from __future__ import annotations

import argparse
import json
import math
import platform
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import torch
from torch import nn

from tools.autoencoders.pictures import SOURCES, extract
from tools.autoencoders.writing import LICENCE, rounded, write
from tools.pack.lessons import train_edges, train_landscapes, train_painter, train_restorer
from tools.pack.networks import EdgesToPicture, Landscapes, Painter, Restorer
from tools.pack.run import Result, Run
from tools.pack.settings import DATA, EMA, LATENT, ROOT, TRAINED


@dataclass(frozen=True)
class Plan:
    """A network of the pack: how it is made and trained, and what its list entry says."""

    make: Callable[[], nn.Module]
    train: Callable[[Run], Result]
    steps: int
    description: str
    example: tuple[int, ...] = (1, 3, 256, 256)


PLANS = {
    "style-ink": Plan(Painter, train_painter, 4700, "Style transfer: a pen drawing, black and vermilion on paper"),
    "style-mosaic": Plan(Painter, train_painter, 4700, "Style transfer: coloured glass in dark lead"),
    "style-aurora": Plan(Painter, train_painter, 4700, "Style transfer: streams of green and violet light by night"),
    "edges-to-picture": Plan(
        EdgesToPicture, train_edges, 4800, "U-Net that sees a picture's edges alone, and invents the colours (pix2pix)"
    ),
    "restorer": Plan(Restorer, train_restorer, 10000, "Takes noise and blur off a picture, by sub-pixel convolution"),
    "landscapes": Plan(
        Landscapes,
        train_landscapes,
        5500,
        f"Landscapes out of {LATENT} numbers: DCGAN's generator, trained as an autoencoder's decoder",
        (1, LATENT, 1, 1),
    ),
}


def train(name: str, steps: int, seed: int, device: torch.device, arguments: argparse.Namespace) -> None:
    """Train one network and leave it in an .npz with its record and a picture of what it does."""
    begun = time.monotonic()
    run = Run(name, steps, seed, device, arguments.data, arguments.demo, arguments.seconds)
    result = PLANS[name].train(run)
    record = {
        "script": "tools/train_pack.py",
        "seed": seed,
        "steps": run.steps,
        "steps_planned": steps,
        **result.record,
        "schedule": f"cosine after 100 steps of warm-up; moving average of the weights, {EMA}",
        "arithmetic": "bfloat16 autocast" if device.type == "cuda" and name != "restorer" else "float32",
        "hardware": torch.cuda.get_device_name(device) if device.type == "cuda" else platform.machine(),
        "software": {"torch": torch.__version__, "numpy": np.__version__, "opencv": cv2.__version__},
        "seconds": round(time.monotonic() - begun, 1),
        "loss_curve": run.curve,
    }
    arrays = {f"state/{key}": value.detach().cpu().numpy() for key, value in result.state.items()}
    arguments.trained.mkdir(parents=True, exist_ok=True)
    preview = cv2.imencode(".jpg", result.preview[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, 92])[1]
    kept: dict[str, Any] = {"preview": preview, "record": json.dumps(rounded(record)), **arrays}
    np.savez(arguments.trained / f"{name}.npz", **kept)
    print(f"{name}: {json.dumps(rounded(result.record['metrics']))}, {record['seconds']} s", flush=True)


def used(name: str) -> list[dict[str, str]]:
    """The pictures that a network was trained on."""
    if name == "landscapes":
        return []
    listed = [
        {
            "name": key,
            "package": source.package,
            "file": source.member,
            "author": source.author,
            "licence": source.licence,
            "sha256": source.sha256,
        }
        for key, source in SOURCES.items()
        if name != "restorer" or not source.held_out
    ]
    if name != "restorer":
        film = {
            "name": "demo film, every ninth frame",
            "file": "resources/demo.mp4",
            "licence": "resources/LICENSES.md",
        }
        listed.append(film)
    return listed


def export(name: str, arguments: argparse.Namespace) -> None:
    """A trained network into ``weights/``, with its record and licence."""
    import studio

    plan = PLANS[name]
    with np.load(arguments.trained / f"{name}.npz") as stored:
        record = rounded(json.loads(str(stored["record"])))
        state = {key.removeprefix("state/"): torch.from_numpy(stored[key]) for key in stored.files if "/" in key}
        preview = stored["preview"].tobytes()
    module = plan.make()
    module.load_state_dict(state)
    example = torch.rand(plan.example, generator=torch.Generator().manual_seed(0))
    made = studio.export_torch(
        module.eval(),
        example,
        arguments.out / name,
        description=plan.description,
        license="CC0-1.0",
    )
    for left in (arguments.out / name).glob("origin.*"):
        left.unlink()
    record["loss_curve"] = [rounded(entry) for entry in record["loss_curve"]]
    record["rendered"] = "what else it saw was rendered by the script"
    record["pictures"] = used(name)
    write(arguments.out / name / "training.json", (json.dumps(record, indent=2, ensure_ascii=False) + "\n").encode())
    write(arguments.out / name / "LICENSE", LICENCE.encode())
    write(arguments.trained / f"{name}.jpg", preview)
    print(made)


def main() -> None:
    """Command line."""
    parser = argparse.ArgumentParser(description="Train the studio's pack of networks.")
    parser.add_argument("what", choices=("data", "train", "export"))
    parser.add_argument("names", nargs="*", metavar="NAME", help=f"of {', '.join(PLANS)}; all where none is given")
    parser.add_argument("--wheels", type=Path, help="folder of wheels to take the pictures from")
    parser.add_argument("--data", type=Path, default=DATA)
    parser.add_argument("--demo", type=Path, default=ROOT / "resources" / "demo.mp4")
    parser.add_argument("--trained", type=Path, default=TRAINED, help="where trained networks wait to be exported")
    parser.add_argument("--out", type=Path, default=ROOT / "weights")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--steps", type=int, help="other than planned")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--seconds", type=float, default=math.inf, help="end a training that lasts longer")
    arguments = parser.parse_args()
    cv2.setNumThreads(1)
    torch.backends.cudnn.benchmark = True
    if unknown := set(arguments.names) - set(PLANS):
        parser.error(f"there is no {', '.join(sorted(unknown))}; there are {', '.join(PLANS)}")
    if arguments.what == "data":
        extract(arguments.wheels, arguments.data)
    for name in arguments.names or PLANS:
        if arguments.what == "train":
            train(name, arguments.steps or PLANS[name].steps, arguments.seed, torch.device(arguments.device), arguments)
        elif arguments.what == "export":
            export(name, arguments)


if __name__ == "__main__":
    main()
