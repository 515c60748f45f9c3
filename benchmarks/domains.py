"""What the checks catch: right answers are made wrong in twenty ways, and the share that is refuted is counted.

Run as ``python benchmarks/domains.py [--answers N] [DOMAIN ...]``. Every domain answers N items, and each answer is
changed in each way that fits it. Changed code may still be right, say with two independent instructions exchanged.
So code that the checks let pass is judged a second time, by a process that proves on many times as many inputs. What
passes there too counts as right and is left out; what fails only there was *missed*.
"""

from __future__ import annotations

import argparse
import multiprocessing
import re
import time
from collections import Counter
from collections.abc import Callable
from random import Random

from agents.campaign.recipe import ChecksSection
from agents.training import domains
from agents.training.domains import ProvingDomain
from agents.training.phrases import seeded
from agents.training.routines.draft import Draft
from agents.training.sample import SourceItem

ACCEPT_AT = ChecksSection().accept_at
DEEP_INPUTS = 200
"""Hidden inputs of the second judgement."""
SEED = 6_502

Way = Callable[[Random, str], str | None]
"""Returns the answer made wrong, or None where the way does not fit it."""

_BLOCK = re.compile(r"^([ \t]*```[^\n]*\n)(.*?)(^[ \t]*```)", re.DOTALL | re.MULTILINE)
_ROW = re.compile(
    r"^(\s*(?:[\w.]+:|\.\w+|[+-]+)?\s*)([A-Za-z]{3}(?:\.[bwl])?)((?:[ \t]+[^;\s][^;]*?)?)([ \t]*(?:;.*)?)$"
)
_PAIR = re.compile(r"^([>*`|+ \t-]{0,8}[A-Za-z_]\w*[`* \t]*=[`* \t]*)(\$[0-9A-Fa-f]+|\d+)[ \t]*$", re.MULTILINE)
_NUMBER = re.compile(r"(?<=#)\$[0-9A-Fa-f]+|(?<=#)\d+")
_ADDRESS = re.compile(r"(?<![#\w])\$[0-9A-Fa-f]+")
_ARGUMENT = re.compile(r'("[A-Za-z_]\w*": ?)("(?:[^"\\]|\\.)*"|-?\d+)')
_OPPOSITES = dict(
    pair.split("/")
    for pair in [
        *("bcc/bcs", "beq/bne", "bpl/bmi", "bvc/bvs", "inx/dex", "iny/dey", "inc/dec", "asl/lsr", "rol/ror", "adc/sbc"),
        *("and/ora", "clc/sec", "tax/tay", "txa/tya", "lda/ldx", "sta/stx", "pha/phx", "pla/plx", "cmp/cpx", "jsr/jmp"),
    ]
)
_SWAPS = _OPPOSITES | {other: name for name, other in _OPPOSITES.items()}


ALWAYS_WRONG = frozenset(
    [
        *("refused", "cut off", "of another item", "without its code", "without its prose", "stated value wrong"),
        *("stated value left out", "argument wrong", "argument left out"),
    ]
)
"""Ways after which no answer is right."""


