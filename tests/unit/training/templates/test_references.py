"""Templates against the chat templates that the families' own tokenizers have, character for character.

They come with ``trl`` and ``mistral-common``, and are rendered and tokenized by ``transformers``: the extra ``train``.
"""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from agents.training.templates import InexpressibleError, chatml, gemma, llama3, mistral

sys.path.insert(0, str(Path(__file__).parent))

from conversations import CONVERSATIONS

transformers = pytest.importorskip("transformers", reason="needs the extra train: transformers renders templates")
tokenizers = pytest.importorskip("tokenizers", reason="needs the extra train")

PLAIN = "{% for m in messages %}{{'<|im_start|>' + m['role'] + '\n' + m['content'] + '<|im_end|>' + '\n'}}{% endfor %}"
FAMILIES = {
    "qwen3_instruct_2507": (chatml.render_qwen, ""),
    "qwen2_5": (chatml.render_qwen, ""),
    "llama3_1": (llama3.render, "<|begin_of_text|>"),
    "gemma3": (gemma.render, "<bos>"),
}
SPECIAL = {
    *("<|im_start|>", "<|im_end|>", "<|begin_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"),
    *("<bos>", "<start_of_turn>", "<end_of_turn>", "<s>", "</s>", "[INST]", "[/INST]", "[TOOL_CALLS]"),
}


@pytest.fixture(scope="module")
def tokenizer() -> Any:
    made = tokenizers.Tokenizer(tokenizers.models.BPE())
    made.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    texts = [message["content"] for messages, _ in CONVERSATIONS.values() for message in messages]
    alphabet = tokenizers.pre_tokenizers.ByteLevel.alphabet()
    trainer = tokenizers.trainers.BpeTrainer(
        vocab_size=600, special_tokens=sorted(SPECIAL), initial_alphabet=alphabet, show_progress=False
    )
    made.train_from_iterator(texts, trainer)
    return transformers.PreTrainedTokenizerFast(tokenizer_object=made)


def reference(
    tokenizer: Any, template: str, messages: list[dict[str, Any]], tools: Any, start: str, *, as_tokens: bool = False
) -> Any:
    """Return what ``transformers`` makes of a conversation; it takes arguments of calls as values."""
    told = json.loads(json.dumps(messages))
    for message in told:
        for call in message.get("tool_calls", ()):
            call["function"]["arguments"] = json.loads(call["function"]["arguments"])
    tokenizer.bos_token = start or None
    return tokenizer.apply_chat_template(
        told, tools=tools, chat_template=template, tokenize=as_tokens, return_dict=False
    )


def template_of_trl(name: str) -> str:
    found = importlib.util.find_spec("trl")
    if found is None or found.origin is None:
        pytest.skip("needs the extra train: trl has the reference templates")
    path = Path(found.origin).parent / "chat_templates" / f"{name}.jinja"
    if not path.exists():
        pytest.skip(f"this version of trl has no template {name}")
    return path.read_text(encoding="utf-8")


@pytest.mark.parametrize("name", CONVERSATIONS)
@pytest.mark.parametrize("family", FAMILIES)
def test_text_and_tokens_are_those_of_the_reference(tokenizer: Any, family: str, name: str) -> None:
    render, start = FAMILIES[family]
    template = template_of_trl(family)
    messages, tools = CONVERSATIONS[name]
    if family == "qwen2_5" and messages[0]["role"] != "system":
        pytest.skip("Qwen 2.5 puts in a system message of its own")
    try:
        text = render(messages, tools)
    except InexpressibleError as error:
        if str(error) != "tools":  # the reference leaves them away without a word where none is called
            with pytest.raises(Exception, match=r"only supports single tool-calls|must alternate"):
                reference(tokenizer, template, messages, tools, start)
        return
    assert text == reference(tokenizer, template, messages, tools, start)
    tokens = tokenizer.backend_tokenizer.encode(text, add_special_tokens=False).ids
    assert tokens == reference(tokenizer, template, messages, tools, start, as_tokens=True)


@pytest.mark.parametrize("name", CONVERSATIONS)
def test_mistral_is_that_of_mistral_common(tokenizer: Any, name: str) -> None:
    generator = pytest.importorskip(
        "mistral_common.integrations.chat_templates.template_generator", reason="needs mistral-common"
    )
    versions = pytest.importorskip("mistral_common.tokens.tokenizers.base").TokenizerVersion
    template = generator.build_chat_template(generator.TemplateConfig(version=versions.v7, spm=False))
    messages, tools = CONVERSATIONS[name]
    assert mistral.render(messages, tools) == reference(tokenizer, template, messages, tools, "<s>")


@pytest.mark.parametrize("name", [name for name, (_, tools) in CONVERSATIONS.items() if not tools])
def test_plain_chatml_is_the_template_that_everybody_writes(tokenizer: Any, name: str) -> None:
    messages, tools = CONVERSATIONS[name]
    assert chatml.render(messages, tools) == reference(tokenizer, PLAIN, messages, tools, "")
