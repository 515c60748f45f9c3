"""An evaluation at work: questions are asked, answers kept and judged, and the report is written.

Owns what is kept of it: every answer before it counts, so that the same wish asks only what is missing.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from math import fsum
from pathlib import Path
from typing import Any

from agents.campaign.clock import Clock, stamp
from agents.campaign.datasets import OTHER_NAMES
from agents.campaign.digest import digest
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.files import replace_file, write_json
from agents.campaign.follow_ups import BASE
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.training.bench import Bench, InlineBench, WorkerBench
from agents.training.evaluation.account import Account, Paid, paid
from agents.training.evaluation.answer_store import AnswerStore, Key
from agents.training.evaluation.asking import Asking
from agents.training.evaluation.intervals import DIFFERENCE, LEVEL, RATE, TEST
from agents.training.evaluation.page import evaluation_text
from agents.training.evaluation.questions import SPLIT, Examination
from agents.training.evaluation.results import Answer, Question, Score, chosen, comparison, mark, result
from agents.training.evaluation.student import Student
from agents.training.judge import Domains
from agents.training.sample import Outcome, Reply
from agents.training.teachers.local import Sampling

REPORT, PAGE = "report.json", "report.txt"
NONE_BEFORE = "what training changed: there was no model before it, all weights were made on the spot"
NOT_COMPARED = f"what the model could do before it was trained: give --before {BASE}, or a FOLDER or ALIAS"
_MANY = 256
"""So many answers are worth a process that judges them."""

_NO_NAME = re.compile(r"[^A-Za-z0-9._-]")

Say = Callable[[str], None]
Progressed = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class EvaluationWish:
    """What is to be evaluated, as a person says it.

    ``dataset`` is a name or a folder. ``model`` is a folder, ``alias`` a name of a recipe, and without either it is the
    newest training of the dataset. ``before`` is what is compared with: ``BASE``, a folder or an alias. ``count``
    tickets are asked, all when None, only of ``domain`` if that is given; ``samples`` answers to each. ``temperature``
    is 0 for one answer and ``DRAWN`` for several when None. What the aliases have cost, earlier too, may come to
    ``max_cost``.
    """

    dataset: str | None = None
    model: Path | None = None
    alias: str | None = None
    before: str | None = None
    count: int | None = None
    domain: str | None = None
    recipe: Path | None = None
    samples: int = 1
    seed: int = 0
    temperature: float | None = None
    max_tokens: int | None = None
    batch: int = 16
    max_cost: float | None = None


@dataclass(frozen=True)
class Examiner:
    """One evaluation: the same questions to every student."""

    home: Home
    wish: EvaluationWish
    exam: Examination
    sampling: Sampling
    clock: Clock
    say: Say
    progressed: Progressed
    stop: asyncio.Event

    async def report(self, students: Mapping[str, Student]) -> dict[str, Any]:
        """Ask the students that are named ``after`` and perhaps ``before``, and return what came of it."""
        began, questions = self.clock.monotonic(), self._questions()
        keys = [(question.id, sample) for question in questions for sample in range(self.wish.samples)]
        answered = await self._answers(students, questions, keys)
        scores = {role: await self._scores(questions, came.replies) for role, came in answered.items()}
        models = {
            role: _who(student) | answered[role].document() | result(scores[role]) for role, student in students.items()
        }
        document = {
            "dataset": self.exam.name,
            "run": self.exam.run,
            "split": SPLIT,
            "tickets": self.exam.tickets,
            "asked": len(questions),
            "samples": self.wish.samples,
            "seed": self.wish.seed,
            "temperature": self.sampling.temperature,
            "max_tokens": self.sampling.max_tokens,
            "accept_at": self.exam.accept_at,
            "max_cost": self.wish.max_cost,
            "level": LEVEL,
            "methods": {"rate": RATE, "difference": DIFFERENCE, "test": TEST},
            "models": models,
            "comparison": comparison(scores["before"], scores["after"]) if "before" in scores else None,
            "not_measured": self._not_measured(questions, models),
            "seconds": round(self.clock.monotonic() - began, 3),
            "finished": stamp(self.clock.now()),
        }
        folder = self._folder(students["after"])
        write_json(folder / REPORT, document | {"folder": str(folder)})
        replace_file(folder / PAGE, f"{evaluation_text(document)}\n".encode())
        return document | {"folder": str(folder)}

    def _questions(self) -> list[Question]:
        domain, questions = self.wish.domain, self.exam.questions
        if domain is not None and domain not in self.exam.domains:
            domain = OTHER_NAMES.get(domain, domain)
        wanted = [question for question in questions if domain in (None, question.item.domain)]
        if not wanted:
            known = ", ".join(self.exam.domains) or "none that can be judged"
            what = f"no ticket of domain {domain!r}" if domain else "no ticket that can be judged"
            raise UsageError(f"the {SPLIT} split of {self.exam.name!r} has {what}", f"its domains: {known}")
        return chosen(wanted, self.wish.count, self.wish.seed)

    def _identity(self, student: Student) -> dict[str, Any]:
        """Return what the answers of ``student`` depend on."""
        return {
            "split": self.exam.identity,
            "model": student.fingerprint,
            "temperature": self.sampling.temperature,
            "max_tokens": self.sampling.max_tokens,
        }

    def _folder(self, student: Student) -> Path:
        name = f"{_NO_NAME.sub('_', student.name)}-{digest(self._identity(student))[:8]}"
        return self.home.evaluations / self.exam.name / name

    async def _answers(
        self, students: Mapping[str, Student], questions: Sequence[Question], keys: Sequence[Key]
    ) -> dict[str, _Answered]:
        """Return what all students say to ``keys``; answers that are not there yet, or failed, are asked for."""
        answered, total = {}, len(students) * len(keys)
        with contextlib.ExitStack() as stack:
            sittings = self._sittings(students, stack)
            spent = {sitting.store.path: sitting.paid().at_most or 0.0 for sitting in sittings.values()}
            account = Account(self.wish.max_cost, fsum(spent.values()))
            for at, (role, sitting) in enumerate(sittings.items()):
                progressed = partial(self._told, at * len(keys), total)
                replies = await self._asked(sitting, account, questions, keys, progressed)
                answered[role] = _Answered(replies, sitting.paid())
        return answered

    def _sittings(self, students: Mapping[str, Student], stack: contextlib.ExitStack) -> dict[str, _Sitting]:
        """Return the open sitting of every student; ``stack`` closes them. The same student twice has one store."""
        stores: dict[Path, AnswerStore] = {}
        sittings = {}
        for role, student in students.items():
            folder = self._folder(student)
            if folder not in stores:
                stack.enter_context(Lease(folder / "evaluation.lease", "Evaluation"))
                stores[folder] = stack.enter_context(AnswerStore(folder, self._identity(student)))
            sittings[role] = _Sitting(student, stores[folder], student.dearest(self.exam.questions))
        return sittings

    def _told(self, before: int, total: int, came: int) -> None:
        self.progressed(before + came, total)

    async def _asked(
        self,
        sitting: _Sitting,
        account: Account,
        questions: Sequence[Question],
        keys: Sequence[Key],
        progressed: Callable[[int], object],
    ) -> dict[Key, Reply]:
        student, store = sitting.student, sitting.store
        there = store.answers()
        missing = [key for key in keys if key not in there or there[key].outcome is Outcome.FAILED]
        done = len(keys) - len(missing)
        progressed(done)
        if missing and not self.stop.is_set():
            self.say(f"asking {student.place}: {len(missing):,} of {len(keys):,} answers are missing")
            by_id = {question.id: question for question in questions}
            asking = Asking(store, by_id, student.prices, account, self.stop, lambda came: progressed(done + came))
            async with student.open() as teacher:
                await asking.all(teacher, missing, student.most)
            there = store.answers()
        if left := sum(key not in there for key in keys):
            raise PausedError(
                f"stopped with {len(keys) - left:,} of {len(keys):,} answers of {student.name} there",
                "run the same command again: only what is missing is asked",
            )
        return {key: there[key] for key in keys}

    async def _scores(self, questions: Sequence[Question], replies: Mapping[Key, Reply]) -> list[Score]:
        self.say(f"judging {len(replies):,} answers")
        workers, samples = min(os.cpu_count() or 1, len(replies) // _MANY), self.wish.samples
        bench: Bench[Domains] = WorkerBench(self.exam.domains, workers) if workers else InlineBench(self.exam.domains)
        async with bench:
            marks = await asyncio.gather(
                *(
                    bench.run(mark, Answer(question, replies[question.id, at], self.exam.accept_at), lane)
                    for lane, question in enumerate(questions)
                    for at in range(samples)
                )
            )
        grouped = (tuple(marks[at : at + samples]) for at in range(0, len(marks), samples))
        return [Score(question, group) for question, group in zip(questions, grouped, strict=True)]

    def _not_measured(self, questions: Sequence[Question], models: Mapping[str, Mapping[str, Any]]) -> list[str]:
        told = list(self.exam.not_measured)
        judged = len(self.exam.questions)
        if len(questions) < judged:
            told.append(
                f"{judged - len(questions):,} of the {judged:,} tickets of the split that can be judged were not asked"
            )
        for role, model in models.items():
            if unknown := model["overall"]["unjudged"]:
                told.append(
                    f"{unknown:,} tickets {role} training: their answers could not be judged, and count nowhere"
                )
            if len(model["answered_by"]) > 1:
                told.append(f"one model {role} training: {' and '.join(model['answered_by'])} have answered")
        if "before" not in models:
            told.append(NONE_BEFORE if self.wish.before == BASE else NOT_COMPARED)
        told.append("whether it can do anything that the domains of this dataset do not ask for")
        return told


@dataclass(frozen=True, slots=True)
class _Sitting:
    """A student with the store of its answers; ``dearest`` is what one of them can cost at most."""

    student: Student
    store: AnswerStore
    dearest: float | None

    def paid(self) -> Paid:
        """Return what all its calls have cost until now."""
        return paid(self.store.calls(), self.student.prices, self.dearest)


@dataclass(frozen=True, slots=True)
class _Answered:
    """What one model said, and what its calls have cost, those of earlier evaluations among them."""

    replies: Mapping[Key, Reply]
    paid: Paid

    def document(self) -> dict[str, Any]:
        """Return what is known besides the worth: who answered, how long, why some failed, and what it cost."""
        known = list(self.replies.values())
        failed = Counter(reply.text for reply in known if reply.outcome is Outcome.FAILED)
        return {
            "answered_by": sorted({reply.model for reply in known if reply.model}),
            "outcomes": {outcome.value: sum(reply.outcome is outcome for reply in known) for outcome in Outcome},
            "tokens_out": sum(reply.tokens_out or 0 for reply in known),
            "cost": _rounded(self.paid.cost),
            "cost_at_most": _rounded(self.paid.at_most),
            "why_failed": dict(failed.most_common(3)),
        }


def _rounded(amount: float | None) -> float | None:
    return None if amount is None else float(f"{amount:.6g}")


def _who(student: Student) -> dict[str, Any]:
    return {"name": student.name, "place": student.place, "fingerprint": student.fingerprint}
