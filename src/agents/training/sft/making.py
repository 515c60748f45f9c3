"""Models that are made on the spot: new weights, and a tokenizer that is trained on the data.

Owns their sizes and their shape. They need no hub, and the small ones no card.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

import torch  # type: ignore[import-not-found,unused-ignore]
import transformers  # type: ignore[import-not-found,unused-ignore]
from tokenizers import (  # type: ignore[import-not-found,unused-ignore]
    Tokenizer,
    decoders,
    models,
    pre_tokenizers,
    trainers,
)

from .chatml import END, PAD, START, TEMPLATE

SIZES: dict[str, dict[str, int]] = {
    "tiny": {"vocabulary": 1_024, "hidden": 64, "inner": 176, "layers": 2, "heads": 4},
    "small": {"vocabulary": 8_192, "hidden": 512, "inner": 1_408, "layers": 8, "heads": 8},
}
"""Decoders of 0.2 and 30 million parameters."""


def make(size: str, texts: Iterable[str], length: int, seed: int, folder: Path) -> None:
    """Make a model of ``size`` with new weights in ``folder``, and a tokenizer trained on ``texts``."""
    want = SIZES[size]
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_pieces(texts, want["vocabulary"]),
        eos_token=END,
        pad_token=PAD,
        chat_template=TEMPLATE,
        model_max_length=length,
    )
    config = transformers.LlamaConfig(
        vocab_size=len(tokenizer),
        hidden_size=want["hidden"],
        intermediate_size=want["inner"],
        num_hidden_layers=want["layers"],
        num_attention_heads=want["heads"],
        max_position_embeddings=length,
        tie_word_embeddings=True,
        bos_token_id=None,
        eos_token_id=tokenizer.eos_token_id,
        pad_token_id=tokenizer.pad_token_id,
    )
    torch.manual_seed(seed)
    model = transformers.LlamaForCausalLM(config)
    folder.parent.mkdir(parents=True, exist_ok=True)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        model.save_pretrained(beside)
        tokenizer.save_pretrained(beside)
        beside.rename(folder)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _pieces(texts: Iterable[str], vocabulary: int) -> Tokenizer:
    """Return byte-level pair encoding with at most so many pieces, learnt from ``texts``."""
    bpe = Tokenizer(models.BPE())
    bpe.pre_tokenizer, bpe.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=vocabulary,
        special_tokens=[PAD, START, END],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    bpe.train_from_iterator(texts, trainer)
    return bpe
