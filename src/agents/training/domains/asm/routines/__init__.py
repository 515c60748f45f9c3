"""The routine templates by noun; each draws up a concrete routine with its proof cases."""

from __future__ import annotations

from collections.abc import Callable

from agents.training.domains.asm.contract import Routine
from agents.training.domains.asm.draft import Draft

from . import arith, bits, console, memory, motion, scan, space, text

TEMPLATES: dict[str, Callable[[Draft], Routine]] = {
    template.__name__: template
    for template in (
        arith.add, arith.subtract, arith.bcd_add, arith.multiply_constant, arith.hardware_multiply,
        arith.hardware_divide, arith.absolute, arith.clamp, arith.average,
        memory.fill, memory.copy, memory.block_move, memory.reverse, memory.lookup,
        scan.total, scan.checksum, scan.extreme, scan.search, scan.count_matching,
        bits.popcount, bits.shift, bits.swap_bytes, bits.swap_nibbles, bits.bit_field, bits.flag_step, bits.pack,
        text.length, text.equal, text.hex_digits, text.decimal_digits,
        space.order, space.inside, space.indirect_sum, space.list_walk, space.ring_push,
        console.dma_setup, console.lorom_offset, console.tilemap_address,
        motion.velocity, motion.clock, motion.cooldown, motion.lfsr,
    )
}  # fmt: skip
