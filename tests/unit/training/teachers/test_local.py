"""A model in a folder: made on the spot, trained until it has some answers by heart, and asked as transformers does."""

from __future__ import annotations

import asyncio
import importlib.util
import shutil
import time
from collections.abc import Sequence
from importlib import import_module
from pathlib import Path
from typing import Any

import orjson
import pytest
from student_world import Made, sample_for, tickets, write_dataset

from agents.campaign.clock import SystemClock
from agents.campaign.errors import UsageError
from agents.campaign.home import Home
from agents.training.evaluation.evaluating import evaluated
from agents.training.evaluation.examining import EvaluationWish
from agents.training.sample import Cell, Message, Outcome, Reply, SourceItem, Ticket
from agents.training.teachers import Request
from agents.training.teachers.local import LocalModel, Sampling

MISSING = [name for name in ("torch", "transformers", "peft") if importlib.util.find_spec(name) is None]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings("ignore"),
    pytest.mark.skipif(bool(MISSING), reason=f"not installed: {', '.join(MISSING)}; pip install .[train]"),
]

TEMPLATE = """\
{%- for tool in tools or [] -%}<|im_start|>tool
{{ tool | tojson }}<|im_end|>
{% endfor -%}
{%- for turn in messages -%}<|im_start|>{{ turn.role }}
{{ turn.content }}
{%- for call in turn.tool_calls or [] %}
<tool_call>
{"name": "{{ call.function.name }}", "arguments": {{ call.function.arguments | tojson }}}
</tool_call>
{%- endfor -%}<|im_end|>
{% endfor -%}
{%- if add_generation_prompt -%}<|im_start|>assistant
{% endif -%}"""
TICKETLESS = SourceItem("count", Cell("up", 1), {})
TOOL = {"type": "function", "function": {"name": "look", "parameters": {"type": "object", "properties": {}}}}


def make_model(folder: Path, texts: list[str], positions: int = 4096, template: str = TEMPLATE) -> Path:
    """Make a decoder of 0.2 million random weights, and a tokenizer trained on ``texts``."""
    torch, transformers, tokenizers = map(import_module, ("torch", "transformers", "tokenizers"))
    bpe, levels = tokenizers.Tokenizer(tokenizers.models.BPE()), tokenizers.pre_tokenizers.ByteLevel
    bpe.pre_tokenizer, bpe.decoder = levels(add_prefix_space=False), tokenizers.decoders.ByteLevel()
    special = ["<|endoftext|>", "<|im_start|>", "<|im_end|>"]
    trainers, alphabet = tokenizers.trainers, levels.alphabet()
    bpe.train_from_iterator(
        texts, trainers.BpeTrainer(vocab_size=1_500, special_tokens=special, initial_alphabet=alphabet)
    )
    ends = {"eos_token": special[2], "pad_token": special[0]}
    tokenizer = transformers.PreTrainedTokenizerFast(tokenizer_object=bpe, chat_template=template or None, **ends)
    torch.set_num_threads(1)
    torch.manual_seed(1)
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=64,
        intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        max_position_embeddings=positions,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    transformers.LlamaForCausalLM(config).save_pretrained(folder)
    tokenizer.save_pretrained(folder)
    return folder


def train_by_heart(folder: Path, samples: list[tuple[Message, ...]]) -> None:
    """Train the model in ``folder`` until it is nearly sure of every token of the answers of ``samples``."""
    torch, transformers = map(import_module, ("torch", "transformers"))
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    rows = [labelled(tokenizer, turns) for turns in samples]
    optimizer = torch.optim.AdamW(model.parameters(), lr=3e-3)
    for _ in range(400):
        losses = [model(input_ids=torch.tensor([ids]), labels=torch.tensor([labels])).loss for ids, labels in rows]
        sum(losses).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.step()
        optimizer.zero_grad()
        if max(losses) < 0.02:
            break
    model.save_pretrained(folder)


def labelled(tokenizer: Any, turns: tuple[Message, ...]) -> tuple[list[int], list[int]]:
    """Return the tokens of a conversation, and which of them are learnt: those of its last turn."""
    documents = [turn.document() for turn in turns]
    for document in documents:
        for call in document.get("tool_calls", []):
            call["function"]["arguments"] = orjson.loads(call["function"]["arguments"])
    tools = [tool for document in documents for tool in document.pop("tools", [])] or None
    asked = tokenizer.apply_chat_template(documents[:-1], tools=tools, add_generation_prompt=True, tokenize=False)
    whole = tokenizer.apply_chat_template(documents, tools=tools, tokenize=False)
    ids = tokenizer(whole, add_special_tokens=False)["input_ids"]
    known = len(tokenizer(asked, add_special_tokens=False)["input_ids"])
    return ids, [-100] * known + ids[known:]


