"""The judgement of an answer: what its calls do, or what its reply says, and how well both are explained.

Owns the weights. A wrong answer scores at most 0.3, a right one at least 0.6 before what it does needlessly; what lies
above is how much of what matters its thought and its reply speak of.
"""

from __future__ import annotations

import re

import orjson

from agents.training.domains.yaze.dialog import Act, Ask, Calls, Case, Decline, Forms, Said, Tell, Want
from agents.training.domains.yaze.doing import done
from agents.training.domains.yaze.editor import CATALOGUE
from agents.training.domains.yaze.facts import Spoken
from agents.training.domains.yaze.inventions import inventions
from agents.training.domains.yaze.reading import Answered, answered
from agents.training.domains.yaze.spelling import known_numbers
from agents.training.sample import Check

WRONG_AT_MOST, RIGHT_AT_LEAST = 0.3, 0.6
LONGEST_REPLY = 1600
"""Characters; whoever needs more answers something else."""
MOST_WORDS = 120
"""Words of a thought; one or two sentences are asked for."""
MOST_STRAY = 8
"""Numbers in a reply that the question did not call for."""
FULL_THOUGHT = 8
"""Words from which on a thought is long enough."""
STEM = 4
"""Letters that words of the same meaning share."""
_WORD = re.compile(r"[a-z0-9$#_-]+")
_ABOUT = """user asks wants request result returned tool calls need missing unclear ambiguous report summarise summarize
confirm explain error failed lookup search found place edit change
meant same correct value"""
_MATTER = frozenset(word[:STEM] for word in _ABOUT.split())
"""What thoughts about a turn speak of."""
_QUESTION = re.compile(r"\?|\b(?:let me know|tell me|please (?:confirm|give|send|name))\b")
_CLAIM = re.compile(
    r"\bi(?:'ve| have)? (?:just )?"
    r"(?:wrote|written|changed|added|removed|replaced|moved|placed|patched|saved|done|made)\b(?! (?:no|nothing)\b)"
    r"|(?:^|[.!?]\s)(?:all )?done\b",
    re.IGNORECASE,
)


def graded(case: Case, heard: Forms, answer: str) -> tuple[float, tuple[Check, ...], Answered | None]:
    """Return the quality of ``answer``, its checks, and what it says; ``heard`` are the user's turns."""
    said = answered(answer)
    if isinstance(said, str):
        return 0.0, (Check("form", 0.0, said[:200]),), None
    form = Check("form", 1.0)
    wants_calls = isinstance(case.want, Act)
    if wants_calls != bool(said.calls):
        fault = "a call was due, not a reply" if wants_calls else "a reply was due, not a call"
        return 0.1, (form, Check("turn", 0.0, fault)), said
    if len(said.reply) > 4 * LONGEST_REPLY:
        return 0.1, (form, Check("economy", 0.0, f"a reply of {len(said.reply):,} characters")), said
    source = _source(case, heard)
    checks = _calls(case, case.want, said, source) if isinstance(case.want, Act) else _reply(case.want, said, source)
    right, penalty = all(check.score >= 1.0 for check in checks[:-2]), 1.0 - checks[-2].score
    told = checks[-1].score
    share = sum(check.score for check in checks[:-2]) / len(checks[:-2])
    quality = RIGHT_AT_LEAST + (1.0 - RIGHT_AT_LEAST) * told - penalty if right else WRONG_AT_MOST * 0.9 * share
    return max(0.0, min(1.0, quality)), (form, *checks), said


def _calls(case: Case, want: Act, said: Answered, source: str) -> tuple[Check, ...]:
    result = done(case, want, said.calls)
    invented = inventions(said.thought, source, (len(said.calls),))
    lean = 1.0 - 0.08 * result.extra - 0.05 * result.is_wide - 0.3 * result.is_off - 0.2 * min(3, len(invented))
    thought = Spoken(said.thought)
    found = sum(_mentions(thought, anchor) for anchor in want.anchors)
    wanted = min(2, len(want.anchors))
    told = _thought(said, source) * (0.4 + 0.6 * min(1.0, found / wanted if wanted else 1.0))
    return (
        Check("result", min(result.share, 1.0 if not result.fault else 0.9), result.fault),
        Check("economy", lean, f"not in the conversation: {', '.join(invented)[:120]}" if invented else ""),
        Check("explanation", round(told, 4)),
    )


