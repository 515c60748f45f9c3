"""In which form a server is asked for the answers of each domain, and in which simpler one where it knows that not.

Owns what was learned about forms from what came back. Never asks anybody.
"""

from __future__ import annotations

from collections.abc import Container, Mapping
from dataclasses import replace

from agents.campaign.models import ModelSection, Structured
from agents.training.sample import Reply
from agents.training.teachers.access import Warn
from agents.training.troubles import Failure, Trouble

SIMPLER: Mapping[Structured, Structured] = {"json_schema": "json_object", "json_object": "none"}
"""In which form to ask where a form is not known."""


class Forms:
    """The forms in which one server is asked.

    Args:
        model: how it is asked at first.
        schemas: has the domains whose answers have a schema; the others are asked for text.
        place: what the server is called where a person is told.
        warn: is told when a form is given up for a simpler one.
    """

    def __init__(self, model: ModelSection, schemas: Container[str], place: str, warn: Warn) -> None:
        self._first: Structured = model.structured or "json_schema"
        self._schemas = schemas
        self._place = place
        self._warn = warn
        self._simpler: dict[str, Structured] = {}
        self._known: set[tuple[str, Structured]] = set()

    def of(self, domain: str) -> Structured:
        """Return the form in which an answer for ``domain`` is to be asked for now."""
        return self._simpler.get(domain, self._first) if domain in self._schemas else "none"

    def learn(self, domain: str, form: Structured, said: Reply | Failure) -> Reply | Failure:
        """Return what ``said`` means, which came back for ``domain`` where ``form`` was asked for.

        A refusal of the form stays one as long as there is another form to ask in. It is a refusal of the request
        where there is none, or where the server has answered in this form before.
        """
        if isinstance(said, Reply):
            self._known.add((domain, form))
        elif said.trouble is Trouble.FORM and form == self.of(domain):
            simpler = SIMPLER.get(form)
            if simpler is None or (domain, form) in self._known:
                return replace(said, trouble=Trouble.REQUEST)
            self._simpler[domain] = simpler
            self._warn(f"{self._place} takes no {form} for {domain}, and is asked with {simpler}: {said.detail}")
        return said
