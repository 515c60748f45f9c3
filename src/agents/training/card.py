"""A dataset's card: README.md with what the hub reads in front, then numbers, provenance and how it was made.

Pure. Owns the words. Knows of a dataset what its manifest says, and nothing else.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import yaml

from agents.campaign.secrets import hidden

Manifest = Mapping[str, Any]

_SIZES = (("n<1K", 10**3), ("1K<n<10K", 10**4), ("10K<n<100K", 10**5), ("100K<n<1M", 10**6), ("1M<n<10M", 10**7))
_LARGEST = "10M<n<100M"
_LICENCES = {
    *("mit", "apache-2.0", "cc0-1.0", "cc-by-4.0", "cc-by-sa-4.0", "bsd-2-clause", "bsd-3-clause", "isc", "zlib"),
    *("unlicense", "gpl-2.0", "gpl-3.0", "lgpl-3.0", "agpl-3.0", "mpl-2.0"),
}
"""Names that the hub knows; any other licence is ``other`` there, and named below."""


def card(manifest: Manifest) -> str:
    """Return the text of README.md."""
    front = yaml.safe_dump(_front(manifest), sort_keys=False, allow_unicode=True)
    return f"---\n{front}---\n\n" + "\n".join(_body(manifest)) + "\n"


def _front(manifest: Manifest) -> dict[str, Any]:
    licence, size = str(manifest["licence"]), int(manifest["samples"])
    known = licence.lower()
    named = {"license": known} if known in _LICENCES else {"license": "other", "license_name": known.replace(" ", "-")}
    ending = ".parquet" if any(name.endswith(".parquet") for name in manifest["files"]) else ".jsonl"
    files = [{"split": split, "path": f"{split}{ending}"} for split in manifest["splits"]]
    return {
        **named,
        "language": manifest["languages"],
        "pretty_name": manifest["dataset"],
        "task_categories": ["text-generation"],
        "tags": ["synthetic", "sft", *manifest["domains"]],
        "size_categories": [next((name for name, bound in _SIZES if size < bound), _LARGEST)],
        "configs": [{"config_name": "default", "data_files": files}],
    }


def _body(manifest: Manifest) -> Iterator[str]:
    domains = ", ".join(manifest["domains"])
    yield f"# {manifest['dataset']}"
    yield ""
    yield f"{manifest['samples']:,} samples for fine-tuning, of the domains {domains}: {manifest['about_format']}."
    if manifest["is_partial"]:
        yield "**The campaign was still at work when this was written**: it will have more samples later."
    yield ""
    yield from _numbers(manifest)
    yield from _fields(manifest)
    yield from _curation(manifest)
    yield from _provenance(manifest)
    yield from _again(manifest)


def _numbers(manifest: Manifest) -> Iterator[str]:
    exact = "" if manifest["lengths"]["is_exact"] else "about "
    yield "## Numbers"
    yield ""
    yield f"Tokens are {manifest['lengths']['about']}."
    yield ""
    yield from _table(
        ("split", "samples", "mean quality", "tokens", "median", "95 % have at most", "longest"),
        (
            (
                split,
                f"{told['samples']:,}",
                f"{told['quality']['mean']:.3f}",
                f"{exact}{told['tokens']['sum']:,}",
                *(f"{told['tokens'][name]:,}" for name in ("median", "p95", "max")),
            )
            for split, told in manifest["splits"].items()
        ),
    )
    yield ""
    names = list(manifest["splits"])
    yield from _table(
        ("domain", "difficulty", *names),
        (
            (cell["domain"], str(cell["difficulty"]), *(f"{cell['samples'].get(split, 0):,}" for split in names))
            for cell in manifest["cells"]
        ),
    )
    yield ""


def _fields(manifest: Manifest) -> Iterator[str]:
    yield "## Lines"
    yield ""
    columns = ", ".join(f"`{name}`" for name in manifest["columns"])
    yield f"A line has {columns} where it has something to say there, and `metadata`: id, domain, family, difficulty,"
    yield "what it was made from (`item_id`, `group`), quality from 0 to 1, and the model that answered."
    if "text" in manifest["columns"]:
        yield "`text` has all tokens that the template has, also those at the beginning: tokenize it without adding"
        yield "special tokens. `messages` is the same conversation, for trainers that mask what is no answer."
    if "tools" in manifest["columns"] or "messages" in manifest["columns"]:
        yield "`arguments` of calls are JSON text, as chat protocols have them. In Parquet `tools` is text too, and"
        yield "parts that a message does not have are null: leave those out before a chat template sees them."
    if manifest["lack_text"]:
        yield f"This form has no place for what is said beside a call: {manifest['lack_text']:,} samples lack that."
    yield ""


def _curation(manifest: Manifest) -> Iterator[str]:
    settings = manifest["settings"]
    shares = ", ".join(f"{split} {share:g}" for split, share in settings["splits"].items())
    yield "## How it was curated"
    yield ""
    yield f"- Splits ({shares}) by what a sample was made from: nothing is in two of them, in no dataset of this run."
    yield f"- No sample is like one of another split (MinHash similarity of {settings['near_duplicate']:g} or more)."
    yield f"- No sample is longer than {settings['max_tokens']:,} tokens, and none was cut."
    if settings["references"]:
        yield "- No sample repeats thirteen words in a row of the texts that models are tested with."
    if settings["at_most"] is not None:
        yield f"- At most {settings['at_most']:,} samples, balanced over families and difficulties."
    yield ""
    left_out = {**manifest["left_out"], "good, but more than wanted": manifest["not_chosen"]}
    yield from _table(
        ("left out", "samples"), ((reason, f"{count:,}") for reason, count in left_out.items() if count), empty=""
    )
    yield ""


def _provenance(manifest: Manifest) -> Iterator[str]:
    yield "## Where it comes from"
    yield ""
    yield f"Run `{manifest['run']}` ({manifest['kind']}), fingerprint `{manifest['fingerprint']}`; its gate said:"
    yield f"{_line(manifest['gate']) if manifest['gate'] else 'nothing is known'}."
    yield ""
    yield from _table(
        ("domain", "answers by", "made from", "prompts"),
        (
            (name, ", ".join(told["models"]) or "unknown", told["made_from"], told["prompts"])
            for name, told in manifest["provenance"].items()
        ),
    )
    yield ""
    sources = [(name, source) for name, told in manifest["provenance"].items() for source in told["sources"]]
    if sources:
        yield from _table(
            ("texts of", "licence", "where they are from"),
            ((name, source["licence"], source["provenance"] or source["place"]) for name, source in sources),
        )
        yield ""
    yield f"Licence of the dataset: {manifest['licence']}."
    yield ""


def _again(manifest: Manifest) -> Iterator[str]:
    yield "## How to make it again"
    yield ""
    yield "```bash"
    yield from manifest["commands"]
    yield "```"
    yield ""
    yield "`manifest.json` has the checksum of every file; `sha256sum` finds what was changed."


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], empty: str | None = None) -> Iterator[str]:
    found = list(rows)
    if not found and empty is not None:
        yield empty
        return
    yield f"| {' | '.join(head)} |"
    yield f"|{'---|' * len(head)}"
    for row in found:
        yield f"| {' | '.join(map(_cell, row))} |"


def _cell(text: str) -> str:
    return _line(text).replace("|", "\\|")


def _line(text: str) -> str:
    return hidden(" ".join(str(text).split()))
