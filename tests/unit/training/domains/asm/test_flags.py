"""Sequences run as drawn, and every reason says what the execution shows."""

from __future__ import annotations

import re

import pytest

from agents.training.domains.asm.flags.generator import FAMILIES, draw
from agents.training.domains.asm.flags.question import question_of
from agents.training.domains.asm.flags.reasons import reason
from agents.training.domains.asm.flags.sequence import Sequence, Step, bits_of, run
from agents.training.domains.asm.flags.sums import Numbers
from agents.training.phrases import seeded
from agents.training.sample import Cell, SourceItem
from agents.training.w65816 import Registers

STATED = re.compile(r"\b([NVZC]) = ([01])\b")
VALUE = re.compile(r"\b([AXY]) = (?:\$[0-9A-F]+ [+-] 1 = )?\$([0-9A-F]+)")


def item(noun: str, level: int, salt: int) -> SourceItem:
    return SourceItem("asm", Cell(f"flags.{noun}", level), {"salt": salt})


def flags(registers: Registers) -> dict[str, int]:
    return {
        "N": int(registers.negative), "V": int(registers.overflow), "Z": int(registers.zero),
        "C": int(registers.carry),
    }  # fmt: skip


@pytest.mark.parametrize("noun", FAMILIES)
def test_reasons_state_what_the_execution_shows(noun):
    for level in (1, 2, 3):
        for salt in range(10):
            for number, step in enumerate(question_of(item(noun, level, salt)).steps):
                text = reason(seeded(salt, number), step)
                after = {"A": step.after.a, "X": step.after.x, "Y": step.after.y}
                for name, value in dict(STATED.findall(text)).items():
                    assert flags(step.after)[name] == int(value), (step, text)
                for name, digits in VALUE.findall(text):
                    assert after[name] & ((1 << 4 * len(digits)) - 1) == int(digits, 16), (step, text)


@pytest.mark.parametrize("noun", FAMILIES)
def test_a_flag_that_changes_is_reasoned_about(noun):
    for salt in range(10):
        for step in question_of(item(noun, 3, salt)).steps:
            if step.before.decimal:
                continue
            before, after = flags(step.before), flags(step.after)
            stated = dict(STATED.findall(reason(seeded(salt), step)))
            assert {name for name in before if before[name] != after[name]} <= set(stated), step


@pytest.mark.parametrize("noun", FAMILIES)
def test_what_is_asked_is_how_it_ends(noun):
    for level in (1, 2, 3):
        for salt in range(6):
            question = question_of(item(noun, level, salt))
            stated = {key: value for key, value, _ in question.facts}
            assert {"N", "Z", "C"} <= set(stated)
            assert ("V" in stated) is not any(step.before.decimal for step in question.steps)
            for name, value in flags(question.end).items():
                assert stated.get(name, str(value)) == str(value)


def test_difficulty_makes_sequences_longer_and_wider():
    lengths, wide = [], []
    for level in (1, 2, 3):
        drawn = [draw(noun, level, seeded(noun, level, salt)) for noun in FAMILIES for salt in range(5)]
        lengths.append(sum(len(sequence.lines) for sequence in drawn) / len(drawn))
        wide.append(sum(not sequence.start.m8 for sequence in drawn))
    assert lengths == sorted(lengths)
    assert lengths[2] > 2 * lengths[0]
    assert wide[0] == 0 < wide[1]


@pytest.mark.parametrize("noun", ["decimal_add", "decimal_subtract"])
def test_decimal_operands_are_decimal(noun):
    for salt in range(60):
        for step in question_of(item(noun, salt % 3 + 1, salt)).steps:
            if step.op in {"ADC", "SBC"}:
                assert f"{Numbers(step).a:x}{step.value:x}".isdecimal()


def test_both_values_of_every_flag_occur():
    for noun in ("adc", "sbc", "compare", "bit_test"):
        seen = {
            (name, value) for salt in range(60) for name, value in flags(question_of(item(noun, 1, salt)).end).items()
        }
        assert len(seen) == 8, noun


def test_a_sequence_runs_on_the_state_it_starts_from():
    start = Registers(a=0x12FF, x=3, y=4, p=0x31)
    (add, store, swap) = run(Sequence(start, 0x40, 0xBEEF, ("adc #$00", "sta $40", "xba"), False))
    assert (add.after.a, add.after.carry, add.after.zero) == (0x1200, True, True)
    assert (store.memory, store.value) == ((0xBEEF, 0xBE00), 0xEF)
    assert (swap.after.a, swap.after.negative) == (0x0012, False)


@pytest.mark.parametrize(("op", "bits"), [("LDX", 16), ("TXA", 8), ("TAX", 16), ("XBA", 8), ("CMP", 8), ("CPY", 16)])
def test_an_instruction_is_as_wide_as_its_register(op, bits):
    assert bits_of(op, Registers(p=0x20)) == bits


def test_the_accumulator_is_no_operand():
    registers = Registers()
    assert Step("ROL A", registers, registers, 0, (0, 0)).arg == ""
    assert Step("inc $12", registers, registers, 0, (0, 0)).arg == "$12"
