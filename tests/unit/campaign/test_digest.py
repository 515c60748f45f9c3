from __future__ import annotations

import os
import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from agents.campaign.digest import digest

json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=8,
)


def test_a_digest_is_for_ever() -> None:
    assert digest("asm", {"b": 1, "a": [0.5, None]}) == "96fb55f3ed81b5ac"


def test_another_process_with_another_hash_seed_finds_the_same() -> None:
    program = "from agents.campaign.digest import digest; print(digest('asm', {'b': {'x', }.pop(), 'a': 1}))"
    found = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "PYTHONHASHSEED": seed},
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        for seed in ("0", "1")
    }
    assert found == {digest("asm", {"a": 1, "b": "x"})}


def test_parts_are_not_run_together() -> None:
    assert len({digest("ab", "c"), digest("a", "bc"), digest("abc"), digest(["ab", "c"])}) == 4


@given(st.dictionaries(st.text(), json_values, max_size=5))
def test_the_order_of_keys_is_no_difference(document: dict[str, object]) -> None:
    assert digest(document) == digest(dict(reversed(document.items())))


@given(json_values, json_values)
def test_different_values_have_different_digests(one: object, other: object) -> None:
    same = repr(one) == repr(other) or (one == other and isinstance(one, dict | list))
    assert (digest(one) == digest(other)) is same or same


@given(json_values)
def test_a_digest_is_16_hex_digits(value: object) -> None:
    found = digest(value)
    assert len(found) == 16
    assert set(found) <= set("0123456789abcdef")
