"""Fictional ROMs: their listings are their bytes, and their routines do what their templates promise."""

from __future__ import annotations

from agents.training.domains.oracle.host import NOUNS, TRIALS, draw_host, draw_routine, guards, number_in
from agents.training.domains.oracle.kinds.parent import draw_parent
from agents.training.domains.oracle.rom import is_rom
from agents.training.domains.oracle.trial import record
from agents.training.phrases import seeded
from agents.training.routines.templates import TEMPLATES
from agents.training.w65816 import canonical


def test_every_routine_returns_in_its_rom_with_its_results() -> None:
    assert set(NOUNS) <= set(TEMPLATES)
    for number, noun in enumerate(NOUNS):
        rng = seeded("host", noun)
        routine = draw_routine(rng, 1 + number % 3, noun)
        host = draw_host(rng, 1 + number % 3, routine)
        assert len(host.starts) >= TRIALS
        cases = (*routine.cases[:4], *routine.probes[:8])
        for place, end in enumerate(record(host.image, host.call, False, host.starts)):
            assert end is not None, noun
            for output in routine.outputs:
                if output.in_memory:
                    wanted = output.encode(cases[place % len(cases)].expect[output.name])
                    first = canonical(output.addr)
                    found = [end.written.get(first + at, byte) for at, byte in enumerate(wanted)]
                    assert bytes(found) == wanted, noun


def test_a_listing_is_the_bytes_of_its_routine() -> None:
    for salt in range(40):
        rng = seeded("listing", salt)
        host = draw_host(rng, 2, draw_routine(rng, 2)) if salt % 4 else draw_parent(rng, 2)
        assert b"".join(row.data for row in host.rows) == host.image[0][1]
        assert [row.address for row in host.rows][1:] == [row.after for row in host.rows][:-1]
        inside = {row.address for row in host.code}
        assert all(row.target in inside for row in host.code if row.target and row.op not in {"jsr", "jmp"})


def test_free_space_is_apart_from_the_routine_and_its_caller() -> None:
    for salt in range(60):
        rng = seeded("free", salt)
        host = draw_host(rng, 1, draw_routine(rng, 1))
        elsewhere, home = host.free
        assert elsewhere.start >> 16 != host.bank == home.start >> 16
        for region in host.free:
            assert region.start >> 16 == region.last >> 16
            assert is_rom(region.start)
            assert not any(region.holds(address + at) for address, data in host.image[:2] for at in range(len(data)))


def test_a_number_in_memory_is_found() -> None:
    routine = draw_routine(seeded(1), 1, "clamp")
    place = number_in(routine.outputs)
    assert place is None or (place.in_memory and place.size in {1, 2} and not place.array)
    assert number_in(()) is None


def test_what_stands_around_a_place_is_not_zero() -> None:
    ((address, data), (far, _)) = guards(seeded(2), [(0x0340, 2), (0x4202, 1), (0x7E4000, 1)])
    assert (address, len(data), far) == (0x033F, 4, 0x7E3FFF)
    assert 0 not in data
