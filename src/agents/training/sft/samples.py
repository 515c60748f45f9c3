"""A split of a dataset as tokens and labels, ready to be learnt.

Owns what is left out: samples that are too long, and such without an answer. None is ever cut.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import datasets  # type: ignore[import-not-found,unused-ignore]
from jinja2.exceptions import TemplateError as JinjaError

from .conversation import Conversation, answer_spans, common_start, conversation_of, labels_of, mask_of
from .dataset import Dataset
from .stopping import Stopping
from .troubles import BlankError, TemplateError, TrainingError

TOO_LONG, NO_ANSWER = "too long", "no answer"
log = logging.getLogger("training")
_BLOCK = 1_000
"""Samples that are held as lists at a time."""
Sample = tuple[list[int], list[int]]
"""Tokens, and 1 for each that is learnt."""


@dataclass(frozen=True)
class Writer:
    """Writes conversations as tokens; ``template`` marks answers, None where the tokenizer's own does not."""

    tokenizer: Any
    template: str | None

    def sample(self, conversation: Conversation) -> Sample:
        """Return the tokens of a conversation, and which of them are learnt; raises TemplateError."""
        tokens, mask = self._marked(conversation) if self.template else self._compared(conversation)
        if conversation.learnt_from:
            asked = self._written(conversation.turns[: conversation.learnt_from], conversation.tools, tokenize=True)
            at = common_start(asked["input_ids"], tokens)
            mask = [0] * at + mask[at:]
        return tokens, mask

    def _marked(self, conversation: Conversation) -> Sample:
        found = self.tokenizer.apply_chat_template(
            conversation.turns,
            tools=conversation.tools,
            chat_template=self.template,
            return_dict=True,
            return_assistant_tokens_mask=True,
        )
        return list(found["input_ids"]), list(found["assistant_masks"])

    def _compared(self, conversation: Conversation) -> Sample:
        def written(turns: Any, has_header: bool) -> str:
            return str(self._written(list(turns), conversation.tools, has_header=has_header))

        spans = answer_spans(conversation.turns, written)
        text = written(conversation.turns, False)
        found = self.tokenizer(text, add_special_tokens=False, return_offsets_mapping=True)
        return list(found["input_ids"]), mask_of(found["offset_mapping"], spans)

    def _written(self, turns: Any, tools: Any, *, has_header: bool = True, tokenize: bool = False) -> Any:
        return self.tokenizer.apply_chat_template(
            turns,
            tools=tools,
            chat_template=self.template,
            add_generation_prompt=has_header,
            tokenize=tokenize,
            **({"return_dict": True} if tokenize else {}),
        )


@dataclass
class Split:
    """The samples of a split; ``tokens`` of them in all, of which ``learnt`` are learnt, and what was left out."""

    name: str
    data: Any = None
    samples: int = 0
    tokens: int = 0
    learnt: int = 0
    left_out: Counter[str] = field(default_factory=Counter)

    def document(self) -> dict[str, Any]:
        """Return the numbers."""
        counts = {"samples": self.samples, "tokens": self.tokens, "learnt_tokens": self.learnt}
        return counts | {"left_out": dict(sorted(self.left_out.items()))}


def read_split(
    dataset: Dataset, name: str, writer: Writer, max_length: int, stopping: Stopping, at_most: int | None = None
) -> Split:
    """Return a split of ``dataset``, or its first ``at_most`` samples.

    Raises:
        BlankError: none of its samples can be learnt from.
        TemplateError: the template refuses a sample.
        PausedError: somebody asked to stop.
    """
    split, blocks = Split(name), []
    block: dict[str, list[list[int]]] = {"input_ids": [], "labels": []}
    for tokens, mask in _kept(dataset, split, writer, max_length, at_most):
        stopping.check()
        block["input_ids"].append(tokens)
        block["labels"].append(labels_of(tokens, mask))
        if len(block["labels"]) == _BLOCK:
            blocks.append(_arrow(block))
            block = {"input_ids": [], "labels": []}
    if block["labels"]:
        blocks.append(_arrow(block))
    if not blocks:
        raise _nothing(split, max_length)
    for reason, count in sorted(split.left_out.items()):
        log.warning("%d samples of %s are left out: %s", count, name, reason)
    split.data = datasets.concatenate_datasets(blocks)
    return split


def _kept(dataset: Dataset, split: Split, writer: Writer, max_length: int, at_most: int | None) -> Iterator[Sample]:
    for number, row in dataset.rows(split.name):
        if split.samples == at_most:
            return
        try:
            tokens, mask = writer.sample(conversation_of(row))
        except JinjaError as error:
            raise TemplateError(
                f"the chat template refuses line {number} of {split.name}.jsonl: {error}",
                "take a model whose template knows these roles, or give one: --chat-template FILE",
            ) from error
        except TrainingError as error:
            raise type(error)(f"line {number} of {split.name}.jsonl: {error.what}", error.cure) from error
        if len(tokens) > max_length:
            split.left_out[TOO_LONG] += 1
        elif not any(mask):
            split.left_out[NO_ANSWER] += 1
        else:
            split.samples += 1
            split.tokens += len(tokens)
            split.learnt += sum(mask)
            yield tokens, mask


def _arrow(block: dict[str, list[list[int]]]) -> Any:
    whole = datasets.List(datasets.Value("int32"))
    return datasets.Dataset.from_dict(block, datasets.Features({"input_ids": whole, "labels": whole}))


def _nothing(split: Split, max_length: int) -> BlankError:
    if split.left_out[NO_ANSWER]:
        return BlankError(
            f"no sample of {split.name} has a token of an answer: the model would learn nothing",
            "the chat template marks no answers: give one that does with --chat-template FILE",
        )
    return BlankError(
        f"all {split.left_out[TOO_LONG]} samples of {split.name} have more than {max_length} tokens",
        "raise --max-length, or generate shorter samples",
    )
