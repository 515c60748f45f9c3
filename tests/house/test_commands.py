"""Every command in the documents is run, page by page, as a reader would: in a home of its own, in order.

What a page shows below a command must be in its output; a command with the comment ``# exit code N`` must end so.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from pages import PAGES, ROOT, Block, Page, page, tables

pytestmark = pytest.mark.story

ADAPTED = {
    "make test": ("true", "this test is a part of it"),
    "python scripts/launch_training.py logs": ("{} --no-follow", "without the flag it follows until Ctrl-C"),
    "python scripts/launch_training.py auto --recipe ~/campaigns/numbers.yaml": (
        "true",
        "its domain is not in this tree; test_a_new_domain_makes_samples runs it in a copy",
    ),
}
"""Commands that are run in another form, and why."""

VARIABLES = ("CONTEXT_ROOT", "CAMPAIGN_RECIPE", "CAMPAIGN_TARGET", "QUALITY_THRESHOLD", "AUTO_LAUNCH", "PYTHONPATH")
"""Variables of the person who runs the tests that must not reach the commands."""

_STATED_CODE = re.compile(r"^(?P<command>[^#\n]+?)\s+# exit code (?P<code>\d+)$", re.MULTILINE)
_JSON_TYPES = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "object": dict, "null": type(None)}

PAGES_WITH_COMMANDS = [document for document in PAGES if document.blocks("bash", "sh")]


@dataclass(frozen=True)
class Reader:
    """Somebody with an empty home who types what the documents say."""

    home: Path

    @property
    def environment(self) -> dict[str, str]:
        inherited = {name: value for name, value in os.environ.items() if name not in VARIABLES}
        path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
        return {**inherited, "HOME": str(self.home), "PATH": path, "NO_COLOR": "1", "COLUMNS": "200"}

    def types(self, script: str) -> tuple[int, str]:
        """Run ``script`` in a shell; return its exit code and all that it printed."""
        return self.runs(["bash", "-euo", "pipefail", "-c", script])

    def runs(self, argv: list[str], text: str | None = None) -> tuple[int, str]:
        """Run ``argv`` with ``text`` as its input; return its exit code and all that it printed."""
        done = subprocess.run(
            argv,
            cwd=ROOT,
            env=self.environment,
            input=text,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return done.returncode, done.stdout

    @property
    def roots(self) -> list[Path]:
        """The context roots that the commands have made."""
        return [folder.parent for folder in self.home.glob("*/training") if folder.is_dir()]


@pytest.fixture
def reader(tmp_path: Path) -> Iterator[Reader]:
    reader = Reader(tmp_path)
    yield reader
    for root in reader.roots:
        code, said = reader.types(f"CONTEXT_ROOT={root} python scripts/launch_training.py stop")
        assert code == 0, said
    assert not _lingering(tmp_path)


@pytest.mark.parametrize("document", PAGES_WITH_COMMANDS, ids=str)
def test_commands_do_what_the_page_says(document: Page, reader: Reader) -> None:
    for block in document.blocks("bash", "sh"):
        code, said = reader.types(_runnable(block))
        assert code == 0, f"{document}\n{block.text}\n{said}"
        for line in block.output:
            assert line in said, f"{document} shows {line!r}\n{block.text}\n{said}"
    for root in reader.roots:
        _check_status_files(root / "training")


def test_adaptations_are_needed() -> None:
    typed = {
        line for document in PAGES_WITH_COMMANDS for block in document.blocks("bash", "sh") for line in _lines(block)
    }
    assert set(ADAPTED) <= typed


def test_snippets_for_hafs_run(reader: Reader) -> None:
    for block in page("docs/how-to/run-inside-hafs.md").blocks("python"):
        code, said = reader.runs([sys.executable, "-c", RUN_SNIPPET], block.text)
        assert code == 0, f"{block.text}\n{said}"
    assert said.startswith("campaign_complete ")


RUN_SNIPPET = """
import ast, asyncio, sys
code = compile(sys.stdin.read(), "snippet", "exec", ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
waiting = eval(code, {"__name__": "__main__"})
if waiting is not None:
    asyncio.run(waiting)
"""


def test_a_new_domain_makes_samples(reader: Reader) -> None:
    document = page("docs/how-to/add-a-domain.md")
    (code,), (recipe,) = document.blocks("python"), document.blocks("yaml")
    source = reader.home / "src"
    shutil.copytree(ROOT / "src", source, ignore=shutil.ignore_patterns("__pycache__"))
    (source / "agents" / "training" / "domains" / "numbers").mkdir()
    (source / "agents" / "training" / "domains" / "numbers" / "__init__.py").write_text(code.text)
    (reader.home / "numbers.yaml").write_text(recipe.text)
    for command in (
        "python -m pytest -p no:cacheprovider -k numbers tests/contract/test_domains.py",
        "python -m agents auto --recipe ~/numbers.yaml",
    ):
        ended, said = reader.types(f"PYTHONPATH={source} {command}")
        assert ended == 0, said
    assert "campaign_complete: campaign numbers_200" in said


def _lines(block: Block) -> list[str]:
    """The commands of a block that stand on one line, without their comments."""
    return [line.split(" #")[0].strip() for line in block.text.splitlines()]


def _runnable(block: Block) -> str:
    script = block.text
    for line in _lines(block):
        if line in ADAPTED:
            script = script.replace(line, ADAPTED[line][0].format(line), 1)
    checked = r'code=0; \g<command> || code=$?; test "$code" = \g<code> || { echo "it ended with $code"; false; }'
    return _STATED_CODE.sub(checked, script)


def _check_status_files(folder: Path) -> None:
    """Check that every field of every status document is on the page about files, with its type."""
    for name, variants in _documented_fields().items():
        path = folder / name
        if not path.exists():
            continue
        document = json.loads(path.read_text())
        variant = variants[1] if document.get("launched") is False else variants[0]
        assert document.keys() <= variant.keys(), f"{name} has fields that docs/files.md lacks"
        for field, (types, sometimes) in variant.items():
            assert sometimes or field in document, f"{name} lacks {field}"
            assert field not in document or type(document[field]) in types, f"{name}: {field} is {document[field]!r}"


def _documented_fields() -> dict[str, list[dict[str, tuple[set[type], bool]]]]:
    """Return for each status file its kinds of documents, by field: its types, and whether it may be missing."""
    text = page("docs/files.md").text
    sections = re.findall(r"^### `(\w+\.json)`\n(.*?)(?=^### |\Z)", text, re.MULTILINE | re.DOTALL)
    return {name: [_fields(table) for table in tables(section)] for name, section in sections}


def _fields(table: list[list[str]]) -> dict[str, tuple[set[type], bool]]:
    fields: dict[str, tuple[set[type], bool]] = {}
    for names, types, meaning in table:
        found = re.findall(r"`(\w+)`", names)
        each = types.split(", ") if ", " in types else [types] * len(found)
        for name, kinds in zip(found, each, strict=True):
            fields[name] = ({_JSON_TYPES[kind] for kind in kinds.split(" or ")}, meaning.startswith("sometimes"))
    return fields


def _lingering(home: Path) -> list[str]:
    """Return what still lives in ``home`` after the seconds in which workers notice that nobody needs them."""
    deadline = time.monotonic() + 10
    while (alive := list(_alive(home))) and time.monotonic() < deadline:
        time.sleep(0.1)
    return alive


def _alive(home: Path) -> Iterator[str]:
    """Yield the command lines of processes that still live in ``home``."""
    for process in Path("/proc").glob("[0-9]*"):
        try:
            environment = (process / "environ").read_bytes()
            command = (process / "cmdline").read_bytes()
        except OSError:
            continue
        if os.fsencode(f"HOME={home}\0") in environment and int(process.name) != os.getpid():
            yield command.replace(b"\0", b" ").decode(errors="replace")
