"""The judge: what counts as right, what as wrong, and that no text harms it."""

from __future__ import annotations

import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.domains.errors import DOMAIN
from agents.training.domains.errors.asking import choices
from agents.training.domains.errors.grade import RIGHT_AT_LEAST, UNSTATED_AT_MOST, code_of
from agents.training.domains.errors.scene import scene_of
from agents.training.routines.reading import MAX_CHARACTERS
from agents.training.sample import Cell, Judgement, SourceItem


def item_of(family: str, index: int = 0, level: int = 2) -> SourceItem:
    return DOMAIN.item(Cell(family, level), index, 9)


def judged(item: SourceItem, answer: str) -> Judgement:
    return DOMAIN.judge(item, DOMAIN.prompt(item, 0), answer)


def with_cause(family: str, cause: str) -> SourceItem:
    items = (item_of(family, index) for index in range(200))
    return next(item for item in items if scene_of(item).defect.cause == cause)


def bare(item: SourceItem, rows: tuple[str, ...] = ()) -> str:
    scene = scene_of(item)
    source = "\n".join(rows or scene.mended)
    return f"line = {scene.row}\ncause = {scene.defect.cause}\n```asm\n{source}\n```"


def check(judgement: Judgement, name: str) -> tuple[float, str]:
    return next((check.score, check.detail) for check in judgement.checks if check.name == name)


@pytest.mark.parametrize(
    "text", ["", "   \n", "I cannot help with that.", "x" * (MAX_CHARACTERS + 1), "```asm\n" * 900, "\0" * 50]
)
def test_worthless_answers_score_next_to_nothing_and_say_why(text):
    judgement = judged(item_of("endless"), text)
    assert judgement.quality <= 0.05
    assert any(check.detail for check in judgement.checks)


def test_a_right_bare_answer_is_right_and_not_accepted():
    for family in ("width", "brk", "results", "branch_range"):
        quality = judged(item_of(family), bare(item_of(family))).quality
        assert RIGHT_AT_LEAST <= quality < 0.7


def test_the_broken_code_is_no_fix():
    for family in ("width", "brk", "results", "stack_imbalance"):
        item = item_of(family)
        judgement = judged(item, bare(item, scene_of(item).shown))
        assert judgement.quality <= 0.3


def test_a_wrong_row_and_a_wrong_cause_are_wrong():
    for family in ("undefined_label", "stray_write"):
        item = item_of(family)
        scene, answer = scene_of(item), DOMAIN.answer(item, 0)
        far = answer.replace(f"line = {scene.row}", f"line = {len(scene.shown) + 5}")
        assert judged(item, far).quality <= 0.3
        assert check(judged(item, far), "line")[0] == 0.0
        other = next(cause for cause in choices(scene, 2) if cause != scene.defect.cause)
        wrong = answer.replace(f"cause = {scene.defect.cause}", f"cause = {other}")
        assert judged(item, wrong).quality <= 0.3
        assert other in check(judged(item, wrong), "cause")[1]


def test_what_is_not_stated_is_not_accepted():
    item = item_of("syntax")
    scene, answer = scene_of(item), DOMAIN.answer(item, 0)
    silent = answer.replace(f"line = {scene.row}", "").replace(f"cause = {scene.defect.cause}", "")
    assert RIGHT_AT_LEAST <= judged(item, silent).quality <= UNSTATED_AT_MOST


def test_a_cause_may_be_written_in_other_ways():
    item = item_of("width")
    scene, answer = scene_of(item), DOMAIN.answer(item, 0)
    for said in (scene.defect.cause.upper(), scene.defect.cause.replace("_", "-"), f"`{scene.defect.cause}`."):
        assert judged(item, answer.replace(f"cause = {scene.defect.cause}", f"cause = {said}")).quality >= 0.9


def test_another_right_fix_is_right():
    items = (item_of("branch_range", index) for index in range(200))
    item = next(item for item in items if scene_of(item).tells.get("cure") == "invert")
    scene = scene_of(item)
    branch = scene.tells["wrong"].strip("`").split()
    inverse = {"bne": "beq", "bpl": "bmi", "beq": "bne", "bcc": "bcs", "bcs": "bcc", "bmi": "bpl", "bvc": "bvs"}[
        branch[0].lower()
    ]
    rows = list(scene.shown)
    rows[scene.row - 1] = f" {inverse} +\n jmp {branch[1]}\n+"
    assert judged(item, bare(item, tuple(rows))).quality >= RIGHT_AT_LEAST
    item = with_cause("data_bank", "bank_not_restored")
    scene = scene_of(item)
    switch = ("pea", "plb")
    rows = [row for row in scene.shown if not any(word in row.lower() for word in switch)]
    if scene.routine.label + ":" not in rows:
        rows.insert(len(scene.routine.symbols), f"{scene.routine.label}:")
    assert judged(item, bare(item, tuple(rows))).quality >= RIGHT_AT_LEAST


def test_a_list_of_the_right_words_is_no_explanation():
    item = item_of("stack_imbalance", 3)
    scene, answer = scene_of(item), DOMAIN.answer(item, 0)
    words = [scene.kind, *scene.facts, *scene.tells.values()] * 8
    stuffed = f"{' '.join(words)}\n\n{bare(item)}"
    assert judged(item, stuffed).quality < judged(item, answer).quality - 0.15


def test_a_short_code_block_is_not_mistaken_for_the_stated_lines():
    answer = "```asm\na:\n rts\n```\n\n```\nline = 12\ncause = something_very_long_indeed\n```\n"
    assert code_of(answer) == "a:\n rts\n"


@pytest.mark.parametrize(
    "body",
    [
        "bra {label}", "jsr {label}\n rts", "lda #$60\n sta $8000\n jmp $8000", "stp", "xce\n {ret}", "txs\n {ret}",
        "rep #$30\n lda #$FFFF\n tax\n tay\n mvn $00,$00", "- pha\n bra -",
    ],
)  # fmt: skip
def test_hostile_code_is_stopped_soon(body):
    item = item_of("results")
    scene = scene_of(item)
    code = f"{scene.routine.label}:\n {body.format(label=scene.routine.label, ret=scene.routine.ret)}"
    start = time.process_time()
    assert judged(item, bare(item, (code,))).quality <= 0.3
    assert time.process_time() - start < 1.0


@pytest.mark.parametrize("block", ["db " + "$00," * 4000 + "$00", "nop\n" * 4500, "org $FFFF00\n nop", "é ü 日本"])
def test_bombs_do_not_assemble(block):
    item = item_of("brk")
    assert judged(item, f"```asm\n{block}\n```").quality <= 0.05


def test_megabytes_are_refused_by_length():
    assert judged(item_of("brk"), "```asm\n" + "nop\n" * 300_000 + "```").quality == 0.0


@settings(max_examples=60, deadline=None)
@given(text=st.text(max_size=200), cut=st.integers(0, 900), index=st.integers(0, 5))
def test_any_text_has_a_quality(text, cut, index):
    item = item_of("undefined_label", index)
    answer = DOMAIN.answer(item, 0)
    for said in (text, answer[:cut] + text + answer[cut:], f"```asm\n{text}\n```"):
        assert 0.0 <= judged(item, said).quality <= 1.0
