"""``python -m agents.training.exporter``: the samples of a run as datasets in the form that a trainer reads.

Owns the flags and the exit code; what they ask for is done by ``exporting``. Owns besides the plain copy of a whole
finished run that ``generate_campaign --export`` writes: JSON lines and a manifest, in a folder that is whole or absent.
Never changes a run and never overwrites a dataset.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn, get_args

import orjson

from agents.campaign.clock import SystemClock, stamp
from agents.campaign.datasets import FormatName
from agents.campaign.errors import AnotherPlanError, CampaignError, ExitCode, PausedError, UsageError
from agents.campaign.files import PRIVATE_FILE, make_folder, read_json, sync_folder, write_json
from agents.campaign.home import Home
from agents.campaign.ledger_view import LedgerView, RunHeader
from agents.training.datasets.folder import MANIFEST, check_files, remove_unfinished

if TYPE_CHECKING:
    from agents.training.datasets.wish import Dataset

ACCEPTED = "samples.jsonl"
REJECTED = "rejected.jsonl"
_TOLD = {"prompt", "reply", "messages", "tools"}
"""Parts of a sample that are no metadata."""


@dataclass(frozen=True, slots=True)
class Export:
    """A dataset on disk; ``is_new`` is False where it was there already."""

    folder: Path
    manifest: dict[str, Any]
    is_new: bool


def export_run(ledger: Path, datasets: Path, now: datetime) -> Export:
    """Write the dataset of a finished run to ``datasets/<run>``, or verify the one that is there.

    Call it with the run's lease: what another export of the run has not finished is removed.

    Raises:
        UsageError: the run does not exist or is not finished.
        AnotherPlanError: another run's dataset has that name.
        DamagedFileError: the dataset that is there does not match its manifest.
        PausedError: it cannot be written.
    """
    view = LedgerView(ledger)
    header, progress = view.header(), view.progress()
    if header is None or progress is None:
        raise UsageError(f"there is no run at {ledger}", "check the name given as --input")
    if not progress.is_complete:
        raise UsageError(
            f"run {header.run!r} is not finished: {progress.done} of {progress.total}",
            "run the same generate_campaign command again and export when it is done",
        )
    folder = datasets / header.run
    remove_unfinished(folder)
    if folder.exists():
        return Export(folder, verified(folder, header), is_new=False)
    return Export(folder, _write(view, header, folder, now), is_new=True)


def verified(folder: Path, header: RunHeader) -> dict[str, Any]:
    """Return the manifest of the dataset of this run at ``folder``; raises as ``export_run`` does."""
    manifest = read_json(folder / MANIFEST)
    identity = _identity(header)
    if manifest is None or any(manifest.get(key) != value for key, value in identity.items()):
        found = "no manifest" if manifest is None else f"fingerprint {manifest.get('fingerprint')}"
        raise AnotherPlanError(
            f"{folder} holds something else ({found}) than run {header.run!r} ({header.fingerprint})",
            f"move it away: mv {folder} {folder}.old",
        )
    check_files(folder, manifest)
    return manifest


def _write(view: LedgerView, header: RunHeader, folder: Path, now: datetime) -> dict[str, Any]:
    make_folder(folder.parent)
    beside = Path(tempfile.mkdtemp(prefix=f".{folder.name}.", dir=folder.parent))
    try:
        files = {
            ACCEPTED: _write_lines(beside / ACCEPTED, map(_accepted_line, view.samples(accepted=True))),
            REJECTED: _write_lines(beside / REJECTED, map(_rejected_line, view.samples(accepted=False))),
        }
        manifest = {**_identity(header), "code": header.code, "created": stamp(now), "files": files}
        write_json(beside / MANIFEST, manifest)
        beside.rename(folder)
        sync_folder(folder.parent)
    except OSError as error:
        raise PausedError(f"{folder} cannot be written: {error.strerror}", "free space and export again") from error
    finally:
        shutil.rmtree(beside, ignore_errors=True)
    return manifest


def _write_lines(path: Path, lines: Iterable[dict[str, Any]]) -> dict[str, Any]:
    count, hashed = 0, hashlib.sha256()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, PRIVATE_FILE), "wb") as file:
        for line in lines:
            data = orjson.dumps(line) + b"\n"
            file.write(data)
            hashed.update(data)
            count += 1
        file.flush()
        os.fsync(file.fileno())
    return {"samples": count, "sha256": hashed.hexdigest()}


def _accepted_line(sample: dict[str, Any]) -> dict[str, Any]:
    offered = {"tools": sample["tools"]} if sample["tools"] else {}
    return {"messages": sample["messages"], **offered, "metadata": _metadata(sample)}


def _rejected_line(sample: dict[str, Any]) -> dict[str, Any]:
    return {"prompt": sample["prompt"], "reply": sample["reply"], "metadata": _metadata(sample)}


def _metadata(sample: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in sample.items() if key not in _TOLD and value is not None}


def _identity(header: RunHeader) -> dict[str, Any]:
    return {"run": header.run, "kind": header.kind, "total": header.total, "fingerprint": header.fingerprint}


_FORMATS = f"{', '.join(get_args(FormatName))} (default: the recipe's)"
EPILOG = """A dataset that is there already is verified and left alone; a folder with another export is never touched.
exit codes: 0 done, 1 failed, 2 usage, 4 another export is at work, 6 paused: the same command does it later."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line; return the exit code."""
    arguments = sys.argv[1:] if arguments is None else arguments
    try:
        code, document = ExitCode.DONE, _answer(parser().parse_args(arguments))
    except CampaignError as error:
        code, document = _complained(error)
    except KeyboardInterrupt:
        stopped = PausedError("the export was stopped; nothing is left of what was not finished", "run it again")
        code, document = _complained(stopped)
    if "--json" in arguments:
        sys.stdout.buffer.write(orjson.dumps(document, option=orjson.OPT_INDENT_2) + b"\n")
        sys.stdout.flush()
    return code


