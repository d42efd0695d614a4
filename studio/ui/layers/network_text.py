"""A network's layers in words: operators, counts, times."""

from __future__ import annotations

from pydantic_core import PydanticUndefined

from studio.model.networks.op import Op

_READS = ("in_channels", "in_features")
_MAKES = ("out_channels", "out_features")
_COUNTS = ("num_features", "num_channels", "num_parameters", "channels")
# What rows have no room for; tool tips name every parameter.
_QUIET = frozenset({"padding", "output_padding", "eps", "bias", "padding_mode", "keepdim", "track_running_stats"})


def count_text(count: float) -> str:
    """1234567 as "1.23 M"."""
    for unit in ("", " k", " M", " G"):
        if abs(count) < 999.5:
            return f"{count:.3g}{unit}" if unit else f"{count:.0f}"
        count /= 1000
    return f"{count:.3g} T"


def seconds_text(seconds: float) -> str:
    """0.00231 as "2.31 ms"."""
    if seconds >= 0.9995:
        return f"{seconds:.2f} s"
    if seconds >= 0.00995:
        return f"{seconds * 1e3:.0f} ms"
    return f"{seconds * 1e3:.2f} ms"


def bytes_text(count: int) -> str:
    """3565158 as "3.4 MB", in units of 1024."""
    if count < 2**10:
        return f"{count} bytes"
    return f"{count // 2**10} kB" if count < 2**20 else f"{count / 2**20:.1f} MB"


def operator_text(op: Op) -> str:
    """An operator with its telling parameters: "Conv2d 64→128, 4×4, stride 2"."""
    fields = dict(type(op).model_fields)
    reads, makes = (next((key for key in keys if key in fields), "") for keys in (_READS, _MAKES))
    count = next((key for key in _COUNTS if key in fields), "")
    parts = [type(op).__name__]
    if reads and makes:
        parts[0] += f" {getattr(op, reads)}→{getattr(op, makes)}"
    elif count:
        parts[0] += f" {getattr(op, count)}"
    if "kernel_size" in fields:
        parts.append(_value(getattr(op, "kernel_size"), whole=True))  # noqa: B009 - not every operator has one
    others = [key for key in fields if key not in {reads, makes, count, "kernel_size"} | _QUIET]
    for key in others:
        value, default = getattr(op, key), fields[key].default
        is_usual = (value == default and not key.endswith("factor")) or (
            default is PydanticUndefined and value == getattr(op, "kernel_size", None)
        )
        if value is not None and not is_usual:
            parts.append(_labelled(key, value, is_alone=len(others) == 1))
    if len(parts) > 1 and not (reads or count or "kernel_size" in fields):
        parts[:2] = [f"{parts[0]} {parts[1]}"]
    return ", ".join(parts)


def operator_details(op: Op) -> list[str]:
    """Every parameter of an operator, a line each: "stride 2×2 px"."""
    lines = []
    for key, info in type(op).model_fields.items():
        if getattr(op, key) is None:
            continue
        extra = info.json_schema_extra
        unit = f" {extra['unit']}" if isinstance(extra, dict) and "unit" in extra else ""
        lines.append(f"{key.replace('_', ' ')} {_value(getattr(op, key), whole=True)}{unit}")
    return lines


def is_broken(warning: str) -> bool:
    """Whether a warning of `studio.runtime.live.health.judge` tells of values that are not finite."""
    return warning.endswith(("not a number", "infinite"))


def _labelled(key: str, value: object, *, is_alone: bool) -> str:
    label = key.replace("_", " ")
    if isinstance(value, bool):
        return label if value else f"no {label}"
    if isinstance(value, str):
        return value
    if key.endswith("factor"):
        return f"×{_value(value)}"
    return _value(value) if is_alone else f"{label} {_value(value)}"


def _value(value: object, *, whole: bool = False) -> str:
    """A number, or a pair as "4×4"; pairs of equal numbers as one where not asked for whole."""
    if isinstance(value, tuple):
        if len(value) == 2:
            return _value(value[0]) if value[0] == value[1] and not whole else "×".join(_value(v) for v in value)
        return " ".join(_value(v) for v in value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)
