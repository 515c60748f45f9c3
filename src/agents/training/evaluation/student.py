"""A student: a model that is evaluated, from weights of its own or behind the name that a recipe has for it.

Owns what makes two students the same, and what must be there before one is asked. Never asks one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from difflib import get_close_matches
from importlib.util import find_spec
from pathlib import Path

import orjson

from agents.campaign import follow_ups
from agents.campaign.clock import Clock
from agents.campaign.digest import digest
from agents.campaign.errors import CampaignError, UsageError
from agents.campaign.files import read_json
from agents.campaign.recipe import Recipe
from agents.training.datasets.folder import checksum
from agents.training.evaluation.results import Question
from agents.training.evaluation.trainings import training_of
from agents.training.prices import NO_PRICES, Prices
from agents.training.sft.output import BASE
from agents.training.teachers import Teacher
from agents.training.teachers.local import LocalModel, Sampling

CONFIG, ADAPTER = "config.json", "adapter_config.json"
TOKENIZER, TEMPLATE = "tokenizer_config.json", "chat_template.jinja"
TRAINED = ("merged", "model", "adapter")
"""Where a training leaves its model in its folder, the one that is asked quickest first."""
_WEIGHTS = (".safetensors", ".bin", ".model", ".jinja")
_WORDS = ("tokenizer", "special_tokens", "added_tokens", "vocab", "merges", "chat_template", "generation_config")
AHEAD = 2
"""How many batches of questions are handed to a model in a folder: one to work on, and one to find then."""


@dataclass(frozen=True)
class Student:
    """A model to ask; ``fingerprint`` names its weights or its server, ``open`` makes it ready, ``most`` at a time.

    ``prices`` are none where it runs here: nobody tells what that costs.
    """

    name: str
    place: str
    fingerprint: str
    most: int
    open: Callable[[], AbstractAsyncContextManager[Teacher]]
    prices: Prices = NO_PRICES

    def dearest(self, questions: Sequence[Question]) -> float | None:
        """Return what an answer to one of ``questions`` can cost at most; None without prices."""
        most = (self.prices.most(question.turns) for question in questions)
        return max((cost for cost in most if cost is not None), default=None)


def student_in(folder: Path, sampling: Sampling, batch: int, say: Callable[[str], None]) -> Student:
    """Return the model in ``folder``: a whole one, or an adapter with the model that it belongs to.

    Raises:
        UsageError: there is no model in it.
        CampaignError: a package that it needs is not installed.
    """
    folder = _model_in(folder.expanduser().absolute())
    base = _base_of(folder)
    _check_packages(*(["peft"] if base is not None else []))
    say(f"reading {folder}")
    own = _contents(folder)
    under = [] if base is None else _contents(Path(base)) if Path(base).is_dir() else [base]
    return Student(
        name=_name_of(folder),
        place=str(folder),
        fingerprint=digest(own, under),
        most=AHEAD * batch,
        open=lambda: LocalModel(str(folder), base, sampling, batch, say),
    )


def student_before(folder: Path, sampling: Sampling, batch: int, say: Callable[[str], None]) -> Student | None:
    """Return the model that the one in ``folder`` was trained on; None where all its weights were made for it.

    It is asked with its own chat template. Where it has none, it hears the one that it was trained with.

    Raises:
        UsageError: nobody knows, or it is not there.
        CampaignError: a package that it needs is not installed.
    """
    folder = folder.expanduser().absolute()
    trained = _model_in(folder)
    training = training_of(folder)
    origin = _base_of(trained) if training is None else training.began_with
    if origin is None and training is not None:
        return None
    if not origin:
        raise UsageError(
            f"nobody knows what the model in {trained} was before its training: it is no adapter, and no training of "
            "this program has written it",
            "give that model: --before FOLDER, or ALIAS",
        )
    at = Path(origin)
    if at.is_absolute() and not at.is_dir():
        raise UsageError(f"{at}, which was trained on, is not there", "bring it back, or give --before FOLDER")
    if _template_of(at):
        return student_in(at, sampling, batch, say)
    _check_packages()
    say(f"reading {origin}")
    template = trained if _template_of(trained) else None
    return Student(
        name=_name_of(at) if at.is_dir() else origin,
        place=origin,
        fingerprint=digest(_contents(at) if at.is_dir() else origin, _template_of(trained)),
        most=AHEAD * batch,
        open=lambda: LocalModel(origin, None, sampling, batch, say, template),
    )


def _name_of(folder: Path) -> str:
    return f"{folder.parent.name}-{folder.name}" if folder.name in (*TRAINED, BASE) else folder.name


def _check_packages(*more: str) -> None:
    if missing := [name for name in ("torch", "transformers", *more) if find_spec(name) is None]:
        raise CampaignError(
            f"a model in a folder is asked with {' and '.join(missing)}, not installed here",
            "pip install 'training-campaigns[train]', or serve the model and give --alias",
        )


def _template_of(folder: Path) -> str:
    """Return a checksum of the chat template that the tokenizer in ``folder`` has, "" where it has none."""
    beside = folder / TEMPLATE
    if beside.is_file():
        return checksum(beside)
    told = (read_json(folder / TOKENIZER) or {}).get("chat_template")
    return digest(told) if told else ""


def _model_in(folder: Path) -> Path:
    """Return the folder of the model: of the output of a training, the one in it that is whole."""
    if not folder.is_dir():
        raise UsageError(f"there is no folder {folder}", "give the folder of a trained model")
    found = [place for place in (folder, *(folder / name for name in TRAINED)) if _is_model(place)]
    if not found:
        inside = sorted(path.name for path in folder.iterdir() if _is_model(path))
        raise UsageError(
            f"{folder} holds no model: it has neither {CONFIG} nor {ADAPTER}",
            f"give one that is in it: {', '.join(inside)}" if inside else "give the folder of a trained model",
        )
    return found[0]


def _is_model(folder: Path) -> bool:
    return (folder / CONFIG).is_file() or (folder / ADAPTER).is_file()


def _base_of(folder: Path) -> str | None:
    """Return where the model is that an adapter in ``folder`` belongs to, None for a whole model."""
    adapter = read_json(folder / ADAPTER)
    if adapter is None:
        return None
    base = str(adapter.get("base_model_name_or_path") or "")
    beside = folder / base
    return str(beside.resolve()) if base and beside.is_dir() else base


def _contents(folder: Path) -> list[tuple[str, str]]:
    """Return name and checksum of every file that a model is loaded from."""
    names = sorted(
        path.name
        for path in folder.iterdir()
        if path.is_file()
        and (path.suffix in _WEIGHTS or path.name in (CONFIG, ADAPTER) or path.name.startswith(_WORDS))
        and path.name != "training_args.bin"
    )
    return [(name, checksum(folder / name)) for name in names]


def check_before(before: str, recipe: Recipe) -> None:
    """Raise UsageError where ``before`` is neither ``BASE``, nor a model of ``recipe``, nor a folder."""
    if before == follow_ups.BASE or before in recipe.models or Path(before).expanduser().is_dir():
        return
    known = ", ".join(get_close_matches(before, recipe.models, n=3) or recipe.models) or "none"
    raise UsageError(
        f"{before!r} is neither a folder nor a model of the recipe",
        f"give {follow_ups.BASE}, which is what was trained on, the folder of a model, or one of its models: {known}",
    )


def student_behind(
    alias: str,
    recipe: Recipe,
    sampling: Sampling,
    environment: Mapping[str, str],
    clock: Clock,
    say: Callable[[str], None],
) -> Student:
    """Return the model that ``recipe`` calls ``alias``; its fallbacks are never asked in its place.

    Raises:
        UsageError: there is none of this name.
    """
    if alias not in recipe.models:
        known = ", ".join(get_close_matches(alias, recipe.models, n=3) or recipe.models) or "none: give --recipe FILE"
        raise UsageError(f"the recipe has no model {alias!r}", f"name one of its models: {known}")
    most = sampling.max_tokens
    body = {key: most if key == "max_completion_tokens" else of for key, of in recipe.models[alias].extra_body.items()}
    given = {"temperature": sampling.temperature, "max_tokens": most, "stream": False, "fallbacks": None}
    section = recipe.models[alias].model_copy(update=given | {"extra_body": body})

    def opened() -> AbstractAsyncContextManager[Teacher]:
        from agents.training.teachers.chat import ChatTeacher  # noqa: PLC0415 -- aiohttp, where a model is asked

        return ChatTeacher({alias: section}, alias, environment, recipe.speed.in_flight, clock, warn=say)

    unpriced = section.model_copy(update={"input_price": None, "output_price": None})
    told = unpriced.model_dump(mode="json", exclude={"key", "timeout_seconds", "tries"})
    prices = Prices(*recipe.prices(alias), most, len(orjson.dumps(body)))
    return Student(alias, f"{section.model} ({alias})", digest(told), recipe.speed.in_flight, opened, prices)