def main() -> None:
    """Measure, and print a table for each domain."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("domains", nargs="*", default=domains.names(), metavar="DOMAIN")
    parser.add_argument("--answers", type=int, default=300)
    arguments = parser.parse_args()
    with multiprocessing.get_context("spawn").Pool(1, initializer=_prove_deeply) as deep:
        for name in arguments.domains:
            _measure(domains.load(name), arguments.answers, lambda asked: deep.apply(_quality, (asked,)))


def _measure(domain: ProvingDomain, answers: int, deeply: Callable[[tuple[str, SourceItem, int, str]], float]) -> None:
    began = time.perf_counter()
    tried, caught, missed = Counter[str](), Counter[str](), Counter[str]()
    examples: list[str] = []
    cells = list(domain.cells())
    for number in range(answers):
        item = domain.item(seeded(SEED, "cell", number).choice(cells), number, SEED)
        prompt, answer = domain.prompt(item, number), domain.answer(item, number)
        other = domain.answer(domain.item(item.cell, number + 1_000, SEED), number)
        for way, change in _ways(other).items():
            wrong = change(seeded(way, number), answer)
            if wrong is None or wrong == answer:
                continue
            if domain.judge(item, prompt, wrong).quality < ACCEPT_AT:
                caught[way] += 1
            elif way in ALWAYS_WRONG or deeply((domain.name, item, number, wrong)) < ACCEPT_AT:
                missed[way] += 1
                examples.append(f"{way}, {item.cell}, item {number}")
            else:
                continue
            tried[way] += 1
    print(f"\n{domain.name}: {answers} answers, {time.perf_counter() - began:.0f} s")
    print(f"  {'way':<28}{'wrong':>7}{'caught':>9}")
    for way in sorted(tried):
        print(f"  {way:<28}{tried[way]:>7}{caught[way] / tried[way]:>9.2%}")
    print(f"  {'all':<28}{tried.total():>7}{caught.total() / tried.total():>9.2%}")
    print("\n".join(f"  missed: {example}" for example in examples[:10]))


def _quality(asked: tuple[str, SourceItem, int, str]) -> float:
    name, item, variant, answer = asked
    domain = domains.load(name)
    return domain.judge(item, domain.prompt(item, variant), answer).quality


def _prove_deeply() -> None:
    """Let routines of this process have more hidden inputs; what else they are does not change."""
    Draft.__init__.__kwdefaults__["hidden"] = DEEP_INPUTS


def _ways(other: str) -> dict[str, Way]:
    """Return the ways to make an answer wrong, by name; ``other`` is the answer to another item of the same cell."""
    return {
        "refused": lambda _rng, _answer: "I'm sorry, but I cannot help with that.",
        "cut off": _cut_off,
        "of another item": lambda _rng, _answer: other,
        "without its code": lambda _rng, answer: _BLOCK.sub("", answer) if _BLOCK.search(answer) else None,
        "without its prose": _only_words,
        "instruction left out": _row_changed(lambda _rng, row: ""),
        "instruction twice": _row_changed(lambda _rng, row: f"{row[0]}\n{row[2]}{row[3]}"),
        "instructions exchanged": _rows_exchanged,
        "opposite instruction": _row_changed(_opposite),
        "constant off by one": _row_changed(lambda rng, row: _renumbered(rng, row, _NUMBER, _near)),
        "bit of a constant": _row_changed(lambda rng, row: _renumbered(rng, row, _NUMBER, _flipped)),
        "another address": _row_changed(lambda rng, row: _renumbered(rng, row, _ADDRESS, _near)),
        "width the other way": _row_of({"rep": "sep", "sep": "rep"}),
        "other return": _row_of({"rts": "rtl", "rtl": "rts"}),
        "nothing saved": _row_of(
            dict.fromkeys(("php", "pha", "phx", "phy", "phb", "plp", "pla", "plx", "ply", "plb"), "")
        ),
        "index lost": _row_changed(lambda _rng, row: re.sub(r",[xyXY]\b", "", row[0])),
        "stated value wrong": _restated,
        "stated value left out": lambda rng, answer: _one_changed(rng, _PAIR, answer, lambda _found: "", is_prose=True),
        "argument wrong": _argument_changed,
        "argument left out": lambda rng, answer: _one_changed(rng, _ARGUMENT, answer, lambda _found: '"_": 0'),
    }


def _cut_off(rng: Random, answer: str) -> str:
    """Return the beginning of the answer, up to some place before its code or its last line ends."""
    block = max(_BLOCK.finditer(answer), key=lambda found: len(found[2]), default=None)
    end = block.end(2) if block else answer.rstrip().rfind("\n")
    return answer[: int(max(end, len(answer) // 2) * (0.2 + 0.75 * rng.random()))]


def _only_words(rng: Random, answer: str) -> str | None:
    """Return the code with all words of the answer behind it in another order: no sentence is left."""
    block = _BLOCK.search(answer)
    words = re.findall(r"[\w$.#]+", _BLOCK.sub("", answer))
    if block is None or len(words) < 20:
        return None
    rng.shuffle(words)
    return f"{' '.join(words)}\n\n{block[0]}"


def _row_changed(change: Callable[[Random, re.Match[str]], str]) -> Way:
    """Return the way that changes one instruction of the longest block, tried from a drawn one on."""

    def way(rng: Random, answer: str) -> str | None:
        block = max(_BLOCK.finditer(answer), key=lambda found: len(found[2]), default=None)
        if block is None:
            return None
        rows = block[2].split("\n")
        places = [place for place, row in enumerate(rows) if (found := _ROW.match(row)) and _is_code(found)]
        rng.shuffle(places)
        for place in places:
            row = _ROW.match(rows[place])
            changed = change(rng, row) if row else rows[place]
            if changed != rows[place]:
                label = row[1].rstrip() if row and not changed else ""
                text = "\n".join([*rows[:place], *filter(None, [changed or label]), *rows[place + 1 :]])
                return answer[: block.start(2)] + text + answer[block.end(2) :]
        return None

    return way


def _is_code(row: re.Match[str]) -> bool:
    return row[2].lower() not in {"org"}


def _row_of(others: dict[str, str]) -> Way:
    """Return the way that puts another mnemonic for one of ``others``; an empty one leaves the instruction out."""

    def change(_rng: Random, row: re.Match[str]) -> str:
        name = row[2].lower()
        if name not in others:
            return row[0]
        return f"{row[1]}{others[name]}{row[3]}{row[4]}" if others[name] else ""

    return _row_changed(change)


def _opposite(_rng: Random, row: re.Match[str]) -> str:
    name, dot, size = row[2].lower().partition(".")
    return f"{row[1]}{_SWAPS[name]}{dot}{size}{row[3]}{row[4]}" if name in _SWAPS else row[0]


def _rows_exchanged(rng: Random, answer: str) -> str | None:
    block = max(_BLOCK.finditer(answer), key=lambda found: len(found[2]), default=None)
    if block is None:
        return None
    rows = block[2].split("\n")
    pairs = [at for at in range(len(rows) - 1) if _ROW.match(rows[at]) and _ROW.match(rows[at + 1])]
    if not pairs:
        return None
    at = rng.choice(pairs)
    rows[at : at + 2] = rows[at + 1], rows[at]
    return answer[: block.start(2)] + "\n".join(rows) + answer[block.end(2) :]


def _renumbered(
    rng: Random, row: re.Match[str], pattern: re.Pattern[str], change: Callable[[Random, int, int], int]
) -> str:
    found = pattern.search(row[3])
    if found is None or row[2].lower() in {"rep", "sep", "brk", "cop"}:
        return row[0]
    text = found[0]
    digits = len(text) - 1 if text[0] == "$" else 0
    value = change(rng, int(text[1:], 16) if digits else int(text), digits or 2)
    number = f"${value:0{digits}X}" if digits else str(value)
    return f"{row[1]}{row[2]}{row[3][: found.start()]}{number}{row[3][found.end() :]}{row[4]}"


def _near(rng: Random, value: int, digits: int) -> int:
    return (value + rng.choice((1, -1))) % 16**digits


def _flipped(rng: Random, value: int, digits: int) -> int:
    return (value ^ 1 << rng.randrange(4 * digits)) % 16**digits


def _restated(rng: Random, answer: str) -> str | None:
    def other(found: re.Match[str]) -> str:
        text = found[2]
        is_hex = text[0] == "$"
        digits = len(text) - is_hex
        value = int(text[1:], 16) if is_hex else int(text)
        changed = (value + rng.randint(3, 12)) % (16 if is_hex else 10) ** max(2, digits)
        return f"{found[1]}${changed:0{digits}X}" if is_hex else f"{found[1]}{changed}"

    return _one_changed(rng, _PAIR, answer, other, is_prose=True)


def _argument_changed(rng: Random, answer: str) -> str | None:
    def other(found: re.Match[str]) -> str:
        value = found[2]
        changed = f'"{value[1:-1]}7"' if value[0] == '"' else str(int(value) + 1)
        return f"{found[1]}{changed}"

    is_call = '"tool_calls"' in answer
    start = answer.find('"arguments"') if is_call else -1
    if start < 0:
        return None
    changed = _one_changed(rng, _ARGUMENT, answer[start + len('"arguments"') :], other)
    return None if changed is None else answer[: start + len('"arguments"')] + changed


def _one_changed(
    rng: Random,
    pattern: re.Pattern[str],
    answer: str,
    change: Callable[[re.Match[str]], str],
    *,
    is_prose: bool = False,
) -> str | None:
    """Return the answer with one match changed; ``is_prose`` leaves blocks of assembly alone."""
    code = [block.span() for block in _BLOCK.finditer(answer) if "asm" in block[1]] if is_prose else []
    found = [
        match for match in pattern.finditer(answer) if not any(start <= match.start() < end for start, end in code)
    ]
    if not found:
        return None
    one = rng.choice(found)
    return answer[: one.start()] + change(one) + answer[one.end() :]


if __name__ == "__main__":
    main()
