"""The training itself: TRL's trainer, set up from the settings, told on, stopped and resumed.

Owns how it is set up, and what of its model is saved.
"""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import Any

import datasets  # type: ignore[import-not-found,unused-ignore]
import peft  # type: ignore[import-not-found,unused-ignore]
import torch  # type: ignore[import-not-found,unused-ignore]
import transformers  # type: ignore[import-not-found,unused-ignore]
import trl  # type: ignore[import-not-found,unused-ignore]

from .conversation import check_labels
from .files import read_json, write_json
from .output import ADAPTER, BASE, MERGED, MODEL, Output
from .preflight import Device
from .samples import Split
from .settings import Settings
from .stopping import AGAIN
from .teller import Teller
from .troubles import PausedError, TooLittleMemoryError, TrainingError

_ADAPTER_CONFIG = "adapter_config.json"
_LOOKED_AT = 3
"""Batches whose labels are checked before the first step."""
_FULL = 16_000_000
"""Bytes of a disk on which nothing can be saved any more."""


def quiet() -> None:
    """Have the libraries say only what is wrong: the report tells the rest."""
    warnings.simplefilter("ignore", FutureWarning)
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    datasets.disable_progress_bars()


def trainer_of(
    settings: Settings,
    output: Output,
    where: Device,
    model: Any,
    tokenizer: Any,
    train: Split,
    validation: Split | None,
) -> Any:
    """Return TRL's trainer of ``model``."""
    adapters = peft.LoraConfig(
        r=settings.lora_rank or 1,
        lora_alpha=2 * settings.lora_rank,
        lora_dropout=0.0,
        target_modules="all-linear",
        task_type="CAUSAL_LM",
    )
    arguments = trl.SFTConfig(
        output_dir=str(output.checkpoints),
        num_train_epochs=settings.epochs,
        max_steps=settings.max_steps or -1,
        learning_rate=settings.learning_rate,
        lr_scheduler_type="cosine",
        warmup_steps=0.03,
        per_device_train_batch_size=settings.batch_size,
        per_device_eval_batch_size=settings.batch_size,
        gradient_accumulation_steps=settings.gradient_accumulation,
        gradient_checkpointing=where.kind == "cuda",
        max_length=settings.max_length,
        packing=settings.packing,
        bf16=where.has_bf16,
        fp16=where.kind == "cuda" and not where.has_bf16,
        use_cpu=where.kind == "cpu",
        dataloader_pin_memory=where.kind == "cuda",
        eval_strategy="steps" if validation else "no",
        eval_steps=settings.save_steps,
        save_strategy="steps",
        save_steps=settings.save_steps,
        save_total_limit=2,
        logging_steps=1,
        logging_nan_inf_filter=False,
        seed=settings.seed,
        data_seed=settings.seed,
        report_to="none",
        disable_tqdm=True,
    )
    trainer = trl.SFTTrainer(
        model=model,
        args=arguments,
        train_dataset=train.data,
        eval_dataset=validation.data if validation else None,
        processing_class=tokenizer,
        peft_config=None if settings.is_full else adapters,
    )
    trainer.remove_callback(transformers.PrinterCallback)
    return trainer


def check_batches(trainer: Any) -> float:
    """Return which share of the first batches' tokens is learnt; raises BlankError where labels are wrong."""
    shares = []
    for _, batch in zip(range(_LOOKED_AT), trainer.get_train_dataloader(), strict=False):
        shares.append(check_labels(batch["input_ids"].flatten().tolist(), batch["labels"].flatten().tolist()))
    return sum(shares) / len(shares)


def learn(trainer: Any, teller: Teller, checkpoint: Path | None) -> None:
    """Train to the end, from ``checkpoint`` where there is one.

    Raises:
        PausedError: somebody asked to stop, or the disk is full.
        TooLittleMemoryError: the device ran out of memory.
    """
    trainer.add_callback(teller)
    try:
        trainer.train(resume_from_checkpoint=str(checkpoint) if checkpoint else None)
    except torch.OutOfMemoryError as error:
        raise TooLittleMemoryError(
            f"the device ran out of memory at step {trainer.state.global_step}",
            "halve --batch-size or --max-length; another size is another training, so give another --output too",
        ) from error
    except Exception as error:  # every library has its own kind for a disk that is full
        if not isinstance(error, TrainingError) and shutil.disk_usage(teller.output.folder).free < _FULL:
            raise PausedError(f"the disk of {teller.output.folder} is full", f"free space, then {AGAIN}") from error
        raise
    if trainer.state.global_step < trainer.state.max_steps:
        teller.stopping.check()


def evaluated(trainer: Any) -> float | None:
    """Return the loss on the validation split; None without one."""
    return float(trainer.evaluate()["eval_loss"]) if trainer.eval_dataset is not None else None


def saved(trainer: Any, settings: Settings, output: Output) -> list[str]:
    """Save what was trained; return the folders that hold it, and what it was trained from where that was made here."""
    name = MODEL if settings.is_full else ADAPTER
    trainer.save_model(str(output.folder / name))
    parts = [BASE, name] if settings.is_made else [name]
    if settings.is_made and not settings.is_full:
        _name_base(output.folder / name / _ADAPTER_CONFIG)
    if not settings.merge:
        return parts
    merged = trainer.model.merge_and_unload()
    merged.save_pretrained(str(output.folder / MERGED))
    trainer.processing_class.save_pretrained(str(output.folder / MERGED))
    return [*parts, MERGED]


def _name_base(path: Path) -> None:
    """Have adapters name their base from where they lie, so that both can be moved."""
    write_json(path, (read_json(path) or {}) | {"base_model_name_or_path": f"../{BASE}"})


def peak_memory(where: Device) -> int | None:
    """Return the bytes of the card that were taken at most; None of a processor."""
    return int(torch.cuda.max_memory_allocated()) if where.kind == "cuda" else None
