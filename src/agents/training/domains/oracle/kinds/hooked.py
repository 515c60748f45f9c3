"""Tasks about a hook: a routine, a site in it, an addition that runs there.

Owns the drawing of such tasks and their expectations. Never writes prose.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from agents.training.domains.oracle import hooking
from agents.training.domains.oracle.additions import draw_effect
from agents.training.domains.oracle.effects import Effect, Number, Step
from agents.training.domains.oracle.hooking import Site
from agents.training.domains.oracle.host import Host, draw_host, draw_routine, guards, number_in
from agents.training.domains.oracle.payloads import draw_payload
from agents.training.domains.oracle.rom import Region
from agents.training.domains.oracle.task import Point, Task, filed, spoken, trials
from agents.training.domains.oracle.trial import Job, Moment, Pause, Start, Trial, moments, record
from agents.training.phrases import seeded
from agents.training.routines.contract import Place
from agents.training.w65816 import canonical

_SITES = {"hook.entry": "entry", "hook.middle": "middle", "hook.exit": "exit"}
_ANY = ("entry", "middle", "exit", "middle")


@dataclass(frozen=True, slots=True)
class Hooked:
    """A hook task: ``m8``, ``x8`` and ``decimal`` are the state at the moment; ``region`` is where its code goes."""

    task: Task
    host: Host
    where: str
    site: Site
    effect: Effect
    region: Region
    m8: bool
    x8: bool
    decimal: bool
    jumps: bool
    body: tuple[Step, ...]
    example: tuple[Number, int, int] | None


@lru_cache(maxsize=512)
def hooked(family: str, level: int, salt: int) -> Hooked:
    """Return the hook task of a salt; families other than the three of hooks choose a site of any kind."""
    for attempt in range(200):
        found = _drawn(family, level, salt, attempt)
        if found:
            return found
    raise LookupError(f"no hook in {family} with salt {salt}")


def _drawn(family: str, level: int, salt: int, attempt: int) -> Hooked | None:
    rng = seeded(salt, family, level, attempt)
    host = draw_host(rng, level, draw_routine(rng, level))
    where = _SITES.get(family) or _ANY[int(rng.random() * len(_ANY))]
    site = _site(rng, level, host, where)
    if site is None:
        return None
    effect = _effect(rng, level, host, site, where, heavy=family == "preserve")
    host = replace(host, image=(*host.image, *guards(rng, (place for place, _ in effect.own))))
    starts = tuple(
        Start(start.registers, (*start.loads, *_own(effect, number))) for number, start in enumerate(host.starts)
    )
    found = moments(host.image, host.call, False, starts, site.moment, effect.reads)
    met = [moment for moment in found if moment]
    if len(met) < (len(found) if where != "middle" or level < 3 else 4):
        return None
    job = _job(host, site, effect, starts, found) if _settled(host, met) else None
    if job is None:
        return None
    if family == "preserve":
        behind = moments(host.image, host.call, False, starts, site.back, ())
        job = replace(job, pause=Pause(site.back, tuple(moment.registers if moment else None for moment in behind)))
    end, region = met[0].registers, host.free[0]
    jumps = site.needs_jump or rng.random() < 0.2
    body = tuple(hooking.frame(effect, end.m8, end.x8, decimal=end.decimal))
    blocks = tuple(hooking.hook(rng, site, body, effect.name, region.start, jumps=jumps))
    return Hooked(
        task=Task(job, blocks, _points(site, effect, jumps), asked=(filed(site.start), filed(region.start))),
        host=host,
        where=where,
        site=site,
        effect=effect,
        region=region,
        m8=end.m8,
        x8=end.x8,
        decimal=end.decimal,
        jumps=jumps,
        body=body,
        example=_example(effect, found),
    )


def _settled(host: Host, met: Sequence[Moment]) -> bool:
    """Return whether widths and decimal mode are the same whenever the moment comes, with DB and D as at entry."""
    ends = [moment.registers for moment in met]
    return len({end.p & 0x38 for end in ends}) == 1 and all((end.dbr, end.d) == (host.bank, 0) for end in ends)


def _site(rng: Random, level: int, host: Host, where: str) -> Site | None:
    """Return a site; those that only a jump can serve are rare at first and common later."""
    choices = hooking.sites(host, where)
    wanted = [site for site in choices if site.needs_jump == (rng.random() < (0.1, 0.35, 0.7)[level - 1])] or choices
    return wanted[int(rng.random() * len(wanted))] if wanted else None


def _effect(rng: Random, level: int, host: Host, site: Site, where: str, *, heavy: bool) -> Effect:
    taken = [(place.addr - 2, place.addr + place.size + 2) for place in _places(host)]
    if heavy:
        return draw_payload(rng, level, taken)
    value = number_in(host.routine.outputs if where == "exit" else host.routine.inputs)
    if value is None or where == "middle" or level == 1:
        return draw_effect(rng, level, value, taken)
    place = (value.addr, value.size)
    met = moments(host.image, host.call, False, host.starts, site.moment, [place])
    return draw_effect(rng, level, value, taken, [moment.places[place] for moment in met if moment])


def _places(host: Host) -> list[Place]:
    routine = host.routine
    return [place for place in (*routine.inputs, *routine.outputs, *routine.scratch) if place.in_memory]


def _own(effect: Effect, number: int) -> tuple[tuple[int, bytes], ...]:
    return tuple(
        (place[0], values[(number * (index + 1) + index) % len(values)].to_bytes(place[1], "little"))
        for index, (place, values) in enumerate(effect.own)
    )


def _bytes(changes: Mapping[Number, int]) -> dict[int, int]:
    return {
        canonical(address) + index: byte
        for (address, size), value in changes.items()
        for index, byte in enumerate(value.to_bytes(size, "little"))
    }


def _with(start: Start, changes: Mapping[Number, int]) -> Start:
    more = ((address, value.to_bytes(size, "little")) for (address, size), value in changes.items())
    return Start(start.registers, (*start.loads, *more))


def _job(host: Host, site: Site, effect: Effect, starts: tuple[Start, ...], found: list[Moment | None]) -> Job | None:
    """Return the job: what the routine does, and on top of it what the effect does where execution passes the site."""
    changed = [dict(effect.changes(moment.places)) if moment else {} for moment in found]
    own = {place for place, _ in effect.own}
    early = not site.after and any(place not in own for changes in changed for place in changes)
    if early:
        tried = [_with(start, changes) for start, changes in zip(starts, changed, strict=True)]
        seen = record(host.image, host.call, False, tried)
    else:
        seen = record(host.image, host.call, False, starts)
    if any(end is None for end in seen):
        return None
    expected = []
    for trial, start, changes in zip(trials(host, starts, seen), starts, changed, strict=True):
        effects = _bytes(changes)
        expect = effects | dict(trial.expect) if early else dict(trial.expect) | effects
        expected.append(Trial(trial.entry, trial.far, start, expect, trial.kept))
    span = Region(site.start, max(site.back, site.moment + site.after) - site.start)
    return Job(host.image, (span, *host.free), tuple(expected))


def _points(site: Site, effect: Effect, jumps: bool) -> tuple[Point, ...]:
    width = "8" if effect.m8 else "16"
    return (
        spoken(site.start),
        *((row.text,) for row in site.displaced[:3]),
        ("four bytes", "4 bytes", "4-byte", "four-byte"),
        ("php",),
        ("plp",),
        spoken(effect.main[0]),
        spoken(site.back) if jumps else ("rtl",),
        (f"{width}-bit", f"{width} bits", f"m = {int(bool(effect.m8))}"),
        filed(site.start),
    )


def _example(effect: Effect, found: Sequence[Moment | None]) -> tuple[Number, int, int] | None:
    """Return a number of one trial with its value before and after the effect."""
    for moment in found:
        for place, value in effect.changes(moment.places).items() if moment else ():
            before = moment.places[place] if moment else value
            if before != value:
                return place, before, value
    return None
