"""A world for each story, emptied of processes when the story ends."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from world import World

from agents.autonomous.stopping import stop_all


@pytest.fixture
def world(tmp_path: Path) -> Iterator[World]:
    world = World(tmp_path)
    yield world
    stop_all(world.home, orchestrator_only=False, grace_seconds=10.0)
    for process in world.started:
        if process.poll() is None:
            process.kill()
        process.communicate()
