"""Turns for a foreign catalogue: prompt, right answer, and judgement by schema and by the arguments asked for.

Owns them for items of `foreign`. Never executes a tool.
"""

from __future__ import annotations

import re

import orjson

from agents.training.domains.yaze.answering import dumped
from agents.training.domains.yaze.catalogue import Catalogue
from agents.training.domains.yaze.conversation import FORM, HEARD
from agents.training.domains.yaze.foreign import Plan
from agents.training.domains.yaze.reading import Answered, answered
from agents.training.phrases import phrase, seeded
from agents.training.sample import Check, Judgement, Message, ToolCall

BRIEF = "You are an assistant that works through tools. Ask when a required argument is missing; never make one up."
_THOUGHTS = (
    "The user asks for {tools}; all arguments are given.",
    "Everything that {tools} needs was said, so I make the call.",
    "{tools} with exactly the values that were given.",
)
_LACKS = (
    "{tools} requires {missing}, which was not given.",
    "Without {missing} a call of {tools} would be invalid, so I ask.",
)
_QUESTIONS = (
    "Which value should {missing} have?",
    "I need {missing} for {tools}. What should it be?",
    "What {missing} do you want for {tools}?",
)


def prompt(catalogue: Catalogue, plan: Plan) -> tuple[Message, ...]:
    """Return the messages that ask for the next turn."""
    tools = "\n".join(orjson.dumps(entry["function"]).decode() for entry in catalogue.offered(plan.tools))
    system = (
        f"Write the assistant's next turn.\n\n{FORM}\n\nThe assistant was told:\n{BRIEF}\n\n"
        f"Tools on offer, with the schemas of their arguments:\n{tools}"
    )
    return Message("system", system), Message(
        "user", f"<user>\n{plan.said}\n</user>\n\nThe next turn of the assistant, as one JSON object:"
    )


def answer(plan: Plan, salt: str, variant: int) -> str:
    """Return a right turn."""
    rng = seeded(salt, "answer", variant)
    values = {"tools": " and ".join(call.name for call in plan.calls), "missing": plan.missing}
    if plan.missing:
        return dumped(rng, {"thought": phrase(rng, _LACKS, **values), "reply": phrase(rng, _QUESTIONS, **values)})
    return dumped(
        rng, {"thought": phrase(rng, _THOUGHTS, **values), "tool_calls": [call.document() for call in plan.calls]}
    )


def judge(catalogue: Catalogue, plan: Plan, asked: str, text: str) -> Judgement:
    """Return whether ``text`` makes the calls that were asked for, or asks for what is missing."""
    said = answered(text)
    if isinstance(said, str):
        return Judgement(0.0, (Check("form", 0.0, said[:200]),))
    problem = _problem(catalogue, plan, said)
    told = min(1.0, len(said.thought.split()) / 6) * (0.5 + 0.5 * any(name in said.thought for name in plan.tools))
    quality = 0.2 if problem else 0.6 + 0.4 * told
    checks = (Check("result", float(not problem), problem[:200]), Check("explanation", round(told, 4)))
    heard = HEARD.findall(asked)
    messages = (
        Message("system", BRIEF, tools=catalogue.offered(plan.tools)),
        Message("user", heard[0] if heard else plan.said),
    )
    made = tuple(
        ToolCall(f"call_{n}", call.name, orjson.dumps(call.arguments).decode()) for n, call in enumerate(said.calls, 1)
    )
    last = Message("assistant", said.thought, made) if made else Message("assistant", said.reply)
    return Judgement(quality, checks, sample=None if problem else (*messages, last))


def _problem(catalogue: Catalogue, plan: Plan, said: Answered) -> str:
    if plan.missing:
        if said.calls:
            return f"{plan.missing} is missing, and it calls all the same"
        is_asked = "?" in said.reply and re.search(rf"\b{re.escape(plan.missing)}\b", said.reply)
        return "" if is_asked else f"it does not ask for {plan.missing}"
    for call in said.calls:
        if call.name not in plan.tools:
            return f"{call.name[:60]!r} is not offered"
        if wrong := catalogue.error(call.name, call.arguments):
            return wrong
    wanted = sorted(orjson.dumps(call.document(), option=orjson.OPT_SORT_KEYS) for call in plan.calls)
    found = sorted(orjson.dumps(call.document(), option=orjson.OPT_SORT_KEYS) for call in said.calls)
    return "" if wanted == found else "the calls are not those that were asked for"


def spoil(text: str) -> str:
    """Return a right answer with an argument that no schema knows, or with a question that asks nothing."""
    said = answered(text)
    if isinstance(said, str) or not said.calls:
        return '{"thought": "The request is clear.", "reply": "Done!"}'
    calls = [call.document() for call in said.calls]
    calls[0]["arguments"] = {**calls[0]["arguments"], "unasked": 1}
    return orjson.dumps({"thought": said.thought, "tool_calls": calls}).decode()
