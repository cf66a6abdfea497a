"""The library that was built at the installation, if a compiler was there and this processor can run it."""

import ctypes
import os
from functools import cache
from pathlib import Path

import torch  # brings, too, the OpenMP whose threads the library uses

LIBRARY = Path(__file__).with_name("heedful_kernels.so")
SWITCH = "HEEDFUL_KERNELS"  # "0": do without
INTERFACE = 2  # the same number as in linear8.cpp
POINTER, COUNT, NUMBER = ctypes.c_void_p, ctypes.c_int64, ctypes.c_float
ARGUMENTS = {
    "heedful_linear8": [*[POINTER] * 7, *[COUNT] * 3, ctypes.c_int],
    "heedful_attend": [
        *[POINTER] * 4,
        COUNT,
        POINTER,
        *[COUNT] * 2,
        POINTER,
        *[COUNT] * 6,
        NUMBER,
        ctypes.c_int,
    ],
}


@cache
def library() -> ctypes.CDLL | None:
    """Return the library, None where it was not built or this processor cannot run it."""
    if (
        os.environ.get(SWITCH) == "0"
        or not LIBRARY.is_file()
        or not hasattr(ctypes.CDLL(None), "GOMP_parallel")
    ):
        return None
    try:
        found = ctypes.CDLL(str(LIBRARY))
        if not found.heedful_available(INTERFACE):
            return None
        for name, types in ARGUMENTS.items():
            function = getattr(found, name)
            function.argtypes, function.restype = types, None
    except (OSError, AttributeError):  # of another machine, or another version
        return None
    return found


def address(x: torch.Tensor | None) -> int | None:
    """Return where a tensor begins."""
    return None if x is None else x.data_ptr()
