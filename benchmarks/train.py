"""Speed of training: tokens per second, memory, and the share of the card's peak that does useful work.

Run as ``python benchmarks/train.py FOLDER``, with the folder of a dataset and the extra ``train``. Trains a decoder of
30 million parameters from scratch on a card; ``--tiny`` trains one of 0.2 million, which a processor can.

What is counted is written at ``sft.sizing.operations_per_token``: what is computed a second time to save memory is
not. The first step warms up and is left out; looks at validation and checkpoints are outside of the steps.
"""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path
from typing import Any

from agents.training.sft.command import trained
from agents.training.sft.settings import Settings

STEPS = 100
TINY_STEPS = 5


def main() -> None:
    """Train in a folder that vanishes, and print the figures."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("dataset", type=Path, help="folder of a dataset")
    parser.add_argument("--tiny", action="store_true", help="a model for a processor")
    parser.add_argument("--steps", type=int, help=f"so many steps ({STEPS}; tiny: {TINY_STEPS})")
    parser.add_argument("--batch-size", type=int, default=8, help="sequences at once (%(default)s; tiny: 1)")
    parser.add_argument("--max-length", type=int, default=2048, help="tokens of a sequence (%(default)s)")
    parser.add_argument("--no-packing", action="store_true", help="a sequence for each sample")
    parser.add_argument("--attention", help="how attention is computed")
    parser.add_argument("--peak-tflops", type=float, help="dense bf16 peak of a card that is not known")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            model="tiny" if given.tiny else "small",
            output=Path(folder) / "model",
            learning_rate=3e-3 if given.tiny else 1e-3,
            batch_size=1 if given.tiny else given.batch_size,
            gradient_accumulation=1,
            max_length=given.max_length,
            lora_rank=0,
            packing=not given.no_packing,
            max_steps=given.steps or (TINY_STEPS if given.tiny else STEPS),
            save_steps=10**6,
            attention=given.attention,
            peak_tflops=given.peak_tflops,
        )
        show(trained(given.dataset.resolve(), settings))


def show(manifest: dict[str, Any]) -> None:
    """Print what the manifest of a model says of its training."""
    train, loss = manifest["dataset"]["splits"]["train"], manifest["loss"]
    memory, share = manifest["peak_memory"], manifest["flops_utilisation"]
    rows = {
        "device": manifest["device"],
        "parameters": f"{manifest['parameters']:,}",
        "samples, tokens": f"{train['samples']:,}, {train['tokens']:,}",
        "steps": f"{manifest['steps']:,}",
        "tokens per second": f"{manifest['tokens_per_second']:,.0f}",
        "operations per token": f"{manifest['operations_per_token']:.3e}",
        "share of the peak": "not known" if share is None else f"{share:.1%}",
        "most memory": "not measured" if memory is None else f"{memory / 1e9:.2f} GB",
        "loss, first and last step": f"{loss['first']:.3f}, {loss['last']:.3f}",
    }
    for name, value in rows.items():
        print(f"{name:28} {value}")


if __name__ == "__main__":
    main()
