"""What a traced model works out of constants alone, worked out here by PyTorch's own operators.

Only operators of the list below are called, each a pure function of its arguments, whatever a file asks for.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import numpy as np

from studio.errors import StudioError
from studio.io.importers._meanings.complex import of_numbers
from studio.io.importers._values.views import Numbers, Value, constant
from studio.io.importers._words import words
from studio.model.networks.shape import Shape

if TYPE_CHECKING:
    from studio.io.importers._meanings.call import Call

FOLDED = words(
    """
    _linalg_eigh _linalg_svd _softmax _to_copy _unsafe_view _weight_norm abs acos acosh adaptive_avg_pool2d add
    addbmm addcmul addmm addmv alias all amax amin aminmax any arange arccos arcsin arctan2 arctanh argmax
    argmin argsort as_strided asin asinh atan atan2 atanh avg_pool2d baddbmm bartlett_window bincount
    bitwise_and bitwise_not bitwise_or bitwise_xor blackman_window bmm broadcast_to bucketize cartesian_prod cat
    cdist ceil celu channel_shuffle chunk clamp clamp_max clamp_min clip clone column_stack concat
    constant_pad_nd contiguous conv1d conv2d conv3d convolution copy copysign cos cosh cosine_similarity
    count_nonzero cov cross cummax cummin cumprod cumsum deg2rad detach diag diag_embed diagflat diagonal diff
    div divide dot dstack einsum elu embedding eq erf erfc erfinv exp exp2 expand expand_as expm1 eye
    fft_fftfreq fft_rfftfreq fill flatten flip fliplr flipud float_power floor floor_divide fmod frac full
    full_like gather ge gelu glu group_norm gt hamming_window hann_window hardshrink hardsigmoid hardswish
    hardtanh heaviside hstack hypot i0 im2col index index_add index_put index_select inner isfinite isin isinf
    isnan kaiser_window kron layer_norm le leaky_relu lerp lift_fresh lift_fresh_copy linalg_cholesky
    linalg_cholesky_ex linalg_cross linalg_eigh linalg_householder_product linalg_inv linalg_inv_ex
    linalg_matrix_exp linalg_matrix_norm linalg_matrix_power linalg_multi_dot linalg_norm linalg_pinv linalg_qr
    linalg_solve linalg_svd linalg_vander linalg_vector_norm linear linspace log log10 log1p log2 log_sigmoid
    log_softmax logaddexp logaddexp2 logcumsumexp logical_and logical_not logical_or logical_xor logit logspace
    logsumexp lt masked_fill masked_scatter matmul matrix_exp matrix_H matrix_power max max_pool2d maximum mean
    median meshgrid min minimum mish mm moveaxis movedim msort mT mul multiply mv nan_to_num nanmean nansum
    narrow native_layer_norm ne neg new_full new_ones new_zeros norm numpy_T one_hot ones ones_like outer pad
    pdist permute pinverse pixel_shuffle pixel_unshuffle positive pow prelu prod quantile rad2deg ravel
    reciprocal reflection_pad1d reflection_pad2d relu relu6 remainder renorm repeat repeat_interleave
    replication_pad1d replication_pad2d reshape rms_norm roll rot90 round rsqrt rsub scalar_tensor scatter
    scatter_add scatter_reduce searchsorted select select_scatter selu sgn sigmoid sign signbit silu sin sinc
    sinh slice slice_scatter softmax softplus softshrink sort special_i0 split split_with_sizes sqrt square
    squeeze stack std std_mean sub subtract sum swapaxes swapdims t take take_along_dim tan tanh tensor_split
    tensordot threshold tile to topk trace transpose trapezoid tril tril_indices triu triu_indices true_divide
    trunc type_as unbind unflatten unfold unique_consecutive unsafe_chunk unsafe_split unsqueeze
    upsample_bicubic2d upsample_bilinear2d upsample_nearest2d vander var var_mean vdot view view_as vstack where
    xlogy zero zeros zeros_like
    """
)
"""Their ATen names, in place or not."""

_LARGEST = 2**25
_BY_VALUES = words("bincount one_hot repeat_interleave")
"""What makes as many numbers as the values that it is given say."""
_DTYPES = {1: "uint8", 2: "int8", 3: "int16", 4: "int32", 5: "int64", 6: "float16", 7: "float32", 8: "float64"}
_DTYPES |= {12: "bool", 13: "float32"}
_REFUSALS = (ArithmeticError, AssertionError, AttributeError, LookupError, RuntimeError, TypeError, ValueError)
"""What PyTorch's operators raise where their arguments do not fit."""
_PLACES = ("device", "layout", "pin_memory", "memory_format")


def can_fold(call: Call, args: dict[str, Any]) -> bool:
    """Whether a call reads constants alone, or nothing, and is one of those that are worked out here."""
    name = call.operator.removeprefix("aten.").removesuffix("_")
    known = call.operator.startswith("aten.") and name in FOLDED
    return known and all(value.is_constant for value in _values(args))


