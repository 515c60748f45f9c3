from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from agents.training.checks.grounding import MOST_CLAIMS, grounding

SOURCE = """Link_Main runs once per frame and calls ReadJoypad at $7E00F0; ppu.Registers are untouched. The STZ that
follows clears 1,000 bytes, 12% of the buffer, for Zelda and the Wizards of Hyrule. It was written in 1991 by `nmi`."""


def score(answer: str, source: str = SOURCE, question: str = "") -> float:
    return grounding(answer, source, question).score


@pytest.mark.parametrize(
    "answer",
    [
        "",
        "It clears the buffer and then it returns to whoever called it.",
        "Clearing takes a while. Then The routine returns.",
        "It calls ReadJoypad from Link_Main, and STZ clears the rest.",
        "It reads 0x7E00F0, or $7e00f0, or 7E00F0 for short.",
        "It clears 1000 bytes, or 1,000 bytes (12 %), or 1000.0 of them.",
        "It tells the story of Zelda, a wizard of Hyrule and Link.",
        "In ppu.Registers nothing changes; `nmi` and `Link_Main` wrote it in 1991.",
        "1. First it reads.\n2. Then it clears.\n- Last it returns.\n12. Done.",
        "It takes 3 steps, and 2 of them are short; the 1st is not.",
        "He said: \u201cIt was done.\u201d So it was.",
        "## Step-by-Step Installation Guide\nIt clears the buffer.\n\n### Common Mistakes And Their Fixes ###\n",
        "- **Main Routine:** it runs.\n2. **Buffer Handling** clears it.\n**Final Note**: It was written in 1991.",
        "Link's routine, e.g. this one, i.e. the main one, and/or another don't matter.",
    ],
)
def test_what_the_source_says_is_grounded(answer: str) -> None:
    check = grounding(answer, SOURCE, "")
    assert (check.score, check.detail) == (1.0, "")


@pytest.mark.parametrize(
    ("answer", "expected", "missing"),
    [
        ("It calls WriteJoypad from Link_Main.", 1 / 2, "WriteJoypad"),
        ("It calls read_pad.", 0.0, "read_pad"),
        ("It uses os.path.join for that.", 0.0, "os.path.join"),
        ("It reads $7E00F4 and then STZ.", 1 / 2, "$7E00F4"),
        ("It clears 1001 bytes.", 0.0, "1001"),
        ("It was written in 1991 by Ganon.", 1 / 2, "Ganon"),
        ("First, PPU2 is set; `irq` follows.", 0.0, "PPU2, irq"),
        ("It uses Ink and Joy.", 0.0, "Ink, Joy"),
        ("# How To Call WriteJoypad 17 Times\n", 0.0, "WriteJoypad, 17"),
        ("**Warning:** It wakes Ganon.", 0.0, "Ganon"),
        ("It wakes **Ganon** at once.", 0.0, "Ganon"),
        ("**2 * 3 is Ganon, and 4 ** 2 is Joy", 0.0, "Joy"),
        ("With 91 and 00 it works.", 0.0, "91, 00"),
    ],
)
def test_what_the_source_does_not_say_is_named(answer: str, expected: float, missing: str) -> None:
    check = grounding(answer, SOURCE, "")
    assert check.score == pytest.approx(expected)
    assert check.detail == f"not in the source: {missing}"


def test_the_question_is_known_too() -> None:
    assert score("It is $2100.") == 0.0
    assert score("It is $2100.", question="What is at $2100?") == 1.0


def test_money_and_hexadecimal_numbers_are_told_by_the_source() -> None:
    assert score("It costs $100.", source="It costs 100 dollars.") == 1.0
    assert score("It is at 0x100.", source="STA $100") == 1.0
    assert score("It is at 0x100.", source="100 dollars") == 0.0


def test_every_claim_counts_once() -> None:
    assert score("Link_Main calls FooBar. FooBar calls FooBar and FooBar.") == 0.5


def test_only_some_of_many_missing_ones_are_named() -> None:
    check = grounding(" ".join(f"name_{number}" for number in range(20)), SOURCE, "")
    assert check.detail == "not in the source: name_0, name_1, name_2, name_3, name_4 and 15 more"


def test_german_nouns_are_no_names() -> None:
    german = "Die Routine liest in jedem Bild den Controller und schreibt das Ergebnis in einen Puffer im Speicher."
    assert score(german) == 1.0
    assert score(f"{german} Das macht Link_Start.") == 0.0


@given(st.text(st.characters()) | st.text("Aa1$.,`_0xF %\n\ud800é", max_size=200), st.text(st.characters()))
def test_any_text_is_judged(answer: str, source: str) -> None:
    check = grounding(answer, source, "")
    assert 0.0 <= check.score <= 1.0


@given(st.text("Aab1$.,`_0xFF % \n", max_size=200))
def test_a_text_is_grounded_in_itself(text: str) -> None:
    assert grounding(text, text, "").score == 1.0


@pytest.mark.timeout(20)
@pytest.mark.parametrize(
    "piece", ["**A ", "**A**\n", "# ", "Ab1 ", "`a` ", "$1", "1,000", "a.b", "A", "1 ", "\x00", "\n"]
)
def test_large_texts_end_soon(piece: str) -> None:
    text = piece * (1_000_000 // len(piece))
    assert 0.0 <= score(text, source=text) <= 1.0
    many = " ".join(f"name_{number}" for number in range(2 * MOST_CLAIMS))
    assert score(many, source=text) == 0.0
