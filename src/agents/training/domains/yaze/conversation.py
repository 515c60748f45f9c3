"""The conversation of an item: as a prompt for a teacher, and as the messages that a student learns from.

Owns both renderings. Never judges an answer.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

import orjson

from agents.training.domains.yaze.dialog import Call, Case, Forms, Said, User
from agents.training.domains.yaze.editor import CATALOGUE
from agents.training.domains.yaze.reading import Answered
from agents.training.domains.yaze.wording import spoken
from agents.training.phrases import phrase, seeded
from agents.training.sample import Json, Message, ToolCall

HEARD = re.compile(r"<user>\n(.*?)\n</user>", re.DOTALL)
"""What the user said, in a prompt."""
_TASKS = (
    "<You write|Write> the next turn of the assistant in a conversation about a ROM project.",
    "A conversation between the author of a ROM hack and an assistant is given. Write the assistant's next turn.",
    "You are the assistant in the conversation below. <Give|Write> your next turn.",
)
FORM = """\
Answer with one JSON object, in one of two forms:
{"thought": "one or two sentences: why this turn", "tool_calls": [{"name": "...", "arguments": {...}}]}
{"thought": "one or two sentences: why this turn", "reply": "what the user gets to read"}
Use the first form if tools have to be called now, with every call that does not depend on the result of another one;
a call that may only follow another one waits for its result. Arguments must satisfy the schema of the tool, and numbers
that the user gave are used as they are. Use the second form if the results are there and the user has to hear them, if
something is missing or open and has to be asked (name the options that the conversation has), or if the request cannot
be met: then say why, and what could be done instead. State values exactly as the results have them, all that were asked
for, and nothing that the conversation does not say; after an edit, what is there now, where, and what was there before.
The thought names what matters for this turn: the aim, the tool, the values."""
_REQUESTS = (
    "The next turn of the assistant, as one JSON object:",
    "Now write the assistant's next turn (one JSON object).",
    "What is the assistant's next turn? One JSON object, please.",
    "Continue with the assistant's turn, in the JSON form.",
)


def heard_in(case: Case, salt: str, variant: int) -> Forms:
    """Return what the user says in ``case``, in the wording of ``variant``."""
    users = [turn for turn in case.turns if isinstance(turn, User)]
    return tuple(spoken(seeded(salt, "user", variant, number), user) for number, user in enumerate(users))


def prompt(case: Case, salt: str, variant: int) -> tuple[Message, ...]:
    """Return the messages that ask a teacher for the next turn; what the user said stands between tags."""
    rng = seeded(salt, "prompt", variant)
    tools = "\n".join(_line(definition["function"]) for definition in CATALOGUE.offered(case.tools))
    system = (
        f"{phrase(rng, _TASKS)}\n\n{FORM}\n\nThe assistant was told:\n{case.brief}\n\n"
        f"Tools on offer, with the schemas of their arguments:\n{tools}"
    )
    heard = iter(heard_in(case, salt, variant))
    turns = []
    for turn in case.turns:
        if isinstance(turn, User):
            turns.append(f"<user>\n{next(heard)}\n</user>")
        elif isinstance(turn, Said):
            turns.append(f"<assistant>\n{turn.text}\n</assistant>")
        else:
            made = _line({"thought": turn.thought, "tool_calls": [call.document() for call in turn.calls]})
            results = "\n".join(f"<result>\n{_line(result)}\n</result>" for result in turn.results)
            turns.append(f"<assistant>\n{made}\n</assistant>\n{results}")
    return Message("system", system), Message("user", "\n".join((*turns, "", phrase(rng, _REQUESTS))))


def heard_by(case: Case, asked: Sequence[Message]) -> Forms | None:
    """Return what the user says in the prompt ``asked``; None where that is not a prompt for ``case``."""
    heard = tuple(HEARD.findall(asked[-1].content)) if asked else ()
    return heard if len(heard) == sum(isinstance(turn, User) for turn in case.turns) else None


def sample(case: Case, heard: Forms, said: Answered) -> tuple[Message, ...]:
    """Return the conversation with the turn that was asked for at its end."""
    messages = [Message("system", case.brief, tools=CATALOGUE.offered(case.tools))]
    words = iter(heard)
    count = 0
    for turn in case.turns:
        if isinstance(turn, User):
            messages.append(Message("user", next(words)))
        elif isinstance(turn, Said):
            messages.append(Message("assistant", turn.text))
        else:
            made = _made(turn.calls, count)
            count += len(made)
            messages.append(Message("assistant", turn.thought, made))
            messages += [
                Message("tool", _line(result), tool_call_id=call.id)
                for call, result in zip(made, turn.results, strict=True)
            ]
    if said.calls:
        messages.append(Message("assistant", said.thought, _made(said.calls, count)))
    else:
        messages.append(Message("assistant", said.reply))
    return tuple(messages)


def _made(calls: Sequence[Call], count: int) -> tuple[ToolCall, ...]:
    return tuple(ToolCall(f"call_{count + n}", call.name, _line(call.arguments)) for n, call in enumerate(calls, 1))


def _line(value: Json) -> str:
    return orjson.dumps(value).decode()
