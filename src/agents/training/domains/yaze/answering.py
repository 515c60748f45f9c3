"""The turn that a good assistant would write, as an answer to the prompt.

Owns its composition: the wanted calls or a reply, with a thought before it. Never judges one.
"""

from __future__ import annotations

import json
from random import Random

from agents.training.domains.yaze.dialog import Act, Case
from agents.training.domains.yaze.wording import written
from agents.training.sample import Json


def answer(rng: Random, case: Case) -> str:
    """Return a right answer for ``case``."""
    want = case.want
    turn: dict[str, Json] = {"thought": written(rng, want.thoughts)}
    if isinstance(want, Act):
        turn["tool_calls"] = [call.document() for call in want.goals[0]]
    else:
        turn["reply"] = written(rng, want.replies)
    return dumped(rng, turn)


def dumped(rng: Random, turn: Json) -> str:
    """Return ``turn`` as JSON, in one of the layouts that teachers use."""
    style = rng.random()
    text = json.dumps(turn, ensure_ascii=False, indent=2 if 0.6 < style < 0.9 else None)
    return f"```json\n{text}\n```" if style > 0.75 else text
