"""Complex numbers of a traced model, as two values: Fourier transforms, and what is computed between them."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from studio.errors import StudioError
from studio.io.importers._values.views import Numbers, Value, constant, first, is_last, last, shown
from studio.io.importers._words import words

if TYPE_CHECKING:
    from studio.io.importers._meanings.flow import Flow

Args = dict[str, Any]
Norm = Literal["backward", "ortho", "forward"]

# A matrix takes the place of a transform that is no longer than this, along axes that are no sides of a map.
_LONGEST = 64


@dataclass(frozen=True)
class Complex(Value):
    """Complex numbers.

    Attributes:
        real: their real parts.
        imag: their imaginary parts.
    """

    real: Value | None = None
    imag: Value | None = None

    @property
    def both(self) -> tuple[Value, Value]:
        """Real and imaginary parts."""
        assert self.real is not None
        assert self.imag is not None
        return self.real, self.imag


def of_parts(real: Value, imag: Value) -> Complex:
    """Complex numbers of two values of one shape."""
    return Complex(real.shape, real=real, imag=imag)


def of_numbers(held: Numbers) -> Complex:
    """Constant ones."""
    return of_parts(constant(np.float32(held.real)), constant(np.float32(held.imag)))


def is_complex(args: Any) -> bool:
    """Whether there is a complex value among these."""
    if isinstance(args, Complex):
        return True
    if isinstance(args, dict):
        args = list(args.values())
    return isinstance(args, (list, tuple)) and any(is_complex(item) for item in args)


MOVED = words(
    """
    view reshape _unsafe_view flatten unflatten squeeze unsqueeze permute transpose swapaxes t contiguous clone detach
    alias slice narrow select split chunk split_with_sizes unbind expand expand_as repeat cat concat stack roll flip
    movedim view_as reshape_as tile index index_select mean sum neg constant_pad_nd pad to _to_copy zeros_like
    lift_fresh_copy fft_fftshift fft_ifftshift
    """
)
"""What does to complex numbers what it does to their two parts."""


def apart(
    table: Mapping[str, Callable[[Flow, Args], Value | list[Value]]], name: str, f: Flow, args: Args
) -> Value | list[Value]:
    """What an operator of `MOVED` makes of complex numbers."""
    real, imag = (table[f"aten.{name}"](f, _part(args, which)) for which in (0, 1))
    if isinstance(real, list) or isinstance(imag, list):
        return [of_parts(*pair) for pair in zip(real, imag, strict=True)]  # type: ignore[arg-type]
    return of_parts(real, imag)


def _part(value: Any, which: int) -> Any:
    if isinstance(value, Complex):
        return value.both[which]
    if isinstance(value, dict):
        return {key: _part(item, which) for key, item in value.items()}
    return [_part(item, which) for item in value] if isinstance(value, list) else value


# -- transforms ---------------------------------------------------------------------------------------------------

_NORMS: dict[object, Norm] = {None: "backward", "backward": "backward", "ortho": "ortho", "forward": "forward"}


def norm_of(given: object) -> Norm:
    """What is divided by the length, by PyTorch's word for it."""
    if given not in _NORMS:
        raise StudioError(f'its norm "{given}" is none of backward, ortho and forward.')
    return _NORMS[given]


def transformed(f: Flow, value: Value, axis: int, norm: Norm, *, inverse: bool = False) -> Complex:
    """Complex numbers along one axis as their frequencies, or back."""
    both = value if isinstance(value, Complex) else of_parts(value, _nothing(value))
    if (sides := _sides(f, both.both, axis)) is None:
        return _by_matrix(f, both, axis, norm, inverse=inverse)
    (real, imag), side, back = sides
    joined = _joined(f, real, imag)
    made = f.layer("Fft", joined, axis=side, norm=norm, inverse=inverse)
    return _split(f, made, back)


def frequencies(f: Flow, value: Value, axis: int, norm: Norm) -> Complex:
    """Numbers along one axis as their frequencies, those that are not negative."""
    if (sides := _sides(f, (value,), axis)) is None:
        whole = _by_matrix(f, of_parts(value, _nothing(value)), axis, norm, inverse=False)
        kept = value.shape[axis] // 2 + 1
        return of_parts(*(f.move(part, lambda n: n.take(np.arange(kept), axis)) for part in whole.both))
    (laid,), side, back = sides
    return _split(f, f.layer("Rfft", laid, axis=side, norm=norm), back)


