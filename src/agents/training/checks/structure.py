"""Whether an answer has the form that was asked for.

Pure. Never reads an answer itself: `agents.training.answers` does.
"""

from __future__ import annotations

from agents.campaign.failures import FORM_CHECK
from agents.training.answers import Form, Parsed
from agents.training.sample import Check

_HOW = {
    Form.FENCED: "in a block of code",
    Form.EXTRACTED: "with prose around it",
    Form.REPAIRED: "with slips in its JSON",
}


def structure(parsed: Parsed | None) -> Check:
    """Return 1 where the whole answer could be read, with whatever around it, else 0.

    ``parsed`` is None where no form was asked for: then every answer has it.
    """
    if parsed is None:
        return Check(FORM_CHECK, 1.0)
    if not parsed.is_read:
        return Check(FORM_CHECK, 0.0, f"{parsed.form}: {parsed.detail}")
    return Check(FORM_CHECK, 1.0, _HOW.get(parsed.form, ""))
