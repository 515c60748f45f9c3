"""Family ``diagnose``: a hook that crashes or spoils something; find the mistake and repair it.

Owns the drawing of such tasks and their wording. Never judges.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.kinds.hook import purpose
from agents.training.domains.oracle.kinds.hooked import Hooked, hooked
from agents.training.domains.oracle.kinds.reasons import displaced, framed, way
from agents.training.domains.oracle.listing import Style, fence, listing, patch_rows
from agents.training.domains.oracle.patch import PatchError, read_patch
from agents.training.domains.oracle.rom import show
from agents.training.domains.oracle.slips import CLASSES, Slip, slips
from agents.training.domains.oracle.task import Point, Task
from agents.training.domains.oracle.trial import prove
from agents.training.phrases import phrase, pick, seeded
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import setting

FAMILIES = ("diagnose",)
_RARE_FIRST = 0.4
"""How often mistakes that few hooks offer are tried first."""
_BARE = Style("  ", False, False, False, False, 20)


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A hook with a slip that shows: ``symptom`` is the first thing that is wrong when it is run."""

    task: Task
    hook: Hooked
    slip: Slip
    symptom: str


@lru_cache(maxsize=512)
def diagnosis(level: int, salt: int) -> Diagnosis:
    """Return the task of a salt."""
    for attempt in range(100):
        rng = seeded(salt, "diagnose", level, attempt)
        hook = hooked("diagnose" if rng.random() < 0.6 else "preserve", level, salt * 100 + attempt)
        found = _drawn(rng, hook)
        if found:
            return found
    raise LookupError(f"nothing to diagnose with salt {salt}")


def _drawn(rng: Random, hook: Hooked) -> Diagnosis | None:
    choices = slips(hook.site, hook.task.blocks, jumps=hook.jumps)
    kinds = sorted({slip.kind for slip in choices})
    rng.shuffle(kinds)
    if rng.random() < _RARE_FIRST:
        kinds.sort(key=lambda kind: kind not in {"branch", "flags", "width"})
    rng.shuffle(choices)
    for slip in sorted(choices, key=lambda choice: kinds.index(choice.kind)):
        symptom = symptom_of(hook.task, slip)
        if symptom:
            points = (*hook.task.points, *_points(slip))
            task = replace(hook.task, points=points, fault=slip.kind, asked=())
            return Diagnosis(task, hook, slip, symptom)
    return None


def symptom_of(task: Task, slip: Slip) -> str:
    """Return what goes wrong when the slip is run; nothing where it does not show or cannot be assembled."""
    try:
        patch = read_patch("\n".join(patch_rows(slip.blocks, _BARE)[0]))
    except PatchError:
        return ""
    return prove(task.job, patch, first_failure=True).failure


def _points(slip: Slip) -> tuple[Point, ...]:
    return tuple((text,) for text in (slip.blame, *slip.missing) if text)


def task(family: str, level: int, salt: int) -> Task:
    """Return the task of a salt."""
    del family
    return diagnosis(level, salt).task


