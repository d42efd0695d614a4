"""The devices of PyTorch: which one is best, which is current, and how many of a CPU's cores are used."""

from __future__ import annotations

import torch

from studio.cores import usable_cores


def best_device() -> torch.device:
    """CUDA, else Metal, else the CPU."""
    if torch.cuda.is_available():
        return numbered(torch.device("cuda"))
    if torch.backends.mps.is_available():
        return torch.device("mps")
    return torch.device("cpu")


def numbered(device: torch.device) -> torch.device:
    """The device with its number: ``cuda`` alone means this thread's current GPU, and another thread has another."""
    if device == torch.device("cuda"):
        return torch.device("cuda", torch.cuda.current_device())
    return device


def order_on(device: torch.device, *, in_float: bool) -> torch.memory_format:
    """The order in memory of maps and weights in which convolutions are fastest.

    That is channels last, by a sixth on CPUs. But on CUDA cuDNN multiplies in float32 channels first alone, and would
    turn every map and weight each time.

    Args:
        device: where they lie.
        in_float: whether products are taken in float32, and not in TF32 or float16.
    """
    return torch.contiguous_format if in_float and device.type == "cuda" else torch.channels_last


def leave_a_core() -> None:
    """Let PyTorch's operators in the calling thread use all cores but one.

    Its threads wait for each other without sleeping: where a window needs a core as well, operators on all of them
    measured three times slower than on one less.
    """
    torch.set_num_threads(max(1, usable_cores() - 1))


def make_current(device: torch.device) -> None:
    """Let this device of CUDA be the calling thread's, which takes longer to say than to ask."""
    if torch.cuda.current_device() != device.index:
        torch.cuda.set_device(device)
