from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.w65816.expressions import AssemblyError, Value, evaluate

NAMES = {"base": Value(0x8000, 2, address=True), "end": Value(0x8010, 2, address=True), "SIZE": Value(8, 1)}


def lookup(name: str) -> Value:
    return NAMES[name]


@pytest.mark.parametrize(
    ("text", "number", "size"),
    [
        ("$12", 0x12, 1), ("$0012", 0x12, 2), ("$000012", 0x12, 3), ("$1", 1, 1), ("$123", 0x123, 2),
        ("%101", 5, 1), ("%000000001", 1, 2), ("255", 255, 1), ("256", 256, 2), ("65536", 65536, 3),
        ("'A'", 65, 1), ('"z"', 122, 1), ("SIZE", 8, 1), ("base", 0x8000, 2),
        ("1+2*3", 7, 1), ("(1+2)*3", 9, 1), ("7-2-1", 4, 1), ("17/5", 3, 1), ("2+3<<1", 10, 1), ("1<<2+1", 8, 1),
        ("$0F&$3C|$40", 0x4C, 1), ("$0F^$3C", 0x33, 1), ("1|2^3&4", 3, 1), ("$FFFF>>8", 0xFF, 2),
        ("-1", -1, 1), ("--1", 1, 1), ("~0", -1, 1), ("-$80", -128, 1), ("-129", -129, 2),
        ("<base", 0x00, 1), (">base", 0x80, 1), ("^$7E1234", 0x7E, 1), ("<$1234+1", 0x35, 1), ("<(end-1)", 0x0F, 1),
        ("end-base", 0x10, 2), ("$10+$0001", 0x11, 2), ("$FF+1", 0x100, 2), ("%11%10", None, None),
        (" ( 1 + 2 ) ", 3, 1),
    ],
)  # fmt: skip
def test_values(text: str, number: int | None, size: int | None) -> None:
    if number is None:
        with pytest.raises(AssemblyError):
            evaluate(text, lookup, 1)
        return
    value = evaluate(text, lookup, 1)
    assert (value.number, value.size) == (number, size)


@pytest.mark.parametrize(
    ("text", "address"), [("base", True), ("base+1", True), ("1+base", True), ("base-1", True), ("end-base", False),
                          ("base>>16", False), ("<base", False), ("SIZE", False), ("1-base", False)],
)  # fmt: skip
def test_what_still_is_an_address(text: str, address: bool) -> None:
    assert evaluate(text, lookup, 1).address is address


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("", "syntax"), ("1+", "syntax"), ("(1", "syntax"), ("1)", "syntax"), ("1 2", "syntax"), ("$", "syntax"),
        ("$G", "syntax"), ("%2", "syntax"), ("12ab", "syntax"), ("'ab'", "syntax"), ("+1", "syntax"), ("!1", "syntax"),
        ("é", "syntax"), ("٣", "syntax"), ("\0", "syntax"), ("(" * 40 + "1" + ")" * 40, "syntax"), ("-" * 40 + "1",
        "syntax"),
        ("1/0", "value-range"), ("1<<32", "value-range"), ("1>>-1", "value-range"), ("$FFFFFFFF*$FFFFFFFF",
        "value-range"),
        ("9999999999", "value-range"), ("99999999999", "syntax"), ("'é'", "value-range"),
    ],
)  # fmt: skip
def test_errors(text: str, kind: str) -> None:
    with pytest.raises(AssemblyError) as caught:
        evaluate(text, lookup, 7)
    assert (caught.value.kind, caught.value.line) == (kind, 7)


@given(st.recursive(st.integers(0, 9).map(str), lambda parts: st.tuples(parts, st.sampled_from("+-*&|^"), parts).map(
    lambda sides: f"({sides[0]}{sides[1]}{sides[2]})"), max_leaves=8))  # fmt: skip
def test_agrees_with_python(text: str) -> None:
    expected = eval(text)  # noqa: S307 - digits and operators only
    assert evaluate(text, lookup, 1).number == expected
