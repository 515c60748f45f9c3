"""Requests about colours, graphics and names."""

from __future__ import annotations

from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.editor.content import COLORS, rgb
from agents.training.domains.yaze.facts import changed, fact
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, forms, listed
from agents.training.sample import Json


def get_colors(draw: Draw) -> Deed:
    """Ask for the colours of a palette."""
    group, at = draw.one(sorted(draw.world.table("palettes")))
    index = draw.rng.randrange(COLORS)
    is_one = draw.rng.random() < 0.6
    values = {"group": group, "pal": at, "i": index}

    def tell(result: Json) -> Tale:
        colors = result["colors"]
        if is_one:
            told = forms(
                {**values, "color": colors[index]},
                "Colour {i} of palette {pal} in {group} is {color}.",
                "It is {color}: index {i}, palette {pal}, group {group}.",
                "{group} palette {pal} has {color} at index {i}.",
            )
            return Tale(told, (fact(colors[index]),), (fact(group), fact(index)))
        told = forms(
            {**values, "list": listed(colors)},
            "Palette {pal} of {group}: {list}.",
            "{group} palette {pal} <has|consists of> {list}.",
            "The colours of palette {pal} in {group} are {list}.",
        )
        return Tale(told, tuple(map(fact, colors)), (fact(group),))

    asks = (
        ("look up colour {i} of palette {pal} in {group}", "get me the colour at index {i} of {group} palette {pal}")
        if is_one
        else (
            "list the colours of palette {pal} in {group}",
            "show me {group} palette {pal}",
            "dump palette {pal} of the {group} group",
        )
    )
    questions = (
        (
            "<What|Which> colour is index {i} of palette {pal} in {group}?",
            "What's colour {i} in {group}, palette {pal}?",
        )
        if is_one
        else ("<What|Which> colours are in {group} palette {pal}?",)
    )
    return Deed(
        Call("palette-get-colors", {"group": group, "palette": at}),
        forms(values, *asks),
        f"{f'colour {index}' if is_one else 'the colours'} of palette {at} in {group}",
        tell,
        (group, str(at), "palette"),
        forms(values, *questions),
        forms(values, "And colour {i} of {group} palette {pal}?")
        if is_one
        else forms(values, "And {group} palette {pal}?", "Now palette {pal} of {group}."),
        (
            Gap(
                forms(values, "show me the colours of palette {pal}", "list palette {pal}"),
                forms(values, "Palette {pal} of which group?", "<Which|What> group is palette {pal} in?"),
                r"\bgroup\b",
                forms(values, "{group}", "The {group} group.", "Of {group}."),
            ),
            Gap(
                forms(values, "show me a palette of {group}", "list the colours in {group}"),
                forms(values, "<Which|What> palette of {group} <do you want|should I read>?"),
                r"\bpalette\b",
                forms(values, "Palette {pal}.", "{pal}", "Number {pal}."),
            ),
        ),
    )


def set_color(draw: Draw) -> Deed:
    """Ask for another colour."""
    group, at = draw.one(sorted(draw.world.table("palettes")))
    index, color = draw.rng.randrange(COLORS), draw.rng.randrange(0x8000)
    written = rgb(color) if draw.rng.random() < 0.5 else f"${color:04X}"
    values = {"group": group, "pal": at, "i": index, "color": written}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "Colour {i} of {group} palette {pal} is {after} ({rgb}) now; it was {before}.",
            "<Done|Set>: {before} became {after}, that is {rgb}, at index {i} of palette {pal} in {group}.",
            "Index {i} in {group}, palette {pal}, <changed|went> from {before} to {after} ({rgb}).",
        )
        return Tale(
            told,
            (fact(result["after"]), fact(index), fact(group), changed(result["before"], result["after"])),
            (fact(result["before"]),),
        )

    return Deed(
        Call("palette-set-color", {"group": group, "palette": at, "index": index, "color": written}),
        forms(
            values,
            "set colour {i} of palette {pal} in {group} to {color}",
            "change index {i} of {group} palette {pal} to {color}",
            "make colour {i} in {group}, palette {pal}, {color}",
        ),
        f"set colour {index} of palette {at} in {group} to {written}",
        tell,
        (group, written, str(index)),
        again=forms(values, "And colour {i} of {group} palette {pal} to {color}."),
        gaps=(
            Gap(
                forms(
                    values,
                    "change colour {i} of palette {pal} in {group}",
                    "change index {i} in {group} palette {pal} to something nicer",
                ),
                forms(
                    values,
                    "<Which|What> colour should index {i} of {group} palette {pal} get? "
                    "<15-bit like $7FFF or #RRGGBB both work.|Give it as #RRGGBB or as a 15-bit value.>",
                ),
                r"\b(which|what)\b.*\bcolou?r",
                forms(values, "{color}", "Make it {color}.", "{color}, please."),
            ),
            Gap(
                forms(values, "set palette {pal} of {group} to {color}", "use {color} in palette {pal} of {group}"),
                forms(values, "<Which|What> index of {group} palette {pal} should be {color}?"),
                r"\b(index|which colou?r|entry|slot)\b",
                forms(values, "Index {i}.", "{i}", "Number {i}."),
            ),
        ),
        changes=True,
    )


