"""A dataset on its way to a hub: into a private repository, in one commit; needs the extra ``hub`` and a token.

Owns the upload and what its failures mean. The token comes from HF_TOKEN and is neither shown nor stored; another hub
than the usual one is named by HF_ENDPOINT.
"""

from __future__ import annotations

import importlib.util
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from agents.campaign.errors import CampaignError, PausedError, UsageError
from agents.campaign.secrets import hidden
from agents.training.datasets.folder import MANIFEST

_REPOSITORY = re.compile(r"[\w.-]{1,96}/[\w.-]{1,96}")


def check_push(repository: str, environment: Mapping[str, str]) -> None:
    """Return if an upload to ``repository`` can be tried.

    Raises:
        UsageError: it is no name of a repository, there is no token, or what uploads is not installed.
    """
    if _REPOSITORY.fullmatch(repository) is None:
        raise UsageError(f"{repository!r} is no repository of a hub", "give OWNER/NAME, e.g. --push me/alttp_asm_24k")
    if not environment.get("HF_TOKEN", "").strip():
        raise UsageError("--push needs a token, and HF_TOKEN is not set", "make one that may write, and export it")
    if importlib.util.find_spec("huggingface_hub") is None:
        raise UsageError(
            "--push needs the package huggingface_hub, which is not installed",
            "install it: pip install 'training-campaigns[hub]'",
        )


def push(folder: Path, manifest: Mapping[str, Any], repository: str, environment: Mapping[str, str]) -> str:
    """Upload the files of a dataset, the manifest too; return the address of the commit.

    A repository that is not there is made, private.

    Raises:
        UsageError: as ``check_push`` does.
        PausedError: the hub cannot be reached, or is out of order.
        CampaignError: it refuses.
    """
    check_push(repository, environment)
    from huggingface_hub import HfApi  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415

    hub = HfApi(endpoint=environment.get("HF_ENDPOINT") or None, token=environment["HF_TOKEN"].strip())
    try:
        hub.create_repo(repository, repo_type="dataset", private=True, exist_ok=True)
        commit = hub.upload_folder(
            folder_path=folder,
            repo_id=repository,
            repo_type="dataset",
            allow_patterns=[*manifest["files"], MANIFEST],
            commit_message=f"{manifest['dataset']}: {manifest['samples']} samples of run {manifest['run']}",
        )
    except Exception as error:  # of several packages, which change with its versions
        raise _failure(repository, error) from error
    return str(commit.commit_url)


def _failure(repository: str, error: Exception) -> CampaignError:
    status = getattr(getattr(error, "response", None), "status_code", None)
    told = hidden(" ".join(str(error).split()))[:300]
    if status is None or status >= 500 or status == 429:
        return PausedError(f"{repository} cannot be uploaded: {told}", "see to the network, then run the same again")
    return CampaignError(
        f"the hub refuses to take {repository}: {told}", "use a token that may write there, or another OWNER/NAME"
    )
