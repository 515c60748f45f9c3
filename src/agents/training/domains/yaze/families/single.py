"""One request, one call."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Case
from agents.training.domains.yaze.families.scene import Scene, act
from agents.training.domains.yaze.requests import READS, SEARCHES, WRITES, Make


def _one(scene: Scene, makes: tuple[Make, ...]) -> Case:
    if scene.rng.random() < (0.0, 0.2, 0.5)[scene.level - 1]:
        scene.finishes(scene.deed((*READS, *SEARCHES)))
    deed = scene.deed(makes)
    scene.asks(deed)
    return scene.case(act(deed), [deed.call.name])


def read(scene: Scene) -> Case:
    """A question that one call answers."""
    return _one(scene, READS)


def write(scene: Scene) -> Case:
    """An edit that one call makes."""
    return _one(scene, WRITES)


def search(scene: Scene) -> Case:
    """A search that one call makes."""
    return _one(scene, SEARCHES)


FAMILIES = {"single.read": read, "single.search": search, "single.write": write}
