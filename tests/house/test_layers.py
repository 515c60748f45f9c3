"""The layers of the house: imports point down, judgement is pure, and the wings meet through files only.

A new module must be put into ``LAYERS``; a module that is in no layer fails here.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SOURCE = ROOT / "src"
DOORS = ROOT / "scripts"

LAYERS = {
    1: [
        *("agents.campaign.errors", "agents.campaign.clock", "agents.campaign.digest", "agents.campaign.printable"),
        *("agents.campaign.secrets", "agents.campaign.values"),
    ],
    2: [
        *("agents.campaign.events", "agents.campaign.home", "agents.campaign.section", "agents.campaign.models"),
        *(
            "agents.campaign.described",
            "agents.campaign.datasets",
            "agents.campaign.destination",
            "agents.campaign.follow_ups",
            "agents.campaign.recipe",
        ),
        *("agents.campaign.recipe_errors", "agents.campaign.plan", "agents.training.sample"),
    ],
    3: [
        *("agents.campaign.phases", "agents.campaign.progress", "agents.campaign.gate", "agents.campaign.drift"),
        *("agents.campaign.betting", "agents.campaign.failures", "agents.campaign.rules"),
        *("agents.campaign.charts", "agents.campaign.choice", "agents.campaign.weighing", "agents.campaign.report"),
        *("agents.campaign.forecast", "agents.campaign.log_lines", "agents.campaign.status", "agents.campaign.outcome"),
        "agents.campaign.pace",
        *(
            "agents.training.checks",
            "agents.training.dedup",
            "agents.training.picker",
            "agents.training.rounds",
            "agents.training.balance",
            "agents.training.guards",
            "agents.training.limits",
            "agents.training.prices",
            *("agents.training.throttle", "agents.training.troubles"),
            *("agents.training.breaker", "agents.training.wire"),
        ),
        *("agents.training.prompts", "agents.training.answers", "agents.training.embedded", "agents.training.opinion"),
        *("agents.training.preview", "agents.training.preview_page"),
        *("agents.training.described_domain", "agents.training.batches"),
        *(f"agents.training.sources.{name}" for name in ("piece", "cut", "policy", "kinds")),
        *(f"agents.training.sources.{name}" for name in ("assembly", "functions", "markdown", "paragraphs")),
        *(f"agents.training.transfer.{name}" for name in ("openssh", "survey", "troubles")),
        *("agents.training.formats", "agents.training.card", "agents.training.calls_in_text"),
        *(f"agents.training.evaluation.{name}" for name in ("intervals", "results", "page")),
        *("agents.training.judge", "agents.training.curate", "agents.training.templates"),
        *("agents.training.domains", "agents.training.w65816"),
        *("agents.training.verification", "agents.training.phrases", "agents.training.routines"),
    ],
    4: [
        *("agents.campaign.files", "agents.campaign.process", "agents.campaign.follower", "agents.campaign.lease"),
        *("agents.campaign.logs", "agents.campaign.workflows", "agents.campaign.ledger_view"),
        *("agents.campaign.readers", "agents.training.ledger", "agents.training.sources", "agents.training.teachers"),
        *("agents.training.bench", "agents.training.claims", "agents.training.identity", "agents.campaign.storage"),
        *("agents.training.stop_requests", "agents.campaign.environment", "agents.training.datasets"),
        "agents.training.evaluation.answer_store",
        *("agents.training.transfer.parcel", "agents.training.transfer.far_side"),
    ],
    5: [
        *("agents.training.calls", "agents.training.engine", "agents.autonomous", "agents.training.transfer.delivery"),
        *("agents.training.evaluation.account", "agents.training.evaluation.asking"),
    ],
    6: [
        *("agents.cli", "agents.__main__", "agents.dashboard", "agents.training.console", "agents.training.exporter"),
        *(
            *("agents.training.preflight", "agents.training.readiness"),
            "agents.training.faculty",
            *(
                "agents.training.verifying",
                "agents.training.previewing",
                "agents.training.inspection",
                "agents.training.starter",
            ),
            "agents.training.scripts",
            *("agents.training.exporting", "agents.training.transfer.sending"),
            *(
                f"agents.training.evaluation.{name}"
                for name in ("questions", "student", "trainings", "examining", "evaluating")
            ),
            *("agents.training.trainer", "agents.training.sft"),
        ),
        "scripts",
    ],
}
"""Modules and packages by layer, architecture.md; a package stands for all that is in it."""

FOLDERS = ["agents", "agents.campaign", "agents.training", "agents.training.transfer", "agents.training.evaluation"]
"""Packages that span layers: they hold a docstring and at most plain values."""

WINGS = {
    "agents.campaign": ["agents.campaign"],
    "agents.training": ["agents.campaign", "agents.training"],
    "agents.autonomous": ["agents.campaign", "agents.autonomous"],
    "agents.dashboard": ["agents.campaign", "agents.dashboard"],
}
"""What each package may import of the project: the generator and the orchestrator share the vocabulary alone."""

PURE_LAYERS = (1, 2, 3)
PURE_BESIDES = ["agents.dashboard.view"]

IMPURE_MODULES = {
    *("asyncio", "concurrent", "ctypes", "fcntl", "glob", "http", "importlib", "io", "logging", "mmap"),
    *("multiprocessing", "os", "pathlib", "pkgutil", "platform", "psutil", "queue", "resource", "secrets", "select"),
    *("shutil", "signal", "socket", "sqlite3", "ssl", "subprocess", "sys", "tempfile", "threading", "time", "urllib"),
    *("uuid", "aiohttp", "httpx", "requests"),
}
IMPURE_CALLS = {"open", "print", "input", "hash", "id", "exec", "eval", "__import__", "breakpoint"}
IMPURE_METHODS = {"now", "today", "utcnow"}
SEEDABLE = "Random"

EXCEPTIONS = {
    "agents.campaign.clock": {"import time"},  # it is the clock
    "agents.campaign.home": {"import pathlib"},  # paths as values; it opens none
    "agents.campaign.plan": {"import os", "import pathlib"},  # reads the environment and the recipe's file
    "agents.training.domains": {"import importlib", "import pkgutil"},  # finds the domains that are installed
    "agents.dashboard.view": {"import pathlib"},  # a path to be shown
}

HEAVY = {
    "aiohttp",
    "datasets",
    "peft",
    "pyarrow",
    "ray",
    "starlette",
    "textual",
    "torch",
    "transformers",
    "trl",
    "uvicorn",
}
HEAVY_ROOMS = [
    "agents.training.sft",
    "agents.training.teachers",
    "agents.training.scripts.stand_in",
    "agents.training.scripts.stand_in_batches",
]
"""What is in them is imported by others only when it is used."""
VAGUE_NAMES = {"util", "utils", "helper", "helpers", "common", "misc", "tools", "shared", "base"}


def find_modules() -> dict[str, Path]:
    """Return every module of the project by its dotted name."""
    found = {}
    for path in [*SOURCE.joinpath("agents").rglob("*.py"), *DOORS.glob("*.py")]:
        parts = list(path.relative_to(SOURCE if path.is_relative_to(SOURCE) else ROOT).with_suffix("").parts)
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


MODULES = find_modules()


@cache
def tree_of(module: str) -> ast.Module:
    return ast.parse(MODULES[module].read_text(encoding="utf-8"))


def is_in(module: str, package: str) -> bool:
    return module == package or module.startswith(f"{package}.")


def layer_of(module: str) -> int | None:
    """Return the layer of the longest entry that ``module`` is in."""
    entries = [(len(entry), layer) for layer, names in LAYERS.items() for entry in names if is_in(module, entry)]
    return max(entries)[1] if entries else None


def imports_of(tree: ast.AST, module: str, *, is_package: bool) -> Iterator[str]:
    """Yield the dotted name of everything that ``tree`` imports, ``from a import b`` as ``a.b``."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            package = module.split(".")
            package = package[: len(package) - node.level + is_package] if node.level else []
            start = ".".join([*package, *filter(None, [node.module])])
            yield from (f"{start}.{alias.name}" for alias in node.names)


