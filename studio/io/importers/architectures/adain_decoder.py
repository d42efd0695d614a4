"""The decoder of AdaIN (X. Huang and S. Belongie 2017), as naoto0804's PyTorch version names it."""

from __future__ import annotations

from studio.io.importers.architectures.base import Architecture, Sketch, Tensors
from studio.model.declared.size import Size

_CONVS = (1, 5, 8, 11, 14, 18, 21, 25, 28)
_UPS = (3, 16, 23)


def _matches(tensors: Tensors) -> bool:
    return {f"{k}.weight" for k in _CONVS} == {name for name in tensors if name.endswith(".weight")}


def _build(s: Sketch) -> str:
    x = s.input(s.channels("1"))
    for k in range(1, _CONVS[-1] + 1):
        if k in _UPS:
            x = s.op("Upsample", x, name=f"up{k}", scale_factor=2, mode="nearest")
        elif k in _CONVS:
            x = s.op("Pad", x, name=f"pad{k - 1}", padding=(1,) * 4, mode="reflect")
            x = s.conv(str(k), x, padding=0)
            x = x if k == _CONVS[-1] else s.relu(x)
    return x


ARCHITECTURE = Architecture("adain-decoder", "decoder of AdaIN style transfer", _matches, _build, size=Size(32, 32))
