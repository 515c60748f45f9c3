"""How a model is trained: the options of a training script, their defaults and their ranges.

Pure but for what ``argparse`` prints. What of it makes a training another one is its ``identity``.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

DEFAULT_MODEL = "Qwen/Qwen2.5-Coder-1.5B-Instruct"
MADE = ("tiny", "small")
"""Models that are made on the spot, with a tokenizer of their own that is trained on the data."""
CHATML = "chatml"
ATTENTION = ("sdpa", "flash_attention_2", "flex_attention", "eager")
_PLACES = {"output", "cpu", "merge", "dry_run", "json", "peak_tflops", "save_steps", "attention"}
"""Settings with which a training is still the same one."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a person wants; ``lora_rank`` 0 trains all weights, ``max_steps`` 0 all epochs."""

    model: str = DEFAULT_MODEL
    output: Path | None = None
    epochs: float = 2.0
    learning_rate: float = 2e-4
    batch_size: int = 2
    gradient_accumulation: int = 8
    max_length: int = 4096
    lora_rank: int = 32
    packing: bool = True
    seed: int = 7
    max_steps: int = 0
    save_steps: int = 50
    chat_template: str | None = None
    cpu: bool = False
    merge: bool = False
    dry_run: bool = False
    json: bool = False
    attention: str | None = None
    peak_tflops: float | None = None

    @property
    def is_made(self) -> bool:
        """Whether the model is made on the spot."""
        return self.model in MADE

    @property
    def is_full(self) -> bool:
        """Whether all weights are trained."""
        return self.lora_rank == 0

    def identity(self) -> dict[str, Any]:
        """Return what two runs of one training have in common."""
        return {name: value for name, value in asdict(self).items() if name not in _PLACES}


def parsed(program: str, about: str, arguments: Sequence[str] | None) -> Settings:
    """Return the settings that ``arguments`` say; exits with 2, and the reason, where they are impossible."""
    parser = _parser(program, about)
    given = vars(parser.parse_args(arguments))
    given.pop("resume")
    is_made = given["model"] in MADE
    is_full = given.pop("full") or (is_made and given["lora_rank"] is None)
    if is_full and given["lora_rank"]:
        parser.error("--full trains all weights, and --lora-rank only adapters: give one of them")
    if given["merge"] and is_full:
        parser.error("--merge merges adapters into the model, and --full has none")
    usual = {
        "lora_rank": 0 if is_full else 32,
        "learning_rate": 3e-3 if is_made else 2e-5 if is_full else 2e-4,
        "max_length": 2048 if is_made else 4096,
    }
    given |= {name: value for name, value in usual.items() if given[name] is None}
    return Settings(**given)


def _parser(program: str, about: str) -> argparse.ArgumentParser:
    whole, share = _number(int, 1), _number(float, 0.0)
    parser = argparse.ArgumentParser(prog=program, description=about, allow_abbrev=False)
    add = parser.add_argument
    add("--model", default=DEFAULT_MODEL, help="folder or hub name; tiny and small are made on the spot (%(default)s)")
    add("--output", type=Path, help="folder of the trained model (models/NAME beside the datasets)")
    add("--epochs", type=share, default=2.0, help="passes over the training split (%(default)s)")
    add("--learning-rate", type=share, help="2e-4 for adapters, 2e-5 for all weights, 3e-3 for a model made here")
    add("--batch-size", type=whole, default=2, help="sequences on the device at once (%(default)s)")
    add("--gradient-accumulation", type=whole, default=8, help="batches of one step (%(default)s)")
    add("--max-length", type=_number(int, 16), help="tokens; longer samples are left out, never cut (4096, made: 2048)")
    kind = parser.add_mutually_exclusive_group()
    kind.add_argument("--lora-rank", type=whole, help="rank of the adapters (32)")
    kind.add_argument("--full", action="store_true", help="train all weights; usual for a model made here")
    add("--packing", action=argparse.BooleanOptionalAction, default=True, help="several samples in one sequence")
    add("--seed", type=_number(int, 0), default=7, help="of shuffling and new weights (%(default)s)")
    add("--max-steps", type=_number(int, 0), default=0, help="end after so many steps")
    add("--save-steps", type=whole, default=50, help="steps between checkpoints, each with a look at validation")
    add("--chat-template", help="file of a Jinja template, or chatml, for a tokenizer that has none")
    add("--cpu", action="store_true", help="train on the processor, however long it takes")
    add("--merge", action="store_true", help="also save the model with its adapters merged in")
    add("--attention", choices=ATTENTION, help="how attention is computed; flash_attention_2 where it is installed")
    add("--peak-tflops", type=share, help="dense bf16 peak of the card, for its use to be told; known for common ones")
    add("--dry-run", action="store_true", help="check everything, train nothing")
    add("--json", action="store_true", help="print the outcome as JSON")
    add("--resume", action="store_true", help="accepted: running again always goes on from the newest checkpoint")
    return parser


def _number(kind: type[int] | type[float], least: float) -> Callable[[str], Any]:
    def number(text: str) -> int | float:
        value = kind(text)
        above = value >= least if kind is int else value > least
        if not above or not math.isfinite(value):
            raise argparse.ArgumentTypeError(f"{text} is not {'at least' if kind is int else 'above'} {least:g}")
        return value

    number.__name__ = "number"
    return number
