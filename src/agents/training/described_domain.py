"""A domain that a recipe describes: its items are texts of people's own, its answers are judged without a procedure.

Pure. Owns how a text becomes a prompt, and an answer becomes a sample. Never reads a source, asks nobody, and knows no
right answer: so it has none of its own to give.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from agents.campaign.described import AnswerSection, DomainSection, JudgeSection, OwnChecksSection
from agents.campaign.digest import digest
from agents.campaign.errors import UsageError
from agents.training.answers import AnswerSchema, Form, Parsed
from agents.training.checks import Answered, judged
from agents.training.checks.language import require_known
from agents.training.opinion import referral
from agents.training.prompts import Prompt
from agents.training.sample import Cell, Json, Judgement, Message, SourceItem
from agents.training.sources.piece import Piece

VERSION = "1"
"""Changes whenever the same texts and the same description give other items, prompts, samples or judgements."""
ITEM_NAMES = ("text", "name", "group", "take", "licence", "provenance", "columns")
"""What a template may name of every item."""
_LEFT_OUT = "[the text]"
ASKED, SAID = ("instruction", "question"), ("output", "answer")
"""Keys of an answer that is a dialogue by itself."""


class DescribedDomain:
    """Samples from texts, as ``section`` describes them; one cell for each source.

    Raises:
        UsageError: a template or a schema is none, or names what an item has not.
    """

    def __init__(self, name: str, section: DomainSection, pieces: Sequence[Piece]) -> None:
        self.name = name
        self._takes = section.samples_per_item or 1
        self._pieces = {
            cell: [piece for piece in pieces if piece.source == source]
            for source, cell in enumerate(_cells_of(section))
        }
        self._orders: dict[tuple[Cell, int], list[int]] = {}
        key = f"domains.{name}"
        prompt = section.prompt
        if prompt is None:
            raise UsageError(f"{key} has no prompt", "say what the teacher is asked")
        self._system = Prompt(f"{key}.prompt.system", prompt.system) if prompt.system.strip() else None
        self._phrasings = [Prompt(f"{key}.prompt.user", text) for text in prompt.phrasings]
        answer = section.answer or AnswerSection()
        self.schema = answer.json_schema
        self._parser = None if answer.json_schema is None else AnswerSchema(answer.json_schema)
        self._sample = _SampleTemplates(key, answer)
        self._checks = section.checks or OwnChecksSection()
        if self._checks.language is not None:
            require_known(self._checks.language.language)
        self._judge = section.judge
        self.version = digest(VERSION, [[piece.text, piece.name, piece.group, dict(piece.columns)] for piece in pieces])
        self._try_prompts()

    def cells(self) -> Sequence[Cell]:
        """Return a cell for every source that has texts."""
        return [cell for cell, pieces in self._pieces.items() if pieces]

    def capacity(self) -> int:
        """Return how many samples can be made: texts times samples of each."""
        return self._takes * sum(map(len, self._pieces.values()))

    def item(self, cell: Cell, index: int, seed: int) -> SourceItem:
        """Return item ``index`` of ``cell``: one of its texts, in an order that ``seed`` shuffles; it begins anew."""
        order = self._order(cell, seed)
        take, at = divmod(order[index % len(order)], len(self._pieces[cell]))
        return SourceItem(self.name, cell, _params(self._pieces[cell][at], take))

    def prompt(self, item: SourceItem, variant: int) -> tuple[Message, ...]:
        """Return the templates filled in; ``variant`` picks a phrasing."""
        values = _values(item.params)
        user = Message("user", self._phrasings[variant % len(self._phrasings)].filled(values))
        return (user,) if self._system is None else (Message("system", self._system.filled(values)), user)

    def judge(self, item: SourceItem, prompt: Sequence[Message], answer: str) -> Judgement:
        """Return what the checks say of ``answer`` to ``prompt``, the sample made of it, and what a judge is asked.

        An answer of which no sample can be made has not the form that was asked for.
        """
        text = item.params["text"]
        parsed = None if self._parser is None else self._parser.parsed(answer)
        sample = None
        if parsed is None or parsed.is_read:
            fields = None if parsed is None else parsed.value
            try:
                sample = self._sample.made(_values(item.params), answer.strip(), fields)
            except UsageError as error:
                parsed = Parsed(Form.WRONG_SHAPE, None, error.what)
        if sample is not None:
            asked, said = sample[-2].content, sample[-1].content
        else:
            asked = "\n".join(message.content for message in prompt).replace(text, _LEFT_OUT)
            said = answer.strip()
        quality, checks = judged(self._checks, Answered(asked, said, text, parsed))
        question = None
        if self._judge is not None and quality > 0.0:
            question = referral(self._judge, asked, said, text, self._share_of(self._judge))
        return Judgement(quality, checks, sample=sample, referral=question)

    def _share_of(self, judge: JudgeSection) -> float:
        return judge.weight / (judge.weight + self._checks.weight)

    def _order(self, cell: Cell, seed: int) -> list[int]:
        if (cell, seed) not in self._orders:
            order = list(range(self._takes * len(self._pieces[cell])))
            Random(f"{seed}/{self.name}/{cell}").shuffle(order)  # noqa: S311 -- repeatable
            self._orders[cell, seed] = order
        return self._orders[cell, seed]

    def _try_prompts(self) -> None:
        """Fill in every prompt for a text of each form: rows may lack what others have."""
        tried: set[tuple[int, frozenset[str]]] = set()
        for cell, pieces in self._pieces.items():
            for piece in pieces:
                form = piece.source, frozenset(piece.columns)
                if form in tried:
                    continue
                tried.add(form)
                item = SourceItem(self.name, cell, _params(piece, 0))
                try:
                    for variant in range(len(self._phrasings)):
                        self.prompt(item, variant)
                except UsageError as error:
                    raise UsageError(f"{error.what} (for {piece.name})", error.cure) from error


class _SampleTemplates:
    """How an answer becomes the conversation that a student learns from."""

    def __init__(self, key: str, answer: AnswerSection) -> None:
        given = answer.sample
        self._parts: dict[str, Prompt] = {}
        if given is not None:
            parts = {"system": given.system, "user": given.user, "assistant": given.assistant}
            self._parts = {role: Prompt(f"{key}.answer.sample.{role}", text) for role, text in parts.items()}
            self._refuse_unknown_names(answer.json_schema)

    def _refuse_unknown_names(self, schema: Mapping[str, Json] | None) -> None:
        """Raise UsageError where a template names a key that no answer can have; columns of rows are not known here."""
        if schema is None or schema.get("additionalProperties", True) is not False:
            return
        known = {*schema.get("properties", {}), *ITEM_NAMES, "answer"}
        for part in self._parts.values():
            part.refuse_unknown(known)

    def made(self, values: Mapping[str, Any], answer: str, fields: Json) -> tuple[Message, ...] | None:
        """Return the conversation, its last turn the assistant's; None where the prompt is answered as it is.

        Raises:
            UsageError: a template names what neither item nor answer has.
        """
        known = fields if isinstance(fields, Mapping) else {}
        if not self._parts:
            asked, said = (next((known[key] for key in keys if key in known), None) for keys in (ASKED, SAID))
            if not (isinstance(asked, str) and isinstance(said, str)):
                return None
            return Message("user", asked.strip()), Message("assistant", said.strip())
        filled = {role: part.filled({**values, "answer": answer, **known}) for role, part in self._parts.items()}
        turns = Message("user", filled["user"]), Message("assistant", filled["assistant"])
        return (Message("system", filled["system"]), *turns) if filled["system"] else turns


def _cells_of(section: DomainSection) -> list[Cell]:
    return [Cell(f"source{number}", 1) for number in range(1, len(section.sources or ()) + 1)]


def _params(piece: Piece, take: int) -> dict[str, Json]:
    known = {"licence": piece.licence, "provenance": piece.provenance, "columns": dict(piece.columns)}
    return {
        "text": piece.text,
        "name": piece.name,
        "group": piece.group,
        "take": take + 1,
        **{name: value for name, value in known.items() if value},
    }


def _values(params: Mapping[str, Json]) -> dict[str, Any]:
    """Return what a template may name: what every item has, and the columns of a row, which win."""
    return {**dict.fromkeys(ITEM_NAMES, ""), **params, **params.get("columns", {}), "text": params["text"]}
