"""Where the torch engine runs."""

import pytest
import torch

from studio.engine.torch.device import best_device, numbered


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
