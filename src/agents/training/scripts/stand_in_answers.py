"""What the stand-in says: made-up samples, each prompt's own, and the ways in which they go wrong.

Owns the texts. Knows nothing of requests and keys.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from hashlib import blake2b
from random import Random
from typing import Any

import orjson

REFUSAL = "I'm sorry, but I can't help with that."

_NOUNS = (
    *("river", "garden", "engine", "letter", "window", "market", "bridge", "kernel", "signal", "valley", "teacher"),
    *("harbor", "pattern", "library", "mirror", "island", "lantern", "orchard", "compass", "station", "blanket"),
    *("meadow", "channel", "village", "machine", "column", "ladder", "carpet", "forest", "pocket", "record"),
    "shadow",
)
_VERBS = (
    *("follows", "carries", "changes", "measures", "covers", "repeats", "answers", "crosses", "reaches", "holds"),
    *("opens", "paints", "shapes", "guides", "meets", "warms"),
)
_ADJECTIVES = (
    *("quiet", "narrow", "early", "golden", "broken", "simple", "distant", "gentle", "heavy", "patient", "hollow"),
    *("modern", "silver", "careful", "ancient", "plain", "sudden", "bright", "rough", "steady", "foreign"),
    *("little", "empty", "warm", "sharp", "wooden", "famous", "hidden", "rapid", "sleepy", "open", "curious"),
)
_PLACES = (
    *("near the wall", "after noon", "without a sound", "for a while", "in the rain", "every winter", "on the hill"),
    "at the gate",
)
_SENTENCES = 6
_QUOTED = 6
"""Words of the prompt that its answer takes up."""


def answer_to(prompt: str) -> dict[str, str]:
    """Return the answer that belongs to ``prompt``: always the same one, about 60 words, some of them from it."""
    words = prompt.split()
    dice = blake2b(prompt.encode("utf-8", "surrogatepass"), digest_size=8 * _SENTENCES).digest()
    start = int.from_bytes(dice[-2:]) % max(1, len(words) - _QUOTED + 1)
    quoted = " ".join(words[start : start + _QUOTED])
    sentences = [_sentence(dice[at : at + 6]) for at in range(0, 6 * _SENTENCES, 6)]
    return {
        "instruction": f"What is meant by this: {quoted}",
        "output": f"It is about {quoted}. {' '.join(sentences)}",
    }


def fitting(schema: Mapping[str, Any], answer: Mapping[str, str], name: str = "") -> Any:
    """Return a value that fits a plain JSON schema: texts of ``answer``, and whole numbers of 4 or 5."""
    kind = str(schema.get("type"))
    if kind == "object":
        return {key: fitting(inner, answer, key) for key, inner in schema.get("properties", {}).items()}
    if kind == "array":
        return [fitting(schema.get("items", {}), answer, name)]
    wanted = 4 + len(answer["output"]) % 2
    number = min(max(wanted, schema.get("minimum", wanted)), schema.get("maximum", wanted))
    plain = {"integer": number, "number": number, "boolean": True, "null": None}
    return schema["enum"][0] if schema.get("enum") else plain.get(kind, answer.get(name, answer["output"]))


def _sentence(dice: bytes) -> str:
    first, noun, verb, second, other, place = dice
    return (
        f"The {_one(_ADJECTIVES, first)} {_one(_NOUNS, noun)} {_one(_VERBS, verb)} "
        f"the {_one(_ADJECTIVES, second)} {_one(_NOUNS, other)} {_one(_PLACES, place)}."
    )


def _one(choices: Sequence[str], die: int) -> str:
    return choices[die % len(choices)]


def said_to(prompt: str, style: str, fault: str | None, random: Random, schema: Mapping[str, Any] | None = None) -> str:
    """Return what is said to ``prompt`` in the ``style`` of the knob ``answer``, spoiled as ``fault`` has it.

    With a ``schema``, answers that are JSON fit it.
    """
    if fault == "empty":
        return ""
    if fault == "refusal":
        return REFUSAL
    if style in {"echo", "text"}:
        text = prompt if style == "echo" else answer_to(prompt)["output"]
        return text[: len(text) // 2] if fault == "malformed" else text
    plain = answer_to(prompt)
    answer = plain if schema is None else fitting(schema, plain)
    if fault == "malformed":
        breakage = random.choice(BREAKAGES)
        return breakage(answer) if answer == plain else _torn(answer)
    text = orjson.dumps(answer).decode()
    return f"Here it is:\n\n```json\n{text}\n```\n" if "fenced" in {fault, style} else text


def _in_prose(answer: Mapping[str, str]) -> str:
    return f"Sure! {orjson.dumps(answer).decode()} I hope that this helps."


def _with_raw_newlines(answer: Mapping[str, str]) -> str:
    return orjson.dumps({**answer, "output": answer["output"].replace(". ", ".\n")}).decode().replace("\\n", "\n")


def _with_trailing_comma(answer: Mapping[str, str]) -> str:
    return f"{orjson.dumps(answer).decode()[:-1]},}}"


def _in_single_quotes(answer: Mapping[str, str]) -> str:
    return repr({name: text.replace("'", "") for name, text in answer.items()})


def _torn(answer: Mapping[str, str]) -> str:
    text = orjson.dumps(answer).decode()
    return text[: len(text) // 2]


BREAKAGES: tuple[Callable[[Mapping[str, str]], str], ...] = (
    *(_in_prose, _with_raw_newlines, _with_trailing_comma, _in_single_quotes),
    _torn,
)
"""How an answer is malformed, each as often; a reader that repairs can save all but the last one, which lost words."""
