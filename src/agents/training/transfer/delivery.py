"""One dataset on its way to another machine: look, send what differs, prove it there, the manifest last.

Owns that order. A reader on the other machine may trust what holds here: no manifest, no dataset. Never replaces
another dataset, and never changes one here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from agents.campaign.destination import TransferSection
from agents.campaign.errors import DamagedFileError, PausedError, UsageError
from agents.training.datasets.folder import MANIFEST
from agents.training.transfer.far_side import FarSide
from agents.training.transfer.parcel import Parcel

_SENDINGS = 2
"""How often a file is sent at most: once more where it did not arrive as it is here."""
_SHOWN = 5
"""Names in a sentence."""


@dataclass
class Delivery:
    """A dataset and where it goes.

    Attributes:
        say: hears sentences for people.
        progressed: hears how many bytes of the dataset are there.
        sent: the files that were sent, in their order.
        mended: those of them that were found to be damaged there.
        scripts: the training scripts that were put where they can be run; in a look, those that would be.
    """

    parcel: Parcel
    far: FarSide
    section: TransferSection
    say: Callable[[str], object]
    progressed: Callable[[int], object]
    sent: list[str] = field(default_factory=list)
    mended: list[str] = field(default_factory=list)
    scripts: list[str] = field(default_factory=list)

    @property
    def folder(self) -> str:
        """The dataset's folder there."""
        return f"{self.section.path.rstrip('/')}/{self.parcel.name}"

    async def look(self) -> list[str]:
        """Return the files that would be sent; sends and makes nothing, and raises as ``go`` does."""
        wrong = await self._look(make=False)
        self.scripts = await self._missing_scripts(make=False)
        return wrong

    async def go(self) -> None:
        """Bring the dataset there, or find it there.

        Raises:
            UsageError: another dataset of this name is there.
            PausedError: the disk there has too little room, or the connection is lost.
            DamagedFileError: a file is damaged there although it was sent twice.
            CampaignError: whatever else must be mended first.
        """
        wrong = await self._look(make=True)
        if wrong and MANIFEST not in wrong:
            self._note(wrong, f"not on {self.section.machine} as it is here")
        data, manifest = [name for name in wrong if name != MANIFEST], [name for name in wrong if name == MANIFEST]
        await self._send(self.folder, data, before=self.parcel.size - self.parcel.size_of(wrong), in_place=True)
        await self._send(self.folder, manifest, before=self.parcel.size - self.parcel.size_of(manifest))
        self.progressed(self.parcel.size)
        self.scripts = await self._missing_scripts(make=True)
        await self._send(self._scripts_folder, self.scripts)

    async def _look(self, *, make: bool) -> list[str]:
        survey = await self.far.survey(self.folder, list(self.parcel.files), make=make)
        wrong = self.parcel.different(survey.sums)
        host = self.section.machine
        needed = sum(max(0, self.parcel.files[name].size - survey.sizes[name]) for name in wrong)
        if survey.sums[MANIFEST] is not None and MANIFEST in wrong:
            raise UsageError(
                f"{host} has another dataset {self.parcel.name!r} in {self.section.path}: its {MANIFEST} differs",
                f"move it away there: mv {self.folder} {self.folder}.old; or send to another folder with --path",
            )
        if survey.free_bytes is not None and survey.free_bytes < needed:
            raise PausedError(
                f"the disk of {host} has {survey.free_bytes / 1e9:.3f} GB free, {needed / 1e9:.3f} GB more are needed",
                "free space there, or send to another disk with --path, then run the same command again",
            )
        return wrong

    async def _send(
        self, folder: str, names: Sequence[str], before: int | None = None, *, in_place: bool = False
    ) -> None:
        """Send ``names`` until their checksums are right there.

        ``before`` are the bytes of the dataset that are there already; None where they are no part of its progress.
        ``in_place``: see ``Route.sending``.
        """
        wrong = list(names)

        def tell(done: int) -> None:
            if before is not None:
                self.progressed(before + done)

        for sending in range(_SENDINGS):
            if not wrong:
                return
            if sending > 0:
                self._note(wrong, "not there as it is here")
            await self.far.send(self.parcel.folder, folder, wrong, tell, in_place=in_place)
            self.sent += [name for name in wrong if name not in self.sent]
            survey = await self.far.survey(folder, wrong, make=False)
            wrong = self.parcel.different(survey.sums)
        if wrong:
            raise DamagedFileError(
                f"{listing(wrong)} of {self.parcel.name} is damaged on {self.section.machine}, although sent twice",
                "check the disk and the memory of that machine, then run the same command again",
            )

    async def _missing_scripts(self, *, make: bool) -> list[str]:
        if self.section.scripts is None or not self.parcel.trainers:
            return []
        survey = await self.far.survey(self._scripts_folder, self.parcel.trainers, make=make)
        return self.parcel.different(survey.sums)

    @property
    def _scripts_folder(self) -> str:
        return (self.section.scripts or "").rstrip("/") or "/"

    def _note(self, names: Sequence[str], finding: str) -> None:
        self.say(f"{self.parcel.name}: {listing(names)} is {finding}, and is sent again")
        self.mended += [name for name in names if name not in self.mended]


def listing(names: Sequence[str]) -> str:
    """Return ``names`` for a sentence, at most a few of them."""
    more = f" and {len(names) - _SHOWN} more" if len(names) > _SHOWN else ""
    return ", ".join(names[:_SHOWN]) + more