_OPENINGS = (
    "My patch hooks `{label}` at {site}. {when} it shall {goal}. It does not work: {symptom}.",
    "Something is wrong with this hook at {site} in `{label}`: {symptom}. {when} the new code is to {goal}.",
    "Please find the mistake in my patch. {when} the hook at {site} (`{label}`) is meant to {goal}; but {symptom}.",
    "I hooked `{label}` at {site}. {when} the new code shall {goal}. In the emulator {symptom}.",
    "Patch review: the hook is at {site} in `{label}`; in a test run {symptom}. {when} it should {goal}.",
)
_WHEN = {
    "entry": "On every call, before anything else,",
    "middle": "Whenever execution comes there, before the old instruction runs,",
    "exit": "Right before the routine returns,",
}
_ASKED = (
    "Name the class of the mistake as a line `fault = ...`, one of: {classes}. Then give the repaired patch, all of "
    "it, "
    "with the reason.",
    "Answer with the cause, a line `fault = CLASS` (classes: {classes}), and the whole corrected patch.",
    "What is it? State `fault = ` and one of these words: {classes}. Explain it and repair the patch (the complete "
    "one).",
)


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request: the routine, the patch that fails, the symptom."""
    del family
    it = diagnosis(level, salt)
    hook, host = it.hook, it.hook.host
    opening = phrase(
        rng, _OPENINGS, label=host.routine.label, site=show(hook.site.start), goal=hook.effect.goal,
        symptom=it.symptom, when=_WHEN[hook.where],
    )  # fmt: skip
    broken, _ = patch_rows(it.slip.blocks, Style.draw(rng, level == 1 and rng.random() < 0.4))
    facts = [
        prose.entry_state(rng, host.routine, host.bank),
        prose.called(rng, host),
        prose.relied(rng, host),
        prose.free(rng, host.free),
        prose.limits(rng, level, hook.site.region),
        prose.memory(rng),
    ]
    names = [*CLASSES]
    rng.shuffle(names)
    classes = ", ".join(f"{name} ({CLASSES[name]})" for name in names) if rng.random() < 0.5 else ", ".join(names)
    parts = [
        setting(rng, host.routine) + opening,
        pick(rng, "The routine before the patch:|The original code:|The unpatched routine:|Before:")
        + "\n\n"
        + listing(rng, host.rows),
        pick(rng, "The patch:|What I wrote:|My patch:|The patch as it is:") + "\n\n" + fence(broken),
        prose.listed(rng, facts),
        f"{phrase(rng, _ASKED, classes=classes)} {prose.syntax(rng)}",
    ]
    if rng.random() < 0.3:
        parts.insert(1, purpose(rng, hook))
    return "\n\n".join(parts)


_CAUSES = {
    "address": "`{blame}` goes to a wrong place: the instruction behind the displaced ones is at {back}, and any other "
    "address repeats displaced code, skips some or lands inside an instruction.",
    "boundary": "`{blame}` is one byte too far: {inside} is the operand of `{first}`, which begins at {start}. The "
    "opcode stays and takes bytes of the jump as its operand.",
    "width": "{gone} is missing in front of `{before}`. At {moment} A has {a} bits and X/Y have {x}; from there on an "
    "instruction of the new code takes or moves one byte too many or too few.",
    "stack": "{gone} is missing: pushes and pulls no longer match, so a later pull or the return takes the wrong "
    "bytes from the stack.",
    "register": "{gone} are missing around the new code. It overwrites what they would have saved, and that is still "
    "needed.",
    "flags": "{gone} are missing: flags and widths of the new code leak into the routine and to its callers.",
    "displaced": "{gone} was overwritten by the jump at {start} and is executed nowhere any more.",
    "branch": "`{blame}` are the old bytes of a short branch. Its distance counts from where it stands, so in free "
    "space it leads into other bytes; it must become the opposite branch over a JML.",
    "padding": "The displaced instructions have {size} bytes and the JSL only four. A {gone} is missing in front of "
    "{back}: after RTL the processor takes a left-over operand byte for an opcode.",
}


def cause(it: Diagnosis) -> str:
    """Return what is wrong, in a sentence or two about this very patch."""
    slip, hook, site = it.slip, it.hook, it.hook.site
    if slip.kind == "return":
        return _returned(it)
    form = _CAUSES["padding" if slip.kind == "boundary" and slip.missing else slip.kind]
    return form.format(
        blame=slip.blame,
        gone=prose.joined([f"`{text}`" for text in slip.missing]) if slip.missing else "",
        back=show(site.back),
        start=show(site.start),
        inside=show(site.start + 1),
        first=site.displaced[0].text,
        moment=show(site.moment),
        a=prose.BITS[hook.m8],
        x=prose.BITS[hook.x8],
        size=site.region.size,
        before=slip.before,
    )


_RETURNS = {
    "rti": "`rti` first pulls the status register and then three bytes of address, but JSL pushed only three bytes.",
    "rtl": "`rtl` takes three bytes from the stack, but the way in is a JML, which pushed nothing.",
    "jsl": "`{blame}` pushes three bytes, but the new code leaves by JML and never takes them off the stack.",
    "jml": "`{blame}` pushes no return address, but the new code ends with RTL, which takes three bytes.",
}


def _returned(it: Diagnosis) -> str:
    blame, bank = it.slip.blame, f"${it.hook.region.start >> 16:02X}"
    if blame == "rts":
        came = "a JML pushed nothing at all" if it.hook.jumps else "JSL pushed three"
        return f"`rts` takes two bytes from the stack and stays in bank {bank}, but {came}."
    return _RETURNS[blame[:3]].format(blame=blame)


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the cause, its class, the repaired patch and why it holds."""
    del family
    it = diagnosis(level, salt)
    hook = it.hook
    rows, _ = patch_rows(hook.task.blocks, Style.draw(rng, rng.random() < 0.4))
    named = f"fault = {it.slip.kind}"
    found = cause(it)
    told = f"{found} {_seen(rng, it)}"
    first = f"{named}\n\n{told}" if rng.random() < 0.5 else f"{told}\n\n{named}"
    rest = [
        ("The hook|Why it holds now|Displaced bytes", f"{displaced(rng, hook)} {way(rng, hook)}"),
        ("State|Registers and widths|What is saved", framed(rng, hook)),
        ("File|Offsets|In the file", prose.offsets(rng, (("hook", hook.site.start), ("new code", hook.region.start)))),
    ]
    rng.shuffle(rest)
    code = ("Repaired patch|The patch|Corrected patch", fence(rows))
    cut = int(rng.random() * 2)
    return arrange(rng, [("Cause|The mistake|Diagnosis", first), *rest[:cut], code, *rest[cut:]])


def _seen(rng: Random, it: Diagnosis) -> str:
    return phrase(
        rng,
        (
            "That is what the test shows: {symptom}.",
            "Hence the symptom: {symptom}.",
            "It fits what you see: {symptom}.",
            "So {symptom}.",
        ),
        symptom=it.symptom,
    )
