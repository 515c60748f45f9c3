"""The model to start from, its size and its tokenizer, of a folder or a hub; and where it is trained.

Owns how they are loaded, and which template writes their conversations.
"""

from __future__ import annotations

import importlib.util
import logging
from pathlib import Path
from typing import Any

import torch  # type: ignore[import-not-found,unused-ignore]
import transformers  # type: ignore[import-not-found,unused-ignore]
from trl.chat_template_utils import (  # type: ignore[import-not-found,unused-ignore]
    get_training_chat_template,
    has_generation_markers,
)

from .chatml import END, START, TEMPLATE
from .preflight import Device, free_memory
from .settings import CHATML, Settings
from .sizing import Shape, lora_parameters
from .troubles import ModelError, TemplateError, UsageError

log = logging.getLogger("training")


def device(settings: Settings) -> Device:
    """Return the first card, or the processor where there is none or it is wanted."""
    if settings.cpu or not torch.cuda.is_available():
        return Device("cpu", "the processor", free_memory(), has_bf16=False, cuda=torch.version.cuda)
    free, _ = torch.cuda.mem_get_info()
    return Device("cuda", torch.cuda.get_device_name(), free, torch.cuda.is_bf16_supported(), torch.version.cuda)


def load_tokenizer(source: str) -> Any:
    """Return the tokenizer of a model; raises ModelError."""
    try:
        tokenizer = transformers.AutoTokenizer.from_pretrained(source)
    except (OSError, ValueError) as error:
        raise _not_had(source, error) from error
    if not tokenizer.is_fast:
        raise ModelError(f"the tokenizer of {source} cannot say where its tokens are", "take a model with a fast one")
    return tokenizer


def load(source: str, settings: Settings, where: Device) -> Any:
    """Return the model, in bf16 where only adapters are trained; raises ModelError."""
    has_flash = where.kind == "cuda" and importlib.util.find_spec("flash_attn") is not None
    usual = "flash_attention_2" if has_flash else "sdpa"
    try:
        return transformers.AutoModelForCausalLM.from_pretrained(
            source,
            dtype=torch.bfloat16 if where.has_bf16 and not settings.is_full else torch.float32,
            attn_implementation=settings.attention or usual,
        )
    except (OSError, ValueError, ImportError) as error:
        raise _not_had(source, error) from error


def shape(source: str, settings: Settings) -> Shape:
    """Return the size of a model, from its configuration alone; raises ModelError."""
    try:
        config = transformers.AutoConfig.from_pretrained(source)
        with torch.device("meta"):
            model = transformers.AutoModelForCausalLM.from_config(config)
    except (OSError, ValueError) as error:
        raise _not_had(source, error) from error
    return shape_of(model, None if settings.is_full else settings.lora_rank)


def shape_of(model: Any, lora_rank: int | None) -> Shape:
    """Return the size of ``model``, of which adapters of this rank are trained; all of it where there are none."""
    head, embeddings = model.get_output_embeddings(), model.get_input_embeddings()
    parameters = sum(each.numel() for each in model.parameters())
    linears = [
        (each.in_features, each.out_features)
        for each in model.modules()
        if isinstance(each, torch.nn.Linear) and each is not head
    ]
    trained = parameters if lora_rank is None else lora_parameters(linears, lora_rank)
    is_tied = head is not None and head.weight is embeddings.weight
    text = model.config.get_text_config()
    return Shape(
        parameters=parameters,
        trained=trained,
        looked_up=0 if is_tied else embeddings.weight.numel(),
        layers=text.num_hidden_layers,
        hidden=text.hidden_size,
        inner=getattr(text, "intermediate_size", 4 * text.hidden_size),
        vocabulary=text.vocab_size,
    )


def template_for(tokenizer: Any, settings: Settings, form: str) -> str | None:
    """Return the template that marks answers for ``tokenizer``; None where there is only one that does not.

    A tokenizer without a template gets one, for later use too.

    Raises:
        UsageError: the template that is given is not there.
        TemplateError: there is none, and none fits.
    """
    if (given := _given(tokenizer, settings, form)) is not None:
        tokenizer.chat_template = given
    own = tokenizer.chat_template
    if has_generation_markers(own):
        return str(own)
    try:
        return get_training_chat_template(tokenizer) or str(own)
    except ValueError:
        log.info("the chat template marks no answers: they are found by writing each conversation turn by turn")
        return None


def _given(tokenizer: Any, settings: Settings, form: str) -> str | None:
    """Return the template that a person or, for a tokenizer without one, the dataset's format names."""
    has_chatml = {START, END} <= set(tokenizer.get_vocab())
    if settings.chat_template not in (None, CHATML):
        try:
            return Path(str(settings.chat_template)).expanduser().read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            raise UsageError(
                f"chat template {settings.chat_template} cannot be read: {error}", "give a file, or chatml"
            ) from error
    if settings.chat_template is None and tokenizer.chat_template is not None:
        return None
    if not has_chatml or (settings.chat_template is None and form not in {"qwen", CHATML}):
        raise TemplateError(
            f"the tokenizer of {settings.model} has no chat template"
            if settings.chat_template is None
            else f"the tokenizer of {settings.model} does not know {START} and {END}",
            "take the model's instruct version, or give its template: --chat-template FILE",
        )
    return TEMPLATE


def _not_had(source: str, error: Exception) -> ModelError:
    reason = next(iter(str(error).splitlines()), type(error).__name__)
    return ModelError(
        f"model {source} cannot be loaded: {reason}",
        "give the folder of a model with --model, or the name of one on the hub, which must be reachable for the first "
        "time, and open to you (HF_TOKEN)",
    )
