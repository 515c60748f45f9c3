"""The judge: what counts as right, what as wrong, and that no text harms it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.domains.asm import DOMAIN
from agents.training.domains.asm.kinds import KINDS
from agents.training.domains.asm.mistakes.form import facts_of
from agents.training.domains.asm.samples import asked_of, fault_of, fault_rows, routine_of, shown
from agents.training.domains.asm.waste.task import task_of
from agents.training.routines.reading import MAX_CHARACTERS, longest_block
from agents.training.sample import Cell, Judgement, SourceItem

WORTHLESS = ["", "   \n", "I cannot help with that.", "x" * (MAX_CHARACTERS + 1), "```asm\n" * 900, "\0" * 50]


def judged(item: SourceItem, answer: str) -> Judgement:
    return DOMAIN.judge(item, DOMAIN.prompt(item, 0), answer)


def item_of(family: str, level: int = 2, index: int = 0) -> SourceItem:
    return DOMAIN.item(Cell(family, level), index, 9)


def check(judgement: Judgement, name: str) -> tuple[float, str]:
    return next((check.score, check.detail) for check in judgement.checks if check.name == name)


def with_code(item: SourceItem, change) -> Judgement:
    answer = DOMAIN.answer(item, 0)
    block = longest_block(answer)
    return judged(item, answer.replace(block, change(block)))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("text", WORTHLESS)
def test_worthless_answers_score_next_to_nothing_and_say_why(kind, text):
    judgement = judged(item_of(f"{kind}.{'adc' if kind == 'flags' else 'fill'}"), text)
    assert judgement.quality <= 0.05
    assert any(check.detail for check in judgement.checks)


def test_megabytes_are_refused_by_length():
    judgement = DOMAIN.judge(
        item := item_of("write.fill"), DOMAIN.prompt(item, 0), "```asm\n" + "nop\n" * 300_000 + "```"
    )
    assert judgement.quality == 0.0
    assert "longer" in judgement.checks[0].detail


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        ("bra {label}", "still running"),
        ("jmp {label}", "still running"),
        ("jsr {label}\n rts", "stack"),
        ("pha\n {ret}", "does not return"),
        ("stp", "BRK"),
        ("lda #$60 : sta {label}\n {ret}", "$8000 is written"),
        ("sta $8000 : sta $8001 : sta $8002 : bra {label}", "does not return"),
    ],
)
def test_code_that_misbehaves_is_wrong_with_a_reason(body, reason):
    item = item_of("write.total")
    routine = routine_of(item)
    code = body.format(label=routine.label, ret=routine.ret.lower())
    judgement = judged(item, f"Here it is.\n```asm\n{routine.label}:\n {code}\n```\n")
    assert judgement.quality <= 0.3
    assert reason in check(judgement, "results")[1] + check(judgement, "contract")[1]


def test_text_that_does_not_assemble_names_the_line():
    judgement = with_code(item_of("write.total"), lambda block: block.replace("rt", "frobnicate", 1))
    assert judgement.quality <= 0.1
    assert "unknown-mnemonic" in check(judgement, "assembles")[1]


def test_right_code_without_a_word_scores_in_between():
    for index in range(8):
        item = item_of("write.clamp", index=index)
        code = "\n".join(row.partition(";")[0] for row in longest_block(DOMAIN.answer(item, 0)).split("\n"))
        assert 0.5 <= judged(item, f"```asm\n{code}\n```").quality <= 0.8


def test_results_without_a_word_score_in_between():
    for family in ("trace.total", "explain.total", "flags.adc"):
        item = item_of(family)
        lines = "\n".join(f"{key} = {value}" for key, value, _ in facts_of(item))
        assert 0.55 <= judged(item, lines).quality <= 0.65


OWN_WAY = """{label}:
  php
  rep #$30
  pha : phx : phy
  stz $00
  ldx #$0000
