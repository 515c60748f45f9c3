"""A domain that a recipe describes: what its samples are made from, what is asked, and when an answer is good.

Owns the keys below ``domains.<name>`` of people's own data. Reads no file, renders no prompt and judges nothing.
"""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from agents.campaign.section import JsonObject, PositiveShare, Section, Share

Kind = Literal["auto", "asm", "c", "markdown", "text", "jsonl", "csv", "parquet"]


class SourceSection(Section):
    """Where texts come from, how they are cut into items, and under which licence they may be used."""

    files: tuple[str, ...] | None = Field(default=None, min_length=1)
    """Patterns such as ``notes/**/*.md``; relative ones start at the recipe's folder."""
    hub: str | None = Field(default=None, pattern=r"^[\w.-]{1,96}(/[\w.-]{1,96})?\Z")
    """A dataset of the Hugging Face hub instead of files; needs the extra ``hub``."""
    config: str | None = Field(default=None, min_length=1, max_length=200)
    """Of a dataset of the hub that has several: the name of its configuration."""
    split: str = Field(default="train", min_length=1, max_length=200)
    """Of a dataset of the hub: its part."""
    kind: Kind = "auto"
    """How files are cut: routines of assembly, functions of C and C++, sections of Markdown, paragraphs of text, or
    rows of a table; ``auto`` goes by the ending of each file."""
    column: str = Field(default="text", min_length=1, max_length=200)
    """Of rows: the column that has the text."""
    group: str | None = Field(default=None, min_length=1, max_length=200)
    """Of rows: the column that says which belong together and must not be split; each row by itself when unset."""
    licence: str | None = Field(default=None, min_length=1, max_length=100)
    """SPDX name of the licence of these texts, or ``own`` for what you wrote yourself."""
    provenance: str = Field(default="", max_length=500)
    """Where the texts come from, for the people who use what is made of them."""
    min_characters: int = Field(default=40, ge=1, le=10_000_000)
    """Shorter items are left out and counted."""
    max_characters: int = Field(default=8_000, ge=1, le=10_000_000)
    """Longer items are left out and counted."""

    @model_validator(mode="after")
    def _is_one_place(self) -> Self:
        if (self.files is None) == (self.hub is None):
            raise ValueError("needs either files or hub")
        if self.min_characters > self.max_characters:
            raise ValueError("min_characters is more than max_characters")
        return self


class PromptSection(Section):
    """What the teacher is asked: Jinja2 templates, with ``text`` and what else an item has."""

    system: str = ""
    """The message of the system; none when empty."""
    user: str | tuple[str, ...] = Field(min_length=1)
    """Of several phrasings one is drawn for each ticket."""

    @property
    def phrasings(self) -> tuple[str, ...]:
        """The templates of the user's message."""
        return (self.user,) if isinstance(self.user, str) else self.user


class SampleSection(Section):
    """What a student learns from an answer: Jinja2 templates, with the item, ``answer``, and the answer's own keys."""

    system: str = ""
    """The message of the system; none when empty."""
    user: str = Field(min_length=1)
    """What the student is asked."""
    assistant: str = Field(min_length=1)
    """What the student is to answer."""


class AnswerSection(Section):
    """The form of an answer."""

    json_schema: JsonObject | None = None
    """JSON schema of the answer; text when unset."""
    sample: SampleSection | None = None
    """The sample that is made of it; unset, an answer with instruction or question and output or answer is turned into
    that dialogue, and any other one answers the prompt as it is."""


class CheckSection(Section):
    """One check: its part in the quality, and what is demanded of it."""

    weight: float = Field(default=1.0, ge=0.0, le=1_000.0, allow_inf_nan=False)
    """Its part in the quality, which is the weighted mean of all; 0 only demands."""
    at_least: Share = 0.0
    """A sample that scores less here has a quality of 0."""


class LengthSection(CheckSection):
    """Words of the answer."""

    at_least: Share = 0.5
    """A sample that scores less here has a quality of 0."""
    fewest: int = Field(default=5, ge=0, le=1_000_000)
    """Fewer words score less, down to 0."""
    most: int = Field(default=2_000, ge=1, le=1_000_000)
    """More words score less, down to 0."""