def find_name(draw: Draw) -> Deed:
    """Ask for the id of something."""
    kind, table = draw.rng.choice(
        (("sprite", "creatures"), ("item", "things"), ("music", "tunes"), ("room", "rooms"), ("map", "maps"))
    )
    entries = draw.world.table(table)
    entry = entries[draw.one(sorted(entries))]
    name = entry if isinstance(entry, str) else entry["name"]
    part = draw.rng.choice(name.split()) if draw.rng.random() < 0.5 else name
    values = {"kind": "music track" if kind == "music" else kind, "part": part}

    def tell(result: Json) -> Tale:
        found = result["matches"]
        told = forms(
            {**values, "list": listed([f"{m['name']} is {m['id']}" for m in found])},
            "{list}.",
            "<Found|Got> it: {list}.",
            'For "{part}" <the search gives|I get> this: {list}.',
        )
        return Tale(told, tuple(fact(m["name"], int(m["id"], 16)) for m in found))

    return Deed(
        Call("name-search", {"kind": kind, "text": part}),
        forms(
            values,
            "find the id of the {kind} {part}",
            'look up the {kind} <number|id> for "{part}"',
            "search the {kind} names for {part}",
        ),
        f"the id of the {values['kind']} {part}",
        tell,
        (part, kind, "id"),
        forms(values, "<What|Which> id does the {kind} {part} have?", "What's the {kind} number of {part}?"),
        forms(values, "And the {kind} {part}?", "What about {part} ({kind})?"),
        (
            Gap(
                forms(values, "find the id of a {kind}", "look up a {kind} id"),
                forms(values, "<Which|What> {kind} <do you mean|should I look for>? A part of the name is enough."),
                rf"\b{kind}\b",
                forms(values, "{part}", "It is called {part}."),
            ),
        ),
    )


def sheet(draw: Draw) -> Deed:
    """Ask about a sheet of graphics."""
    at = draw.rng.randrange(0xDF)
    values = {"s": draw.hex(at), "id": f"0x{at:02X}"}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "Sheet {id} is at {address}: {bits_per_pixel} bits per pixel, {packed_bytes} bytes packed.",
            "{packed_bytes} bytes of packed graphics at {address}, {bits_per_pixel} bits per pixel - that is "
            "sheet {id}.",
            "Graphics sheet {id} <starts|lies> at {address}, takes {packed_bytes} bytes packed and has "
            "{bits_per_pixel} bits per pixel.",
        )
        return Tale(
            told, (fact(result["address"]), fact(result["packed_bytes"])), (fact(result["bits_per_pixel"]), fact(at))
        )

    return Deed(
        Call("graphics-sheet-info", {"sheet": f"0x{at:02X}"}),
        forms(
            values,
            "look up graphics sheet {s}",
            "tell me where gfx sheet {s} is stored",
            "check the format of sheet {s}",
        ),
        f"the place and format of graphics sheet 0x{at:02X}",
        tell,
        (f"0x{at:02X}", "sheet", "graphics"),
        forms(
            values,
            "Where is gfx sheet {s}, and how big is it?",
            "How many bits per pixel has graphics sheet {s}, and where is it?",
        ),
        forms(values, "And sheet {s}?", "What about {s}?"),
        (
            Gap(
                ("look up a graphics sheet", "tell me where the sheet is stored"),
                ("<Which|What> sheet <do you mean|should I look up>? <Its number, please.|I need its number.>",),
                r"\b(which|what)\b.*\bsheet",
                forms(values, "{s}", "Sheet {s}.", "Number {s}."),
            ),
        ),
    )


READS: tuple[Make, ...] = (get_colors, get_colors, sheet)
WRITES: tuple[Make, ...] = (set_color, set_color)
SEARCHES: tuple[Make, ...] = (find_name, find_name)