def _mentions(text: Spoken, anchor: str) -> bool:
    values = known_numbers(anchor) if anchor[:1] in "$0123456789" else set()
    return anchor.lower() in text.lower or bool(values and values <= {value for _, value in text.numbers})


def _reply(want: Want, said: Answered, source: str) -> tuple[Check, ...]:
    reply = Spoken(said.reply)
    match want:
        case Tell():
            lacking = [fact.label for fact in reply.lacks(want.facts)]
            total, also = len(want.facts), [reply.says(fact) for fact in want.also]
            stated = Check(
                "facts", 1.0 - len(lacking) / total, f"not said: {', '.join(lacking)[:150]}" if lacking else ""
            )
        case Ask():
            lacking = [pattern for pattern in want.about if not re.search(pattern, reply.lower)]
            is_question = _QUESTION.search(reply.lower) is not None
            also = [re.search(pattern, reply.lower) is not None for pattern in want.also]
            stated = Check(
                "question", 0.5 * is_question + 0.5 * (not lacking), "" if is_question else "it asks nothing"
            )
        case Decline():
            lacking = [pattern for pattern in want.because if not re.search(pattern, reply.lower)]
            also = [re.search(pattern, reply.lower) is not None for pattern in want.instead]
            stated = Check(
                "reason", 1.0 - len(lacking) / len(want.because), f"not said: {lacking[0]}"[:150] if lacking else ""
            )
        case _:
            raise TypeError("calls are judged elsewhere")
    claim = None if isinstance(want, Tell) else _CLAIM.search(said.reply)
    honest = Check("honesty", float(claim is None), f"nothing was done, but it says: {claim[0]}" if claim else "")
    expected = "\n".join((source, *want.replies, *want.thoughts))
    return stated, honest, _grounded(want, said, source), _measured(said, expected), _told(want, said, also, expected)


def _grounded(want: Tell | Ask | Decline, said: Answered, source: str) -> Check:
    expected = "\n".join((*want.replies, *want.thoughts))
    invented = inventions(said.reply, f"{source}\n{expected}", ())
    if invented:
        return Check("grounding", 0.0, f"not in the conversation: {', '.join(invented)[:150]}")
    stray = {value for _, value in Spoken(said.reply).numbers} - known_numbers(expected)
    return Check(
        "grounding",
        float(len(stray) <= MOST_STRAY),
        f"{len(stray)} numbers that nobody asked for" if len(stray) > MOST_STRAY else "",
    )


def _measured(said: Answered, source: str) -> Check:
    excess = max(0, len(said.reply) - LONGEST_REPLY) / LONGEST_REPLY
    invented = inventions(said.thought, source, ())
    detail = f"thought up: {', '.join(invented)[:120]}" if invented else ""
    return Check("economy", max(0.0, 1.0 - 0.3 * min(1.0, excess) - 0.2 * min(3, len(invented))), detail)


def _told(want: Tell | Ask | Decline, said: Answered, also: list[bool], source: str) -> Check:
    """Return how much more than the necessary is said; a refusal without an alternative is worth little."""
    most = 0.8 if isinstance(want, Decline) else 0.55
    told = 1.0 - most + most * (sum(also) / len(also) if also else 1.0)
    return Check("explanation", round(told * _thought(said, source), 4))


def _thought(said: Answered, source: str) -> float:
    """Return how well the thought speaks of the matter in a sentence or two, in [0, 1]."""
    words = _WORD.findall(said.thought.lower())
    if len(words) > MOST_WORDS:
        return 0.0
    stems, told = {word[:STEM] for word in words if len(word) > 3}, source.lower()
    about = sum(stem in _MATTER or stem in told for stem in stems)
    return min(1.0, len(words) / FULL_THOUGHT) * min(1.0, about / 3)


def _source(case: Case, heard: Forms) -> str:
    """Return all that the conversation says, counts of its lists included."""
    parts = [case.brief, *heard]
    for turn in case.turns:
        if isinstance(turn, Said):
            parts.append(turn.text)
        elif isinstance(turn, Calls):
            parts += [turn.thought, orjson.dumps([call.document() for call in turn.calls]).decode()]
            parts += [orjson.dumps(result).decode().replace(":[", ": [") for result in turn.results]
            parts += [
                str(len(value)) for result in turn.results for value in result.values() if isinstance(value, list)
            ]
    parts += [f"{name} {orjson.dumps(CATALOGUE.parameters(name)).decode()}" for name in case.tools]
    return "\n".join(parts)
