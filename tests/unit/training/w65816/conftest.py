"""One machine for all tests, and a way to run a piece of source on it."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from agents.training.w65816 import Machine, Registers, Run, assemble

sys.path.insert(0, str(Path(__file__).parent))

Execute = Callable[..., Run]


@pytest.fixture(scope="session")
def machine() -> Machine:
    return Machine()


@pytest.fixture(scope="session")
def execute(machine: Machine) -> Execute:
    """Clear the machine, load ``memory`` and the assembled ``source`` with an RTS behind it, call it."""

    def execute(
        source: str, *, memory: Mapping[int, bytes] | None = None, origin: int = 0x8000, far: bool = False, **state: int
    ) -> Run:
        registers = Registers(**state)
        program = assemble(f"{source}\n{'rtl' if far else 'rts'}", origin=origin, m8=registers.m8, x8=registers.x8)
        machine.clear()
        for address, data in (memory or {}).items():
            machine.load(address, data)
        machine.load(origin, program.code)
        return machine.call(origin, registers=registers, far=far)

    return execute
