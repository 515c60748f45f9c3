"""An evaluation at work: questions are asked, answers kept and judged, and the report is written.

Owns what is kept of it: every answer before it counts, so that the same wish asks only what is missing.
"""

from __future__ import annotations

import asyncio
import os
import re
from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from agents.campaign.clock import Clock, stamp
from agents.campaign.datasets import OTHER_NAMES
from agents.campaign.digest import digest
from agents.campaign.errors import PausedError, UsageError
from agents.campaign.files import replace_file, write_json
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.training.bench import Bench, InlineBench, WorkerBench
from agents.training.evaluation.answer_store import AnswerStore, Key
from agents.training.evaluation.intervals import DIFFERENCE, LEVEL, RATE, TEST
from agents.training.evaluation.page import evaluation_text
from agents.training.evaluation.questions import SPLIT, Examination
from agents.training.evaluation.results import Answer, Question, Score, chosen, comparison, mark, result
from agents.training.evaluation.student import Student
from agents.training.judge import Domains
from agents.training.sample import Outcome, Reply, Ticket
from agents.training.teachers import Request, Teacher
from agents.training.teachers.local import Sampling

REPORT, PAGE = "report.json", "report.txt"
_MANY = 256
"""So many answers are worth a process that judges them."""

_NO_NAME = re.compile(r"[^A-Za-z0-9._-]")

Say = Callable[[str], None]
Progressed = Callable[[int, int], object]


@dataclass(frozen=True, slots=True)
class EvaluationWish:
    """What is to be evaluated, as a person says it.

    ``dataset`` is a name or a folder; one of ``model``, a folder, and ``alias``, of a recipe, is given. ``before`` is a
    folder or an alias: what is compared with. ``count`` tickets are asked, all when None, only of ``domain`` if that is
    given; ``samples`` answers to each. ``temperature`` is 0 for one answer and ``DRAWN`` for several when None.
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
        replies, scores = {}, {}
        for at, (role, student) in enumerate(students.items()):
            replies[role] = await self._answers(student, questions, keys, at * len(keys), len(students) * len(keys))
            scores[role] = await self._scores(questions, replies[role])
        models = {
            role: _who(student) | _came_back(replies[role].values()) | result(scores[role])
            for role, student in students.items()
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
        return self.home.training / "evaluations" / self.exam.name / name

    async def _answers(
        self, student: Student, questions: Sequence[Question], keys: Sequence[Key], before: int, total: int
    ) -> dict[Key, Reply]:
        """Return the replies to all ``keys``; those that are not there yet, or failed, are asked for."""
        folder = self._folder(student)
        lease = Lease(folder / "evaluation.lease", "Evaluation")
        with lease, AnswerStore(folder, self._identity(student)) as store:
            there = store.answers()
            missing = [key for key in keys if key not in there or there[key].outcome is Outcome.FAILED]
            done = before + len(keys) - len(missing)
            self.progressed(done, total)
            if missing and not self.stop.is_set():
                self.say(f"asking {student.place}: {len(missing):,} of {len(keys):,} answers are missing")
                asking = _Asking(store, questions, self.stop, lambda came: self.progressed(done + came, total))
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
            told.append("what the model could do before it was trained: give --before FOLDER or ALIAS")
        told.append("whether it can do anything that the domains of this dataset do not ask for")
        return told


@dataclass(frozen=True)
class _Asking:
    """Asks for answers and keeps each as it comes, until somebody stops it."""

    store: AnswerStore
    questions: Sequence[Question]
    stop: asyncio.Event
    progressed: Callable[[int], object]

    async def all(self, teacher: Teacher, keys: Sequence[Key], most: int) -> None:
        """Ask for ``keys``, ``most`` at a time, the longest first: what does not fit is seen early."""
        by_id = {question.id: question for question in self.questions}
        order = sorted(enumerate(keys), key=lambda one: -by_id[one[1][0]].length)
        waiting, came = iter(order), 0

        async def ask() -> None:
            nonlocal came
            while not self.stop.is_set() and (following := next(waiting, None)) is not None:
                seq, key = following
                question = by_id[key[0]]
                ticket = Ticket("evaluation", seq, question.item, question.variant)
                self.store.add(key, await teacher.answer(Request(ticket, question.turns)))
                came += 1
                self.progressed(came)

        try:
            async with asyncio.TaskGroup() as group:
                for _ in range(min(most, len(keys))):
                    group.create_task(ask())
        except ExceptionGroup as troubles:
            raise troubles.exceptions[0] from None


def _who(student: Student) -> dict[str, Any]:
    return {"name": student.name, "place": student.place, "fingerprint": student.fingerprint}


def _came_back(replies: Iterable[Reply]) -> dict[str, Any]:
    """Return what is known of replies besides their worth: who gave them, their length, and why some failed."""
    known = list(replies)
    failed = Counter(reply.text for reply in known if reply.outcome is Outcome.FAILED)
    return {
        "answered_by": sorted({reply.model for reply in known if reply.model}),
        "outcomes": {outcome.value: sum(reply.outcome is outcome for reply in known) for outcome in Outcome},
        "tokens_out": sum(reply.tokens_out or 0 for reply in known),
        "why_failed": dict(failed.most_common(3)),
    }
