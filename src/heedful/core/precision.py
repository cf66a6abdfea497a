"""Which number format computes: fp32 is the reference, bf16 where the processor multiplies it natively."""

from typing import Literal

import torch

from heedful.core.config import check_choice

Precision = Literal["auto", "fp32", "bf16"]


def dtype(precision: str) -> torch.dtype:
    """Return the torch type for `precision`; "auto" is bf16 on processors with AMX or AVX512-BF16."""
    check_choice("precision", precision, ("auto", "fp32", "bf16"))
    if precision == "bf16" or (precision == "auto" and has_bf16()):
        return torch.bfloat16
    return torch.float32


def has_bf16() -> bool:
    """Does this processor multiply bf16 in hardware?"""
    flags = torch.cpu.get_capabilities()
    return bool(flags.get("amx_bf16") or flags.get("avx512_bf16"))
