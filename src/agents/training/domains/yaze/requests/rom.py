"""Requests about the image as a whole: its facts, checksum and backups."""

from __future__ import annotations

from agents.training.domains.yaze import names
from agents.training.domains.yaze.dialog import Call
from agents.training.domains.yaze.facts import Fact, changed, fact
from agents.training.domains.yaze.requests.draw import Deed, Draw, Gap, Make, Tale, counted, forms, listed
from agents.training.sample import Json

_NOT = r"\b(?:not|invalid|wrong|mismatch\w*|incorrect|differs?|bad|no)\b|n't\b"
_VALID = Fact(pattern=rf"^(?!.*(?:{_NOT})).*\b(?:valid|match\w*|right|correct|ok|yes)\b")
_INVALID = Fact(pattern=_NOT)
_BACKUPS = "before-{};{}-ok;pre-{};{}-v2;{}-safe;wip-{}"
_TOPICS = "doors;palette;intro;shop;boss;camera;text;sprites;warps;hud;music;fen;vault;release"


def backup_name(draw: Draw) -> str:
    """Return a name for a backup."""
    return draw.one(names.several(_BACKUPS)).format(draw.one(names.several(_TOPICS)))


def info(draw: Draw) -> Deed:
    """Ask what ROM is open."""

    def tell(result: Json) -> Tale:
        locked = result["locked"]
        ranges = listed([f"{entry['from']} to {entry['to']} ({entry['reason']})" for entry in locked])
        values = {
            **result,
            "ranges": ranges,
            "state": "There are unsaved edits." if result["unsaved"] else "Nothing is unsaved.",
        }
        said = forms(
            values,
            "The open ROM is {title}: {mapper}, {size_kib} KiB. <Locked|Write-protected> are {ranges}. {state}",
            "<This is|You have> {title}, a {mapper} image of {size_kib} KiB. {state} Two ranges are locked: {ranges}.",
        )
        facts = (fact(result["title"]), fact(result["mapper"]), fact(result["size_kib"]))
        return Tale(said, facts, tuple(fact(entry["from"]) for entry in locked))

    return Deed(
        Call("rom-info", {}),
        (
            "<tell me|show me|check> <which|what> ROM is open, with its mapper and size",
            "give me the title, mapper and size of the <ROM|image> I have open",
            "<sum up|summarise> the basics of this ROM: title, mapper, size",
        ),
        "the title, mapper and size of the open ROM",
        tell,
        ("title", "mapper", "size"),
        (
            "<Which|What> ROM is <open|loaded> <right now|here>, and is it LoROM or HiROM? Size too please.",
            "What's the title, mapper and size of <this thing|the ROM I have open>?",
        ),
    )


def checksum(draw: Draw) -> Deed:
    """Ask whether the checksum is right."""
    del draw

    def tell(result: Json) -> Tale:
        if result["valid"]:
            said = forms(
                result,
                "The checksum is valid: header and image both <say|give> {stored}.",
                "Yes, it matches: {stored} in the header, and the image adds up to {computed}.",
            )
        else:
            said = forms(
                result,
                "The checksum <is wrong|does not match>: the header <says|has> {stored}, "
                "<but the image adds up to|the image gives> {computed}. rom-fix-checksum would <mend|correct> it.",
                "No, it's not valid. Stored is {stored}, computed is {computed}; "
                "<I can fix the header if you like|say the word and I fix the header>.",
            )
        return Tale(said, (fact(result["stored"]), fact(result["computed"]), _VALID if result["valid"] else _INVALID))

    return Deed(
        Call("rom-checksum", {}),
        (
            "<check|verify> the checksum",
            "<see|check> whether the header checksum <is right|still matches|is ok>",
            "validate the checksum of this ROM",
        ),
        "the state of the checksum in the header",
        tell,
        ("checksum", "header"),
        ("Is the checksum <valid|right|ok>?", "Does the checksum in the header <still match|match the image>?"),
    )