def from_frequencies(f: Flow, value: Value, axis: int, length: int, norm: Norm) -> Value:
    """Numbers of their frequencies that are not negative."""
    both = value if isinstance(value, Complex) else of_parts(value, _nothing(value))
    if length // 2 + 1 != both.shape[axis]:
        raise StudioError(f"it makes {length} places of {both.shape[axis]} frequencies, which is not supported.")
    sides = _sides(f, both.both, axis)
    like = "" if sides is None else _as_long(f, sides[0][0], sides[1], length)
    if sides is None or not like:
        return _by_half_matrix(f, both, axis, length, norm)
    (real, imag), side, back = sides
    node = f.map_of(_joined(f, real, imag))
    made = f.draft.add("Irfft", node, like, name=f.name, axis=side, norm=norm)
    return back(shown(made, (1, *f.draft.shapes[made])))


def _nothing(value: Value) -> Value:
    return constant(np.zeros(value.shape, np.float32))


def _sides(
    f: Flow, values: Sequence[Value], axis: int
) -> tuple[tuple[Value, ...], str, Callable[[Value], Value]] | None:
    """The values as maps of which this axis is a side, which one, and the way back; None where it is none."""
    rank, axis = len(values[0].shape), axis % len(values[0].shape)
    if rank == 4 and values[0].shape[0] == 1 and axis in (2, 3):
        if all(value.is_constant for value in values):
            return None
        return tuple(values), "height" if axis == 2 else "width", lambda made: made
    moving = [value for value in values if not value.is_constant]
    if rank == 4 and axis in (1, 2) and moving and all(is_last(f.draft, value) for value in moving):
        turned = tuple(first(f.draft, value) for value in values)
        return turned, "height" if axis == 1 else "width", lambda made: last(f.draft, made)
    return None


def _joined(f: Flow, real: Value, imag: Value) -> Value:
    """A map of two channels for each complex number."""
    channels = real.shape[1]
    both = f.concat([real, imag], 1)
    order = np.arange(2 * channels).reshape(2, channels).T.ravel()
    return f.move(both, lambda n: n.take(order, 1))


def _split(f: Flow, made: Value, back: Callable[[Value], Value]) -> Complex:
    real, imag = (back(f.move(made, lambda n, k=k: n[:, k::2])) for k in (0, 1))  # type: ignore[misc]
    return of_parts(real, imag)


def _as_long(f: Flow, laid: Value, side: str, length: int) -> str:
    """The latest map that was transformed along that side, else any, of this length there."""
    del laid
    at = 1 if side == "height" else 2
    for node in reversed(f.draft.nodes):
        if type(node.op).__name__ == "Rfft" and f.draft.shapes[node.inputs[0]][at] == length:
            return node.inputs[0]
    return next((name for name, shape in reversed(f.draft.shapes.items()) if shape[at] == length), "")


def _matrix(length: int, norm: Norm, *, inverse: bool) -> Numbers:
    if length > _LONGEST:
        raise StudioError(f"it transforms {length} values along an axis that is no side of a map.")
    work = np.fft.ifft if inverse else np.fft.fft
    found: Numbers = work(np.eye(length), norm=norm)
    return found


def _by_matrix(f: Flow, value: Complex, axis: int, norm: Norm, *, inverse: bool) -> Complex:
    """A short transform as a product."""
    matrix = _matrix(value.shape[axis], norm, inverse=inverse)
    (real, imag), cos, sin = value.both, matrix.real, matrix.imag
    up = _less(f, _times(f, real, cos, axis), _times(f, imag, sin, axis))
    across = _more(f, _times(f, real, sin, axis), _times(f, imag, cos, axis))
    return of_parts(up, across)


def _by_half_matrix(f: Flow, value: Complex, axis: int, length: int, norm: Norm) -> Value:
    """Real numbers of half of their frequencies, as two products."""
    if length > _LONGEST:
        raise StudioError(f"it makes {length} values of frequencies along an axis that is no side of a map.")
    count = length // 2 + 1
    rows = [np.fft.irfft(unit * np.eye(count), n=length, norm=norm) for unit in (1, 1j)]
    return _more(f, *(_times(f, part, matrix, axis) for part, matrix in zip(value.both, rows, strict=True)))


def _times(f: Flow, value: Value, matrix: Numbers, axis: int) -> Value:
    """A value times a matrix along one axis."""
    if value.constant is not None:
        made: Any = np.tensordot(np.asarray(value.constant, np.float64), np.asarray(matrix, np.float64), (axis, 0))
        return constant(np.moveaxis(made, -1, axis).astype(np.float32))
    turned = f.move(value, lambda n: np.moveaxis(n, axis, -1))
    made_ = f.matmul(turned, constant(np.float32(matrix)))
    return f.move(made_, lambda n: np.moveaxis(n, -1, axis))


def _is_nothing(value: Value) -> bool:
    return value.constant is not None and not np.any(value.constant)


def _more(f: Flow, one: Value, two: Value) -> Value:
    if _is_nothing(two):
        return one
    return two if _is_nothing(one) else f.binary("Add", one, two)


def _less(f: Flow, one: Value, two: Value) -> Value:
    return one if _is_nothing(two) else f.binary("Sub", one, two)