_LOOKS_AROUND = words("conv2d convolution avg_pool2d max_pool2d max_pool2d_with_indices")


def is_a_map(call: Call, args: dict[str, Any], shapes: Iterable[Shape]) -> bool:
    """Whether a call looks around in a map of ones, or of another number, that is as large as one of these.

    What it makes near the border follows the size of the picture, as of a box filter that counts its pixels.
    """
    value = args.get("self", args.get("input"))
    if call.operator.removeprefix("aten.") not in _LOOKS_AROUND or not isinstance(value, Value):
        return False
    return value.constant is not None and is_even_map(value.constant, shapes)


def is_even_map(held: Numbers, shapes: Iterable[Shape]) -> bool:
    """Whether these are one number everywhere, over as many places as one of these maps has."""
    if held.ndim != 4 or held.shape[0] != 1 or min(held.shape[2:]) < 2:
        return False
    return bool((held == held.flat[0]).all()) and any(shape[1:] == held.shape[2:] for shape in shapes)


def _values(args: Any) -> list[Value]:
    if isinstance(args, Value):
        return [args]
    if isinstance(args, dict):
        args = list(args.values())
    return [found for item in args for found in _values(item)] if isinstance(args, (list, tuple)) else []


def folded(call: Call, args: dict[str, Any]) -> Value | list[Value]:
    """The result of a call that `can_fold` has passed.

    Raises:
        StudioError: where it is too large to be a weight, or PyTorch refuses it.
    """
    import torch

    name, _, overload = call.target.removeprefix("torch.ops.").removeprefix("aten.").partition(".")
    try:
        function = getattr(getattr(torch.ops.aten, name), overload or "default")
        given = _given(function._schema, args)
        with torch.no_grad():
            _check(_count(function, *given))
            result = function(*given[0], **given[1])
    except _REFUSALS as error:
        reason = " ".join(str(error).split())[:200]
        raise StudioError(f"PyTorch cannot work it out of its constants ({reason}).") from error
    if isinstance(result, (list, tuple)):
        return [_value(part) for part in result]
    return _value(result)


def _count(function: Any, positional: list[Any], keyword: dict[str, Any]) -> int:
    """How many numbers an operator will make at most, told without making them; 0 where nothing tells."""
    import torch
    from torch.utils._pytree import tree_leaves, tree_map_only

    if function._schema.name.removeprefix("aten::") in _BY_VALUES:
        given = tree_leaves((positional, keyword))
        tensors = [value for value in given if isinstance(value, torch.Tensor)]
        most = [int(value.max()) + 1 for value in tensors if value.numel() and not value.is_floating_point()]
        numbers = [value for value in given if type(value) is int]
        return max([1, *most, *numbers]) * max(value.numel() for value in tensors)
    # On this device tensors have shapes alone.
    given, named = tree_map_only(torch.Tensor, lambda tensor: tensor.to("meta"), (positional, keyword))
    if any(argument.name == "device" for argument in function._schema.arguments):
        named["device"] = "meta"
    try:
        made = tree_leaves(function(*given, **named))
    except _REFUSALS:
        return 0  # what is wrong is seen when it is worked out
    return max((part.numel() for part in made if isinstance(part, torch.Tensor)), default=0)


def _given(schema: Any, args: dict[str, Any]) -> tuple[list[Any], dict[str, Any]]:
    positional: list[Any] = []
    keyword: dict[str, Any] = {}
    for argument in schema.arguments:
        if argument.name == "device" and not argument.kwarg_only and not argument.has_default_value():
            positional.append("cpu")  # whose place among the others is counted: Tensor.to(device, dtype)
            continue
        if argument.name not in args or argument.name in _PLACES:
            # What follows by name is given by name.
            if not argument.kwarg_only and argument.name not in _PLACES and argument.has_default_value():
                positional.append(argument.default_value)
            continue
        value = _tensors(args[argument.name])
        if argument.name == "dtype" and isinstance(value, int):
            import torch

            value = getattr(torch, _DTYPES[value])
        if argument.name in ("size", "repeats", "sizes", "shape") and isinstance(value, list):
            _check(math.prod(abs(length) for length in value if isinstance(length, int)))
        if argument.kwarg_only:
            keyword[argument.name] = value
        else:
            positional.append(value)
    return positional, keyword


def _tensors(value: Any) -> Any:
    import torch

    if isinstance(value, Value):
        held = np.asarray(value.constant)
        # Not a copy where that can be helped: what writes into a part of a constant writes into the constant.
        return torch.from_numpy(held if held.flags.writeable else held.copy())
    if isinstance(value, list):
        return [_tensors(item) for item in value]
    return value


def _value(tensor: Any) -> Value:
    _check(tensor.numel())
    held = tensor.detach()
    if tensor.dtype.is_complex:
        return of_numbers(held.numpy())
    return constant(held.float().numpy() if held.dtype.itemsize == 2 and held.is_floating_point() else held.numpy())


def _check(count: int) -> None:
    if count > _LARGEST:
        raise StudioError("it makes a constant too large to be a weight.")