def fix_checksum(draw: Draw) -> Deed:
    """Ask for the checksum to be mended."""
    del draw

    def tell(result: Json) -> Tale:
        said = forms(
            result,
            "The <header checksum|checksum in the header> is now {after}; it <was|had been> {before}.",
            "Fixed: {before} became {after} in the header.",
        )
        return Tale(
            said, (fact(result["after"]), changed(result["before"], result["after"])), (fact(result["before"]),)
        )

    return Deed(
        Call("rom-fix-checksum", {}),
        (
            "fix the checksum",
            "<correct|repair|update> the header checksum",
            "<make the checksum valid|recalculate the checksum and store it>",
        ),
        "write the right checksum into the header",
        tell,
        ("checksum", "header"),
        changes=True,
    )


def backup(draw: Draw) -> Deed:
    """Ask for a backup."""
    name = backup_name(draw)
    values = {"name": name}

    def tell(result: Json) -> Tale:
        said = forms(
            result,
            "The backup `{backup}` <is made|exists now> ({size_kib} KiB).",
            "Done, a copy of {size_kib} KiB is kept as `{backup}`.",
            "`{backup}` is <stored|saved>, {size_kib} KiB. You can <edit away|experiment> now.",
        )
        return Tale(said, (fact(name),), (fact(result["size_kib"]),))

    return Deed(
        Call("rom-backup", {"name": name}),
        forms(
            values,
            "make a backup <called|named> {name}",
            "back <the project|everything> up as {name}",
            "keep a copy named {name}",
            "save a snapshot <called|named> {name}",
        ),
        f"make a backup named {name}",
        tell,
        (name, "backup"),
        again=forms(values, "And another one called {name}, please."),
        gaps=(
            Gap(
                ("make a named backup", "back this up under a proper name", "make a backup"),
                ("<What|Which> name should the backup <have|get>?", "What should I call the backup?"),
                r"\b(?:name|call)\w*.*\b(?:backup|snapshot|copy|it)\b|\b(?:backup|snapshot|copy)\b.*\b(?:name|call)",
                forms(values, "{name}", "Call it {name}.", "{name}, please."),
            ),
        ),
        changes=True,
    )


def save(draw: Draw) -> Deed:
    """Ask for the edits to be written to the file."""
    del draw

    def tell(result: Json) -> Tale:
        said = forms(
            {"what": _differences(result)},
            "<Saved|Done>: {what} <went|have gone> into the ROM file.",
            "The ROM file is <saved|written>, with {what}.",
            "<All edits are|Everything is> saved: {what}.",
        )
        return Tale(said, (Fact(pattern=r"\bsav(?:ed|ing)|\bwritten|\bwrote|\bfile\b"), *_counts(result)))

    return Deed(
        Call("rom-save", {}),
        ("save <the ROM|the project|everything>", "write <all edits|the changes> to the <ROM file|file>", "save it"),
        "write all edits to the ROM file",
        tell,
        ("save", "edits", "file"),
        changes=True,
    )


def compare(name: str) -> Deed:
    """Ask what is different from the backup ``name``."""
    values = {"name": name}

    def tell(result: Json) -> Tale:
        said = forms(
            {**values, "what": _differences(result)},
            "Compared with `{name}`: {what}.",
            "<Since|Against> `{name}` there <is|are> {what}.".replace("<is|are>", "are"),
            "The difference to `{name}`: {what}.",
        )
        return Tale(said, _counts(result), (fact(name),))

    return Deed(
        Call("rom-compare", {"backup": name}),
        forms(
            values,
            "compare the project with {name}",
            "tell me <what|how much> has changed since {name}",
            "count what differs from the backup {name}",
        ),
        f"what differs from the backup {name}",
        tell,
        (name, "backup"),
        forms(values, "What has changed since {name}?", "How far <am I|are we> from {name} now?"),
    )


def _differences(result: Json) -> str:
    parts = []
    if result["changed_bytes"]:
        parts.append(f"{counted(result['changed_bytes'], 'changed byte')}, the first at {result['first']}")
    if result["other_changes"]:
        parts.append(counted(result["other_changes"], "other change" if parts else "change"))
    return listed(parts or ["no changes"])


def _counts(result: Json) -> tuple[Fact, ...]:
    counts = [result[key] for key in ("changed_bytes", "other_changes") if result[key]]
    return tuple(map(fact, counts)) or (Fact(pattern=r"\b(?:no|nothing|identical|same|not|0)\b"),)


READS: tuple[Make, ...] = (info, checksum)
WRITES: tuple[Make, ...] = (backup, fix_checksum)
