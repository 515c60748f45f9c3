"""A routine that mostly calls others: what an update loop of a game looks like.

Owns its drawing. Never decides which call matters.
"""

from __future__ import annotations

from dataclasses import replace
from random import Random

from agents.training.domains.oracle.host import Host, draw_host
from agents.training.phrases import seeded
from agents.training.routines.contract import Value, hex_address, number
from agents.training.routines.draft import Draft

_ROLES = "timer|lives|shots|step|frame|steps|beat|tick|wave|turns|hits|blink|phase"
_VERBS = "update|run|process|handle|tick|advance"


def draw_parent(rng: Random, level: int) -> Host:
    """Return a routine of three to six calls, by JSR and JSL, of small subroutines that each count one variable."""
    d = Draft(seeded(rng.random()), level)
    count = 3 + int(rng.random() * (1 + level))
    places = [d.low(_ROLES, 1, "a counter") for _ in range(count)]
    d.begin(_VERBS, True, None)
    fast = 0x80 if rng.random() < 0.5 else 0
    bank = int(rng.random() * 0x20)
    subs: list[tuple[int, bytes]] = []
    steps = []
    for index, place in enumerate(places):
        far, down = rng.random() < 0.4, rng.random() < 0.3
        low = 0xC000 + index * 0x200 + int(rng.random() * 0x180)
        home = (bank + 1 + int(rng.random() * 0x1E)) % 0x20 if far else bank
        at = (home | fast) << 16 | low
        code = bytes([0xCE if down else 0xEE]) + place.addr.to_bytes(2, "little") + (b"\x6b" if far else b"\x60")
        subs.append((at, code))
        d.op(f"jsl ${at:06X}" if far else f"jsr ${at & 0xFFFF:04X}", f"{'lower' if down else 'raise'} {place.name}")
        steps.append((place, -1 if down else 1))
        if rng.random() < 0.4:
            d.op("nop", "a spare byte")
    d.end()
    given: list[dict[str, Value]] = [{place.name: int(rng.random() * 256) for place in places} for _ in range(4)]
    told = ", ".join(f"{place.name} ({hex_address(place.addr)})" for place, _ in steps)
    routine = d.finish(
        "parent",
        f"Call one subroutine for each of {told}; each changes its counter by one.",
        "One call after the other.",
        places,
        places,
        given,
        lambda g: {place.name: number(g, place.name) + step & 0xFF for place, step in steps},
    )
    host = draw_host(rng, level, routine, bank=bank | fast)
    return replace(host, image=(*host.image, *subs))
