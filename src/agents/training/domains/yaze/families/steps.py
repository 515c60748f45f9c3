"""The two turns of a request that takes two calls: either may be the one that is asked for."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Act, Call, Case, Forms
from agents.training.domains.yaze.families.scene import Scene
from agents.training.domains.yaze.wording import written
from agents.training.sample import Json


def first_step(scene: Scene, clauses: Forms, first: Call, why: Forms, target: Json, anchors: Forms) -> Case | None:
    """Let the user ask. Return the case whose turn is the first step; or take that step, and return nothing."""
    scene.user(clauses)
    if scene.rng.random() < (0.3 if scene.level == 1 else 0.4):
        return scene.case(Act(((first,),), why, anchors, target), [first.name])
    scene.calls(written(scene.rng, why), first)
    return None


def last_step(calls: tuple[Call, ...], thoughts: Forms, anchors: Forms) -> Act:
    """Return the want of making ``calls`` once the first step is done."""
    return Act((calls,), thoughts, anchors)
