"""The chat protocol of OpenAI and of all that speak it: what a request says, and what its answer means.

Pure. Owns the JSON of both. Never sends anything and knows no key.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import orjson

from agents.campaign.recipe import ModelSection
from agents.training.sample import Message, Outcome, Reply
from agents.training.troubles import Failure, Trouble, shortened

_ENDINGS = {"content_filter": Outcome.REFUSED, "length": Outcome.TRUNCATED}


def request_body(model: ModelSection, prompt: Iterable[Message]) -> bytes:
    """Return the body that asks ``model`` for its answer to ``prompt``; what the recipe leaves out is left out."""
    parameters = {"temperature": model.temperature, "top_p": model.top_p, "max_tokens": model.max_tokens}
    return orjson.dumps(
        {
            **model.extra_body,
            **{name: value for name, value in parameters.items() if value is not None},
            "model": model.model,
            "messages": [{"role": message.role, "content": message.content} for message in prompt],
        }
    )


def reply_of(body: bytes) -> Reply | Failure:
    """Return what an answer with status 200 says, or why it says nothing."""
    try:
        document = orjson.loads(body)
        choice = document["choices"][0]
        message = choice["message"]
        text, refusal = _text(message.get("content")), message.get("refusal")
    except (orjson.JSONDecodeError, LookupError, TypeError, AttributeError):
        return Failure(Trouble.GARBLED, f"an answer that is none of the protocol: {_beginning(body)}")
    outcome = Outcome.ANSWERED if text.strip() else Outcome.EMPTY
    if isinstance(refusal, str) and refusal:
        outcome, text = Outcome.REFUSED, refusal
    else:
        outcome = _ENDINGS.get(str(choice.get("finish_reason")), outcome)
    model, usage = document.get("model"), document.get("usage")
    tokens_in, tokens_out = _count(usage, "prompt_tokens"), _count(usage, "completion_tokens")
    return Reply(outcome, text, model if isinstance(model, str) else "", tokens_in, tokens_out)


def _text(content: Any) -> str:
    """Return the text of a message's content: a string, parts of which some are text, or nothing."""
    if content is None:
        return ""
    if isinstance(content, str):
        return content
    return "".join(part["text"] for part in content if isinstance(part, dict) and part.get("type") == "text")


def _count(usage: Any, name: str) -> int | None:
    count = usage.get(name) if isinstance(usage, dict) else None
    return count if isinstance(count, int) and not isinstance(count, bool) and count >= 0 else None


def _beginning(body: bytes) -> str:
    return shortened(body[:80].decode("utf-8", errors="replace")) or "nothing"