def project_imports(module: str, *, as_program: bool = True) -> set[str]:
    """Return the modules of the project that ``module`` imports, wherever in it, below its main guard if wanted."""
    body = [part for part in tree_of(module).body if as_program or not is_main_guard(part)]
    found = set()
    for name in imports_of(ast.Module(body, []), module, is_package=MODULES[module].name == "__init__.py"):
        while name and name not in MODULES:
            name = name.rpartition(".")[0]  # noqa: PLW2901 -- from a module's name to the module
        if name:
            found.add(name)
    return found - {module}


def is_main_guard(statement: ast.stmt) -> bool:
    return isinstance(statement, ast.If) and ast.unparse(statement.test) == "__name__ == '__main__'"


def impurities_of(tree: ast.AST) -> set[str]:
    """Return what in ``tree`` touches the world, a clock, or chance without a seed."""
    found = set()
    for name in imports_of(tree, "", is_package=False):
        top, _, rest = name.partition(".")
        if top in IMPURE_MODULES:
            found.add(f"import {top}")
        if top == "random" and rest not in {"", SEEDABLE}:
            found.add(f"import {name}")
    for node in ast.walk(tree):
        match node:
            case ast.Call(func=ast.Name(id=name), args=args) if name in IMPURE_CALLS or (name == SEEDABLE and not args):
                found.add(f"{name}()")
            case ast.Call(func=ast.Attribute(value=ast.Name(id="random"), attr=attribute), args=args):
                if attribute != SEEDABLE or not args:
                    found.add(f"random.{attribute}()")
            case ast.Call(func=ast.Attribute(attr=attribute)) if attribute in IMPURE_METHODS:
                found.add(f".{attribute}()")
    return found


def pure_modules() -> list[str]:
    pure = [module for module in MODULES if layer_of(module) in PURE_LAYERS]
    return sorted([*pure, *(module for module in PURE_BESIDES if module in MODULES)])


