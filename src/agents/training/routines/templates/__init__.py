"""The routine templates by noun; each draws up a concrete routine with its proof cases."""

from __future__ import annotations

from collections.abc import Callable

from agents.training.routines.contract import Routine
from agents.training.routines.draft import Draft
from agents.training.routines.templates import (
    console,
    limits,
    masks,
    memory,
    motion,
    pointers,
    products,
    scan,
    shifts,
    sums,
    text,
)

TEMPLATES: dict[str, Callable[[Draft], Routine]] = {
    template.__name__: template
    for template in (
        sums.add,
        sums.subtract,
        sums.bcd_add,
        products.multiply_constant,
        products.hardware_multiply,
        products.hardware_divide,
        limits.absolute,
        limits.clamp,
        sums.average,
        memory.fill,
        memory.copy,
        memory.block_move,
        memory.reverse,
        memory.lookup,
        scan.total,
        scan.checksum,
        scan.extreme,
        scan.search,
        scan.count_matching,
        shifts.popcount,
        shifts.shift,
        shifts.swap_bytes,
        shifts.swap_nibbles,
        masks.bit_field,
        masks.flag_step,
        masks.pack,
        text.length,
        text.equal,
        text.hex_digits,
        text.decimal_digits,
        limits.order,
        limits.inside,
        pointers.indirect_sum,
        pointers.list_walk,
        pointers.ring_push,
        console.dma_setup,
        console.lorom_offset,
        console.tilemap_address,
        motion.velocity,
        motion.clock,
        motion.cooldown,
        motion.lfsr,
    )
}
