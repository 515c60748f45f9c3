"""The core against instructions recorded elsewhere: see ``data/README.md``."""

from __future__ import annotations

import os
from collections import Counter
from pathlib import Path

import pytest
from vectors import BLOCK_MOVES, RECORDED, STOPS, Vector, differences, obstacle, read, registers_of

from agents.training.w65816 import Machine

FOLDER = "W65816_VECTORS"
"""Names a folder of ``*.json`` or ``*.json.gz`` files in the shape of the SingleStepTests collection."""
SHOWN = 5


@pytest.fixture(scope="module")
def recorded() -> list[Vector]:
    return read(RECORDED)


def opcode_of(vector: Vector) -> int:
    state = vector["initial"]
    return int(dict(map(tuple, state["ram"]))[state["pbr"] << 16 | state["pc"]])


def test_the_recorded_vectors_cover_every_instruction_and_width(recorded: list[Vector]) -> None:
    states = Counter(
        (int(vector["name"][:2], 16), vector["initial"]["e"], vector["initial"]["p"] & 0x30) for vector in recorded
    )
    modes = [(e, p) for e, p in ((0, 0x00), (0, 0x10), (0, 0x20), (0, 0x30), (1, 0x30))]
    codes = sorted(set(range(256)) - STOPS)
    assert sorted(states) == sorted((code, e, p) for code in codes for e, p in modes)
    assert min(states.values()) == 3
    timed = Counter(vector["name"][:2] for vector in recorded if "clocks" in vector)
    assert min(timed[f"{code:02x}"] for code in codes) >= 7


def test_the_core_does_what_was_recorded(machine: Machine, recorded: list[Vector]) -> None:
    wrong = [
        f"{vector['name']}: {'; '.join(found)}" for vector in recorded if (found := [*differences(machine, vector)])
    ]
    assert not wrong, f"{len(wrong)} of {len(recorded)}, such as {wrong[:SHOWN]}"


@pytest.mark.parametrize(
    ("part", "name", "change"),
    [("final", "a", 1), ("final", "p", 0x40), ("final", "pc", 1), ("final", "s", 1), ("final", "dbr", 1)],
)
def test_a_wrong_register_in_a_vector_is_seen(
    machine: Machine, recorded: list[Vector], part: str, name: str, change: int
) -> None:
    vector = recorded[1000]
    spoiled = vector | {part: vector[part] | {name: vector[part][name] ^ change}}
    assert not list(differences(machine, vector))
    assert list(differences(machine, spoiled))


def test_a_wrong_byte_or_time_in_a_vector_is_seen(machine: Machine, recorded: list[Vector]) -> None:
    vector = next(one for one in recorded if one["name"].startswith("8d") and "clocks" in one)
    (address, byte), *rest = vector["final"]["ram"]
    spoiled = vector | {"final": vector["final"] | {"ram": [[address, byte ^ 1], *rest]}}
    assert list(differences(machine, spoiled))
    clocks, accesses = vector["clocks"]
    assert list(differences(machine, vector | {"clocks": [clocks + 6, accesses]}))


def test_a_byte_that_should_not_change_is_seen(machine: Machine, recorded: list[Vector]) -> None:
    vector = next(one for one in recorded if one["name"].startswith("8d"))
    written = {address for address, byte in vector["final"]["ram"] if [address, byte] not in vector["initial"]["ram"]}
    kept = [entry for entry in vector["final"]["ram"] if entry[0] not in written]
    assert written
    assert any("should not be written" in text for text in
               differences(machine, vector | {"final": vector["final"] | {"ram": kept}}))  # fmt: skip


def test_the_vectors_of_another_collection(machine: Machine) -> None:
    folder = os.environ.get(FOLDER)
    if not folder:
        pytest.skip(f"{FOLDER} names no folder of vectors")
    files = sorted([*Path(folder).glob("*.json"), *Path(folder).glob("*.json.gz")])
    assert files, f"no vectors in {folder}"
    tried, left_out, wrong = 0, Counter[str](), []
    for path in files:
        for vector in read(path):
            reason = obstacle(vector, opcode_of(vector))
            if reason:
                left_out[reason] += 1
                continue
            tried += 1
            found = list(differences(machine, vector))
            if found:
                wrong.append(f"{path.name} {vector['name']}: {'; '.join(found)}")
    print(f"{tried} vectors, left out: {dict(left_out)}")
    assert tried
    assert not wrong, f"{len(wrong)} of {tried}, such as {wrong[:SHOWN]}"


def test_block_moves_are_recorded_as_a_whole(recorded: list[Vector]) -> None:
    moves = [vector for vector in recorded if int(vector["name"][:2], 16) in BLOCK_MOVES]
    assert all(vector["final"]["a"] == 0xFFFF for vector in moves)
    assert {registers_of(vector["initial"]).a for vector in moves} == {0, 1, 2, 3, 4}
