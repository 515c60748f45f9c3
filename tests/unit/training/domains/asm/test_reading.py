"""Prompts and answers as a reader meets them: no slips of grammar, no doubled words, nothing said for a wrong case."""

from __future__ import annotations

import re

import pytest

from agents.training.domains.asm import DOMAIN
from agents.training.domains.asm.kinds import KINDS
from agents.training.domains.asm.samples import asked_of, fault_of, line_at, routine_of, shown
from agents.training.routines import reading
from agents.training.sample import Cell

SLIPS = {
    "two full stops": re.compile(r"(?<!\.)\.\.(?!\.)|\.{4,}"),
    "a full stop behind another mark": re.compile(r"[?!:;,]\.(?!\w)"),
    "a before a vowel that is spoken": re.compile(r"\ba (?:8|11|18|8\d)\b(?!-?\d)|\ba [aeio]\w+\b"),
    "an before a consonant": re.compile(r"\ban (?:[bcdfgjkpqtvwyz][a-z]+|1[0-79]|[2-79])\b"),
    "one of many": re.compile(
        r"(?<![\d$.-])\b1 (?:byte|bit|word|cycle|instruction|time|step|color|node|pair|digit)s\b"
    ),
    "a word twice": re.compile(r"\b([a-z]{2,}) \1\b(?!-)"),
    "two articles": re.compile(r"\b(?:the|an?) (?:the|an?)\b"),
    "brackets in brackets": re.compile(r"\([^()`]*\([^()]*\)[^()]*\)"),
    "alternatives left open": re.compile(r"[<>]\w+\||\{\w*\}"),
    "a heading said again": re.compile(r"^(?:\W*)([A-Z][a-z ]+)\W*\n+\1: ", re.MULTILINE),
}


@pytest.mark.parametrize("kind", KINDS)
def test_prompts_and_answers_read_without_slips(kind):
    for number, cell in enumerate(cell for cell in DOMAIN.cells() if cell.family.startswith(f"{kind}.")):
        item = DOMAIN.item(cell, 400 + number, 7)
        told = [message.content for message in DOMAIN.prompt(item, number)] + [DOMAIN.answer(item, number)]
        text = "\n".join(map(reading.outside, told))
        found = {slip: match[0] for slip, pattern in SLIPS.items() if (match := pattern.search(text))}
        assert not found, (cell, found)


def test_a_trace_without_a_loop_shows_every_step():
    for index in range(6):
        item = DOMAIN.item(Cell("trace.layer_bases", 3), index, 3)
        answer = DOMAIN.answer(item, index)
        steps = [line.arg for line in routine_of(item).lines if line.op in {"sta", "ora"}]
        style = shown(item)[0]
        assert all(arg.lower() in answer.lower() for arg in steps), (style, answer)
        assert asked_of(item).seen.instructions == len(routine_of(item).lines)
        assert "skipping" not in answer
        assert "more instructions" not in answer


def test_a_wrong_instruction_is_quoted_without_its_label_and_explained_by_what_it_does():
    masks = 0
    for index in range(60):
        item = DOMAIN.item(Cell("find.layer_switch", 1), index, 3)
        fault, answer = fault_of(item), DOMAIN.answer(item, 0)
        if fault.kind == "off by one":
            assert "fencepost" not in answer
            assert fault.right.op != "and" or "bits" in answer
            masks += fault.right.op in {"and", "ora"}
        if fault.kind != "missing":
            wrong = fault.lines[fault.at]
            assert re.search(rf"`{wrong.op}\b", answer, re.IGNORECASE)
    assert masks


def test_a_trace_says_of_each_branch_whether_it_is_taken():
    item = DOMAIN.item(Cell("trace.clamp", 1), 2, 3)
    routine, seen = routine_of(item), asked_of(item).seen
    answer = DOMAIN.answer(item, 0)
    lines = line_at(routine)
    branches = [(lines[row].op, after.carry) for row, after in seen.first if lines[row].op in {"bcc", "bcs"}]
    taken = sum(carry == (op == "bcs") for op, carry in branches)
    assert branches
    assert answer.count("; taken") == taken
    assert answer.count("; not taken") == len(branches) - taken