@pytest.mark.parametrize("module", sorted(MODULES))
def test_every_module_has_a_docstring_a_telling_name_and_one_layer(module: str) -> None:
    assert ast.get_docstring(tree_of(module))
    assert not VAGUE_NAMES & set(module.split("."))
    if module in FOLDERS:
        assert {type(statement) for statement in tree_of(module).body} <= {ast.Expr, ast.Assign}
    else:
        assert layer_of(module) is not None, f"put {module} into LAYERS"


def test_no_entry_of_the_table_is_written_twice() -> None:
    entries = [name for names in LAYERS.values() for name in names]
    assert len(entries) == len(set(entries))


@pytest.mark.parametrize("module", sorted(set(MODULES) - set(FOLDERS)))
def test_imports_point_down(module: str) -> None:
    own = layer_of(module) or 0
    upwards = {name: layer_of(name) for name in project_imports(module) if (layer_of(name) or 0) > own}
    assert upwards == {}, f"{module} is in layer {own}"


@pytest.mark.parametrize("module", sorted(MODULES))
def test_wings_meet_through_the_vocabulary_alone(module: str) -> None:
    wing = next((wing for wing in WINGS if is_in(module, wing)), None)
    if wing is None:
        return
    strangers = {name for name in project_imports(module) if not any(is_in(name, own) for own in WINGS[wing])}
    assert strangers - {"agents"} == set()


def test_no_modules_import_each_other_in_a_circle() -> None:
    """What a module does when it is run as a program, below its main guard, is another program's start."""
    waiting = {module: project_imports(module, as_program=False) for module in MODULES}
    while ready := [module for module, needs in waiting.items() if not needs & set(waiting)]:
        for module in ready:
            del waiting[module]
    assert {module: needs & set(waiting) for module, needs in waiting.items()} == {}


@pytest.mark.parametrize("module", pure_modules())
def test_judgement_touches_no_clock_file_process_or_chance(module: str) -> None:
    assert impurities_of(tree_of(module)) - EXCEPTIONS.get(module, set()) == set()


def test_every_exception_is_needed() -> None:
    assert {module: impurities_of(tree_of(module)) for module in EXCEPTIONS} == EXCEPTIONS


def test_heavy_packages_are_imported_where_nobody_else_pays() -> None:
    heavy = {
        module
        for module in MODULES
        for statement in tree_of(module).body
        for name in imports_of(statement, module, is_package=False)
        if isinstance(statement, ast.Import | ast.ImportFrom) and name.partition(".")[0] in HEAVY
    }
    starts = {
        module: {name for statement in tree_of(module).body for name in imported_at_start(statement, module)}
        for module in MODULES
    }
    while more := {module for module, names in starts.items() if names & heavy} - heavy:
        heavy |= more
    assert {module for module in heavy if not any(is_in(module, room) for room in HEAVY_ROOMS)} == set()


def imported_at_start(statement: ast.stmt, module: str) -> Iterator[str]:
    if isinstance(statement, ast.Import | ast.ImportFrom):
        for name in imports_of(statement, module, is_package=MODULES[module].name == "__init__.py"):
            yield name if name in MODULES else name.rpartition(".")[0]


@pytest.mark.parametrize(
    ("program", "impurity"),
    [
        ("import time", "import time"),
        ("def f():\n    import os.path", "import os"),
        ("from subprocess import run", "import subprocess"),
        ("import urllib.request as r", "import urllib"),
        ("from random import choice", "import random.choice"),
        ("import random\nrandom.choice([1])", "random.choice()"),
        ("import random\nrandom.Random()", "random.Random()"),
        ("from random import Random\nRandom()", "Random()"),
        ("from datetime import datetime\ndatetime.now()", ".now()"),
        ("import datetime\ndatetime.date.today()", ".today()"),
        ("hash('x')", "hash()"),
        ("open('x')", "open()"),
        ("print('x')", "print()"),
    ],
)
def test_impurity_is_found(program: str, impurity: str) -> None:
    assert impurities_of(ast.parse(program)) == {impurity}


@pytest.mark.parametrize(
    "program",
    [
        "from random import Random\nRandom('seed').choice([1])",
        "import random\nrandom.Random(1)",
        "import math, re, hashlib",
        "from datetime import datetime",
        "self.opened()",
        "table.hash",
    ],
)
def test_purity_is_left_alone(program: str) -> None:
    assert impurities_of(ast.parse(program)) == set()


@pytest.mark.parametrize(
    ("program", "module", "is_package", "names"),
    [
        ("import a.b", "x.y", False, ["a.b"]),
        ("from a import b, c", "x.y", False, ["a.b", "a.c"]),
        ("from . import b", "x.y", False, ["x.b"]),
        ("from .b import c", "x.y", True, ["x.y.b.c"]),
        ("from ..b import c", "x.y.z", False, ["x.b.c"]),
        ("def f():\n    import a", "x", False, ["a"]),
    ],
)
def test_imports_are_found(program: str, module: str, is_package: bool, names: list[str]) -> None:
    assert list(imports_of(ast.parse(program), module, is_package=is_package)) == names
