"""Positions and sprites, as users and assistants write them."""

from __future__ import annotations

from agents.training.domains.yaze.requests.draw import Draw, listed
from agents.training.sample import Json


def place(draw: Draw, x: int, y: int) -> str:
    """Return a position in one of the ways in which people write it."""
    return draw.rng.choice((f"({x}, {y})", f"x {x}, y {y}", f"{x},{y}", f"column {x}, row {y}", f"x={x} y={y}"))


def standing(sprites: list[Json]) -> str:
    """Return sprites for a reply."""
    return listed([f"{entry['name']} at ({entry['x']}, {entry['y']})" for entry in sprites])


def sprite_in(kinds: Json, entries: list[list[int]], slot: int) -> str:
    """Return how a user names the sprite in ``slot``; its kind alone may not settle which one it is."""
    return f"sprite {slot} (the {kinds[entries[slot][0]]})"
