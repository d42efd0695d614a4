"""When a frame's calls are sent off to the GPU, and how it is known whether that has anything else to do."""

from __future__ import annotations

from functools import partial

import pytest

from studio.engine.gl.driver.device import Device
from studio.engine.gl.frame.passes import Step
from studio.engine.gl.frame.step_row import StepRow
from studio.model.declared.size import Size

pytestmark = pytest.mark.gl


@pytest.mark.parametrize(
    ("count", "sent"), [(1, [1]), (2, [1, 2]), (5, [1, 5]), (7, [1, 7]), (8, [1, 4, 8]), (9, [1, 4, 9])]
)
def test_a_frame_is_sent_off_in_parts_where_a_gpu_has_nothing_else_to_do(
    device: Device, monkeypatch: pytest.MonkeyPatch, count: int, sent: list[int]
) -> None:
    """No part is shorter than what went before: with a layer more a short frame is sent off as often."""
    made: list[int | str] = []
    monkeypatch.setattr(device, "is_software", False)
    monkeypatch.setattr(device.calls, "flush", lambda: made.append("sent"))
    row = StepRow([Step({str(n): 1.0}, (str(n),), partial(made.append, n)) for n in range(1, count + 1)], device)

    def sent_after() -> list[int]:
        made.clear()
        row.run()
        return [made[at - 1] for at, each in enumerate(made) if each == "sent"]

    device.finish()
    assert sent_after() == sent
    assert sent_after() == [count], "it is busy with the one before"
    device.finish()
    assert sent_after() == sent
    made.clear()
    row.run(sent_later=True)
    assert "sent" not in made, "it is sent off with what is asked for behind it"
    assert [next(iter(step.shares)) for step in row] == [str(n) for n in range(1, count + 1)]


def test_a_gpu_is_known_to_be_idle_by_what_was_waited_for(device: Device) -> None:
    calls, texture = device.calls, device.texture(Size(2, 2))
    waits = {
        "finish": calls.finish,
        "read": lambda: calls.read(texture),
        "wait": lambda: calls.wait_fence(fence),
        "ask": lambda: calls.is_reached(fence),
    }
    for name, wait in waits.items():
        fence = calls.fence()
        assert fence is not None
        calls.wait_fence(fence)
        calls.begin()
        assert not calls.begin(), name
        fence = calls.fence()
        device.context.finish()  # which nobody takes note of
        wait()
        assert calls.begin(), name
        assert not calls.begin(), name


def test_what_was_asked_for_behind_a_fence_may_still_be_under_way(device: Device) -> None:
    calls = device.calls
    calls.begin()
    fence = calls.fence()
    assert fence is not None
    calls.begin()
    calls.wait_fence(fence)
    assert not calls.begin()
