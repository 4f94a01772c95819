"""Exponential, logarithm and power on vectors, as LLVM IR, to within two units in the last place.

The functions call nothing outside the module, so they are vector code on every machine. Polynomials are
interpolations at Chebyshev nodes on the reduced range, computed in 60-digit arithmetic.

References
----------
.. [1] T. J. Dekker, A floating-point technique for extending the available precision, Numer. Math. 18
   (1971) 224-242, doi:10.1007/BF01397083. Sums and products whose rounding error is kept.
.. [2] W. J. Cody, W. Waite, Software Manual for the Elementary Functions, Prentice-Hall, 1980. The
   reduction of the argument by a constant in two parts.
"""

from __future__ import annotations

from collections.abc import Callable

from myeloniche.engine.kernels.ir_writer import IrWriter

__all__ = ["LIBRARY_FUNCTIONS", "library_text", "math_text"]

# Functions left to the C library, one lane at a time: models use them rarely.
LIBRARY_FUNCTIONS = (
    "sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "asinh", "acosh", "atanh",
)  # fmt: skip

_LN2_HIGH = float.fromhex("0x1.62e42fefa2000p-1")  # 40 bits, so that its product with an exponent is exact
_LN2_LOW = 7.371002565167799e-13
_LOG2_E = 1.4426950408889634
_LOG10_E = 0.4342944819032518
_LOG10_E_LOW = 1.098319650216765e-17
_TWO_THIRDS = 0.6666666666666666
_TWO_THIRDS_LOW = 3.700743415417188e-17
_SHIFTER = 6755399441055744.0  # 1.5 * 2**52: adding it rounds to an integer in the low bits
_SQRT_HALF_BITS = 0x3FE6A09E667F3BCD
_MINIMUM_NORMAL = 2.2250738585072014e-308

# (exp(r) - 1 - r) / r**2 on |r| <= ln(2)/2, error 1.3e-17 of exp
_EXP_POLYNOMIAL = (
    0.5000000000000001, 0.16666666666666669, 0.04166666666662413, 0.008333333333330062,
    0.0013888888917213717, 0.00019841269863053618, 2.4801521295954376e-05, 2.7557268459997064e-06,
    2.7620088445409746e-07, 2.510038549551032e-08,
)  # fmt: skip
# (ln((1+s)/(1-s)) - 2 s - 2/3 s**3) / s**5 in s**2, for |s| <= 0.1716, error 2.6e-17
_LN_POLYNOMIAL = (
    0.4, 0.28571428571429364, 0.22222222221655885, 0.18181818335392802,
    0.1538459496251843, 0.1333480469384731, 0.11706236339491206, 0.11723178623876518,
)  # fmt: skip


def math_text(lanes: int) -> str:
    """Return IR that defines the vector functions ``v_exp``, ``v_ln``, ``v_log10``, ``v_pow`` and helpers.

    Parameters
    ----------
    lanes
        Number of lanes of every vector.

    Returns
    -------
    Text of internal functions; ``v_ln_parts`` gives a logarithm as an unevaluated sum of two vectors, and
    ``v_pow_parts`` a power whose base's logarithm is at hand, so that powers of one base share it.
    """
    writer = IrWriter(lanes)
    names = ("sqrt", "fabs", "floor", "ceil")
    declared = [f"declare {writer.double} @llvm.{name}.v{lanes}f64({writer.double})" for name in names]
    listed = ", ".join([writer.double] * 3)
    declared.append(f"declare {writer.double} @llvm.fma.v{lanes}f64({listed})")
    functions = [
        _function(lanes, "v_exp", ("%x",), lambda w: _exp(w, "%x", None)),
        _ln_parts_function(lanes),
        _function(lanes, "v_ln", ("%x",), _ln),
        _function(lanes, "v_log10", ("%x",), _log10),
        _function(lanes, "v_pow_parts", ("%x", "%high", "%low", "%y"), _pow_parts),
        _function(lanes, "v_pow", ("%x", "%y"), _pow),
    ]
    return "\n".join(declared) + "\n" + "\n".join(functions)


