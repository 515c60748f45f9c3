from __future__ import annotations

import json
import pickle
from time import process_time
from typing import Any

import orjson
import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from agents.campaign.errors import UsageError
from agents.training.answers import LONGEST_TEXT, AnswerSchema, Form
from agents.training.embedded import DEEPEST
from agents.training.scripts.stand_in_answers import BREAKAGES, answer_to

SCHEMA = {
    "type": "object",
    "properties": {"instruction": {"type": "string", "minLength": 1}, "output": {"type": "string", "minLength": 1}},
    "required": ["instruction", "output"],
    "additionalProperties": False,
}
DIALOGUE = AnswerSchema(SCHEMA)
ANYTHING = AnswerSchema({})
AN_OBJECT = AnswerSchema({"type": "object"})

BROKEN = {breakage.__name__.removeprefix("_"): breakage for breakage in BREAKAGES}
texts = st.text(st.characters(exclude_categories=["Cs"]))
values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**63), 2**64 - 1)
    | st.floats(allow_nan=False, allow_infinity=False)
    | texts,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=8,
)
objects = st.dictionaries(texts, values, min_size=1, max_size=4)
slips = st.text(st.sampled_from("{}[]\"'\\:,/`x1 \nTrue\x00é\ud800"), max_size=60)


def said(answer: dict[str, str]) -> str:
    return orjson.dumps(answer).decode()


@given(values)
def test_plain_json_is_read_as_it_is(value: Any) -> None:
    parsed = ANYTHING.parsed(orjson.dumps(value).decode())
    assert (parsed.form, parsed.value, parsed.is_read) == (Form.EXACT, value, True)


@given(objects, st.sampled_from(["```json\n{}\n```", "Here it is:\n\n```json\n{}\n```\n", "```\n{}```"]))
def test_json_in_a_fence_is_read(value: dict[str, Any], around: str) -> None:
    parsed = AN_OBJECT.parsed(around.replace("{}", orjson.dumps(value).decode()))
    assert (parsed.form, parsed.value) == (Form.FENCED, value)


@given(objects)
def test_json_in_prose_is_read(value: dict[str, Any]) -> None:
    parsed = AN_OBJECT.parsed(f"Sure, that's {{easy}} [1]: {orjson.dumps(value).decode()} I hope it's fine {{so}}!")
    assert (parsed.form, parsed.value) == (Form.EXTRACTED, value)


def test_json_may_have_fences_in_its_strings() -> None:
    answer = {"instruction": "Write it.", "output": "```c\nint x[] = {1};\n```"}
    assert DIALOGUE.parsed(f"```json\n{said(answer)}\n```").value == answer


def test_the_first_piece_that_has_the_shape_is_read() -> None:
    answer = {"instruction": "Say it.", "output": "It."}
    parsed = DIALOGUE.parsed(f'Given {{"x": 1}}, my answer is {said(answer)}, not {{"y": 2}}.')
    assert (parsed.form, parsed.value) == (Form.EXTRACTED, answer)


@pytest.mark.parametrize("name", sorted(BROKEN.keys() - {"torn", "with_raw_newlines"}))
@given(prompt=texts)
@example(prompt='Say "yes" in the place of {what} he\\she \x00 \u2028 said: "no", or it\'s \U0001f600 [sic]')
def test_what_a_stand_in_broke_is_recovered_word_by_word(name: str, prompt: str) -> None:
    answer = answer_to(prompt)
    meant = {key: text.replace("'", "") for key, text in answer.items()} if name == "in_single_quotes" else answer
    parsed = DIALOGUE.parsed(BROKEN[name](answer))
    assert (parsed.is_read, parsed.value) == (True, meant)


@given(texts)
def test_raw_newlines_are_recovered(prompt: str) -> None:
    assume("\\" not in prompt)  # the stand-in makes raw newlines out of the two characters backslash and n as well
    answer = answer_to(prompt)
    parsed = DIALOGUE.parsed(BROKEN["with_raw_newlines"](answer))
    assert parsed.value == {**answer, "output": answer["output"].replace(". ", ".\n")}


