"""Requests about the bytes of the image: reading, overwriting and finding them, and room for more."""

from __future__ import annotations

from agents.training.domains.yaze import mapping
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.editor.tool import spaced
from agents.training.domains.yaze.facts import changed, fact
from agents.training.domains.yaze.ground import PAGE
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.sample import Json


def data_offset(draw: Draw) -> int:
    """Return an offset in the file where data are."""
    ground = draw.world.ground
    page = draw.one([ground.data_page, ground.code_page, ground.free_page])
    return page * PAGE + draw.rng.randrange(0x100, 0x3F00)


def address(draw: Draw, offset: int) -> tuple[str, str]:
    """Return the address of an offset as the user writes it, and as calls have it."""
    snes = mapping.to_snes(draw.world.ground.mapper, offset)
    said = mapping.written(snes) if draw.rng.random() < 0.5 else f"{draw.prefix}{snes:06X}"
    return said, mapping.written(snes)


def read(draw: Draw) -> Deed:
    """Ask for bytes."""
    said, at = address(draw, data_offset(draw))
    length = draw.rng.choice((2, 3, 4, 4, 6, 8, 8, 10, 12, 16))
    values = {"at": said, "n": length, "where": at}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, "bytes": result["bytes"]},
            "The {n} bytes <at|from> {where} are `{bytes}`.",
            "`{bytes}` - <that is|those are> the {n} bytes <starting at|from> {where}.",
            "At {where} the ROM <has|holds> `{bytes}` ({n} bytes).",
        )
        return Tale(told, (fact(result["bytes"]),), (fact(at),))

    return Deed(
        Call("rom-read", {"address": at, "length": length}),
        forms(
            values,
            "read {n} bytes <at|from> {at}",
            "<show|give> me the {n} bytes <at|starting at> {at}",
            "dump {n} bytes from {at}",
            "<peek at|look at> {at}, {n} bytes",
        ),
        f"the {length} bytes at {at}",
        tell,
        (at, str(length), "bytes"),
        forms(values, "<What|Which> {n} bytes are at {at}?", "What's <stored|sitting> at {at}? {n} bytes are enough."),
        forms(
            values,
            "And the {n} bytes at {at}?",
            "<Same|Now the same> for {at}, {n} bytes.",
            "OK, and {n} bytes from {at}?",
        ),
        (
            Gap(
                forms(values, "read {n} bytes of the ROM for me", "dump {n} bytes from the spot we talked about"),
                ("<From which|At which> address should I <read|start reading>? I need the SNES address.",),
                r"\b(address|where|offset|location)\b",
                forms(values, "At {at}.", "{at}", "{at}, please."),
            ),
            Gap(
                forms(values, "read the bytes at {at}", "dump what's at {at}, some bytes of it"),
                forms(
                    values,
                    "How many bytes <do you want|should I read> from {where}?",
                    "<What|Which> length do you need at {where}: how many bytes?",
                ),
                r"\b(how many|length|how long|how much|count)\b",
                forms(values, "{n}", "{n} bytes.", "{n} are enough."),
            ),
        ),
    )


def write(draw: Draw) -> Deed:
    """Ask for bytes to be overwritten."""
    said, at = address(draw, data_offset(draw))
    data = spaced(draw.rng.randbytes(draw.rng.choice((1, 2, 2, 3, 3, 4, 5, 6))))
    values = {"at": said, "where": at, "data": data}

    def tell(result: Json) -> Tale:
        told = forms(
            {**values, **result},
            "Done: {where} now <holds|has> `{after}`; before it was `{before}`.",
            "<I wrote|Wrote> `{after}` <at|to> {where}. The old bytes were `{before}`, "
            "<in case you want them back|should you need them again>.",
            "`{before}` at {where} <has been|was> replaced by `{after}`.",
        )
        return Tale(
            told,
            (fact(at), fact(result["after"]), changed(result["before"], result["after"])),
            (fact(result["before"]),),
        )

    return Deed(
        Call("rom-write", {"address": at, "bytes": data}),
        forms(
            values,
            "write {data} <at|to> {at}",
            "<overwrite|replace> the bytes at {at} with {data}",
            "put the bytes {data} at {at}",
            "patch {at} to {data}",
            "poke {data} into {at}",
        ),
        f"write {data} at {at}",
        tell,
        (at, data),
        again=forms(
            values, "And put {data} at {at} as well.", "Then {at}: {data}.", "Same thing at {at}, but with {data}."
        ),
        gaps=(
            Gap(
                forms(values, "write {data} into the ROM", "patch in the bytes {data}"),
                forms(
                    values,
                    "<Where|At which address> should {data} go? I need <a SNES address|the address> before I write.",
                ),
                r"\b(address|where|offset|location)\b",
                forms(values, "At {at}.", "{at}", "{at}, please."),
            ),
            Gap(
                forms(values, "patch {at}", "overwrite the bytes at {at} with the new values"),
                forms(
                    values,
                    "<Which|What> bytes should I write at {where}? <Give|Send> me them in hexadecimal.",
                    "What should {where} <hold|contain> afterwards? I need the bytes to write.",
                ),
                r"\b(which|what)\b.*\b(bytes?|values?|hold|contain|write)\b",
                forms(values, "{data}", "{data}, please.", "Make it {data}."),
            ),
        ),
        changes=True,
    )