def library_text(lanes: int, names: set[str]) -> str:
    """Return IR of ``v_sin`` and the like that call the C library lane by lane."""
    parts = []
    for name in sorted(names):
        writer = IrWriter(lanes)
        result = "undef"
        for lane in range(lanes):
            element = writer.emit(f"extractelement {writer.double} %x, i64 {lane}")
            value = writer.emit(f"call double @{name}(double {element})")
            result = writer.emit(f"insertelement {writer.double} {result}, double {value}, i64 {lane}")
        parts.append(f"declare double @{name}(double)")
        parts.append(_definition(writer, f"v_{name}", ("%x",), f"{writer.double} {result}"))
    return "\n".join(parts)


def _function(lanes: int, name: str, arguments: tuple[str, ...], body: Callable[[IrWriter], str]) -> str:
    writer = IrWriter(lanes)
    result = body(writer)
    return _definition(writer, name, arguments, f"{writer.double} {result}")


def _definition(writer: IrWriter, name: str, arguments: tuple[str, ...], result: str) -> str:
    kind = result[: result.rindex(" ")]
    listed = ", ".join(f"{writer.double} {argument}" for argument in arguments)
    body = "\n".join(writer.lines)
    return f"define internal {kind} @{name}({listed}) nounwind {{\n{body}\n  ret {result}\n}}"


def _horner(writer: IrWriter, coefficients: tuple[float, ...], x: str) -> str:
    value = writer.splat(coefficients[-1])
    for coefficient in reversed(coefficients[:-1]):
        value = writer.fma(value, x, writer.splat(coefficient))
    return value


def _even_odd(writer: IrWriter, coefficients: tuple[float, ...], x: str) -> str:
    # two chains of half the length: the latency of a chain is what a single call waits for
    square = writer.mul(x, x)
    even = _horner(writer, coefficients[0::2], square)
    odd = _horner(writer, coefficients[1::2], square)
    return writer.fma(odd, x, even)


def _clamp(writer: IrWriter, x: str, low: float, high: float) -> str:
    # ordered comparisons, so that a NaN passes
    too_high = writer.compare("ogt", x, writer.splat(high))
    x = writer.select(too_high, writer.splat(high), x)
    too_low = writer.compare("olt", x, writer.splat(low))
    return writer.select(too_low, writer.splat(low), x)


def _exp(writer: IrWriter, x: str, low: str | None) -> str:
    """Print exp(x + low), low being a correction far below x."""
    x = _clamp(writer, x, -746.0, 710.0)
    shifted = writer.fma(x, writer.splat(_LOG2_E), writer.splat(_SHIFTER))
    rounded = writer.exact("fsub", shifted, writer.splat(_SHIFTER))
    reduced = writer.fma(rounded, writer.splat(-_LN2_HIGH), x)
    reduced = writer.fma(rounded, writer.splat(-_LN2_LOW), reduced)
    if low is not None:
        reduced = writer.exact("fadd", reduced, low)
    square = writer.mul(reduced, reduced)
    tail = writer.mul(_even_odd(writer, _EXP_POLYNOMIAL, reduced), square)
    value = writer.exact("fadd", writer.exact("fadd", tail, reduced), writer.splat(1.0))
    return _scale(writer, value, shifted)


def _scale(writer: IrWriter, value: str, shifted: str) -> str:
    """Print value * 2**n in two halves, so that a result among the denormals is rounded once."""
    bits = writer.to_bits(shifted)
    exponent = writer.integer_op("shl", bits, writer.splat_integer(52 - 40))
    exponent = writer.integer_op("ashr", exponent, writer.splat_integer(52 - 40))
    half = writer.integer_op("ashr", exponent, writer.splat_integer(1))
    rest = writer.integer_op("sub", exponent, half)
    for part in (half, rest):
        biased = writer.integer_op("add", part, writer.splat_integer(1023))
        factor = writer.from_bits(writer.integer_op("shl", biased, writer.splat_integer(52)))
        value = writer.exact("fmul", value, factor)
    return value


