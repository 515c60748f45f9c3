"""How a broken source and its diagnostic are put to the teacher: bug reports, chats, build logs, forum posts.

Owns the wording of prompts. What the tools say stands there as they said it. Never knows an answer.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.errors.diagnosis import Ending, place
from agents.training.domains.errors.scene import Scene, telling_case
from agents.training.domains.errors.slips import FAMILIES
from agents.training.phrases import phrase, pick, seeded
from agents.training.routines.phrasing import contract, ending, setting, syntax
from agents.training.routines.render import fence
from agents.training.w65816 import Registers, TraceStep

_CHOICES = (3, 4, 6)
"""How many causes are offered, by difficulty."""
_ROWS = (14, 10, 7)
"""Most rows of a trace, by difficulty."""
_STRANGERS = {
    True: (
        "constant_twice",
        "comma_at_the_end",
        "mask_too_wide",
        "no_long_form",
        "data_inside_loop",
        "other_processor",
    ),
    False: ("data_in_path", "push_in_loop", "counter_reset", "wrong_directive", "move_changes_bank", "mask_sets_d"),
}
"""Causes that nobody confuses with others, for families that have few."""
_ALIKE = (
    {"needless_sed", "missing_cld"}, {"wrong_mask", "directive_only"}, {"off_by_one", "one_too_many"},
    {"wrong_instruction", "wrong_condition", "signed_branch"}, {"misspelled", "letter_for_digit"},
    {"not_saved", "saved_too_late"}, {"two_places_one_name", "leftover_label"}, {"missing_push", "missing_pull"},
)  # fmt: skip
"""Causes that are not offered together, since a reader could defend either."""

_SYSTEM = (
    "You <help|assist> people whose 65816 code does not assemble or does not run. <Explain|Name> the cause before you "
    "<give|show> the fix.",
    "You read assembler messages and CPU traces for a living. <Be exact about|Mind> lines, widths and addresses.",
    "<Patient|Experienced> 65816 <tutor|mentor>: <say|explain> what the message means, mend the code, <say|tell> how "
    "to avoid it.",
    "You are the person on the team who understands every crash. <Corrected code is assembled and run.|All code you "
    "give is tested.>",
    "SNES assembly <support|help desk>. <Every answer is checked by running it.|Answers are proved in an emulated "
    "CPU.>",
)
_ASSEMBLER = {
    "report": (
        "`{label}` does not assemble.",
        "<Build fails|Assembler error> in `{label}`. <Cause and fix, please.|What is wrong?>",
        "Bug: {theme} module, `{label}`: <assembler stops|no output file>.",
        "Summary: `{label}` <is rejected by the assembler|cannot be assembled>.",
    ),
    "chat": (
        "<Hi!|Hello,|Hey,> I am <new to|just starting with> SNES assembly and the assembler does not like my "
        "`{label}`. I <really do not see|have no idea> why.",
        "<Sorry if this is a silly question,|Probably obvious, but> what does this message about `{label}` want to "
        "tell me?",
        "I <typed|wrote> `{label}` <last night|on the train>, and now <it will not build|I only get an error>. <Can "
        "you help?|Help!>",
        "<First|My first> week with the 65816. `{label}` <seemed|looked> fine to me, but see the message <below|at the "
        "end>.",
    ),
    "log": (
        "Our build <broke|is red> since the last commit to `{label}`. Log and source:",
        "CI, job `assemble`, <failed|red>. The only file in the change is the one with `{label}`.",
        "The nightly build <stops at|fails in> `{label}`. <Who can read this?|What happened?>",
    ),
    "forum": (
        "[65816] <Error I don't understand|Assembler message> in my {theme} routine",
        "<Question|Help needed>: `{label}` gives an assembler error. <I have stared at it for an hour.|Search found "
        "nothing.>",
        "Re: {theme} code. <Posting|Here is> my version, which does not assemble:",
    ),
}
_MACHINE = {
    "report": (
        "`{label}` assembles but <fails|breaks> at run time.",
        "Bug: {theme} module, `{label}` <misbehaves|fails its test>.",
        "Test failure in `{label}`. <Find cause and fix.|Cause and fix, please.>",
        "Summary: calling `{label}` <ends badly|does not do what it should>.",
    ),
    "chat": (
        "<Hi!|Hello,|Hey,> my `{label}` assembles without a word, but <when I run it|in the emulator> this happens. I "
        "am <lost|stuck>.",
        "<Can somebody|Could you> explain what my `{label}` does here? <I thought it was finished.|It looked so "
        "simple.>",
        "I <wrote|changed> `{label}` yesterday. No errors when assembling. <But then|Then I ran it>, see the report.",
        "<Beginner here.|I am learning the 65816.> Why does `{label}` not <work|behave>?",
    ),
    "log": (
        "CI, job `run-tests`: `{label}` <failed|is red>. Log and source:",
        "The test runner <complains about|rejects> `{label}` since last night. <What broke it?|Please have a look.>",
        "Regression in `{label}`. Report of the <test machine|runner> attached.",
    ),
    "forum": (
        "[65816] My {theme} routine <crashes|goes wrong>, trace inside",
        "<Question|Help needed>: `{label}` <goes wrong|fails>, and the trace tells me nothing.",
        "Re: {theme} code. It assembles, but <running it|a run> ends like this:",
    ),
}
_HEADS = {
    "report": "Message|Diagnostic|Tool output|Output",
    "chat": "This is what I get|It says|Here is the message|The tool says",
    "log": "Log|Job log|Output of the job",
    "forum": "Output|What it prints|Error|The report",
}
_SOURCES = {
    "report": "Source|Code|File",
    "chat": "My code|This is the code|The source",
    "log": "Source at that commit|Source|The file",
    "forum": "Code|Source|My routine",
}
_WANTED = (
    "It should do this: {goal}",
    "<Purpose|Intended>: {goal}",
    "What the routine is for: {goal}",
    "<Specification|Goal>: {goal}",
)
_EXPECTED = (
    "I expected, with {given}: {expect}.",
    "Expected <result|outcome>: {given} gives {expect}.",
    "With {given} it should <leave|give> {expect}.",
    "<For example|Say> {given}: then I want {expect}.",
)
_REQUESTS = (
    "Please explain the cause, give the corrected code (all of it) as one ```asm block, and say how to avoid this. "
    "Add two lines: `line = N`, the row of the source to change (its first row is 1), and `cause = WORD`, one of "
    "{causes}.",
    "<Answer|Reply> with the cause in your own words, then `line = N` (rows of the source counted from 1) and `cause "
    "= WORD` (one of {causes}), then the whole corrected source in one asm block, and a hint for next time.",
    "I need four things: why it happens; `line = N` for the row that is wrong (the first row of the source is 1); "
    "`cause = WORD`, where WORD is one of {causes}; the complete corrected code in a single ```asm block. Advice is "
    "welcome.",
    "Tell me what the message means, where the fault is (`line = N`, counting the rows of the source from 1), which "
    "kind it is (`cause = WORD` with one of {causes}), and show the full fixed code in one asm block.",
)

_COUNTED = (
    "If a row is missing, `line` is the row that it belongs above (at the end: the last row); of several rows, the "
    "first.",
    "Of several rows `line` is the first; for a row that is missing, the one it belongs above, or the last one if it "
    "belongs at the end.",
)
_BRANCH = "For a branch that does not reach, give the row of the branch."
_WIDTHS = (
    "The assembler sizes immediates by the REP and SEP above them; .a8, .a16, .i8 and .i16 <state|set> a width without "
    "making code.",
    "Apart from asar's syntax: the assembler <tracks|follows> REP and SEP to size immediates, and .a8, .a16, .i8 and "
    ".i16 tell it a width.",
)


def system(rng: Random) -> str:
    """Return a short system message."""
    return phrase(rng, _SYSTEM)


def prompt(rng: Random, scene: Scene, level: int) -> str:
    """Return what the user says about ``scene``."""
    routine = scene.routine
    manner = pick(rng, "report|chat|log|forum")
    openings = (_ASSEMBLER if scene.error else _MACHINE)[manner]
    opening = phrase(rng, openings, label=routine.label, theme=routine.theme)
    if manner == "chat" and rng.random() < 0.6:
        opening = f"{opening} {setting(rng, routine)}".rstrip()
    source = f"{pick(rng, _SOURCES[manner])}:\n\n{fence(chr(10).join(scene.shown))}"
    message = f"{pick(rng, _HEADS[manner])}:\n\n```text\n{_said(rng, scene, manner, level)}\n```"
    parts = [source, message] if rng.random() < 0.6 else [message, source]
    about = phrase(rng, _WANTED, goal=routine.goal)
    parts.insert(int(rng.random() * 3), f"{about}\n\n{contract(rng, routine)}")
    if level < 3 or rng.random() < 0.3:
        case = scene.ending.case if scene.ending else telling_case(rng, routine)
        given = routine.given(case) or "any memory contents"
        parts.append(phrase(rng, _EXPECTED, given=given, expect=routine.expected(case)))
    causes = ", ".join(f"`{cause}`" for cause in choices(scene, level))
    rules = [ending(rng), syntax(rng)]
    if scene.family in {"width", "width_runtime"}:
        rules.append(phrase(rng, _WIDTHS))
    rules += [phrase(rng, _REQUESTS, causes=causes), phrase(rng, _COUNTED)]
    if scene.family == "branch_range":
        rules.append(_BRANCH)
    parts.append(" ".join(rules))
    return "\n\n".join([opening, *parts])


def choices(scene: Scene, level: int) -> list[str]:
    """Return the causes that are offered: the true one among others, in an order of the item's own."""
    true = scene.defect.cause
    rng = seeded(true, *scene.shown)
    alike = {cause for group in _ALIKE if true in group for cause in group}
    own = [cause for cause in sorted(FAMILIES[scene.family].words) if cause not in {*alike, true}]
    rng.shuffle(own)
    strangers = [cause for cause in _STRANGERS[bool(scene.error)] if cause not in {*alike, *own, true}]
    rng.shuffle(strangers)
    offered = [true, *[*own, *strangers][: _CHOICES[level - 1] - 1]]
    rng.shuffle(offered)
    return offered


