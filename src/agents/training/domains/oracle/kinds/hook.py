"""Families ``hook.*`` and ``preserve``: lead a routine through new code that it does not notice.

Owns the wording of requests and answers. Never draws a task.
"""

from __future__ import annotations

from random import Random

from agents.training.domains.oracle import prose
from agents.training.domains.oracle.kinds.hooked import Hooked, hooked
from agents.training.domains.oracle.kinds.reasons import displaced, framed, way
from agents.training.domains.oracle.listing import Style, fence, listing, patch_rows
from agents.training.domains.oracle.patch import read_patch
from agents.training.domains.oracle.rom import show
from agents.training.domains.oracle.task import Task
from agents.training.phrases import phrase, pick
from agents.training.routines.contract import hex_address
from agents.training.routines.layout import arrange
from agents.training.routines.phrasing import setting

FAMILIES = ("hook.entry", "hook.exit", "hook.middle", "preserve")

_WANTED = {
    "entry": (
        "Hook `{label}` at its entry: on every call, before anything else, it shall {goal}.",
        "Each time `{label}` is called, new code shall run first and {goal}.",
        "I want something extra at the very start of `{label}`: {goal}.",
        "Please <put|place> a hook at {site}, the entry of `{label}`. <The new code shall|Its job:> {goal}.",
        "`{label}` needs a hook on entry. What it has to do: {goal}.",
    ),
    "middle": (
        "Put a hook into `{label}` at {site}: each time execution comes there, new code shall {goal} and the routine "
        "go "
        "on as before.",
        "In the middle of `{label}`, at {site}, I need extra code. Before the instruction there runs, it shall {goal}.",
        "When `{label}` gets to {site}, it shall also {goal}.",
        "Hook {site} (inside `{label}`). New code: {goal}. Then the old instructions run as they do now.",
        "The extra belongs at {site} in `{label}`: {goal}.",
    ),
    "exit": (
        "Just before `{label}` returns, new code shall {goal}.",
        "Hook the end of `{label}`: when all its work is done and the {ret} is next, it shall {goal}.",
        "I need an exit hook in `{label}`. Right before the {ret} at {moment} it shall {goal}.",
        "`{label}` does its job, but at the end it shall also {goal}; the hook belongs right in front of its {ret}.",
        "Add something to the end of `{label}`, after its last result is stored: {goal}.",
    ),
}
_PAYLOAD = (
    "The new code exists already and works; it {needs} and destroys {lost}:",
    "This is the code to <run|insert>. It {needs}; afterwards {lost} are <gone|not what they were>:",
    "Here is what shall run (<tested|fine> by itself). It {needs}, and it overwrites {lost}:",
)
_GUARDED = (
    "The routine must not notice: registers, widths, flags, D, DB and the stack as before.",
    "Wrap it so that <nothing of the machine state leaks|the routine finds every register, width and flag as it was>.",
    "All that it destroys has to be saved and restored around it.",
)
_ASKED = (
    "Explain which instructions are displaced and why, what is saved, how you come back, and give the file offsets.",
    "Say what moves where, why the registers and widths survive, and where the bytes are in the file (no header).",
    "Tell me why the jump is placed as it is, what happens to the displaced instructions, how widths and flags are "
    "kept; "
    "file offsets too.",
    "With reasons: displaced bytes, way back, saved state, file offsets.",
)
_REGISTERS = {"A": "A", "X": "X", "Y": "Y", "B": "DB", "D": "D"}


def task(family: str, level: int, salt: int) -> Task:
    """Return the task of a salt."""
    return hooked(family, level, salt).task


def prompt(rng: Random, family: str, level: int, salt: int) -> str:
    """Return the request: what is wanted, the listing, the facts, the form."""
    it = hooked(family, level, salt)
    host, site = it.host, it.site
    wanted = phrase(
        rng, _WANTED[it.where], label=host.routine.label, goal=it.effect.goal, site=show(site.start),
        ret=host.routine.ret, moment=show(site.moment),
    )  # fmt: skip
    facts = [
        prose.entry_state(rng, host.routine, host.bank),
        prose.called(rng, host),
        prose.relied(rng, host),
        prose.free(rng, host.free),
        prose.limits(rng, level, site.region),
        prose.memory(rng),
    ]
    if level == 1 and it.where != "entry":
        facts.append(state(it))
    parts = [setting(rng, host.routine) + wanted, listing(rng, host.rows, noted=level == 1 and rng.random() < 0.4)]
    if rng.random() < 0.5:
        parts.insert(1, purpose(rng, it))
    if family == "preserve":
        parts += [_payload(rng, it), phrase(rng, _GUARDED)]
    parts += [prose.listed(rng, facts), f"{prose.syntax(rng)} {phrase(rng, _ASKED)}"]
    return "\n\n".join(parts)


