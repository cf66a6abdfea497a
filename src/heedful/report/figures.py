"""How a figure or a text is written for people; a missing one is a dash."""

import math
import re
from datetime import datetime

MISSING = "–"
HIDDEN = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffe\uffff]")


def clean(value: object) -> str:
    """Return the text without characters that a page or a terminal would obey instead of show."""
    return HIDDEN.sub("\ufffd", str(value).replace("\r\n", "\n").replace("\r", "\n"))


def score(value: float | None) -> str:
    """Write 0.893."""
    return MISSING if value is None else f"{value:.3f}"


def signed(value: float | None) -> str:
    """Write +0.012 or −0.004; what rounds to zero has no sign."""
    if value is None:
        return MISSING
    written = f"{abs(value):.3f}"
    sign = "" if float(written) == 0 else "−" if value < 0 else "+"
    return sign + written


def span(low: float | None, high: float | None, sign: bool = False) -> str:
    """Write an interval: 0.878–0.907, or with signs −0.012 to +0.005."""
    if low is None or high is None:
        return MISSING
    return f"{signed(low)} to {signed(high)}" if sign else f"{low:.3f}–{high:.3f}"


def count(value: float | None) -> str:
    """Write 12,300; at most two digits after the point, and only below 100."""
    if value is None:
        return MISSING
    if value == int(value) or abs(value) >= 100:
        return f"{value:,.0f}"
    return f"{value:.2f}" if abs(value) < 1 else f"{value:.1f}"


def number(value: float | None) -> str:
    """Write a figure of any size with about four digits: 1.510, 0.893, 12.35, 9,120, 0.0003, 2e-07."""
    if value is None:
        return MISSING
    size = abs(value)
    if size >= 999.95:
        return f"{value:,.0f}" if size < 1e15 else f"{value:.3g}"
    digits = 1 if size >= 99.995 else 2 if size >= 9.9995 else 3
    return f"{value:.{digits}f}" if size >= 0.0995 or value == 0 else f"{value:.3g}"


def rate(per_second: float | None) -> str:
    """Write how many a second: 1,240, 38,000, 2.4 M."""
    if per_second is None or per_second < 999_500:
        return count(per_second)
    return scaled(per_second, "")


def percent(value: float | None) -> str:
    """Write a share of 0 to 1 as 6.6 %; a small one that is not zero never reads 0."""
    if value is None:
        return MISSING
    if value == 0:
        return "0 %"
    return "<0.1 %" if value < 0.001 else f"{100 * value:.1f} %"


def duration(seconds: float | None) -> str:
    """Write 12 µs, 3.4 ms, 420 ms, 12.3 s, 3 min 12 s or 1 h 04 min."""
    if seconds is None:
        return MISSING
    for limit, factor, unit in ((0.9995e-3, 1e6, "µs"), (0.9995, 1e3, "ms")):
        if 0 < seconds < limit:
            return (
                f"{seconds * factor:.2g} {unit}"
                if seconds * factor < 10
                else f"{seconds * factor:.0f} {unit}"
            )
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    if whole < 3600:
        return f"{whole // 60} min {whole % 60:02d} s"
    return f"{whole // 3600} h {whole % 3600 // 60:02d} min"


def size(count_bytes: float | None) -> str:
    """Write bytes as 512 B, 4.2 kB, 91 MB or 1.3 GB (powers of ten)."""
    return MISSING if count_bytes is None else scaled(count_bytes, "B")


def energy(joules: float | None) -> str:
    """Write 850 J or 12 kJ."""
    return MISSING if joules is None else scaled(joules, "J")


def scaled(value: float, unit: str) -> str:
    """Write a figure with two or three digits and a prefix of ten."""
    power = 0
    while abs(value) >= 999.5 and power < 4:
        value, power = value / 1000, power + 1
    written = f"{value:.1f}" if abs(value) < 9.95 and value != int(value) else f"{value:.0f}"
    return f"{written} {('', 'k', 'M', 'G', 'T')[power]}{unit}"


def times(ratio: float) -> str:
    """Write a ratio: 1.3 times, 9 times, 1,200 times."""
    return f"{ratio:.1f}".removesuffix(".0") + " times" if ratio < 9.95 else f"{ratio:,.0f} times"


def day(written: str | None) -> str:
    """Write an ISO date as 21 November 2026, 23:44 UTC; anything else as it stands."""
    if written is None:
        return MISSING
    try:
        moment = datetime.fromisoformat(written)
    except ValueError:
        return written
    zone = f" {moment.tzname()}" if moment.tzname() else ""
    clock = f", {moment:%H:%M}{zone}" if "T" in written or " " in written else ""
    return f"{moment.day} {moment:%B %Y}{clock}"


def finite(value: object) -> float | None:
    """Return a number that can be shown, else None."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        number = float(value)
    except OverflowError:
        return None
    return number if math.isfinite(number) else None
