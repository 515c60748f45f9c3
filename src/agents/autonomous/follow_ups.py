"""What follows a complete campaign: one task after the other, each a program under a warden, until all are done.

Owns which task is next and what is told of them. How a task is done belongs to its program; one that failed holds up
those that need it, and no others.
"""

from __future__ import annotations

import logging
from typing import Any

from agents.autonomous.follow_up_programs import Document, programs_of
from agents.autonomous.generators import exit_of, is_alive, start, words_of_end
from agents.autonomous.restarts import Restarts
from agents.campaign.clock import Clock, stamp
from agents.campaign.errors import AlreadyRunningError, CampaignError
from agents.campaign.follow_ups import Task
from agents.campaign.home import Home
from agents.campaign.lease import held_for
from agents.campaign.outcome import Exit
from agents.campaign.phases import Happening, Moved
from agents.campaign.plan import Plan
from agents.campaign.workflows import Workflow, Workflows

KEY = "after_campaign"
"""The result of a workflow that tells of its tasks: a list of documents, in their order."""

Told = dict[Task, Document]


class FollowUps:
    """Does what the plan has after its campaign; what was done for the same plan is not done again.

    ``live`` is what the newest look saw, as a result of the workflow.
    """

    def __init__(self, plan: Plan, home: Home, clock: Clock, store: Workflows) -> None:
        self.live: dict[str, Any] = {}
        self._home = home
        self._clock = clock
        self._store = store
        self._programs = programs_of(plan, home)
        self._generators = {task: program.generator() for task, program in self._programs.items()}
        self._restarts = Restarts(plan.recipe.campaign.restarts, clock)
        self._watched: set[int] = set()
        """Launches that were seen at work, and have not ended well yet."""
        self._failed: Told = {}
        self._logger = logging.getLogger("FollowUps")

    @property
    def are_wanted(self) -> bool:
        """Whether the plan has anything after its campaign."""
        return bool(self._programs)

    def are_done(self, workflow: Workflow) -> bool:
        """Return whether nothing is to be done: there is no task, or each was done and what it made is there."""
        return len(self._done(workflow)) == len(self._programs)

    async def look(self, workflow: Workflow) -> Moved | None:
        """Look after what runs, else begin the task that is next; return what happened."""
        self.live = {}
        done = self._done(workflow)
        left = [task for task in self._programs if task not in done]
        if (running := next((task for task in left if self._is_alive(task)), None)) is not None:
            self._watch(running, done)
            return None
        task = next((task for task in left if not self._is_held_up(task)), None)
        if task is None:
            return self._ended(done)
        if (other := held_for(self._home.warden_lease("follow_up"))) is not None:
            self.live = {KEY: self._shown(done, {}), "cause": f"{other} still runs, and is waited for"}
            return None
        return await self._go_on(task, done)

    async def _go_on(self, task: Task, done: Told) -> Moved | None:
        """Find out how the newest launch of ``task`` ended, and begin it where that does not do."""
        launch, ended = self._newest_end(task)
        if launch <= _launch_of(done, task.need):
            return await self._begin(task, done)
        is_watched = launch in self._watched
        if ended is not None and ended.is_good and (is_watched or self._programs[task].has_made_all):
            return self._finished(task, done)
        if not is_watched:
            return await self._begin(task, done)
        if (ended is None or ended.was_killed) and self._restarts.allow():
            self._logger.warning("%s; started again", self._cause(task, ended))
            return await self._begin(task, done)
        return self._fails(task, done, self._cause(task, ended))

    async def _begin(self, task: Task, done: Told) -> Moved | None:
        self._logger.info("%s begins", task.name)
        try:
            _, ended = await start(self._generators[task], self._home, self._store, self._clock)
        except AlreadyRunningError:
            return None  # what was faster is looked at next
        except CampaignError as error:
            launch, ended = self._newest_end(task)
            if ended is None:
                return self._fails(task, done, str(error))
            if ended.was_killed:
                self._watched.add(launch)  # the next look starts it again
                return None
        if ended is None:
            self._watch(task, done)
            return None
        return self._finished(task, done) if ended.is_good else self._fails(task, done, self._cause(task, ended))

    def _cause(self, task: Task, ended: Exit | None) -> str:
        return words_of_end(task.name, ended, self._home.follow_ups_log)

    def _is_alive(self, task: Task) -> bool:
        return is_alive(self._home, "follow_up", self._generators[task].run)

    def _watch(self, task: Task, done: Told) -> None:
        launch, _ = self._newest_end(task)
        self._watched.add(launch)
        self._failed.pop(task, None)
        running = {"task": task.name, "state": "running"} | self._programs[task].progress()
        self.live = {KEY: self._shown(done, {task: running})}

    def _finished(self, task: Task, done: Told) -> Moved:
        """Tell of a task whose program ended well; what it should have made must be there."""
        program = self._programs[task]
        if not program.has_made_all:
            return self._fails(task, done, f"{task.name} ended well, and what it should have made is not there")
        try:
            result = program.result()
        except CampaignError as error:
            return self._fails(task, done, str(error))
        launch, _ = self._newest_end(task)
        self._watched.discard(launch)
        self._logger.info("%s is done", task.name)
        entry = self._entry(task, "done") | {"result": result, "fingerprint": self._generators[task].fingerprint}
        return self._told(done | {task: entry | {"launch": launch}})

    def _fails(self, task: Task, done: Told, cause: str) -> Moved:
        self._logger.error("%s: %s", task.name, cause)
        self._failed[task] = self._entry(task, "failed") | {"cause": cause}
        return self._told(done)

    def _told(self, done: Told) -> Moved:
        return Happening.FOLLOW_UP_ENDED, {KEY: self._shown(done, {})}

    def _ended(self, done: Told) -> Moved:
        """Tell that nothing more can be done now."""
        shown = self._shown(done, {})
        if not self._failed:
            reports = [entry["result"]["report"] for task, entry in done.items() if task.follow_up == "evaluate"]
            after = {"next": f"Read what the models can do: {', '.join(reports)}."} if reports else {}
            return Happening.FOLLOW_UPS_DONE, {KEY: shown} | after
        causes = "; ".join(entry["cause"] for entry in self._failed.values())
        return Happening.FOLLOW_UPS_FAILED, {
            KEY: shown,
            "cause": f"the campaign is complete, and what follows it is not: {causes}",
            "next": f"Mend the cause (the end of {self._home.follow_ups_log} has more), then run the same command "
            "again: it goes on there, and what is done stays done.",
        }

    def _is_held_up(self, task: Task) -> bool:
        """Whether ``task``, or what it needs, has failed."""
        return task in self._failed or (task.need is not None and self._is_held_up(task.need))

    def _done(self, workflow: Workflow) -> Told:
        """Return what was told of each task that was done as it is wanted now, and after what it needs."""
        told = {entry["task"]: entry for entry in workflow.results.get(KEY, ()) if entry["state"] == "done"}
        done: Told = {}
        for task, program in self._programs.items():
            entry = told.get(task.name)
            if (
                entry is not None
                and entry["fingerprint"] == self._generators[task].fingerprint
                and entry["launch"] > _launch_of(done, task.need)
                and program.has_made_all
            ):
                done[task] = entry
        return done

    def _shown(self, done: Told, running: Told) -> list[Document]:
        """Return a document for each task, in order."""
        known = done | self._failed | running
        states = {task: "held up" if self._is_held_up(task) else "waiting" for task in self._programs}
        return [known.get(task) or {"task": task.name, "state": state} for task, state in states.items()]

    def _entry(self, task: Task, state: str) -> Document:
        return {"task": task.name, "state": state, "ended": stamp(self._clock.now())}

    def _newest_end(self, task: Task) -> tuple[int, Exit | None]:
        """Return the newest launch of this very program, 0 without one, and how it ended where that is recorded."""
        generator = self._generators[task]
        launch = self._store.launch_of(generator.run)
        if launch is None or launch.fingerprint != generator.fingerprint:
            return 0, None
        return launch.id, exit_of(self._home, generator.run, launch.id)


def _launch_of(done: Told, task: Task | None) -> int:
    """Return the launch that did ``task``; 0 where it was not done, or nothing is needed. Later ones are greater."""
    return done[task]["launch"] if task in done else 0