def _fast_two_sum(writer: IrWriter, large: str, small: str) -> tuple[str, str]:
    total = writer.exact("fadd", large, small)
    error = writer.exact("fsub", small, writer.exact("fsub", total, large))
    return total, error


def _split_argument(writer: IrWriter) -> tuple[str, str]:
    """Print k and f such that %x = 2**k * (1 + f) with 1 + f between sqrt(1/2) and sqrt(2)."""
    tiny = writer.compare("olt", "%x", writer.splat(_MINIMUM_NORMAL))
    scaled = writer.select(tiny, writer.exact("fmul", "%x", writer.splat(2.0**54)), "%x")
    bits = writer.to_bits(scaled)
    above = writer.integer_op("sub", bits, writer.splat_integer(_SQRT_HALF_BITS))
    exponent = writer.integer_op("ashr", above, writer.splat_integer(52))
    shifted = writer.integer_op("shl", exponent, writer.splat_integer(52))
    mantissa = writer.from_bits(writer.integer_op("sub", bits, shifted))
    fraction = writer.exact("fsub", mantissa, writer.splat(1.0))
    # the integer becomes a double through the same trick as in exp, without an AVX-512 instruction
    magic = writer.to_bits(writer.exact("fadd", writer.splat(_SHIFTER), writer.splat(0.0)))
    number = writer.from_bits(writer.integer_op("add", magic, exponent))
    number = writer.exact("fsub", number, writer.splat(_SHIFTER))
    correction = writer.select(tiny, writer.splat(54.0), writer.splat(0.0))
    return writer.exact("fsub", number, correction), fraction


def _ln_parts(writer: IrWriter) -> tuple[str, str]:
    """Print ln(%x) as a sum of two vectors with about 64 correct bits."""
    exponent, fraction = _split_argument(writer)
    # s = f / (2 + f) in two parts, so that ln(1 + f) = 2 s + 2/3 s**3 + ...
    denominator = writer.exact("fadd", fraction, writer.splat(2.0))
    denominator_low = writer.exact("fsub", fraction, writer.exact("fsub", denominator, writer.splat(2.0)))
    inverse = writer.exact("fdiv", writer.splat(1.0), denominator)
    s = writer.exact("fmul", fraction, inverse)
    remainder = writer.fma(writer.neg(s), denominator, fraction)
    remainder = writer.fma(writer.neg(s), denominator_low, remainder)
    s_low = writer.exact("fmul", remainder, inverse)

    square = writer.exact("fmul", s, s)
    square_low = writer.fma(s, s, writer.neg(square))
    square_low = writer.fma(writer.exact("fadd", s, s), s_low, square_low)
    cube = writer.exact("fmul", square, s)
    cube_low = writer.fma(square, s, writer.neg(cube))
    cube_low = writer.fma(square, s_low, writer.fma(square_low, s, cube_low))
    third = writer.exact("fmul", cube, writer.splat(_TWO_THIRDS))
    third_low = writer.fma(cube, writer.splat(_TWO_THIRDS), writer.neg(third))
    third_low = writer.fma(cube, writer.splat(_TWO_THIRDS_LOW), third_low)
    third_low = writer.fma(cube_low, writer.splat(_TWO_THIRDS), third_low)
    fifth = writer.exact("fmul", cube, square)
    tail = writer.fma(fifth, _even_odd(writer, _LN_POLYNOMIAL, square), third_low)

    high = writer.exact("fmul", exponent, writer.splat(_LN2_HIGH))
    high, error = _fast_two_sum(writer, high, writer.exact("fadd", s, s))
    high, second_error = _fast_two_sum(writer, high, third)
    low = writer.fma(exponent, writer.splat(_LN2_LOW), writer.exact("fadd", error, second_error))
    low = writer.exact("fadd", low, writer.fma(writer.splat(2.0), s_low, tail))
    high, low = _fast_two_sum(writer, high, low)
    return _ln_specials(writer, high, low)


