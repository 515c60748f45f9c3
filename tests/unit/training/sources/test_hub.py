from __future__ import annotations

import sys
from collections.abc import Iterator
from types import ModuleType
from typing import Any

import pytest

from agents.campaign.errors import UsageError
from agents.training.sources.hub import rows_of


class TinyDataset:
    """As ``datasets.Dataset``: yields a dict for each row, and has a length."""

    def __init__(self, rows: list[dict[str, Any]]) -> None:
        self._rows = rows

    def __len__(self) -> int:
        return len(self._rows)

    def __iter__(self) -> Iterator[dict[str, Any]]:
        return iter(self._rows)


def install(monkeypatch: pytest.MonkeyPatch, answer: Any) -> list[tuple[Any, ...]]:
    calls: list[tuple[Any, ...]] = []
    library = ModuleType("datasets")

    def load_dataset(path: str, name: str | None = None, *, split: str | None = None, streaming: bool = False) -> Any:
        calls.append((path, name, split, streaming))
        if isinstance(answer, Exception):
            raise answer
        return answer

    library.load_dataset = load_dataset  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "datasets", library)
    return calls


def test_rows_are_counted_from_1(monkeypatch: pytest.MonkeyPatch) -> None:
    calls = install(monkeypatch, TinyDataset([{"text": "a"}, {"text": "b"}]))
    assert list(rows_of("them/data", "small", "validation")) == [(1, {"text": "a"}), (2, {"text": "b"})]
    assert calls == [("them/data", "small", "validation", False)]


@pytest.mark.parametrize(
    ("error", "said"),
    [
        (
            ValueError("Unknown split \"x\".\nShould be one of ['train']."),
            "Unknown split \"x\". Should be one of ['train'].",
        ),
        (ConnectionError("no route, Authorization: Bearer hf_abcdefghijkl"), "no route, [hidden]"),
        (KeyError(), "KeyError"),
    ],
)
def test_what_cannot_be_loaded_says_why(monkeypatch: pytest.MonkeyPatch, error: Exception, said: str) -> None:
    install(monkeypatch, error)
    with pytest.raises(UsageError) as caught:
        list(rows_of("them/data", None, "x"))
    assert caught.value.what == f"dataset them/data, split x, cannot be loaded: {said}"


def test_a_missing_library_names_the_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "datasets", None)
    with pytest.raises(UsageError) as caught:
        list(rows_of("them/data", None, "train"))
    assert caught.value.cure == ".venv/bin/pip install -e '.[hub]'"
