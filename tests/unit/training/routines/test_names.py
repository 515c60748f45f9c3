from __future__ import annotations

import pytest

from agents.training.phrases import seeded
from agents.training.routines.names import RESERVED, Namer
from agents.training.w65816 import assemble


@pytest.mark.parametrize("seed", range(30))
def test_names_are_distinct_and_the_assembler_takes_them(seed):
    namer = Namer(seeded(seed))
    names = [namer.name("a|x|count|src") for _ in range(10)] + [namer.label("loop|next|done") for _ in range(10)]
    names += [namer.entry("add|inc|clear all") for _ in range(5)]
    assert len({name.lower() for name in names}) == len(names)
    assert not RESERVED & {name.lower() for name in names}
    program = assemble("\n".join(f"{name}:\n nop" for name in names))
    assert set(program.labels) == set(names)
