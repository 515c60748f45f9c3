"""The tools: what they say, what they change, what they refuse."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from agents.training.domains.yaze.editor import CATALOGUE, TOOLS, execute
from agents.training.domains.yaze.editor.content import from_written, rgb
from agents.training.domains.yaze.editor.tool import address_of
from agents.training.domains.yaze.ground import HEADER, Ground
from agents.training.domains.yaze.world import World
from agents.training.sample import Json


@pytest.fixture
def world() -> World:
    return World(Ground("7"))


def fails(world: World, tool: str, /, **arguments: Json) -> str:
    before = world.copy().state()
    result = execute(world, tool, arguments)
    assert world.state() == before
    return str(result["error"]["code"])


def first(world: World, table: str) -> int:
    return int(sorted(world.table(table))[0])


def test_bytes_are_written_read_and_undone(world: World) -> None:
    at = address_of(world, world.ground.data_page * 0x8000 + 0x20)
    before = execute(world, "rom-read", {"address": at, "length": 2})["bytes"]
    assert execute(world, "rom-write", {"address": at, "bytes": "A9 0F"}) == {
        "address": at,
        "before": before,
        "after": "A9 0F",
    }
    assert execute(world, "rom-read", {"address": at.replace(":", ""), "length": 2})["bytes"] == "A9 0F"
    assert execute(world, "rom-undo", {"steps": 1})["left"] == 0
    assert execute(world, "rom-read", {"address": at, "length": 2})["bytes"] == before
    assert world.state() == World(Ground("7")).state()


def test_what_was_written_is_found(world: World) -> None:
    at = address_of(world, world.ground.code_page * 0x8000 + 0x7000)
    execute(world, "rom-write", {"address": at, "bytes": "01 02 03 04 05 06 07"})
    found = execute(world, "rom-find", {"pattern": "01 ?? 03 04 05 ?? 07", "bank": at[:3]})
    assert found["matches"] == [at]


def test_the_checksum_is_that_of_the_whole_image(world: World) -> None:
    ground = world.ground
    result = execute(world, "rom-fix-checksum", {})
    assert execute(world, "rom-checksum", {}) == {"stored": result["after"], "computed": result["after"], "valid": True}
    image = b"".join(world.page(number) for number in range(ground.size // 0x8000))
    mirrored = image + image[0x100000:] if ground.size == 0x180000 else image
    assert f"${sum(mirrored) & 0xFFFF:04X}" == result["after"]
    assert image[HEADER[ground.mapper] :][:5] == ground.title.upper().encode()[:5]


@pytest.mark.parametrize("salt", ["1", "2", "3", "4", "5", "6"])
def test_the_checksum_holds_for_every_size_and_mapper(salt: str) -> None:
    test_the_checksum_is_that_of_the_whole_image(World(Ground(salt)))


def test_locked_ranges_are_not_written(world: World) -> None:
    for start, end in world.ground.locked.values():
        assert fails(world, "rom-write", address=address_of(world, start), bytes="00") == "locked"
        assert fails(world, "rom-write", address=address_of(world, end), bytes="00") == "locked"


def test_what_is_not_there_is_refused(world: World) -> None:
    room, area = first(world, "rooms"), first(world, "maps")
    assert fails(world, "rom-read", address="$7E:0000", length=1) == "not_rom"
    assert fails(world, "dungeon-remove-sprite", room=room, slot=60) == "out_of_range"
    assert fails(world, "overworld-set-tile", map=area, x=1, y=1, tile=0x3FFF) == "invalid_arguments"
    assert fails(world, "overworld-add-sprite", map=area, sprite=0, x=1, y=1) == "not_found"
    assert fails(world, "palette-get-colors", group="none", palette=0) == "not_found"
    assert fails(world, "symbol-lookup", name="Nothing") == "not_found"
    assert fails(world, "rom-undo", steps=1) == "out_of_range"
    assert fails(world, "asm-assemble", address="$00:8000", source="frob #1") == "assembly"
    assert fails(world, "no-such-tool") == "invalid_arguments"


def test_a_message_keeps_its_limit(world: World) -> None:
    at = first(world, "messages")
    limit = world.value("messages", at)["limit"]
    assert fails(world, "message-write", message=at, text="x" * (limit + 1)) == "too_long"
    assert execute(world, "message-write", {"message": f"0x{at:X}", "text": "x" * limit})["length"] == limit
    assert execute(world, "message-read", {"message": at})["text"] == "x" * limit


def test_a_room_is_edited(world: World) -> None:
    room, kind = first(world, "rooms"), first(world, "creatures")
    count = len(world.value("rooms", room)["sprites"])
    added = execute(world, "dungeon-add-sprite", {"room": room, "sprite": kind, "x": 3, "y": 4})
    assert added["slot"] == count
    execute(world, "dungeon-move-sprite", {"room": room, "slot": count, "x": 9, "y": 4})
    assert world.value("rooms", room)["sprites"][count] == [kind, 9, 4]
    execute(world, "dungeon-remove-sprite", {"room": room, "slot": count})
    assert not world.edits


def test_a_backup_is_compared(world: World) -> None:
    execute(world, "rom-backup", {"name": "then"})
    at = address_of(world, world.ground.data_page * 0x8000)
    before = world.octets(world.ground.data_page * 0x8000, 1)[0]
    execute(world, "rom-write", {"address": at, "bytes": f"{before ^ 1:02X}"})
    assert execute(world, "rom-compare", {"backup": "then"})["changed_bytes"] == 1
    assert fails(world, "rom-backup", name="then") == "exists"


def test_code_is_assembled_and_disassembled(world: World) -> None:
    at = address_of(world, world.ground.free_page * 0x8000 + 0x7F00)
    made = execute(world, "asm-assemble", {"address": at, "source": "lda #$12 / sta $0345 / rtl", "write": True})
    assert made["bytes"] == "A9 12 8D 45 03 6B"
    lines = execute(world, "asm-disassemble", {"address": at, "count": 3})["lines"]
    assert [line.partition(" ")[2] for line in lines] == ["lda #$12", "sta $0345", "rtl"]


def test_colours_have_five_bits_each() -> None:
    assert rgb(0x7FFF) == "#FFFFFF"
    assert rgb(0x001F) == "#FF0000"
    assert from_written("#0000FF") == 0x7C00
    assert all(from_written(rgb(color)) == color for color in range(0, 0x8000, 37))


def test_only_changing_tools_change(world: World) -> None:
    for name, tool in TOOLS.items():
        if not tool.changes and not CATALOGUE.parameters(name)["required"]:
            before = world.copy().state()
            assert "error" not in execute(world, name, {})
            assert world.state() == before


NUMBERS = (0, 1, 4.0, 7, 31, 1e300, True, None, [], {})
TEXTS = (
    "$00:8000 $7E:0000 FF:FFFF 0x1F $0A A9 ??,?? north open dark floor hud sprite $7FFF #102030 "
    "nop lda,#1 then Main \u0660"
)
VALUES = st.sampled_from([*NUMBERS, "", *(text.replace(",", " ") for text in TEXTS.split())])


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(sorted(TOOLS)), st.data())
def test_any_arguments_give_a_result(name: str, data: st.DataObject) -> None:
    arguments = {key: data.draw(VALUES) for key in CATALOGUE.parameters(name)["properties"]}
    result = execute(World(Ground("7")), name, arguments)
    assert isinstance(result, dict)
    assert result


def test_whole_numbers_may_have_a_point(world: World) -> None:
    at = address_of(world, 0x8000)
    assert execute(world, "rom-read", {"address": at, "length": 4.0}) == execute(
        world, "rom-read", {"address": at, "length": 4}
    )
