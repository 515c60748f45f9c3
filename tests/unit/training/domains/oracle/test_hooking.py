"""Sites and frames of hooks."""

from __future__ import annotations

from dataclasses import replace

import pytest

from agents.training.domains.oracle import hooking
from agents.training.domains.oracle.host import draw_host, draw_routine
from agents.training.domains.oracle.kinds.hooked import hooked
from agents.training.domains.oracle.listing import Style, patch_rows
from agents.training.domains.oracle.patch import read_patch
from agents.training.domains.oracle.slips import CLASSES, slips
from agents.training.domains.oracle.trial import moments, outside, prove
from agents.training.phrases import seeded

FAMILIES = ("hook.entry", "hook.middle", "hook.exit", "preserve")


def test_a_site_takes_whole_instructions_and_no_more_than_needed() -> None:
    for salt in range(60):
        rng = seeded("sites", salt)
        host = draw_host(rng, 2, draw_routine(rng, 2))
        targets = {row.target for row in host.code}
        for where in ("entry", "middle", "exit"):
            for site in hooking.sites(host, where):
                sizes = [len(row.data) for row in site.displaced]
                assert sum(sizes) >= hooking.JUMP
                assert sum(sizes[1:]) < hooking.JUMP or sum(sizes[:-1]) < hooking.JUMP
                assert not targets & {row.address for row in site.displaced[1:]}
                assert site.back in {row.address for row in host.rows} | {host.code[-1].after}
                assert where != "entry" or site.start == host.entry
                assert where != "exit" or site.moment == host.code[-1].address


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("level", [1, 2, 3])
def test_own_hooks_hold(family: str, level: int) -> None:
    for salt in range(12):
        it = hooked(family, level, salt)
        patch = read_patch("\n".join(patch_rows(it.task.blocks, Style.draw(seeded(salt), comments=True))[0]))
        assert len(it.task.job.trials) >= 12
        assert not outside(it.task.job, patch)
        assert prove(it.task.job, patch).holds, prove(it.task.job, patch).failure


def test_the_unpatched_routine_is_not_enough() -> None:
    for family in FAMILIES:
        it = hooked(family, 2, 5)
        nothing = read_patch(f"org ${it.region.start:06X}\n rtl")
        assert not prove(it.task.job, nothing).holds


def test_a_frame_saves_an_index_register_that_only_loses_its_high_byte() -> None:
    seen = set()
    for salt in range(60):
        it = hooked("preserve", 2, salt)
        texts = [step.text for step in it.body]
        if "sep #$10" in texts or "sep #$30" in texts:
            narrows = not it.x8 and bool(it.effect.x8)
            assert ("phy" in texts) == (narrows or "Y" in it.effect.destroys)
            seen.add(narrows)
    assert seen == {True, False}


def test_slips_of_every_class_show() -> None:
    shown = set()
    bare = Style("  ", False, False, False, False, 20)
    for salt in range(60):
        it = hooked(FAMILIES[salt % 4], 3, salt)
        for slip in slips(it.site, it.task.blocks, jumps=it.jumps):
            if slip.kind not in shown:
                patch = read_patch("\n".join(patch_rows(slip.blocks, bare)[0]))
                if not prove(it.task.job, patch).holds:
                    shown.add(slip.kind)
    assert shown == set(CLASSES)


def test_a_displaced_branch_becomes_its_opposite_over_a_jump() -> None:
    found = next(
        it
        for it in (hooked("hook.exit", 3, salt) for salt in range(200))
        if any(row.op in hooking.INVERSE for row in it.site.displaced)
    )
    branch = next(row for row in found.site.displaced if row.op in hooking.INVERSE)
    texts = [step.text for step in found.task.blocks[1].steps]
    at = next(index for index, text in enumerate(texts) if text.startswith(hooking.INVERSE[branch.op]))
    assert texts[at + 1] == f"jml ${branch.target:06X}"
    assert found.jumps


def test_what_is_to_be_preserved_is_looked_at_right_behind_the_hook() -> None:
    bare = Style("  ", False, False, False, False, 20)
    seen = overlooked = 0
    for salt in range(20):
        it = hooked("preserve", 2, salt)
        job = it.task.job
        assert job.pause is not None
        assert any(job.pause.registers)
        for slip in slips(it.site, it.task.blocks, jumps=it.jumps):
            if slip.kind in {"flags", "register"}:
                patch = read_patch("\n".join(patch_rows(slip.blocks, bare)[0]))
                is_seen = not prove(job, patch).holds
                seen += is_seen
                overlooked += is_seen and prove(replace(job, pause=None), patch).holds
    assert seen > 40
    assert overlooked > 5


def test_new_code_never_runs_where_another_data_bank_is_in_force() -> None:
    block_moves = 0
    for salt in range(400):
        rng = seeded("banks", salt)
        routine = draw_routine(rng, 3, "block_move")
        host = draw_host(rng, 3, routine)
        for site in hooking.sites(host, "middle"):
            (moment,) = moments(host.image, host.call, False, host.starts[:1], site.moment, ())
            block_moves += moment is not None and moment.registers.dbr != host.bank
        if block_moves:
            break
    assert block_moves
    for salt in range(150):
        it = hooked("hook.middle", 3, salt)
        met = moments(it.host.image, it.host.call, False, it.host.starts, it.site.moment, ())
        assert {moment.registers.dbr for moment in met if moment} == {it.host.bank}