def find(draw: Draw) -> Deed:
    """Ask where a pattern of bytes is."""
    offset = data_offset(draw)
    parts = spaced(draw.world.octets(offset, draw.rng.choice((3, 4, 5)))).split()
    if draw.level > 1 and draw.rng.random() < 0.6:
        parts[1] = "??"
    pattern, number = " ".join(parts), mapping.to_snes(draw.world.ground.mapper, offset) >> 16
    if draw.world.ground.mapper == "HiROM" and not offset & PAGE:
        return free(draw)
    bank = f"${number:02X}"
    values = {"pattern": pattern, "bank": draw.hex(number), "where": bank}

    def tell(result: Json) -> Tale:
        found = result["matches"]
        told = forms(
            {**values, "hits": counted(result["total"], "match", "matches"), "list": listed(found)},
            "`{pattern}` <occurs|turns up> in bank {where} at {list}: {hits}.",
            "{hits} <for|of> `{pattern}` in bank {where}: {list}.",
            "<I found|There is> {hits} in bank {where}, at {list}.",
        )
        return Tale(told, tuple(map(fact, found)), (fact(result["total"]),))

    return Deed(
        Call("rom-find", {"pattern": pattern, "bank": bank}),
        forms(
            values,
            "find {pattern} in bank {bank}",
            "search bank {bank} for the <pattern|bytes> {pattern}",
            "look for {pattern} in bank {bank}",
            "locate the byte <sequence|pattern> {pattern} somewhere in bank {bank}",
        ),
        f"every place of {pattern} in bank {bank}",
        tell,
        (pattern, bank, "bank"),
        forms(values, "Where in bank {bank} is {pattern}?", "Does {pattern} <occur|appear> in bank {bank}, and where?"),
        forms(values, "And {pattern} in bank {bank}?", "Now search {bank} for {pattern}."),
        (
            Gap(
                forms(values, "search for {pattern}", "find where {pattern} is in the ROM"),
                forms(
                    values,
                    "<In which|Which> bank should I search for {pattern}? "
                    "<One bank is searched at a time.|A search covers one bank.>",
                ),
                r"\bbank\b",
                forms(values, "Bank {bank}.", "{bank}", "In {bank}."),
            ),
        ),
    )


def free(draw: Draw) -> Deed:
    """Ask for free space."""
    ground = draw.world.ground
    number = mapping.to_snes(ground.mapper, ground.free_page * PAGE) >> 16
    if ground.mapper == "HiROM" and not ground.free_page & 1:
        return read(draw)
    least = draw.rng.choice((32, 64, 96, 128, 200, 256, 320, 512, 768, 1024, 1500))
    bank = f"${number:02X}"
    values = {"least": least, "bank": draw.hex(number), "where": bank}

    def tell(result: Json) -> Tale:
        runs = result["runs"]
        told = forms(
            {**values, "list": listed([f"{run['length']} bytes at {run['address']}" for run in runs])},
            "Bank {where} has {list} free, <enough for|which covers> your {least} bytes.",
            "<There is room|You have room> in bank {where}: {list} of $FF, more than the {least} you <need|asked for>.",
        )
        return Tale(told, tuple(fact(run[key]) for run in runs for key in ("address", "length")))

    return Deed(
        Call("rom-free-space", {"bank": bank, "least": least}),
        forms(
            values,
            "find {least} bytes of free space in bank {bank}",
            "check whether bank {bank} has {least} free bytes in a row",
            "look for a free run of <at least|no less than> {least} bytes in bank {bank}",
        ),
        f"free runs of at least {least} bytes in bank {bank}",
        tell,
        (bank, str(least), "free"),
        forms(
            values,
            "Is there room for {least} bytes in bank {bank}?",
            "I need {least} bytes for a hook. Anything free in bank {bank}?",
        ),
        forms(values, "And {least} bytes in bank {bank}?"),
        (
            Gap(
                forms(values, "find {least} bytes of free space", "find me room for {least} bytes"),
                forms(
                    values,
                    "<In which|Which> bank should the {least} bytes be? Free space is listed one bank at a time.",
                ),
                r"\bbank\b",
                forms(values, "Bank {bank}.", "{bank}", "In {bank}."),
            ),
            Gap(
                forms(values, "find free space in bank {bank}", "find a free run in bank {bank} for my routine"),
                forms(
                    values,
                    "How many bytes do you need in bank {where}?",
                    "What size should the free run in bank {where} have: how many bytes?",
                ),
                r"\b(how many|how much|size|length|how long|how big|how large)\b",
                forms(values, "{least}", "{least} bytes.", "At least {least} bytes."),
            ),
        ),
    )


READS: tuple[Make, ...] = (read, read, read)
WRITES: tuple[Make, ...] = (write, write, write)
SEARCHES: tuple[Make, ...] = (find, find, free)
