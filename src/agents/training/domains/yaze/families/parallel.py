"""Several independent requests in one turn."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Case
from agents.training.domains.yaze.families.scene import Scene, act, are_independent
from agents.training.domains.yaze.requests import LONE, READS, SEARCHES, WRITES, Deed, Make


def _several(scene: Scene, *kinds: tuple[Make, ...]) -> Case:
    count = scene.rng.randint(2, 2 + (scene.level > 1)) + (scene.level > 2)
    deeds: list[Deed] = []
    if len(kinds) == 1 and scene.rng.random() < 0.35:
        make = scene.rng.choice([make for make in kinds[0] if make not in LONE and make.__name__ != "list_maps"])
        deeds = _alike(scene, make, count)
    while len(deeds) < count:
        deed = scene.deed([make for make in kinds[len(deeds) % len(kinds)] if make not in LONE])
        if are_independent(scene.world, [deed.call, *(other.call for other in deeds)]) and _is_new(deed, deeds):
            deeds.append(deed)
    scene.rng.shuffle(deeds)
    scene.user(*(deed.asks for deed in deeds))
    return scene.case(act(*deeds), [deed.call.name for deed in deeds])


def _alike(scene: Scene, make: Make, count: int) -> list[Deed]:
    """Return at most ``count`` deeds of the same kind; a project may have fewer things for it."""
    deeds: list[Deed] = []
    for deed in (make(scene.draw) for _ in range(count)):
        if _is_new(deed, deeds):
            deeds.append(deed)
    return deeds


def _is_new(deed: Deed, deeds: list[Deed]) -> bool:
    return all(deed.call != other.call for other in deeds)


def read(scene: Scene) -> Case:
    """Questions."""
    return _several(scene, (*READS, *SEARCHES))


def write(scene: Scene) -> Case:
    """Edits."""
    return _several(scene, WRITES)


def mixed(scene: Scene) -> Case:
    """Edits and questions about other things."""
    return _several(scene, WRITES, READS)


FAMILIES = {"parallel.mixed": mixed, "parallel.read": read, "parallel.write": write}