def _complained(error: CampaignError) -> tuple[ExitCode, dict[str, Any]]:
    _say(f"exporter: {error}")
    return error.exit_code, error.document()


def parser() -> argparse.ArgumentParser:
    """Return the parser of the command line."""
    parser = _Parser(
        prog="exporter",
        allow_abbrev=False,
        description="Write the samples of a run as datasets.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add = parser.add_argument
    add("--input", required=True, metavar="RUN", help="name of the run")
    add("--output", nargs="+", default=[], metavar="DATASET", help="datasets of the recipe (default: all of them)")
    add("--format", metavar="FORMAT", help=_FORMATS)
    add("--recipe", type=Path, metavar="FILE", help="recipe with the datasets (default: the one that made the run)")
    add("--partial", action="store_true", help="export what is there of a run that is not finished")
    add("--tokenizer", type=Path, metavar="PATH", help="tokenizer.json, or its folder, to count tokens with")
    add("--max-tokens", type=int, metavar="N", help="leave longer samples out (default: the recipe's)")
    add("--jsonl-only", action="store_true", help="write no Parquet files")
    add("--rejected", action="store_true", help="write the rejected samples too, into a file apart")
    add("--push", metavar="OWNER/NAME", help="upload to a dataset of the hub, with HF_TOKEN; one --output")
    add("--json", action="store_true", help="print what was done as one JSON document")
    return parser


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        raise UsageError(message, f"see {self.prog} --help")


def _answer(options: argparse.Namespace) -> dict[str, Any]:
    from agents.training.datasets.hub import check_push, push  # noqa: PLC0415 -- export_run needs nothing of these
    from agents.training.datasets.wish import Wish  # noqa: PLC0415
    from agents.training.exporting import export  # noqa: PLC0415

    if options.max_tokens is not None and options.max_tokens < 1:
        raise UsageError(f"--max-tokens {options.max_tokens} would leave nothing", "give a positive number")
    if options.push is not None:
        if len(options.output) != 1:
            raise UsageError("--push uploads one dataset", "name it: --output DATASET")
        check_push(options.push, os.environ)
    wish = Wish(
        run=options.input,
        names=tuple(dict.fromkeys(options.output)),
        form=options.format,
        recipe=options.recipe,
        is_partial=options.partial,
        tokenizer=options.tokenizer,
        max_tokens=options.max_tokens,
        jsonl_only=options.jsonl_only,
        with_rejected=options.rejected,
    )
    datasets = export(Home.from_environment(os.environ), wish, SystemClock().now(), _say)
    for dataset in datasets:
        _tell(dataset)
    document: dict[str, Any] = {"datasets": [dataset.document() for dataset in datasets]}
    if options.push is not None:
        document["pushed"] = push(datasets[0].folder, datasets[0].manifest, options.push, os.environ)
        _say(f"uploaded to {document['pushed']}")
    return document


def _tell(dataset: Dataset) -> None:
    name, samples = dataset.manifest["dataset"], dataset.manifest["samples"]
    counts = ", ".join(f"{split} {told['samples']:,}" for split, told in dataset.manifest["splits"].items())
    _say(f"{name}: {samples:,} samples ({counts}) {'written to' if dataset.is_new else 'already at'} {dataset.folder}")
    for note in dataset.notes:
        _say(f"{name}: {note}")


def _say(text: str) -> None:
    print(text, file=sys.stderr)


if __name__ == "__main__":
    sys.exit(main())