def purpose(rng: Random, it: Hooked) -> str:
    """Return what the routine does today."""
    lead = pick(rng, "What the routine does: |Today: |Its job: |For orientation, the routine's task: |As it stands: ")
    return lead + it.host.routine.goal


def state(it: Hooked) -> str:
    """Return the widths at the moment at which new code runs."""
    decimal = ", and decimal mode is on" if it.decimal else ""
    return f"At {show(it.site.moment)} A has {prose.BITS[it.m8]} bits and X/Y have {prose.BITS[it.x8]}{decimal}."


def _payload(rng: Random, it: Hooked) -> str:
    effect = it.effect
    widths = [f"{prose.BITS[effect.m8]}-bit A"] if effect.m8 is not None else []
    widths += [f"{prose.BITS[effect.x8]}-bit X/Y"] if effect.x8 is not None else []
    lost = prose.joined([_REGISTERS[part] for part in effect.destroys] + ["the flags"])
    rows = []
    for step in effect.lines:
        rows += [step.label] * bool(step.label) + [f"    {step.text}"] * bool(step.text)
    return phrase(rng, _PAYLOAD, needs="needs " + prose.joined(widths), lost=lost) + "\n\n" + fence(rows)


def answer(rng: Random, family: str, level: int, salt: int) -> str:
    """Return reasoning, patch, walk and numbers."""
    it = hooked(family, level, salt)
    style = Style.draw(rng, rng.random() < 0.5, names(rng, it))
    rows, _ = patch_rows(it.task.blocks, style)
    source = "\n".join(rows)
    sections = [
        ("Plan|Where the jump goes|The site|Displaced bytes|Reasoning", f"{displaced(rng, it)} {way(rng, it)}"),
        ("State|What is saved|Registers and widths|Keeping the state", framed(rng, it)),
    ]
    if rng.random() < 0.25:
        sections.reverse()
    rest = [("Place|Free space|Where it lies|File", placed(rng, it, source))]
    if not style.comments or rng.random() < 0.2:
        rest.append(("Line by line|The new code|Walkthrough", prose.walk(rng, it.task.blocks[1])))
    rest.append(("Check|Numbers|Example|Test", checked(rng, it)))
    rng.shuffle(rest)
    if rng.random() < 0.3:
        sections, rest = sections[:1], [sections[1], *rest]
    return arrange(rng, [*sections, ("Patch|The patch|Code", fence(rows)), *rest])


def names(rng: Random, it: Hooked) -> tuple[tuple[str, str], ...]:
    """Return a define for the place that matters, or none."""
    if it.effect.kind in {"page", "move", "wipe"} or rng.random() < 0.6:
        return ()
    address = it.effect.main[0]
    word = pick(rng, "target|var|place|spot|ram|slot") if not it.effect.own else it.effect.kind
    name = pick(rng, "!{0}|!{0}_ram|!ram_{0}|!{0}_addr").format(word)
    return ((hex_address(address), name),)


def placed(rng: Random, it: Hooked, source: str) -> str:
    """Return the free space used and the file offsets."""
    start = it.region.start
    size = sum(1 for address in read_patch(source).cells if it.region.holds(address))
    text = phrase(
        rng,
        (
            "The new code has {size} bytes and fits into {region} ({room} bytes): it ends at {last}.",
            "Of the {room} free bytes at {start} it takes {size}, up to {last}.",
            "Free space {region} holds it: {size} of {room} bytes, the last one at {last}.",
        ),
        size=str(size),
        room=str(it.region.size),
        region=it.region.text,
        start=show(start),
        last=show(start + size - 1),
    )
    return f"{text} {prose.offsets(rng, (('hook', it.site.start), ('new code', start)))}"


def checked(rng: Random, it: Hooked) -> str:
    """Return numbers of one run."""
    if it.example is None:
        return ""
    (address, size), before, after = it.example
    values = [f"${value:0{2 * size}X}" for value in (before, after)]
    if size > 2:
        values = [value.to_bytes(size, "little").hex(" ").upper() for value in (before, after)]
    return phrase(
        rng,
        (
            "With {before} at {where} before, it is {after} when the new code has run.",
            "Test: {where} holds {before}; after one pass it must hold {after}.",
            "For example {where} goes from {before} to {after}, and everything else ends as without the patch.",
            "Try it with {where} = {before}: the result is {after}.",
        ),
        where=show(address) if address > 0xFFFF else hex_address(address),
        before=values[0],
        after=values[1],
    )