class LanguageSection(CheckSection):
    """The language that the answer is written in."""

    language: str = Field(pattern=r"^[a-z]{2}\Z")
    """ISO 639-1."""


class SimilaritySection(CheckSection):
    """How much of the answer only repeats the question."""

    most: PositiveShare = 0.8
    """Share of the answer's shingles that the question may have."""


class OwnChecksSection(Section):
    """How answers are judged without a procedure that proves them; a check that is null is left out."""

    structure: CheckSection | None = CheckSection(at_least=1.0)
    """Whether the answer has the form that was asked for."""
    length: LengthSection | None = LengthSection()
    refusal: CheckSection | None = CheckSection(at_least=0.5)
    """Whether it answers, and does not decline."""
    grounding: CheckSection | None = CheckSection()
    """Share of the names and numbers of the answer that the source has."""
    similarity: SimilaritySection | None = SimilaritySection()
    language: LanguageSection | None = None
    """The language that the answer is written in."""

    @property
    def weight(self) -> float:
        """The weights of all checks together."""
        checks = self.structure, self.length, self.refusal, self.grounding, self.similarity, self.language
        return sum(check.weight for check in checks if check is not None)


class JudgeSection(Section):
    """A model that reads every answer which passed the checks, and scores it by a rubric."""

    model: str
    """Its name below ``models``."""
    rubric: str = Field(min_length=1, max_length=20_000)
    """What a good answer has."""
    scale: int = Field(default=5, ge=2, le=100)
    """It scores from 1 to this."""
    weight: float = Field(default=1.0, gt=0.0, le=1_000.0, allow_inf_nan=False)
    """Its part in the quality, as that of a check."""
    at_least: Share = 0.0
    """A sample that scores less, on a scale from 0 to 1, has a quality of 0."""


class DomainSection(Section):
    """One kind of sample and its share of the campaign; with ``sources``, all of it is described here."""

    weight: PositiveShare
    """Share of the pilot's tickets and of the campaign's accepted samples; together 1."""
    catalogue: str | None = Field(default=None, min_length=1, max_length=4_096)
    """Of the built-in domain ``yaze``: a JSON file with another catalogue of tools; relative ones start at the recipe's
    folder."""
    sources: tuple[SourceSection, ...] | None = Field(default=None, min_length=1, max_length=64)
    """Texts that samples are made from; unset, the domain is a built-in one."""
    samples_per_item: int | None = Field(default=None, ge=1, le=1_000)
    """How many samples are made from one item; 1 when unset."""
    prompt: PromptSection | None = None
    """What the teacher is asked."""
    answer: AnswerSection | None = None
    """The form of its answers; text when unset."""
    checks: OwnChecksSection | None = None
    """How answers are judged; by all checks but that of the language when unset."""
    judge: JudgeSection | None = None
    """A model that judges what passed the checks; none when unset."""

    @model_serializer(mode="wrap")
    def _without_what_is_not_there(self, serialized: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {name: value for name, value in serialized(self).items() if value is not None}

    @model_validator(mode="after")
    def _is_described_or_built_in(self) -> Self:
        described = {"samples_per_item", "prompt", "answer", "checks", "judge"}
        if self.sources is None and (given := sorted(self.model_fields_set & described)):
            raise ValueError(f"has {', '.join(given)} but no sources: a built-in domain has its own")
        if self.sources is not None and self.catalogue is not None:
            raise ValueError("has sources and a catalogue: only a built-in domain takes one")
        if self.sources is not None and self.prompt is None:
            raise ValueError("has sources but no prompt: nobody would be asked anything")
        return self


class PolicySection(Section):
    """Which sources may be used."""

    licences: tuple[str, ...] = (
        *("own", "CC0-1.0", "CC-BY-4.0", "CC-BY-SA-4.0", "MIT", "MIT-0", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause"),
        *("ISC", "0BSD", "Unlicense", "Zlib", "public-domain"),
    )
    """Licences of sources that may be used."""
    unlicensed: Literal["refuse", "allow"] = "refuse"
    """What happens to sources that name no licence."""