@given(texts)
def test_a_torn_answer_is_torn(prompt: str) -> None:
    assert DIALOGUE.parsed(BROKEN["torn"](answer_to(prompt))).form is Form.TORN


@given(objects, st.data())
def test_no_beginning_of_an_answer_is_an_answer(value: dict[str, Any], data: st.DataObject) -> None:
    whole = data.draw(st.sampled_from([orjson.dumps(value).decode(), json.dumps(value, indent=2), repr(value)]))
    before = data.draw(st.sampled_from(["", "```json\n", "Here it is: "]))
    cut = data.draw(st.integers(1, len(whole) - 1))
    after = data.draw(st.sampled_from(["", "\n```", " I hope that this helps."]))
    parsed = AN_OBJECT.parsed(f"{before}{whole[:cut]}{after}")
    assert not parsed.is_read
    assert parsed.value is None


@given(objects)
def test_the_repr_of_python_is_read(value: dict[str, Any]) -> None:
    assert AN_OBJECT.parsed(repr(value)).value == value


@pytest.mark.parametrize(
    ("text", "output"),
    [
        ('{"instruction": "a", "output": "He said "hi there" and left"}', 'He said "hi there" and left'),
        ('{instruction: "a", output: "b"}', "b"),
        ('{"instruction": "a" "output": "b"}', "b"),
        ('{"instruction": "a",\n "output": "b",\n}', "b"),
        ('{"instruction": "a", "output": "tab\there"}', "tab\there"),
        (r'{"instruction": "a", "output": "\(x\) it\'s \d"}', r"\(x\) it's \d"),
        ("{'instruction': 'a', 'output': 'It\\'s \\x41 \"b\"'}", 'It\'s A "b"'),
    ],
)
def test_slips_are_repaired(text: str, output: str) -> None:
    parsed = DIALOGUE.parsed(text)
    assert (parsed.form, parsed.value) == (Form.REPAIRED, {"instruction": "a", "output": output})


@pytest.mark.parametrize(
    "text",
    [
        '{"instruction": "a", "output": "half of',
        '{"instruction": "a", "output": "all of it."',
        '{"instruction": "a", "output": "He said "hi" to {x}',
        '{"instruction": "a", "output": "say "}" now',
        '```json\n{"instruction": "a", "output": "half of\n```',
        '{"instruction": "a", "output": "half of\n\nI hope that "this" helps.',
        "{",
        '{"instruction": "a", "output": {"b": "c"}, "more": "half',
    ],
)
@pytest.mark.parametrize("schema", [DIALOGUE, ANYTHING])
def test_what_ends_in_the_middle_is_torn(text: str, schema: AnswerSchema) -> None:
    parsed = schema.parsed(text)
    assert (parsed.form, parsed.value, parsed.is_read) == (Form.TORN, None, False)


@pytest.mark.parametrize(
    ("text", "form", "detail"),
    [
        ("", Form.NO_JSON, "there is no JSON in it"),
        ("I'm sorry, but I can't help with that.", Form.NO_JSON, "there is no JSON in it"),
        ("The set {a, b} and the list [0].", Form.NO_JSON, "there is no JSON in it"),
        (
            '{"instruction": "a", "output": "b" // with a remark\n}',
            Form.NO_JSON,
            "what begins at character 1 is no JSON",
        ),
        ('{"instruction": "a", "output": "\ud800"}', Form.NO_JSON, "what begins at character 1 is no JSON"),
        ("null", Form.WRONG_SHAPE, '$: null is not of type "object"'),
        ('{"instruction": "a"}', Form.WRONG_SHAPE, '$: "output" is a required property'),
        ('{"instruction": "a", "output": 3}', Form.WRONG_SHAPE, '$.output: 3 is not of type "string"'),
        ('Look: {"instruction": "a", "output": []}', Form.WRONG_SHAPE, '$.output: [] is not of type "string"'),
    ],
)
def test_what_is_no_answer_says_why(text: str, form: Form, detail: str) -> None:
    parsed = DIALOGUE.parsed(text)
    assert (parsed.form, parsed.value, parsed.detail) == (form, None, detail)


