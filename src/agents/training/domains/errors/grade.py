"""The judgement of an answer: what is proved, whether the defect was found, how well it is explained.

Owns the weights. A wrong answer scores at most 0.3 and a right one at least 0.55; what lies above is the completeness
of the explanation, measured against the scene.
"""

from __future__ import annotations

import re

from agents.training.domains.errors.scene import Scene, scene_of
from agents.training.routines import reading
from agents.training.routines.contract import Case
from agents.training.routines.proof import Proof, assembled, prove
from agents.training.sample import Check, Judgement, SourceItem
from agents.training.w65816 import AssemblyError

WRONG_AT_MOST, RIGHT_AT_LEAST, UNSTATED_AT_MOST = 0.3, 0.55, 0.65
_BLANKS = re.compile(r"[\s`]+")
_STATED = re.compile(r"(?:[ \t]*(?:line|cause)[ \t]*=[^\n]*\n|[ \t]*\n)*+", re.IGNORECASE)
_LINKING = frozenset(
    [
        "an",
        "and",
        "are",
        "as",
        "at",
        "be",
        "because",
        "but",
        "by",
        "for",
        "from",
        "has",
        "have",
        "here",
        "if",
        "in",
        "into",
        "is",
        "it",
        "its",
        "no",
        "not",
        "of",
        "on",
        "only",
        "or",
        "so",
        "that",
        "the",
        "then",
        "there",
        "this",
        "to",
        "was",
        "what",
        "when",
        "where",
        "which",
        "with",
    ]
)
_DENSE = 0.15
"""Share of linking words below which a text is a list of words and no explanation."""
_WORDS = 100


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return the checks of ``answer``; no text raises, and time is bounded by the length read and the budget run."""
    if not answer.strip():
        return _unread("empty")
    if len(answer) > reading.MAX_CHARACTERS:
        return _unread(f"longer than {reading.MAX_CHARACTERS} characters")
    block = code_of(answer)
    if not block.strip():
        return _unread("no closed code block")
    scene = scene_of(item)
    try:
        program = assembled(scene.routine, block)
    except AssemblyError as error:
        return Judgement(0.05, (Check("form", 1.0), Check("assembles", 0.0, str(error))))
    labelled = scene.routine.label in program.labels
    proof = prove(scene.routine, program)
    line, cause = _stated(scene, answer)
    told = explained(scene, answer)
    checks = (
        Check("form", 1.0 if labelled else 0.5, "" if labelled else f"no label {scene.routine.label}"),
        Check("assembles", 1.0, f"{len(program.code)} bytes"),
        *_proved(proof),
        line,
        cause,
        told,
    )
    found = min(line.score, cause.score)
    if not (labelled and proof.holds and found):
        return Judgement(WRONG_AT_MOST * _share(proof) * (0.5 + found / 2), checks)
    quality = RIGHT_AT_LEAST + (1 - RIGHT_AT_LEAST) * told.score
    return Judgement(round(quality if found == 1.0 else min(UNSTATED_AT_MOST, quality), 4), checks)


def code_of(answer: str) -> str:
    """Return the longest code block of ``answer`` that is more than the lines asked for, or nothing."""
    blocks = [block for block in reading.code_blocks(answer) if not _STATED.fullmatch(block)]
    return max(blocks, key=len, default="")


def _unread(detail: str) -> Judgement:
    return Judgement(0.0, (Check("form", 0.0, detail),))


def _share(proof: Proof) -> float:
    return proof.passed / max(1, proof.total) / (2 if proof.breach else 1)


def _proved(proof: Proof) -> tuple[Check, Check]:
    cases = f"{proof.passed} of {proof.total} cases"
    results = Check(
        "results", proof.passed / max(1, proof.total), f"{cases}: {proof.failure}" if proof.failure else cases
    )
    return results, Check("contract", 0.0 if proof.breach else 1.0, proof.breach)


def _stated(scene: Scene, answer: str) -> tuple[Check, Check]:
    """Return whether line and cause are right: 1 right, 0.5 not stated, 0 wrong."""
    pairs = reading.pairs(answer)
    row = reading.number(pairs.get("line", ""))
    line = Check("line", 0.5, "no line stated")
    if row is not None:
        line = Check("line", float(row in scene.rows), "" if row in scene.rows else f"line {row}, not {scene.row}")
    words = re.findall(r"[a-z0-9_]+", pairs.get("cause", "").lower().replace("-", "_"))
    if not words:
        return line, Check("cause", 0.5, "no cause stated")
    right = words[0] == scene.defect.cause
    return line, Check("cause", float(right), "" if right else f"{words[0][:40]}, not {scene.defect.cause}")


def spoken(answer: str) -> str:
    """Return ``answer`` without its code blocks: comments in code explain the routine and not the defect."""
    for block in reading.code_blocks(answer):
        answer = answer.replace(block, "", 1)
    return answer


def explained(scene: Scene, answer: str) -> Check:
    """Return the check ``explanation``, its score the weighted share of six things.

    The diagnostic is named (0.15); so are the wrong and the right instruction (0.25), and the names and numbers that
    matter (0.20); the text is long enough (0.15); a case appears with its numbers (0.15); reasons come before the code
    (0.10). A text without the small words that link others counts half.
    """
    text = _flat(spoken(answer))
    words = reading.words(text)
    wanted = [scene.tells[field].strip("`") for field in ("wrong", "right") if field in scene.tells]
    silent = [name for name in wanted if _flat(name) not in text]
    unsaid = [fact for fact in scene.facts if _flat(fact) not in text]
    score = (
        0.15 * (_flat(scene.kind) in text)
        + 0.25 * (1 - len(silent) / max(1, len(wanted)))
        + 0.20 * (1 - len(unsaid) / max(1, len(scene.facts)))
        + 0.15 * min(1.0, len(words) / _WORDS)
        + 0.15 * max((_shown(scene, case, text) for case in scene.routine.cases), default=1.0)
        + 0.10 * min(1.0, len(reading.words(reading.before_code(answer))) / 40)
    )
    if sum(word in _LINKING for word in words) < _DENSE * len(words):
        score /= 2
    missing = [*silent, *unsaid][:4]
    return Check("explanation", round(min(1.0, score), 4), f"not mentioned: {', '.join(missing)}" if missing else "")


def _flat(text: str) -> str:
    return _BLANKS.sub(" ", text.lower()).strip()


def _shown(scene: Scene, case: Case, text: str) -> float:
    routine = scene.routine
    values = [place.show(case.given[place.name]) for place in routine.inputs]
    values += [place.show(case.expect[place.name]) for place in routine.outputs]
    return sum(value.lower() in text for value in values) / max(1, len(values))
