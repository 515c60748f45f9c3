"""The families of defects, by name."""

from __future__ import annotations

from agents.training.domains.errors.defect import Family
from agents.training.domains.errors.slips import (
    constants,
    distance,
    duplicates,
    flow,
    labels,
    operands,
    registers,
    results,
    spelling,
    stack,
    state,
    values,
    widths,
    writes,
)

FAMILIES: dict[str, Family] = {
    "width": widths.WIDTH,
    "undefined_label": labels.UNDEFINED,
    "duplicate_label": duplicates.DUPLICATE,
    "late_constant": constants.LATE,
    "branch_range": distance.BRANCH_RANGE,
    "bad_mode": operands.BAD_MODE,
    "value_range": values.VALUE_RANGE,
    "unknown_mnemonic": spelling.UNKNOWN,
    "syntax": spelling.SYNTAX,
    "width_runtime": widths.WIDTH_RUNTIME,
    "stack_imbalance": stack.STACK,
    "rts_rtl": stack.RETURNS,
    "clobber": registers.CLOBBER,
    "brk": flow.LOST,
    "endless": flow.ENDLESS,
    "decimal": state.DECIMAL,
    "data_bank": state.DATA_BANK,
    "stray_write": writes.STRAY,
    "results": results.RESULTS,
}
"""The first nine are found by the assembler, the others when the code runs."""
