"""Requests about labels."""

from __future__ import annotations

from agents.training.domains.yaze import mapping, names
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import fact
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.domains.yaze.requests.memory import address, data_offset
from agents.training.sample import Json


def lookup(draw: Draw) -> Deed:
    """Ask where a label is."""
    table = draw.world.table("symbols")
    name = draw.one(sorted(table))
    values = {"name": name}

    def tell(result: Json) -> Tale:
        what = "in work RAM" if result["kind"] == "ram" else "code"
        told = forms(
            {**result, "what": what, "bytes": counted(result["size"], "byte")},
            "`{name}` is at {address} ({what}, {bytes}).",
            "{address} is where `{name}` <lives|is>; it takes {bytes} and is {what}.",
            "The label `{name}` <stands for|points to> {address}, {bytes}, {what}.",
        )
        return Tale(told, (fact(result["address"]),), (fact(name), fact(result["size"])))

    return Deed(
        Call("symbol-lookup", {"name": name}),
        forms(
            values,
            "look up {name}",
            "<tell me|find out> where {name} is",
            "get the address of {name}",
            "resolve the <symbol|label> {name}",
        ),
        f"the address of {name}",
        tell,
        (name, "address", "label"),
        forms(values, "Where is {name}?", "<What's|What is> the address of {name}?", "{name} - where does that live?"),
        forms(values, "And {name}?", "What about {name}?", "<Also|And also> {name}, please."),
        (
            Gap(
                ("look up the address of a label", "tell me where that routine is"),
                ("<Which|What> label <should I look up|do you mean>? I need its name.",),
                r"\b(label|routine|symbol)\b",
                forms(values, "{name}", "I mean {name}."),
            ),
        ),
    )


def search(draw: Draw) -> Deed:
    """Ask for labels by a part of their names."""
    table = draw.world.table("symbols")
    name = draw.one(sorted(table))
    part = name.partition("_")[0] if "_" in name else name[1:]
    if draw.rng.random() < 0.4 and "_" in name:
        part = name.partition("_")[2]
    values = {"part": part}

    def tell(result: Json) -> Tale:
        found = result["symbols"]
        told = forms(
            {
                **values,
                "count": counted(len(found), "label"),
                "list": listed([f"`{s['name']}` at {s['address']}" for s in found]),
            },
            '{count} with "{part}": {list}.',
            '<Searching for|A search for> "{part}" gives {list}.',
            "I found {list}.",
        )
        return Tale(told, tuple(fact(s["name"], mapping.as_number(s["address"])) for s in found))

    return Deed(
        Call("symbol-search", {"text": part}),
        forms(
            values,
            "list the labels that contain {part}",
            'search the symbols for "{part}"',
            "find <every label|all labels> with {part} in the name",
        ),
        f"the labels with {part} in their names",
        tell,
        (part, "label"),
        forms(
            values,
            "<Which|What> labels have {part} in the name?",
            'Is there a symbol with "{part}" in it? Don\'t remember the full name.',
        ),
        forms(values, "And labels with {part}?", "Now {part}."),
        (
            Gap(
                ("search the labels for me", "find a label, I forgot the exact name"),
                ("<Which|What> part of the name <do you remember|should I search for>?",),
                r"\b(part|text|search for|label|symbol)\b",
                forms(values, "{part}", "It has {part} in it."),
            ),
        ),
    )


def add(draw: Draw) -> Deed:
    """Ask for a new label."""
    taken = draw.world.table("symbols")
    name = next(name for name in names.fresh(draw.rng, names.routine, 12) if name not in taken)
    said, at = address(draw, data_offset(draw))
    values = {"name": name, "at": said, "where": at}

    def tell(result: Json) -> Tale:
        told = forms(
            result,
            "`{name}` is now <defined at|a label for> {address}.",
            "Added `{name}` at {address}.",
            "The <symbol|label> `{name}` <points to|stands for> {address} now.",
        )
        return Tale(told, (fact(name), fact(result["address"])))

    return Deed(
        Call("symbol-add", {"name": name, "address": at}),
        forms(
            values,
            "label {at} as {name}",
            "add the symbol {name} at {at}",
            "define {name} = {at}",
            "name the routine at {at} {name}",
        ),
        f"define {name} at {at}",
        tell,
        (name, at),
        again=forms(values, "And {at} is {name}.", "Then {name} at {at}."),
        gaps=(
            Gap(
                forms(values, "add a label {name}", "define the symbol {name}"),
                forms(values, "At which address is {name}?", "Which address should {name} stand for?"),
                r"\b(address|where)\b",
                forms(values, "{at}", "At {at}."),
            ),
            Gap(
                forms(values, "put a label at {at}", "name the routine at {at}"),
                forms(values, "What should the label at {where} be called?", "Which name should {where} <get|have>?"),
                r"\b(called|name)\b",
                forms(values, "{name}", "Call it {name}."),
            ),
        ),
        changes=True,
    )


def nearest(draw: Draw) -> Deed:
    """Ask which label an address belongs to."""
    routines = draw.world.ground.routines
    found = routines[draw.one(sorted(routines))]
    said, at = address(draw, found["offset"] + draw.rng.randrange(len(found["code"])))
    values = {"at": said, "where": at}

    def tell(result: Json) -> Tale:
        told = forms(
            {**result, "n": counted(result["distance"], "byte")},
            "{address} is {n} into `{symbol}`.",
            "The label at or before {address} is `{symbol}`, {n} below it.",
            "`{symbol}`: it <starts|begins> {n} before {address}.",
        )
        exact = forms(result, "{address} is `{symbol}` itself.", "`{symbol}` <starts|begins> right at {address}.")
        if not result["distance"]:
            return Tale(exact, (fact(result["symbol"]),))
        return Tale(told, (fact(result["symbol"]),), (fact(result["distance"]),))

    return Deed(
        Call("symbol-at", {"address": at}),
        forms(
            values,
            "find out which label {at} belongs to",
            "tell me which routine {at} is in",
            "look up the label nearest to {at}",
        ),
        f"the label that {at} belongs to",
        tell,
        (at, "label"),
        forms(values, "Which <routine|label> is {at} in?", "The crash log says {at}. Which routine is that?"),
        forms(values, "And {at}?", "What about {at}?"),
        (
            Gap(
                ("find out which label the address belongs to", "tell me which routine it crashed in"),
                ("<Which|What> address is it?", "At which address <should I look|did it stop>?"),
                r"\b(address|where)\b",
                forms(values, "{at}", "At {at}.", "The log says {at}."),
            ),
        ),
    )


READS: tuple[Make, ...] = (lookup, nearest)
WRITES: tuple[Make, ...] = (add,)
SEARCHES: tuple[Make, ...] = (search,)
