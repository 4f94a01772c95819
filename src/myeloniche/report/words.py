"""How names and numbers are written for people."""

from __future__ import annotations

import math
import re

__all__ = ["number", "p_value", "percent", "pretty"]

_SPELLINGS = (
    ("IkBa", "IκBα"),
    ("beta1", "β1"),
    (" uM", "\N{NO-BREAK SPACE}µM"),
    (" ng/mL", "\N{NO-BREAK SPACE}ng/mL"),
    ("kcell", "10³ cells"),
    ("(uM", "(µM"),
    ("ug/mL", "µg/mL"),
    ("um3/um2", "µm³/µm²"),
)


def pretty(text: str) -> str:
    """Return a name with its Greek letters."""
    for plain, greek in _SPELLINGS:
        text = text.replace(plain, greek)
    return re.sub(r"\bum\b", "µm", text)


def number(value: float) -> str:
    """Return a number with three significant digits, or a dash if it is not finite."""
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    if math.isnan(value):
        return "–"
    size = abs(value)
    if size == 0 or 1e-3 <= size < 1e5:
        digits = 3 if size == 0 else max(0, 2 - math.floor(math.log10(size)))
        text = f"{value:.{digits}f}"
        text = text.rstrip("0").rstrip(".") if "." in text else text
    else:
        mantissa, exponent = f"{value:.2e}".split("e")
        text = f"{mantissa}·10^{int(exponent)}"
    return text.replace("-", "−")


def percent(share: float) -> str:
    """Return a share as a whole percentage, or a dash if it is not finite."""
    return "–" if not math.isfinite(share) else f"{share:.0%}".replace("%", " %").replace("-", "−")


def p_value(p: float) -> str:
    """Return a probability as papers write it: ``P = 0.012`` or ``P < 0.001``."""
    if not math.isfinite(p):
        return "P –"
    return "P < 0.001" if p < 0.001 else f"P = {p:.2g}"
