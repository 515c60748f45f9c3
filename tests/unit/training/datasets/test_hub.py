"""The upload, against a server of this process that answers as the hub does."""

from __future__ import annotations

import base64
import json
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any, ClassVar

import pytest

from agents.campaign.errors import CampaignError, ExitCode, PausedError, UsageError
from agents.training.datasets import hub
from agents.training.datasets.hub import check_push, push

NAME = "me/alttp_asm_24k"
MANIFEST = {"dataset": "alttp_asm_24k", "run": "r", "samples": 2, "files": {"train.jsonl": {}, "README.md": {}}}


@dataclass
class StandIn:
    """What a hub was told; ``refuses`` is the status of its answers to commits, 200 where it takes them."""

    refuses: int = 200
    tokens: set[str] = field(default_factory=set)
    made: list[dict[str, Any]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    message: str = ""


class Answering(BaseHTTPRequestHandler):
    stand_in: ClassVar[StandIn]

    def do_POST(self) -> None:
        told = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        self.stand_in.tokens.add(self.headers.get("Authorization", ""))
        if self.path == "/api/repos/create":
            self.stand_in.made.append(json.loads(told))
            self._answer({"url": f"http://{self.headers['Host']}/datasets/{NAME}", "id": NAME})
        elif "/preupload/" in self.path:
            files = json.loads(told)["files"]
            known = {"uploadMode": "regular", "shouldIgnore": False, "oid": None}
            self._answer({"files": [{"path": one["path"], **known} for one in files]})
        elif "/commit/" in self.path:
            for line in map(json.loads, told.splitlines()):
                if line["key"] == "header":
                    self.stand_in.message = line["value"]["summary"]
                elif line["key"] == "file":
                    self.stand_in.files[line["value"]["path"]] = base64.b64decode(line["value"]["content"])
            url = f"http://{self.headers['Host']}/datasets/{NAME}/commit/abc"
            self._answer({"commitUrl": url, "commitOid": "abc", "success": True}, self.stand_in.refuses)
        else:
            self._answer({})

    def do_GET(self) -> None:
        self._answer({"error": "not found"}, 404)

    def _answer(self, document: dict[str, Any], status: int = 200) -> None:
        body = json.dumps(document).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *_: Any) -> None:  # noqa: A002 -- as its base names it
        pass


@pytest.fixture
def listening() -> Iterator[tuple[StandIn, str]]:
    Answering.stand_in = StandIn()
    with ThreadingHTTPServer(("127.0.0.1", 0), Answering) as server:
        threading.Thread(target=server.serve_forever, args=(0.01,), daemon=True).start()
        yield Answering.stand_in, f"http://127.0.0.1:{server.server_port}"
        server.shutdown()


@pytest.fixture
def dataset(tmp_path: Path) -> Path:
    for name in ("train.jsonl", "README.md", "manifest.json", "notes-of-mine.txt"):
        (tmp_path / name).write_text(f"---\nlicense: mit\n---\n{name}\n")
    return tmp_path


def test_a_dataset_is_uploaded_whole_to_a_private_repository(dataset: Path, listening: tuple[StandIn, str]) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    stand_in, address = listening
    url = push(dataset, MANIFEST, NAME, {"HF_TOKEN": "hf_test", "HF_ENDPOINT": address})
    assert url == f"{address}/datasets/{NAME}/commit/abc"
    assert stand_in.files == {
        name: (dataset / name).read_bytes() for name in ("train.jsonl", "README.md", "manifest.json")
    }
    (made,) = stand_in.made
    assert made["type"] == "dataset"
    assert made.get("private") or made.get("visibility") == "private"
    assert stand_in.tokens == {"Bearer hf_test"}
    assert stand_in.message == "alttp_asm_24k: 2 samples of run r"


def test_a_hub_that_refuses_is_no_hub_that_is_ill(dataset: Path, listening: tuple[StandIn, str]) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    stand_in, address = listening
    stand_in.refuses = 403
    with pytest.raises(CampaignError, match="the hub refuses") as caught:
        push(dataset, MANIFEST, NAME, {"HF_TOKEN": "hf_test", "HF_ENDPOINT": address})
    assert caught.value.exit_code is ExitCode.FAILED
    assert "hf_test" not in str(caught.value)


def test_a_hub_that_is_not_there_is_tried_again_later(dataset: Path) -> None:
    pytest.importorskip("huggingface_hub", reason="needs the extra hub")
    with pytest.raises(PausedError, match="cannot be uploaded"):
        push(dataset, MANIFEST, NAME, {"HF_TOKEN": "hf_test", "HF_ENDPOINT": "http://127.0.0.1:9"})


@pytest.mark.parametrize(
    ("name", "environment", "told"),
    [("name", {"HF_TOKEN": "x"}, "no repository"), (NAME, {}, "HF_TOKEN is not set"), (NAME, {"HF_TOKEN": " "}, "set")],
)
def test_what_is_missing_is_said_before_anything_is_tried(name: str, environment: dict[str, str], told: str) -> None:
    with pytest.raises(UsageError, match=told):
        check_push(name, environment)


def test_without_the_package_the_cure_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(hub.importlib.util, "find_spec", lambda _: None)  # type: ignore[attr-defined]
    with pytest.raises(UsageError, match="huggingface_hub") as caught:
        check_push(NAME, {"HF_TOKEN": "x"})
    assert "training-campaigns[hub]" in caught.value.cure