def ask(
    place: Path | str,
    *prompts: tuple[Message, ...],
    max_tokens: int = 24,
    base: str | None = None,
    heat: float = 0.0,
    template: Path | None = None,
) -> list[Reply]:
    sampling = Sampling(heat, max_tokens)

    async def go() -> list[Reply]:
        async with LocalModel(str(place), base, sampling, 2, lambda _: None, template) as model:
            return await asyncio.gather(*(model.answer(request(prompt)) for prompt in prompts))

    return asyncio.run(go())


def request(prompt: tuple[Message, ...]) -> Request:
    return Request(Ticket("evaluation", len(prompt[-1].content), TICKETLESS), prompt)


def user(text: str) -> tuple[Message, ...]:
    return (Message("system", "You count.", tools=(TOOL,)), Message("user", text))


QUESTIONS = [user(f"What follows {number}?") for number in range(5)]
SAMPLES = [(*question, Message("assistant", f"{at + 1} follows.")) for at, question in enumerate(QUESTIONS)]
TEXTS = [turn.content for sample in SAMPLES for turn in sample]


@pytest.fixture(scope="module")
def counting(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = make_model(tmp_path_factory.mktemp("model") / "counting", TEXTS)
    train_by_heart(folder, SAMPLES)
    return folder


def test_a_model_says_what_it_has_learned_whatever_else_is_in_its_batch(counting: Path) -> None:
    longer = user("What follows 3? " + "Take your time. " * 9)
    replies = ask(counting, longer, *QUESTIONS)
    assert [reply.text for reply in replies[1:]] == [f"{at + 1} follows." for at in range(5)]
    assert {reply.outcome for reply in replies[1:]} == {Outcome.ANSWERED}
    assert all(reply.tokens_in and reply.tokens_out and reply.model == "counting" for reply in replies[1:])
    assert [reply.text for reply in ask(counting, *QUESTIONS[:1])] == ["1 follows."]


def test_answers_are_drawn_anew_for_each_batch_and_again_from_the_same_seed(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "random", TEXTS)
    first = ask(folder, *QUESTIONS[:2], user("What follows nothing?"), max_tokens=12, heat=1.0)
    assert len({reply.text for reply in first}) == 3
    assert ask(folder, *QUESTIONS[:2], user("What follows nothing?"), max_tokens=12, heat=1.0) == first


def test_an_answer_without_an_end_is_truncated_and_a_question_without_room_fails(counting: Path) -> None:
    assert [reply.outcome for reply in ask(counting, QUESTIONS[0], max_tokens=1)] == [Outcome.TRUNCATED]
    (too_long,) = ask(counting, user("What follows 7? " * 3_000))
    assert (too_long.outcome, too_long.text) == (
        Outcome.FAILED,
        "the question has more tokens than the model's 4,096",
    )


class Small(LocalModel):
    """A model on a card that has room for one question at a time."""

    def _generated(self, asked: Sequence[list[int]]) -> list[Reply]:
        if len(asked) > 1:
            raise RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB.")
        return super()._generated(asked)


def test_a_batch_that_does_not_fit_is_halved(counting: Path) -> None:
    async def go() -> tuple[list[Reply], int]:
        async with Small(str(counting), None, Sampling(0.0, 24), 5, lambda _: None) as model:
            return await asyncio.gather(*(model.answer(request(one)) for one in QUESTIONS)), model._batch

    replies, batch = asyncio.run(go())
    assert [reply.text for reply in replies] == [f"{at + 1} follows." for at in range(5)]
    assert batch == 1


def test_a_model_that_is_left_ends_at_its_next_token(tmp_path: Path) -> None:
    folder = make_model(tmp_path / "random", TEXTS)

    async def go() -> float:
        async with LocalModel(str(folder), None, Sampling(0.0, 4_000), 1, lambda _: None) as model:
            asking = asyncio.create_task(model.answer(request(QUESTIONS[0])))
            await asyncio.sleep(0.5)
            assert not asking.done()
            asking.cancel()
            return time.monotonic()

    left = asyncio.run(go())
    assert time.monotonic() - left < 3.0


def test_an_adapter_is_asked_on_top_of_its_model(counting: Path, tmp_path: Path) -> None:
    torch, transformers, peft = map(import_module, ("torch", "transformers", "peft"))
    model = transformers.AutoModelForCausalLM.from_pretrained(counting)
    adapted = peft.get_peft_model(model, peft.LoraConfig(r=2, target_modules="all-linear", task_type="CAUSAL_LM"))
    torch.manual_seed(3)
    for name, weights in adapted.named_parameters():
        if "lora_B" in name:
            torch.nn.init.normal_(weights, std=3.0)
    adapted.save_pretrained(tmp_path / "adapter")
    assert [reply.text for reply in ask(counting, QUESTIONS[0])] == ["1 follows."]
    assert [reply.text for reply in ask(tmp_path / "adapter", QUESTIONS[0], base=str(counting))] != ["1 follows."]


def test_a_model_without_a_chat_template_may_hear_the_one_that_another_was_trained_with(
    counting: Path, tmp_path: Path
) -> None:
    mute = tmp_path / "mute"
    shutil.copytree(counting, mute)
    (mute / "chat_template.jinja").unlink()
    with pytest.raises(UsageError, match="no chat template"):
        ask(mute, QUESTIONS[0])
    assert [reply.text for reply in ask(mute, QUESTIONS[0], template=counting)] == ["1 follows."]
    other = make_model(tmp_path / "other", TEXTS, template=TEMPLATE.replace("assistant", "student"))
    with_own = ask(counting, QUESTIONS[0], template=other)
    assert [reply.text for reply in with_own] == ["1 follows."]


def test_a_name_that_no_hub_knows_is_a_usage_error(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(UsageError, match="the model nobody/nothing cannot be loaded") as refused:
        ask("nobody/nothing", QUESTIONS[0])
    assert "a hub must be reachable" in refused.value.cure


def test_what_cannot_be_loaded_or_asked_is_a_usage_error(tmp_path: Path) -> None:
    mute = make_model(tmp_path / "mute", TEXTS, template="")
    with pytest.raises(UsageError, match="no chat template"):
        ask(mute, QUESTIONS[0])
    (mute / "model.safetensors").write_bytes(b"no weights")
    with pytest.raises(UsageError, match="cannot be loaded"):
        ask(mute, QUESTIONS[0])


def test_a_template_that_refuses_a_conversation_fails_that_question(tmp_path: Path) -> None:
    strict = TEMPLATE + "{%- if messages | length > 2 -%}{{ raise_exception('too many turns') }}{%- endif -%}"
    folder = make_model(tmp_path / "strict", TEXTS, template=strict)
    one, two = ask(folder, QUESTIONS[0], (*QUESTIONS[0], Message("user", "And then?")), max_tokens=2)
    assert one.outcome is not Outcome.FAILED
    assert (two.outcome, "too many turns" in two.text) == (Outcome.FAILED, True)


def report(home: Home, folder: Path, **more: Any) -> dict[str, Any]:
    said: list[str] = []
    wish = EvaluationWish(model=folder, batch=2, **more)
    return asyncio.run(evaluated(home, wish, {}, SystemClock(), said.append, lambda *_: None, asyncio.Event()))


def shortest(made: list[Made], *, calls: bool) -> Made:
    found = [one for one in made if bool(sample_for(one)[-1].tool_calls) is calls]
    return min(found, key=lambda one: len(orjson.dumps([turn.document() for turn in sample_for(one)])))


def test_training_turns_failures_into_proved_answers(tmp_path: Path) -> None:
    """The tickets are learned by heart here: what is tested is the way from a folder of weights to proved answers."""
    home = Home(tmp_path)
    made = [shortest(tickets("asm", per_domain=40), calls=False), shortest(tickets("yaze", per_domain=40), calls=True)]
    write_dataset(home, made)
    samples = [sample_for(one) for one in made]
    texts = [turn.told for turns in samples for turn in turns]
    untrained = make_model(tmp_path / "untrained", texts)
    trained = make_model(tmp_path / "models" / "trained" / "model", texts)
    train_by_heart(trained, samples)
    found = report(home, trained.parent, before=str(untrained), max_tokens=700)
    after, before = found["models"]["after"], found["models"]["before"]
    assert (after["name"], after["answered_by"]) == ("trained-model", ["model"])
    assert after["overall"]["pass_rate"] == 1.0, after
    assert (before["overall"]["pass_rate"], before["overall"]["proven"]) == (0.0, 0.0)
    assert before["outcomes"]["answered"] + before["outcomes"]["truncated"] == 2
    assert found["comparison"]["overall"]["gained"] == 2
