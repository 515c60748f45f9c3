from __future__ import annotations

import orjson
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.training.embedded import DEEPEST, Span, is_deep, mended, outside_strings, spans

texts = st.text(st.characters(exclude_categories=["Cs"]))


@pytest.mark.parametrize(
    ("text", "brackets", "found"),
    [
        ("", "{[", []),
        ("{name} and [sic] and (x)", "{[", []),
        ('a {"b": "}"} c [1] d', "{[", [Span(2, 12), Span(15, 18)]),
        ('a {"b": "}"} c [1] d', "{", [Span(2, 12)]),
        ('a {"b": "}"} c [1] d', "[", [Span(15, 18)]),
        ('{"a": [{}]}{}', "{[", [Span(0, 11), Span(11, 13)]),
        ("{'a': '}\\''}", "{", [Span(0, 12)]),
        ('{"a": "b "c}" d"}', "{", [Span(0, 17)]),
        ('{"a": "b "}" d"}', "{", [Span(0, None)]),
        ('{"a": 1} {"b": "c', "{", [Span(0, 8), Span(9, None)]),
        ('{"a": 1}" {"b": 2}', "{", [Span(0, None)]),
        ('"{"a": 1}"', "{", [Span(1, 9)]),
        ("{", "{", [Span(0, None)]),
        ('{"a":' * DEEPEST + "1" + "}" * DEEPEST, "{", [Span(0, 6 * DEEPEST + 1)]),
        ('{"a":' * (DEEPEST + 1), "{", [Span(0, None, is_deep=True)]),
    ],
)
def test_json_is_found_in_text(text: str, brackets: str, found: list[Span]) -> None:
    assert list(spans(text, brackets)) == found


@pytest.mark.parametrize(
    ("text", "count"),
    [("", 0), ("{\"a\": 'b'}", 4), ("{a:b}", 5), ('"a \\" b"', 0), ('"it" and "that"', 5), ('{"a": "never ends', 14)],
)
def test_what_is_outside_strings_is_counted(text: str, count: int) -> None:
    assert outside_strings(text) == count


@given(texts)
@example("\\n \\u0041 \\x41 \\' \\\" \\")
def test_what_needs_no_mending_means_what_it_did(text: str) -> None:
    sound = orjson.dumps([text, {text: [True, None, 1.5]}]).decode()
    assert orjson.loads(mended(sound)) == orjson.loads(sound)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("['a', True, False, None,]", ["a", True, False, None]),
        ('["True, None,]"]', ["True, None,]"]),
        ('["a\nb\tc\x00"]', ["a\nb\tc\x00"]),
        (r"""['it\'s "it"']""", ['it\'s "it"']),
        (r'["\d \u12 \x4 \( \_"]', [r"\d \u12 \x4 \( \_"]),
        (r"['\x41\x00\U0001f600\u00e9\n']", ["A\x00\U0001f600\u00e9\n"]),
        (r"['\U00000022\x5c\x0a']", ['"\\\n']),
        ('["a\\\nb"]', ["a\nb"]),
    ],
)
def test_slips_are_mended(text: str, value: object) -> None:
    assert orjson.loads(mended(text)) == value


@given(st.text(st.sampled_from("\"'\\xuU04a\n,]}TrueNone\ud800")))
def test_any_text_can_be_mended(text: str) -> None:
    mended(text)


@pytest.mark.parametrize(("text", "deep"), [("[]" * 300, False), ("[" * 201 + "]" * 201, True), ('"[{"', False)])
def test_depth_is_not_the_number_of_brackets(text: str, deep: bool) -> None:
    assert is_deep(text) is deep
