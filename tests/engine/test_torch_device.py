"""Where the torch engine runs."""

import pytest
import torch

from studio.engine.torch.device import best_device, numbered, order_on


@pytest.fixture
def two_gpus(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "current_device", lambda: 1)


@pytest.mark.usefixtures("two_gpus")
def test_a_gpu_has_its_number_as_other_threads_have_another_current_one() -> None:
    assert best_device() == torch.device("cuda", 1)
    assert numbered(torch.device("cuda")) == torch.device("cuda", 1)
    assert numbered(torch.device("cuda", 0)) == torch.device("cuda", 0)


def test_devices_without_numbers_stay() -> None:
    assert numbered(torch.device("cpu")) == torch.device("cpu")


def test_only_products_in_float32_on_cuda_are_taken_channels_first() -> None:
    for device in ("cpu", "cuda", "mps"):
        for in_float in (False, True):
            is_first = device == "cuda" and in_float
            wanted = torch.contiguous_format if is_first else torch.channels_last
            assert order_on(torch.device(device), in_float=in_float) is wanted
