"""One training from a dataset folder to a model with a manifest: the order of its steps.

Owns that order, for a dry run too. Heavy packages are imported once they are known to be there.
"""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Any

from .conversation import conversation_of
from .dataset import TRAIN, VALIDATION, Dataset
from .ending import told_ending
from .files import Lease
from .output import BASE, Output
from .preflight import Ready, check_device, check_disk, check_memory, use_one_card
from .report import LOG, Report
from .settings import CHATML, Settings
from .stopping import Stopping
from .troubles import UsageError

_TRIED = 64
"""Samples of a split that a dry run looks at."""
_LEARNT_FROM = 20_000
"""Samples that the tokenizer of a model made here is trained on."""
log = logging.getLogger("training")


@dataclass
class Training:
    """A training that may begin: its dataset is proved and its packages are there."""

    dataset: Dataset
    settings: Settings
    output: Output
    shared: Path | None
    versions: dict[str, str]

    def identity(self) -> dict[str, Any]:
        """Return what two starts of the same training have in common."""
        template = self.settings.chat_template
        if template not in {None, CHATML}:
            try:
                template = hashlib.sha256(Path(str(template)).expanduser().read_bytes()).hexdigest()[:16]
            except OSError as error:
                raise UsageError(f"chat template {template} cannot be read: {error.strerror}", "give a file") from error
        whose = {"dataset": self.dataset.name, "dataset_fingerprint": self.dataset.fingerprint}
        return whose | self.settings.identity() | {"chat_template": template}

    def run(self) -> dict[str, Any]:
        """Train, or find it done; return the manifest of the model, with ``is_new``. Of a dry run: what it found."""
        identity = self.identity()
        self.output.check(identity)
        if (manifest := self.output.finished()) is not None:
            return manifest | {"is_new": False}
        if self.settings.dry_run:
            with tempfile.TemporaryDirectory() as folder:
                return self._ready(Path(folder) / BASE, Stopping(), _TRIED).told
        about = {"dataset": self.dataset.name, "model": self.settings.model}
        about |= {"output": str(self.output.folder), "log": str(self.output.folder / LOG)}
        stopping = Stopping()
        with (
            Lease(self.output.folder / "training.lease", "A training in this folder"),
            Report(self.output.folder, self.shared, about) as report,
            stopping.heard(),
            told_ending(report),
        ):
            return self._trained(identity, report, stopping)

    def _trained(self, identity: dict[str, Any], report: Report, stopping: Stopping) -> dict[str, Any]:
        from . import learning, models, outcome, teller  # noqa: PLC0415 -- heavy

        settings, output = self.settings, self.output
        output.check(identity)
        ready = self._ready(output.folder / BASE, stopping)
        known = output.begin(identity)
        model = models.load(ready.source, settings, ready.where)
        splits = (ready.splits[TRAIN], ready.splits.get(VALIDATION))
        trainer = learning.trainer_of(settings, output, ready.where, model, ready.tokenizer, *splits)
        log.info("%.1f%% of the tokens of the first batches are learnt", 100 * learning.check_batches(trainer))
        checkpoint = output.newest_checkpoint()
        if checkpoint is not None:
            log.info("going on from step %d", checkpoint[0])
        elif "eval_loss_before" not in known:
            report.enter("evaluating")
            output.note(eval_loss_before=learning.evaluated(trainer))
        stopping.check()
        told = teller.Teller(report, stopping, output)
        learning.learn(trainer, told, checkpoint[1] if checkpoint else None)
        report.enter("evaluating")
        eval_loss = learning.evaluated(trainer)
        report.enter("saving")
        losses = outcome.losses(trainer, output.begin(identity).get("eval_loss_before"), eval_loss)
        facts = outcome.facts(self.dataset, settings, ready, trainer, told.pace) | {
            "settings": identity,
            "loss": losses,
        }
        parts = learning.saved(trainer, settings, output)
        return output.finish(parts, facts | {"parts": parts}) | {"is_new": True}

    def _ready(self, base: Path, stopping: Stopping, at_most: int | None = None) -> Ready:
        """Check all that can be checked before the first step, on ``at_most`` samples of each split."""
        use_one_card(os.environ)
        from . import learning, models, samples  # noqa: PLC0415 -- heavy

        learning.quiet()
        settings, dataset = self.settings, self.dataset
        where = models.device(settings)
        check_device(settings, where)
        source = self._source(base)
        tokenizer = models.load_tokenizer(source)
        writer = samples.Writer(tokenizer, models.template_for(tokenizer, settings, dataset.form))
        shape = models.shape(source, settings)
        told = {
            "is_dry_run": settings.dry_run,
            "dataset": dataset.name,
            "model": settings.model,
            "output": str(self.output.folder),
            "device": where.name,
            "parameters": shape.parameters,
            "trained_parameters": shape.trained,
            "memory_needed": check_memory(settings, shape, where),
            "memory_free": where.free,
            "disk_needed": check_disk(settings, shape, self.output.folder),
            "versions": self.versions,
        }
        splits = {
            name: samples.read_split(dataset, name, writer, settings.max_length, stopping, at_most)
            for name in (TRAIN, VALIDATION)
            if dataset.has(name)
        }
        told["splits"] = {name: split.document() for name, split in splits.items()}
        return Ready(where, source, tokenizer, shape, splits, told)

    def _source(self, base: Path) -> str:
        """Return what the model is loaded from; one that is made here is made in ``base``, once."""
        from . import making  # noqa: PLC0415 -- heavy

        if not self.settings.is_made:
            given = Path(self.settings.model).expanduser()
            return str(given.absolute()) if given.exists() else self.settings.model
        if not base.exists():
            if not self.settings.dry_run:
                self.output.begin(self.identity())
            log.info("making a %s model and its tokenizer", self.settings.model)
            rows = islice(self.dataset.rows(TRAIN), _LEARNT_FROM)
            texts = (turn["content"] for _, row in rows for turn in conversation_of(row).turns)
            making.make(self.settings.model, texts, self.settings.max_length, self.settings.seed, base)
        return str(base)
