from __future__ import annotations

from collections.abc import Callable

import pytest

from agents.training.w65816 import Machine, Run, canonical

Execute = Callable[..., Run]


@pytest.mark.parametrize(
    ("address", "name"),
    [
        (0x000010, 0x000010), (0x7E0010, 0x000010), (0x3F1FFF, 0x001FFF), (0x801234, 0x001234), (0xBF4216, 0x004216),
        (0x7E2000, 0x7E2000), (0x7F0010, 0x7F0010), (0x400010, 0x400010), (0x018000, 0x018000), (0x006000, 0x006000),
        (0xC00010, 0xC00010), (0x105FFF, 0x005FFF),
    ],
)  # fmt: skip
def test_names_of_mirrored_addresses(address: int, name: int) -> None:
    assert canonical(address) == name


def test_low_work_ram_is_one_memory(execute: Execute, machine: Machine) -> None:
    run = execute("lda #$77\nsta $7E0123\nlda $8123\nlda $0123", memory={}, dbr=0x80)
    assert run.registers.a == 0x77
    assert 0x123 in machine.writes
    assert machine.peek(0x7E0123) == machine.peek(0x000123) == machine.peek(0xBF0123) == b"\x77"


@pytest.mark.parametrize(("a", "b"), [(0, 0), (255, 255), (12, 34), (1, 200)])
@pytest.mark.parametrize("bank", [0x00, 0x80])
def test_multiplication(execute: Execute, machine: Machine, a: int, b: int, bank: int) -> None:
    source = f"lda #{a}\nsta $4202\nlda #{b}\nsta $4203\nnop\nnop\nnop\nnop\nrep #$20\nlda $4216"
    assert execute(source, dbr=bank).registers.a == a * b


def test_multiplication_by_a_word_store(execute: Execute) -> None:
    assert execute("lda #$0C22\nsta $4202\nlda $4216", p=0).registers.a == 0x0C * 0x22


@pytest.mark.parametrize(
    ("dividend", "divisor", "quotient", "remainder"),
    [(1000, 7, 142, 6), (0xFFFF, 1, 0xFFFF, 0), (5, 9, 0, 5), (0x1234, 0, 0xFFFF, 0x1234)],
)
def test_division(execute: Execute, dividend: int, divisor: int, quotient: int, remainder: int) -> None:
    source = f"""
        rep #$20
        lda #{dividend}
        sta $4204
        sep #$20
        lda #{divisor}
        sta $4206
        rep #$30
        lda $4214
        ldx $4216"""
    after = execute(source).registers
    assert (after.a, after.x) == (quotient, remainder)


def test_the_unit_is_not_in_other_banks(execute: Execute, machine: Machine) -> None:
    execute("lda #$05\nsta $4202\nsta $4203", dbr=0x7E)
    assert machine.peek(0x004216, 2) == b"\0\0"


def test_reset_undoes_writes_and_keeps_what_was_loaded(execute: Execute, machine: Machine) -> None:
    execute("lda #$55\nsta $10\nsta $11\nsta $7F0000\nsta $4202\nsta $4203", memory={0x10: b"\x01"})
    assert {place: machine.writes[place] for place in (0x10, 0x11, 0x7F0000)} == {0x10: 1, 0x11: 0, 0x7F0000: 0}
    machine.reset()
    assert not machine.writes
    assert machine.peek(0x10, 2) == b"\x01\x00"
    assert machine.peek(0x7F0000) == machine.peek(0x4216) == b"\0"


def test_the_first_old_value_is_kept(execute: Execute, machine: Machine) -> None:
    execute("lda #$55\nsta $10\nsta $10\ninc $10", memory={0x10: b"\x01"})
    assert machine.writes[0x10] == 1


def test_loading_over_a_write_makes_it_the_new_base(execute: Execute, machine: Machine) -> None:
    execute("lda #$55\nsta $10", memory={})
    machine.load(0x7E0010, b"\x99")
    machine.reset()
    assert machine.peek(0x10) == b"\x99"


def test_clear_forgets_everything(execute: Execute, machine: Machine) -> None:
    execute("lda #$55\nsta $10", memory={0x7E1FFE: b"abcd"})
    machine.clear()
    assert machine.peek(0x10) == b"\0"
    assert machine.peek(0x7E1FFE, 4) == machine.peek(0x8000, 4) == bytes(4)


def test_loads_cross_mirrors(machine: Machine) -> None:
    machine.clear()
    machine.load(0x7E1FFE, b"abcd")
    assert (machine.peek(0x001FFE, 2), machine.peek(0x7E2000, 2), machine.peek(0x002000, 2)) == (b"ab", b"cd", b"\0\0")


@pytest.mark.parametrize("address", [-1, 0xFFFFFF, 0x1000000])
def test_loads_outside_the_address_space(machine: Machine, address: int) -> None:
    with pytest.raises(ValueError, match="do not fit"):
        machine.load(address, b"ab")


def test_peek_wraps(machine: Machine) -> None:
    machine.clear()
    machine.load(0xFFFFFF, b"a")
    machine.load(0x000000, b"b")
    assert machine.peek(0xFFFFFF, 2) == b"ab"
