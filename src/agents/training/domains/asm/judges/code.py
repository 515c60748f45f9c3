"""The judgement of code that was to be written: assembled, run on the routine's cases, held against its contract.

Other kinds with code in their answers take their proved part from here.
"""

from __future__ import annotations

from dataclasses import dataclass

from agents.training.domains.asm.judges.scale import quality, unread
from agents.training.domains.asm.samples import routine_of
from agents.training.routines import reading
from agents.training.routines.completeness import completeness, mnemonics
from agents.training.routines.contract import Routine
from agents.training.routines.proof import Proof, assembled, prove
from agents.training.sample import Check, Judgement, SourceItem
from agents.training.w65816 import AssemblyError, Program


@dataclass(frozen=True, slots=True)
class Coded:
    """The longest code block of an answer, and what execution showed."""

    program: Program
    proof: Proof
    is_right: bool
    told: Check
    checks: tuple[Check, ...]

    @property
    def share(self) -> float:
        """The part of the cases that passed; half of it where a promise was broken."""
        return self.proof.passed / self.proof.total / (2 if self.proof.breach else 1)


def judge(item: SourceItem, answer: str) -> Judgement:
    """Return what assembling and running the code of ``answer`` shows."""
    coded = proved(routine_of(item), answer)
    if isinstance(coded, Judgement):
        return coded
    return Judgement(quality(coded.is_right, coded.share, coded.told.score), (*coded.checks, coded.told))


def proved(routine: Routine, answer: str) -> Coded | Judgement:
    """Return what is known about the code of ``answer``; a judgement where there is nothing that can run."""
    block = reading.longest_block(answer)
    if not block.strip():
        return unread("no closed code block")
    try:
        program = assembled(routine, block)
    except AssemblyError as error:
        return Judgement(0.05, (Check("form", 1.0), Check("assembles", 0.0, str(error))))
    labelled = routine.label in program.labels
    proof = prove(routine, program)
    passed = f"{proof.passed} of {proof.total} cases"
    checks = (
        Check("form", 1.0 if labelled else 0.5, "" if labelled else f"no label {routine.label}"),
        Check("assembles", 1.0, f"{len(program.code)} bytes"),
        Check("results", proof.passed / proof.total, f"{passed}: {proof.failure}" if proof.failure else passed),
        Check("contract", 0.0 if proof.breach else 1.0, proof.breach),
    )
    told = completeness(routine, answer, mnemonics(block), routine.cases)
    return Coded(program, proof, labelled and proof.holds, told, checks)