def _said(rng: Random, scene: Scene, manner: str, level: int) -> str:
    """Return what the tool printed, as the person has it on the screen."""
    routine, ending_ = scene.routine, scene.ending
    file = f"{routine.label.lower()}.asm"
    if ending_ is None:
        if manner == "log":
            job = pick(rng, "[build] |> |12:04 |")
            return "\n".join(f"{job}{row}" for row in (f"assemble {file}", *scene.report, "exit code 1"))
        return "\n".join(([f"$ asm65816 {file}"] if rng.random() < 0.3 else []) + [*scene.report])
    number = routine.cases.index(ending_.case) + 1
    given = routine.given(ending_.case)
    call = f"{'JSL' if routine.far else 'JSR'} {routine.label}, case {number}{': ' if given else ''}{given}"
    rows = [call, *scene.report[:4], "", *trace(ending_, _ROWS[level - 1])]
    if manner == "log":
        rows = ["[run] " + row if row else row for row in rows]
    return "\n".join(rows)


def trace(ending_: Ending, most: int) -> list[str]:
    """Return the executed instructions as rows, with the registers after each; a gap stands for the middle ones."""
    steps = ending_.steps
    head = f"{'entry':<29}{_registers(ending_.entry)}"
    if len(steps) <= most:
        return [head, *(_step(step) for step in steps)]
    first = most // 3
    gap = f"... {len(steps) - most} instructions ..."
    return [head, *map(_step, steps[:first]), gap, *map(_step, steps[len(steps) - (most - first) :])]


def _step(step: TraceStep) -> str:
    return f"{place(step.address)}  {step.text:<18} {_registers(step.registers)}"


def _registers(end: Registers) -> str:
    bank = f" DB={end.dbr:02X}" if end.dbr else ""
    return f"A={end.a:04X} X={end.x:04X} Y={end.y:04X} S={end.s:04X}{bank} {end.flags}"
