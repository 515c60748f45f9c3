"""What the trainer says while it works, told on to the report; and how it is asked to save and stop.

Owns no decision but one: a loss that is no number ends the training.
"""

from __future__ import annotations

import math
import time
from dataclasses import dataclass, field
from typing import Any

import transformers  # type: ignore[import-not-found,unused-ignore]

from .output import Output
from .pace import Pace
from .report import Report
from .stopping import Stopping
from .troubles import TrainingError


@dataclass
class Teller(transformers.TrainerCallback):  # type: ignore[misc,unused-ignore]
    """Tells the report of every step, and has the trainer save and stop when somebody asks."""

    report: Report
    stopping: Stopping
    output: Output
    pace: Pace = field(default_factory=Pace)
    _began: float = 0.0

    def on_train_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note how many steps there are."""
        self.report.progress.total, self.report.progress.done = state.max_steps, state.global_step
        self.report.enter("training")

    def on_step_begin(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Note the time."""
        self._began = time.monotonic()

    def on_step_end(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Count the step; save and stop where somebody asked."""
        self.report.progress.done, self.report.progress.epoch = state.global_step, state.epoch or 0.0
        if self.stopping.is_asked:
            control.should_save = control.should_training_stop = True
            control.should_evaluate = False

    def on_log(self, args: Any, state: Any, control: Any, logs: Any = None, **_: Any) -> None:
        """Tell the loss; raises TrainingError where it is no number any more."""
        progress = self.report.progress
        if "loss" in logs:
            self.pace.step(time.monotonic() - self._began, logs.get("num_tokens", 0.0))
            progress.loss, progress.learning_rate = logs["loss"], logs.get("learning_rate")
            progress.rate, progress.tokens_rate = self.pace.rates
            if not math.isfinite(logs["loss"]):
                raise TrainingError(
                    f"the loss is {logs['loss']} at step {state.global_step}",
                    "lower --learning-rate, and give another --output or move this one away",
                )
        progress.eval_loss = logs.get("eval_loss", progress.eval_loss)
        self.report.beat()

    def on_prediction_step(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Show that the training lives."""
        self.report.beat()

    def on_save(self, args: Any, state: Any, control: Any, **_: Any) -> None:
        """Say that the checkpoint is whole."""
        self.output.mark_whole(state.global_step)
        self.report.progress.checkpoint = state.global_step
        self.report.beat()
