"""Which routines invite which defects, so that few have to be drawn.

Owns lists of names from `routines.templates`. A routine that is missing from a list is only drawn less often.
"""

LOOPS = (
    "fill", "copy", "reverse", "total", "checksum", "extreme", "search", "count_matching", "pack", "equal", "shift",
    "decimal_digits", "indirect_sum", "list_walk", "lfsr", "binary_to_bcd", "bcd_tiles", "long_fill", "long_copy",
    "text_copy", "find_char", "planes_to_pixels", "pixels_to_planes", "header_checksum", "crc8", "run_lengths",
    "color_fade", "hdma_table", "bubble_sort", "text_order",
)  # fmt: skip
"""Loops with a branch back."""
AHEAD = (
    "absolute", "clamp", "flag_step", "equal", "hex_digits", "order", "velocity", "clock", "cooldown", "inside",
    "brightness_step", "window_span", "ring_pop", "boxes_overlap", "count_matching", "change_case", "lookup", "search",
    "popcount", "ring_push", "lfsr", "bcd_subtract", "list_walk", "find_char", "text_order", "run_lengths", "extreme",
)  # fmt: skip
"""Branches ahead."""
SWITCHES = (
    "hardware_divide", "dma_setup", "flag_step", "find_char", "copy", "color_write", "add", "bcd_add", "lookup",
    "checksum", "popcount", "subtract", "fill", "list_walk", "reverse", "lorom_offset",
)  # fmt: skip
"""REP or SEP inside."""
WIDE = ("block_move", "overlap_move", "tilemap_address", "lfsr", "order", "fill", "swap_bytes", "shift", "velocity")
"""Immediates above 255, often behind REP."""
SAVES = (
    "reverse", "popcount", "length", "lfsr", "checksum", "count_matching", "indirect_sum", "bcd_tiles", "long_fill",
    "hdma_table", "crc8", "bit_field", "decimal_digits", "planes_to_pixels", "bubble_sort", "run_lengths", "extreme",
    "overlap_move", "color_write", "flag_step", "brightness_step", "subtract", "lookup", "dma_setup", "binary_to_bcd",
)  # fmt: skip
"""Registers that are saved and given back."""
SUMS = (
    "add", "multiply_constant", "average", "inside", "tilemap_address", "subtract", "absolute", "total", "velocity",
    "pointer_advance", "window_span", "long_multiply", "fixed_scale", "boxes_overlap", "decimal_digits", "hex_digits",
)  # fmt: skip
"""ADC or SBC behind CLC or SEC."""
NEAR = (
    "clock", "cooldown", "hdma_table", "total", "ring_push", "find_char", "equal", "velocity", "count_matching", "pack",
    "length", "flag_step", "decimal_digits", "popcount",
)  # fmt: skip
"""Instructions without a long form on places in low work RAM."""
NAMED = (
    "list_walk", "fill", "copy", "swap_bytes", "length", "order", "inside", "dma_setup", "binary_to_bcd", "long_fill",
    "hirom_address", "color_pack", "bubble_sort", "clamp", "pack", "run_lengths", "total", "count_matching",
)  # fmt: skip
"""Several places, which have names if the routine uses names at all."""
