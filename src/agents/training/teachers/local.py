"""A model with its weights, asked in this process: transformers, in batches, on a GPU where there is one.

Owns loading it, and how questions become batches. A whole model or an adapter; what it hears is its own chat template's
text, with the tools on offer. Needs the extra ``train``, which is imported only when a model is opened.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import orjson

from agents.campaign.digest import digest
from agents.campaign.errors import CampaignError, UsageError
from agents.training.sample import Json, Message, Outcome, Reply
from agents.training.teachers import Request

TURN_ENDS = ("<|im_end|>", "<|eot_id|>", "<end_of_turn>", "<|end|>")
"""Tokens that end a turn in the templates of many families, besides the one that the tokenizer names."""


@dataclass(frozen=True, slots=True)
class Sampling:
    """How an answer is drawn: greedily at ``temperature`` 0; at most ``max_tokens`` of it."""

    temperature: float = 0.0
    max_tokens: int = 1_024
    seed: int = 0


@dataclass(frozen=True)
class _Waiting:
    request: Request
    reply: asyncio.Future[Reply]


class LocalModel:
    """Answers requests in batches of at most ``batch``; an async context manager.

    Args:
        place: a model of transformers, a folder or a name on a hub; or the folder of an adapter of peft.
        base: where the adapter's model is, a folder or a name; None for a whole model.
        sampling: how answers are drawn.
        batch: as many of those that wait, in their order; what does not fit into memory is halved, from then on.
        say: is told on what it runs.
        template: a folder with the tokenizer whose chat template is used where the model's own has none.

    Raises:
        UsageError: it cannot be loaded, or its tokenizer has no chat template.
    """

    def __init__(
        self,
        place: str,
        base: str | None,
        sampling: Sampling,
        batch: int,
        say: Callable[[str], None],
        template: Path | None = None,
    ) -> None:
        self._place = place
        self._name = Path(place).name
        self._template = template
        self._base = base
        self._sampling = sampling
        self._batch = batch
        self._say = say
        self._waiting: list[_Waiting] = []
        self._arrived = asyncio.Event()
        self._work: asyncio.Task[None] | None = None
        self._is_closed = False
        self._torch: Any = None
        self._model: Any = None
        self._tokenizer: Any = None
        self._ends: list[int] = []

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self._load)
        self._work = asyncio.create_task(self._answer_all())
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Give the model's memory back; a batch under way ends at its next token."""
        self._is_closed = True
        if self._work is not None:
            self._work.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await self._work
        self._model = self._tokenizer = None
        gc.collect()
        if self._torch is not None and self._torch.cuda.is_available():
            self._torch.cuda.empty_cache()

    async def answer(self, request: Request) -> Reply:
        """Return what the model says; FAILED where it cannot hear the question."""
        waiting = _Waiting(request, asyncio.get_running_loop().create_future())
        self._waiting.append(waiting)
        self._arrived.set()
        return await waiting.reply

    def _load(self) -> None:
        torch, transformers = import_module("torch"), import_module("transformers")
        transformers.logging.set_verbosity_error()
        transformers.logging.disable_progress_bar()
        is_gpu = torch.cuda.is_available()
        words = self._place if (Path(self._place) / "tokenizer_config.json").exists() else self._base or self._place
        try:
            tokenizer = transformers.AutoTokenizer.from_pretrained(words, padding_side="left")
            if not tokenizer.chat_template and self._template is not None:
                tokenizer.chat_template = transformers.AutoTokenizer.from_pretrained(self._template).chat_template
            model = transformers.AutoModelForCausalLM.from_pretrained(
                self._base or self._place, dtype="auto" if is_gpu else torch.float32
            )
            if self._base is not None:
                if len(tokenizer) > model.get_input_embeddings().num_embeddings:
                    model.resize_token_embeddings(len(tokenizer))
                model = import_module("peft").PeftModel.from_pretrained(model, self._place).merge_and_unload()
        except Exception as error:  # each library has errors of its own
            told = str(error).strip().partition("\n")[0][:300]
            raise UsageError(
                f"the model {self._place} cannot be loaded: {told}",
                "see whether its folder is whole; a hub must be reachable the first time, and its model open to you "
                "(HF_TOKEN)",
            ) from error
        if not tokenizer.chat_template:
            raise UsageError(
                f"the tokenizer in {words} has no chat template: nobody knows how the model is asked",
                "put the one that it was trained with into chat_template.jinja there",
            )
        if tokenizer.pad_token_id is None:
            tokenizer.pad_token = tokenizer.eos_token
        place = "cuda" if is_gpu else "cpu"
        self._torch, self._tokenizer, self._model = torch, tokenizer, model.eval().to(place)
        self._ends = sorted(set(_ends_of(tokenizer, model.generation_config)))
        model.generation_config = transformers.GenerationConfig()  # its own may hold back what was said before
        self._say(f"{self._name}: {model.num_parameters():,} parameters on {place}")

    async def _answer_all(self) -> None:
        while True:
            await self._arrived.wait()
            await asyncio.sleep(0)  # those who ask at the same time come into one batch
            batch = self._taken()
            try:
                replies = await asyncio.to_thread(self._replies, [one.request for one in batch])
            except Exception as error:
                fault = CampaignError(
                    f"the model {self._place} failed: {type(error).__name__}: {str(error)[:300]}",
                    "see whether transformers can run it; then run the same command again",
                )
                _tell(batch, [fault] * len(batch))
            else:
                _tell(batch, replies)
            if not self._waiting:
                self._arrived.clear()

    def _taken(self) -> list[_Waiting]:
        batch, self._waiting = self._waiting[: self._batch], self._waiting[self._batch :]
        return batch

    def _replies(self, requests: Sequence[Request]) -> list[Reply]:
        seed = digest(self._sampling.seed, [request.ticket.seq for request in requests])
        self._torch.manual_seed(int(seed, 16) % 2**63)
        heard = [self._heard(request.prompt) for request in requests]
        asked = [ids for ids in heard if not isinstance(ids, Reply)]
        said: Iterator[Reply] = iter(self._said(asked) if asked else ())
        return [ids if isinstance(ids, Reply) else next(said) for ids in heard]

    def _heard(self, prompt: tuple[Message, ...]) -> list[int] | Reply:
        """Return the tokens of a question, or the reply to one that cannot be heard."""
        tools = [tool for turn in prompt for tool in turn.tools]
        template_error: type[Exception] = import_module("jinja2").TemplateError
        try:
            text = self._tokenizer.apply_chat_template(
                list(map(_document, prompt)), tools=tools or None, add_generation_prompt=True, tokenize=False
            )
        except template_error as error:
            return self._failed(f"the chat template refuses the conversation: {error}")
        ids: list[int] = self._tokenizer(text, add_special_tokens=False)["input_ids"]
        if (limit := self._limit) is not None and len(ids) >= limit:
            return self._failed(f"the question has more tokens than the model's {limit:,}")
        return ids

    @property
    def _limit(self) -> int | None:
        limit: int | None = getattr(self._model.config.get_text_config(), "max_position_embeddings", None)
        return limit

    def _said(self, asked: Sequence[list[int]]) -> list[Reply]:
        """Return the replies to questions of these tokens; in two halves where memory does not do for all."""
        try:
            return self._generated(asked)
        except RuntimeError as error:
            if "out of memory" not in str(error).lower():
                raise
        self._torch.cuda.empty_cache()
        if len(asked) == 1:
            return [self._failed("the question does not fit into memory")]
        half = self._batch = (len(asked) + 1) // 2
        return [*self._said(asked[:half]), *self._said(asked[half:])]

    def _generated(self, asked: Sequence[list[int]]) -> list[Reply]:
        torch, sampling = self._torch, self._sampling
        batch = self._tokenizer.pad({"input_ids": list(asked)}, return_tensors="pt").to(self._model.device)
        width = batch["input_ids"].shape[1]
        most = min(sampling.max_tokens, sampling.max_tokens if self._limit is None else self._limit - width)
        drawn = {"do_sample": True, "temperature": sampling.temperature, "top_k": 0} if sampling.temperature else {}
        with torch.inference_mode():
            out = self._model.generate(
                **batch,
                **drawn,
                max_new_tokens=most,
                eos_token_id=self._ends,
                pad_token_id=self._tokenizer.pad_token_id,
                stopping_criteria=[self._is_over],
            )
        return [self._reply(len(ids), row) for ids, row in zip(asked, out[:, width:].tolist(), strict=True)]

    def _is_over(self, ids: Any, _scores: Any, **_: Any) -> Any:
        return self._torch.full((ids.shape[0],), self._is_closed, dtype=self._torch.bool, device=ids.device)

    def _reply(self, tokens_in: int, row: list[int]) -> Reply:
        end = next((at for at, token in enumerate(row) if token in self._ends), None)
        said = row[:end]
        text = self._tokenizer.decode(said, skip_special_tokens=False, clean_up_tokenization_spaces=False)
        outcome = Outcome.TRUNCATED if end is None else Outcome.ANSWERED if text.strip() else Outcome.EMPTY
        return Reply(outcome, text, self._name, tokens_in, len(said))

    def _failed(self, detail: str) -> Reply:
        return Reply(Outcome.FAILED, detail, self._name)


def _tell(batch: Sequence[_Waiting], replies: Sequence[Reply | CampaignError]) -> None:
    for waiting, reply in zip(batch, replies, strict=True):
        if waiting.reply.done():
            continue
        if isinstance(reply, Reply):
            waiting.reply.set_result(reply)
        else:
            waiting.reply.set_exception(reply)


def _ends_of(tokenizer: Any, generation: Any) -> Iterator[int]:
    own = generation.eos_token_id
    yield from own if isinstance(own, list) else [] if own is None else [own]
    if tokenizer.eos_token_id is not None:
        yield tokenizer.eos_token_id
    known = tokenizer.get_vocab()
    yield from (known[token] for token in TURN_ENDS if token in known)


def _document(turn: Message) -> dict[str, Json]:
    """Return a turn as chat templates take it: arguments of calls as values and not as text."""
    document = turn.document()
    document.pop("tools", None)
    for call in document.get("tool_calls", ()):
        with contextlib.suppress(orjson.JSONDecodeError):
            call["function"]["arguments"] = orjson.loads(call["function"]["arguments"])
    return document
