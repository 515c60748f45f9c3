"""The machine of this domain, and the cycles of one call.

Owns the state in which a call is timed: all registers, flags and memory that carry no input are 0. Never judges.
"""

from __future__ import annotations

from functools import lru_cache

from agents.training.routines.contract import Case, Routine, number
from agents.training.routines.proof import BUDGET, entry_of
from agents.training.w65816 import Machine, Program, Registers


@lru_cache(maxsize=1)
def machine() -> Machine:
    """Return the machine of this process; runs of one process must not happen in several threads."""
    return Machine()


def cycles(routine: Routine, program: Program, case: Case) -> int | None:
    """Return the CPU cycles of one call, from the first instruction to the return; None if it does not return.

    Memory wait states are not counted, as in the data sheet; the JSR or JSL of the caller is not either.
    """
    cpu = machine()
    cpu.clear()
    cpu.load(program.origin, program.code)
    held = {"A": 0, "X": 0, "Y": 0}
    for place in routine.inputs:
        if place.in_memory:
            cpu.load(place.addr, place.encode(case.given[place.name]))
        elif place.where in held:
            held[place.where] = number(case.given, place.name)
    p = (0x20 if routine.m8 else 0) | (0x10 if routine.x8 else 0)
    registers = Registers(a=held["A"], x=held["X"], y=held["Y"], p=p)
    run = cpu.call(entry_of(routine, program), registers=registers, budget=BUDGET, far=routine.far)
    cpu.reset()
    return run.cycles if run.returned else None