- lda {array},x
  and #$00FF
  clc
  adc $00
  sta $00
  inx
  cpx #{size}
  bne -
  lda $00
  sta ${dest:06X}
  ply : plx : pla
  plp
  {ret}"""


def test_another_correct_solution_is_right_too():
    for level in (1, 2, 3):
        for index in range(6):
            item = item_of("write.total", level, index)
            routine = routine_of(item)
            (array,), (dest,) = routine.inputs, routine.outputs
            code = OWN_WAY.format(
                label=routine.label, array=f"${array.addr:06X}", size=array.size, dest=dest.addr, ret=routine.ret
            )
            judgement = judged(item, f"My own way.\n```asm\n{code}\n```")
            assert check(judgement, "results")[0] == check(judgement, "contract")[0] == 1.0
            assert judgement.quality >= 0.55


def test_foreign_memory_may_not_be_written():
    item = item_of("write.total")
    routine = routine_of(item)
    judgement = with_code(item, lambda block: block.replace(f"{routine.label}:", f"{routine.label}:\n stz $01F0\n", 1))
    assert judgement.quality <= 0.3
    assert check(judgement, "contract") == (0.0, "$01F0 is written, which the contract does not allow")


def test_the_free_scratch_may_be_written():
    item = item_of("write.total")
    routine = routine_of(item)
    judgement = with_code(item, lambda block: block.replace(f"{routine.label}:", f"{routine.label}:\n stz $02\n", 1))
    assert judgement.quality >= 0.85


def test_kept_registers_widths_and_decimal_mode_are_checked():
    broken = 0
    for index in range(30):
        item = item_of("write.total", 3, index)
        for register in routine_of(item).keeps:
            judgement = with_code(item, lambda block, name=register: _before_return(block, f"ld{name.lower()} $1000"))
            assert check(judgement, "contract") == (0.0, f"{register} is not kept")
            broken += 1
        other = "rep #$20" if routine_of(item).m8 else "sep #$20"
        changed = with_code(item, lambda block, text=other: _before_return(block, text))
        assert "widths" in check(changed, "contract")[1]
        assert "decimal" in check(with_code(item, lambda block: _before_return(block, "sed")), "contract")[1]
    assert broken > 10


def _before_return(block: str, text: str) -> str:
    lines = block.split("\n")
    at = max(number for number, line in enumerate(lines) if line.split(";")[0].strip().lower() in {"rts", "rtl"})
    return "\n".join([*lines[:at], f"  {text}", *lines[at:]])


def test_a_fix_must_name_the_right_line():
    for index in range(12):
        item = item_of("fix.copy", index=index)
        named, _, highest = fault_rows(item)
        answer = DOMAIN.answer(item, 0)
        wrong = judged(item, answer.replace(f"line = {named}", f"line = {highest + 1}"))
        assert wrong.quality <= 0.3
        assert check(wrong, "location")[0] == 0.0
        silent = judged(item, answer.replace(f"line = {named}", ""))
        assert 0.5 <= silent.quality < 0.7


def test_handing_back_the_faulty_code_is_wrong():
    for index in range(12):
        item = item_of("fix.clock", index=index)
        judgement = with_code(item, lambda block, item=item: "\n".join(shown(item)[1]) + "\n")
        assert judgement.quality <= 0.3


def test_values_are_read_in_the_usual_notations():
    for index in range(20):
        item = item_of("trace.absolute", 3, index)
        answer = "\n".join(f"- **{key}**: `{_other(value)}` (as asked)" for key, value, _ in asked_of(item).facts)
        assert judged(item, answer).quality > 0.5


def _other(value: str) -> str:
    return f"0x{value[1:].lower()}" if value.startswith("$") else value


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=400), st.sampled_from(sorted(KINDS)))
def test_any_text_is_judged(text, kind):
    item = item_of(f"{kind}.{'logic' if kind == 'flags' else 'search'}")
    coded = f"```asm\nentry:\n{text}\n```\nline = 7\nshould_be = {text}\nbytes = {text}\nN = {text}"
    for answer in (text, f"```asm\n{text}\n```", coded):
        assert 0.0 <= judged(item, answer).quality <= 0.3


PIECES = st.sampled_from(
    """lda #$12|sta $10|sta $0200,x|pha|pla|phb|plb|plp|rep #$30|sep #$30|tcs|txs|tcd|xce|jmp $8000|jsr $8000|rti|brk
    mvn $00,$7E|sta $4203|sta $8000|stz $8001|wai|inc $8000,x|jml [$0010]|bra *|sed|rts|rtl|pei ($10)|org $FFF0
    """.strip()
    .replace("\n", "|")
    .split("|")
)


@settings(max_examples=60, deadline=None)
@given(st.lists(PIECES, max_size=20))
def test_any_program_is_judged(lines):
    item = item_of("write.search")
    body = "\n".join(f"  {line}" for line in lines)
    judgement = judged(item, f"```asm\n{routine_of(item).label}:\n{body}\n```")
    assert 0.0 <= judgement.quality <= 0.3


def optimised(index: int) -> tuple[SourceItem, str]:
    item = item_of("optimise.fill", index % 3 + 1, index)
    return item, DOMAIN.answer(item, index)


def test_wasteful_code_handed_back_is_wrong():
    for index in range(9):
        item, _ = optimised(index)
        rows = "\n".join(task_of(item).rows)
        judgement = with_code(item, lambda block, rows=rows: rows + "\n")
        assert judgement.quality <= 0.3
        assert check(judgement, "saving")[0] == 0.0
        assert check(judgement, "results")[0] == 1.0


def test_figures_are_checked_against_the_code():
    for index in range(9):
        item, answer = optimised(index)
        task = task_of(item)
        for key, value, _ in task.figures(task.wasteful.after):
            false = judged(item, answer.replace(f"\n{key} = {value}", f"\n{key} = {int(value) + 1}"))
            assert false.quality <= 0.3
            silent = judged(item, answer.replace(f"\n{key} = {value}", ""))
            assert 0.55 <= silent.quality < 0.7


def test_fewer_bytes_do_not_excuse_another_result():
    item, answer = optimised(1)
    label, ret = routine_of(item).label, routine_of(item).ret
    block = longest_block(answer)
    assert judged(item, answer.replace(block, f"{label}:\n {ret}\n")).quality <= 0.3


def found(index: int, level: int = 2) -> tuple[SourceItem, str, str]:
    item = item_of("find.copy", level, index)
    return item, DOMAIN.answer(item, 0), shown(item)[0].instruction(fault_of(item).right)


def test_a_diagnosis_is_proved_by_putting_its_instruction_in():
    for index in range(10):
        item, answer, right = found(index)
        assert judged(item, answer).quality >= 0.85
        named = fault_rows(item)[0]
        bare = judged(item, f"line = {named}\nshould_be = {right}")
        assert 0.55 <= bare.quality <= 0.65
        wrong = judged(item, answer.replace(f"should_be = {right}", "should_be = stp"))
        assert wrong.quality <= 0.3
        assert 0.5 <= judged(item, answer.replace(f"\nshould_be = {right}", "")).quality < 0.7


@pytest.mark.parametrize("text", ["lda #1 : rts", "x" * 61, "foo:", "org $9000", "db 1,2,3", "\0", "$$$", "rts"])
def test_no_instruction_at_all_repairs_nothing(text):
    item, answer, right = found(3)
    assert judged(item, answer.replace(f"should_be = {right}", f"should_be = {text}")).quality <= 0.3


def test_reasons_are_held_against_the_execution():
    item = item_of("flags.adc", 3, 4)
    facts = "\n".join(f"{key} = {value}" for key, value, _ in facts_of(item))
    stuffed = "adc lda clc sec negative overflow zero carry rep sep borrow bit signed unsigned " * 12
    own, keywords = judged(item, DOMAIN.answer(item, 0)), judged(item, f"{stuffed}\n{facts}")
    assert own.quality >= 0.95
    assert keywords.quality < 0.7