def _ln_specials(writer: IrWriter, high: str, low: str) -> tuple[str, str]:
    infinite = writer.compare("oeq", "%x", writer.splat(float("inf")))
    zero = writer.compare("oeq", "%x", writer.splat(0.0))
    proper = writer.compare("ogt", "%x", writer.splat(0.0))
    high = writer.select(proper, high, writer.splat(float("nan")))
    high = writer.select(infinite, writer.splat(float("inf")), high)
    high = writer.select(zero, writer.splat(float("-inf")), high)
    special = writer.logic("or", infinite, zero)
    return high, writer.select(special, writer.splat(0.0), low)


def _ln_parts_function(lanes: int) -> str:
    writer = IrWriter(lanes)
    high, low = _ln_parts(writer)
    pair = f"{{ {writer.double}, {writer.double} }}"
    first = writer.emit(f"insertvalue {pair} undef, {writer.double} {high}, 0")
    second = writer.emit(f"insertvalue {pair} {first}, {writer.double} {low}, 1")
    return _definition(writer, "v_ln_parts", ("%x",), f"{pair} {second}")


def _ln(writer: IrWriter) -> str:
    high, low = _ln_parts(writer)
    return writer.exact("fadd", high, low)


def _log10(writer: IrWriter) -> str:
    high, low = _ln_parts(writer)
    low = writer.exact("fmul", low, writer.splat(_LOG10_E))
    finite_high = _clamp(writer, high, -800.0, 800.0)
    low = writer.fma(finite_high, writer.splat(_LOG10_E_LOW), low)
    return writer.fma(high, writer.splat(_LOG10_E), low)


def _pow(writer: IrWriter) -> str:
    pair = f"{{ {writer.double}, {writer.double} }}"
    magnitude = writer.intrinsic("fabs", "%x")
    parts = writer.emit(f"call {pair} @v_ln_parts({writer.double} {magnitude})")
    high = writer.emit(f"extractvalue {pair} {parts}, 0")
    low = writer.emit(f"extractvalue {pair} {parts}, 1")
    return writer.call("v_pow_parts", "%x", high, low, "%y")


def _pow_parts(writer: IrWriter) -> str:
    """Print %x ** %y from the two parts of ln|%x|."""
    product = writer.exact("fmul", "%high", "%y")
    error = writer.fma("%high", "%y", writer.neg(product))
    error = writer.fma("%low", "%y", error)
    # where the product overflows its error is NaN, and does not matter
    moderate = writer.compare("olt", writer.intrinsic("fabs", product), writer.splat(1000.0))
    error = writer.select(moderate, error, writer.splat(0.0))
    return _pow_specials(writer, _exp(writer, product, error))


def _pow_specials(writer: IrWriter, value: str) -> str:
    magnitude = writer.intrinsic("fabs", "%x")
    # a negative base: the sign of an odd power, no value for a fractional one
    negative = writer.emit(f"icmp slt {writer.integer} {writer.to_bits('%x')}, zeroinitializer")
    half = writer.exact("fmul", "%y", writer.splat(0.5))
    whole = writer.compare("oeq", "%y", writer.intrinsic("floor", "%y"))
    even = writer.compare("oeq", half, writer.intrinsic("floor", half))
    odd = writer.logic("and", whole, writer.invert(even))
    value = writer.select(writer.logic("and", negative, odd), writer.neg(value), value)
    fractional = writer.logic("and", writer.compare("olt", "%x", writer.splat(0.0)), writer.invert(whole))
    finite = writer.compare("olt", magnitude, writer.splat(float("inf")))
    undefined = writer.logic("and", fractional, finite)
    value = writer.select(undefined, writer.splat(float("nan")), value)
    # 1 to any power and anything to the power 0 are 1, also with NaN
    no_power = writer.compare("oeq", "%y", writer.splat(0.0))
    infinite_power = writer.compare("oeq", writer.intrinsic("fabs", "%y"), writer.splat(float("inf")))
    unit = writer.compare("oeq", magnitude, writer.splat(1.0))
    one = writer.compare("oeq", "%x", writer.splat(1.0))
    one = writer.logic("or", one, writer.logic("and", unit, infinite_power))
    return writer.select(writer.logic("or", one, no_power), writer.splat(1.0), value)
