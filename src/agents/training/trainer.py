"""The training scripts of a dataset: a thin one named after it, and the package that it runs, copied beside it.

Owns what an export puts into a dataset's folder for that, and where it is there. What runs there needs nothing else of
this project.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from pathlib import Path
from string import Template
from typing import Any

from agents.campaign.errors import UsageError
from agents.campaign.files import read_json
from agents.campaign.home import checked_name
from agents.training.datasets.finished import not_finished
from agents.training.datasets.folder import MANIFEST, write_text
from agents.training.sft.preflight import PACKAGES

PACKAGE = "sft"
REQUIREMENTS = "requirements-train.txt"
_SOURCE = Path(__file__).parent / PACKAGE
_SIZE = re.compile(r"_\d+[kKmM]$")

_SCRIPT = Template('''\
"""Fine-tunes a model on the dataset $name; see --help. Running it again goes on where it ended."""

import sys
from pathlib import Path

NAME = "$name"
OPTIONS = $options
HERE = Path(__file__).resolve().parent
PLACES = (HERE, HERE / "datasets" / NAME, Path.cwd() / "datasets" / NAME, Path.home() / "training" / "datasets" / NAME)

if sys.version_info < (3, 11):
    print(f"error: this is Python {sys.version.split()[0]}\\n  cure: run it with Python 3.11 or newer", file=sys.stderr)
    sys.exit(2)
place = next((place for place in PLACES if (place / "$package" / "command.py").is_file()), None)
if place is None:
    print(f"error: the dataset {NAME} is in none of {', '.join(map(str, PLACES))}", file=sys.stderr)
    print("  cure: transfer it to this machine: campaign transfer", file=sys.stderr)
    sys.exit(2)
sys.dont_write_bytecode = True
sys.path.insert(0, str(place))

from $package.command import main  # noqa: E402

if __name__ == "__main__":
    sys.exit(main(place, [*OPTIONS, *sys.argv[1:]]))
''')


def script_name(dataset: str) -> str:
    """Return the name of a dataset's training script: its own, without the size behind it."""
    return f"train_{re.sub(r'[^A-Za-z0-9_]', '_', _SIZE.sub('', dataset) or dataset)}.py"


def script_in(datasets: Path, name: str) -> Path:
    """Return the training script of the finished dataset ``name``.

    Raises:
        UsageError: there is no such dataset, or it has no script.
    """
    manifest = read_json(datasets / checked_name(name) / MANIFEST)
    if manifest is None:
        raise not_finished(datasets, name)
    scripts: list[str] = [file for file in manifest["files"] if file.startswith("train_") and file.endswith(".py")]
    if not scripts:
        raise UsageError(
            f"dataset {name!r} has no training script",
            "export its run as a dataset of the recipe: python -m agents.training.exporter --input RUN",
        )
    return datasets / name / scripts[0]


def training_files(dataset: str, script: str | None = None, options: Sequence[str] = ()) -> dict[str, str]:
    """Return the texts of all files that training needs, by their names in the dataset's folder.

    ``options`` are those that the script has where a person says nothing else.
    """
    requirements = [f"{name}>={'.'.join(map(str, least))}" for name, least in PACKAGES.items()]
    package = {f"{PACKAGE}/{path.name}": path.read_text(encoding="utf-8") for path in sorted(_SOURCE.glob("*.py"))}
    return {
        script or script_name(dataset): _SCRIPT.substitute(
            name=dataset, package=PACKAGE, options=json.dumps([*options])
        ),
        REQUIREMENTS: "\n".join(requirements) + "\n",
        **package,
    }


def write_training(
    folder: Path, dataset: str, script: str | None = None, options: Sequence[str] = ()
) -> dict[str, dict[str, Any]]:
    """Write those files to ``folder``; return what the manifest says of them. Raises OSError."""
    (folder / PACKAGE).mkdir()
    return {name: write_text(folder / name, text) for name, text in training_files(dataset, script, options).items()}
