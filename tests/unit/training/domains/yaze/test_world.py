"""The simulated project: equal in every process, edits that leave no trace once undone."""

from hypothesis import given
from hypothesis import strategies as st

from agents.training.domains.yaze.ground import Ground
from agents.training.domains.yaze.world import World
from agents.training.w65816 import disassemble


def test_equal_salts_make_equal_ground() -> None:
    one, other = Ground("x"), Ground("x")
    for table in ("rooms", "maps", "messages", "palettes", "symbols", "creatures", "things", "tunes", "sheets"):
        assert one.table(table) == other.table(table)
    assert [one.page(number) for number in one.used] == [other.page(number) for number in other.used]
    assert Ground("y").table("rooms") != one.table("rooms")


def test_routines_are_code_that_ends_with_a_return() -> None:
    ground = Ground("x")
    for found in ground.routines.values():
        lines = disassemble(found["code"])
        assert lines[-1].text in {"rts", "rtl"}
        assert not any(line.text.startswith("db") for line in lines)
        at = found["offset"]
        assert World(ground).octets(at, len(found["code"])) == found["code"]


@given(st.lists(st.tuples(st.integers(0, 63), st.integers(0, 255)), max_size=12))
def test_undoing_everything_restores_the_ground(writes: list[tuple[int, int]]) -> None:
    world = World(Ground("x"))
    for offset, value in writes:
        world.commit("write", {("byte", offset): value})
        assert world.value("byte", offset) == value
    assert world.undo(50) == ["write"] * len(writes)
    assert world.edits == {}


def test_a_copy_is_edited_apart() -> None:
    world = World(Ground("x"))
    twin = world.copy()
    twin.commit("write", {("byte", 5): world.value("byte", 5) ^ 1})
    assert world.state() != twin.state()
    assert not world.history