def test_a_place_in_a_list_is_named() -> None:
    schema = AnswerSchema({"type": "array", "items": {"properties": {"n": {"type": "integer"}}}})
    assert schema.parsed('So: [{"n": 1}, {"n": "\x1b[2J"}]').detail.startswith("$[1].n: ")


@given(slips | st.text(max_size=60))
@pytest.mark.parametrize("schema", [DIALOGUE, ANYTHING], ids=["dialogue", "anything"])
def test_any_text_is_read_or_refused(schema: AnswerSchema, text: str) -> None:
    parsed = schema.parsed(text)
    assert parsed.detail.isprintable()
    assert len(parsed.detail) <= 300
    if parsed.is_read:
        orjson.dumps(parsed.value)
    else:
        assert parsed.value is None
        assert parsed.detail


MEGABYTE = 1_000_000


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "text",
    [
        "[" * MEGABYTE,
        '{"a":' * (MEGABYTE // 5),
        "{}" * (MEGABYTE // 2),
        "{" + " " * (MEGABYTE - 1),
        '{"a": "' + "\\" * (MEGABYTE - 7),
        '{"a": "' + '" ' * (MEGABYTE // 2 - 4),
        '{"a": ' + '"x" y ' * (MEGABYTE // 6 - 2) + "}",
        '{"' + '"' * 40_000 + "}",
        "```" * (MEGABYTE // 3),
    ],
    ids=lambda text: text[:6],
)
def test_large_and_mean_texts_end_soon(text: str) -> None:
    assert not DIALOGUE.parsed(text).is_read


@pytest.mark.parametrize("characters", [3_900, 5_000, 49_000])
@pytest.mark.parametrize("loop", ["{a:b,…}", '{"a": (…}', '{"a": "x", a:b,…}', '{a:"",…}'])
def test_what_a_model_repeats_for_ever_is_given_up_soon(loop: str, characters: int) -> None:
    start, _, end = loop.partition("…")
    repeated = start[-4:].lstrip("{")
    text = start + repeated * (characters // len(repeated)) + end
    began = process_time()
    DIALOGUE.parsed(text)
    assert process_time() - began < 1.0


def test_a_long_answer_with_a_slip_is_repaired() -> None:
    long = 'She said "hi" to him. ' + "They went on and on. " * 2_000
    parsed = DIALOGUE.parsed(f'{{"instruction": "a", "output": "{long}"}}')
    assert (parsed.form, parsed.value) == (Form.REPAIRED, {"instruction": "a", "output": long})


def test_more_than_is_looked_at_is_too_large() -> None:
    assert DIALOGUE.parsed("x" * (LONGEST_TEXT + 1)).form is Form.TOO_LARGE
    assert ANYTHING.parsed("[" * DEEPEST + "]" * DEEPEST).form is Form.EXACT
    for around in ("{}", "Look: {}", "```json\n{}\n```"):
        deep = around.replace("{}", "[" * (DEEPEST + 1) + "]" * (DEEPEST + 1))
        assert ANYTHING.parsed(deep).form is Form.TOO_LARGE


def test_a_wide_answer_is_not_deep() -> None:
    wide = [[]] * (10 * DEEPEST)
    assert ANYTHING.parsed(orjson.dumps(wide).decode()).value == wide


def test_a_schema_travels_to_workers() -> None:
    travelled = pickle.loads(pickle.dumps(DIALOGUE))  # noqa: S301 -- our own bytes
    assert travelled.parsed('{"instruction": "a"}').form is Form.WRONG_SHAPE
    assert travelled.parsed('{"instruction": "a", "output": "b"}').form is Form.EXACT


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "text"},
        {"properties": 3},
        {"pattern": "("},
        {"$ref": "#/$defs/none"},
        {"$ref": "http://example.com/schema.json"},
        {"$schema": "http://example.com/none", "type": "object"},
    ],
)
def test_what_is_no_schema_is_refused_with_a_cure(schema: dict[str, Any]) -> None:
    with pytest.raises(UsageError, match="the schema of the answer is none: ") as refused:
        AnswerSchema(schema)
    assert "write a JSON schema" in refused.value.cure
