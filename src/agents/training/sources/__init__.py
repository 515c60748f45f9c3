"""People's own data as pieces from which samples are made.

Owns the order in which sources are read. Never makes a sample, and never writes.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from agents.campaign.described import Kind, PolicySection, SourceSection
from agents.training.sources import hub
from agents.training.sources.encoding import text_of
from agents.training.sources.gathering import Gathering, Reading, Source, refuse_too_much
from agents.training.sources.kinds import TABLES, cuts_of, kind_of
from agents.training.sources.patterns import Found, find
from agents.training.sources.piece import Piece
from agents.training.sources.policy import refuse_unlicensed
from agents.training.sources.tables import rows_of

__all__ = ["Piece", "Reading", "read"]


def read(sections: Sequence[SourceSection], folder: Path, policy: PolicySection) -> Reading:
    """Return all that ``sections`` name, cut into pieces, no two of which have the same text.

    Licences are looked at before any file is, and all files are found before the first is read. Relative patterns start
    at ``folder``.

    Raises:
        UsageError: a licence is not allowed; a pattern matches nothing; a file cannot be read or is not UTF-8; the kind
            of a file is unknown; no row has the column; it is more than 512 MiB; an extra is missing; or nothing of it
            can be used.
    """
    refuse_unlicensed(sections, policy)
    files = [_files_of(section, folder) for section in sections]
    refuse_too_much(sum(found.size for of_section in files for found, _ in of_section))
    gathering = Gathering()
    for position, (section, of_section) in enumerate(zip(sections, files, strict=True)):
        source = Source(position, section, gathering)
        for found, kind in of_section:
            if kind in TABLES:
                source.add_rows(found.name, rows_of(found, kind))
            else:
                source.add_cuts(found.name, cuts_of(text_of(found), kind, found.name))
        if section.hub is not None:
            source.add_rows(f"{section.hub}/{section.split}", hub.rows_of(section.hub, section.config, section.split))
        source.refuse_missing_columns()
    return gathering.reading(sum(map(len, files)))


def _files_of(section: SourceSection, folder: Path) -> list[tuple[Found, Kind]]:
    return [(found, kind_of(found.name, section.kind)) for found in find(section.files or (), folder)]
