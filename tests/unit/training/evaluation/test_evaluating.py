"""Students that play: answers come from the domains, are judged by the domains, and are asked for once."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import orjson
import pytest
from student_world import NAME, Knowing, student, tickets, write_dataset, write_training

from agents.campaign.clock import SystemClock
from agents.campaign.errors import AlreadyRunningError, CampaignError, PausedError, UsageError
from agents.campaign.home import Home
from agents.campaign.lease import Lease
from agents.campaign.recipe import Recipe
from agents.training.evaluation.evaluating import _sampling, evaluate
from agents.training.evaluation.examining import NONE_BEFORE, EvaluationWish, Examiner
from agents.training.evaluation.page import evaluation_text
from agents.training.evaluation.questions import examination
from agents.training.evaluation.student import Student, student_before, student_behind, student_in
from agents.training.prices import Prices
from agents.training.sample import Outcome, Reply
from agents.training.sft.dataset import fingerprint_of
from agents.training.teachers import Request, Teacher
from agents.training.teachers.local import Sampling

DOMAINS = ("asm", "errors", "oracle", "yaze")


@pytest.fixture
def home(tmp_path: Path) -> Home:
    home = Home(tmp_path)
    write_dataset(home, tickets(*DOMAINS, per_domain=3))
    return home


def report(
    home: Home,
    after: Teacher | Student,
    before: Teacher | None = None,
    stop: asyncio.Event | None = None,
    progressed: Callable[[int, int], object] = lambda *_: None,
    **wishes: Any,
) -> dict[str, Any]:
    wish = EvaluationWish(**wishes)
    exam = examination(home, None, None)
    sampling = _sampling(wish, exam.questions)
    students = {"after": after if isinstance(after, Student) else student(after)}
    students |= {"before": student(before, "untrained")} if before is not None else {}
    examiner = Examiner(home, wish, exam, sampling, SystemClock(), lambda _: None, progressed, stop or asyncio.Event())
    return asyncio.run(examiner.report(students))


def test_a_student_that_knows_passes_everything_and_one_that_errs_nothing(home: Home) -> None:
    heard: list[tuple[int, int]] = []
    found = report(
        home, Knowing(), Knowing(errs=lambda _: True), progressed=lambda done, total: heard.append((done, total))
    )
    after, before = found["models"]["after"], found["models"]["before"]
    assert (after["overall"]["tickets"], after["overall"]["pass_rate"]) == (12, 1.0)
    assert after["overall"]["proven"] == 1.0
    assert before["overall"]["pass_rate"] == 0.0
    assert before["overall"]["failures"]
    assert {cell["domain"] for cell in after["cells"]} == set(DOMAINS)
    change = found["comparison"]["overall"]
    assert (change["gained"], change["lost"], change["difference"]) == (12, 0, 1.0)
    assert change["p_value"] == pytest.approx(2 / 2**12, rel=1e-3)
    assert heard[0] == (0, 24)
    assert heard[-1] == (24, 24)
    folder = Path(found["folder"])
    assert orjson.loads((folder / "report.json").read_bytes()) == found
    assert (folder / "report.txt").read_text() == evaluation_text(found) + "\n"


def test_what_was_answered_is_never_asked_again(home: Home) -> None:
    first = Knowing()
    few = report(home, first, count=5)
    assert (few["asked"], len(first.asked)) == (5, 5)
    assert any("7 of the 12 tickets" in sentence for sentence in few["not_measured"])
    rest = Knowing()
    whole = report(home, rest)
    assert len(rest.asked) == 7
    assert not set(rest.asked) & set(first.asked)
    assert whole["models"]["after"]["overall"]["passed"] == 12
    again = Knowing()
    assert report(home, again)["models"] == whole["models"]
    assert again.asked == []


def test_another_model_another_split_and_other_sampling_are_other_evaluations(home: Home, tmp_path: Path) -> None:
    folders = {report(home, Knowing())["folder"], report(home, Knowing(), max_tokens=9)["folder"]}
    folders |= {report(home, student(Knowing(), "other"))["folder"]}
    folders |= {report(home, Knowing(), temperature=0.3)["folder"]}
    other = Home(tmp_path / "other")
    write_dataset(other, tickets(*DOMAINS, per_domain=3, seed=6))
    folders |= {report(other, Knowing())["folder"]}
    assert len({Path(folder).name for folder in folders}) == 5


def test_only_the_tickets_of_one_domain_are_asked(home: Home) -> None:
    found = report(home, Knowing(), domain="cpp")
    assert [cell["domain"] for cell in found["models"]["after"]["cells"]][-1:] == ["yaze"]
    assert found["asked"] == 3
    with pytest.raises(UsageError, match="no ticket of domain 'c'") as refused:
        report(home, Knowing(), domain="c")
    assert "asm, errors, oracle, yaze" in refused.value.cure


def test_several_answers_to_a_ticket_are_several_calls(home: Home) -> None:
    calls = iter(range(99))
    found = report(home, Knowing(errs=lambda _: next(calls) % 2 == 0), samples=2, domain="errors")
    assert found["temperature"] == 0.7
    assert found["models"]["after"]["overall"]["tickets"] == 3
    assert 0.0 < found["models"]["after"]["overall"]["pass_rate"] < 1.0
    with pytest.raises(UsageError, match="2 answers at temperature 0"):
        report(home, Knowing(), samples=2, temperature=0.0)


def test_what_is_asked_holds_the_tools_and_not_the_answer(home: Home) -> None:
    knowing = Knowing()
    report(home, knowing)
    assert all(prompt[-1].role in {"user", "tool"} for prompt in knowing.heard)
    assert sum(any(turn.tools for turn in prompt) for prompt in knowing.heard) == 3


@dataclass
class Renamed:
    """A model that its server calls otherwise."""

    name: str

    async def answer(self, request: Request) -> Reply:
        return replace(await Knowing().answer(request), model=self.name)


def test_answers_of_two_models_under_one_name_are_told(home: Home) -> None:
    report(home, Renamed("m-1"), count=2)
    found = report(home, Renamed("m-2"))
    assert found["models"]["after"]["answered_by"] == ["m-1", "m-2"]
    assert "one model after training: m-1 and m-2 have answered" in found["not_measured"]


class Broken:
    """Answers some and leaves others without an answer."""

    def __init__(self) -> None:
        self.knowing, self.count = Knowing(), 0

    async def answer(self, request: Request) -> Reply:
        self.count += 1
        if self.count % 4 == 0:
            return Reply(Outcome.FAILED, "no room", "m")
        if self.count % 4 == 1:
            return Reply(Outcome.TRUNCATED, "LDA", "m")
        return await self.knowing.answer(request)


def test_tickets_without_an_answer_count_and_failed_ones_are_asked_again(home: Home) -> None:
    found = report(home, Broken())
    numbers = found["models"]["after"]
    assert numbers["overall"]["failures"] == {"reply failed": 3, "reply truncated": 3}
    assert numbers["overall"]["pass_rate"] == 0.5
    assert numbers["why_failed"] == {"no room": 3}
    assert "failed 3 times: no room" in evaluation_text(found)
    knowing = Knowing()
    again = report(home, knowing)["models"]["after"]["overall"]
    assert (len(knowing.asked), again["failures"]) == (3, {"reply truncated": 3})


def test_a_stop_lets_those_under_way_be_answered_and_kept(home: Home) -> None:
    stop = asyncio.Event()
    stopping = Knowing(before=lambda asked: stop.set() if asked == 4 else None)
    with pytest.raises(PausedError, match="stopped with 5 of 12 answers") as paused:
        report(home, student(stopping, most=1), stop=stop)
    assert "same command" in paused.value.cure
    rest = Knowing()
    report(home, rest)
    assert len(rest.asked) == 7


def test_a_model_that_cannot_be_asked_pauses_and_loses_nothing(home: Home) -> None:
    def breaks(asked: int) -> None:
        if asked == 6:
            raise PausedError("the key was refused", "give another one")

    with pytest.raises(PausedError, match="key was refused"):
        report(home, student(Knowing(before=breaks), most=1))
    rest = Knowing()
    report(home, rest)
    assert len(rest.asked) == 6


def test_one_evaluation_is_done_by_one_process(home: Home) -> None:
    folder = Path(report(home, Knowing(), count=1)["folder"])
    with Lease(folder / "evaluation.lease", "Evaluation"), pytest.raises(AlreadyRunningError):
        report(home, Knowing())


def test_many_answers_are_judged_by_workers_as_by_one(home: Home, monkeypatch: pytest.MonkeyPatch) -> None:
    inline = report(home, Knowing())["models"]
    monkeypatch.setattr("agents.training.evaluation.examining._MANY", 10)
    assert report(home, Knowing())["models"] == inline


def test_room_for_an_answer_is_taken_from_the_longest_one(home: Home) -> None:
    questions = examination(home, None, None).questions
    longest = max(question.room for question in questions)
    assert _sampling(EvaluationWish(), questions) == Sampling(0.0, max(256, longest // 2), 0)
    assert _sampling(EvaluationWish(max_tokens=7), questions).max_tokens == 7
    assert _sampling(EvaluationWish(), ()).max_tokens == 256


def test_one_model_is_evaluated(home: Home) -> None:
    with pytest.raises(UsageError, match="one model"):
        evaluate(home, EvaluationWish(model=Path("m"), alias="m"), {}, SystemClock())


def test_without_a_model_and_without_a_training_the_cure_says_how_to_get_one(home: Home) -> None:
    with pytest.raises(UsageError, match="no finished training of dataset 'tried'") as refused:
        evaluate(home, EvaluationWish(), {}, SystemClock())
    assert "campaign train tried" in refused.value.cure


@pytest.fixture
def folders(monkeypatch: pytest.MonkeyPatch) -> list[Path]:
    """The folders from which a model was asked: whatever is in them, it knows the answers."""
    asked: list[Path] = []

    def known(folder: Path, *_: Any) -> Student:
        asked.append(folder)
        return student(Knowing(), folder.name)

    monkeypatch.setattr("agents.training.evaluation.evaluating.student_in", known)
    monkeypatch.setattr("agents.training.evaluation.student.student_in", known)
    return asked


def trained(home: Home, folder: str, **more: Any) -> Path:
    """Return the output of a training of the dataset, with the model in it as one file."""
    kind = "model" if more.get("kind") == "full" else "adapter"
    output = write_training(home.models / folder, fingerprint_of(home.datasets / NAME), parts=[kind], **more)
    (output / kind / "config.json").write_text("{}")
    return output


def test_without_a_model_the_newest_training_of_the_dataset_is_asked(home: Home, folders: list[Path]) -> None:
    trained(home, "old", created="2026-01-01T00:00:00+00:00")
    newest = trained(home, "new", created="2026-02-01T00:00:00+00:00")
    said: list[str] = []
    found = evaluate(home, EvaluationWish(), {}, SystemClock(), said.append)
    assert folders == [newest]
    assert (found["models"]["after"]["name"], found["asked"]) == ("new", 12)
    assert any(str(newest) in sentence for sentence in said)


def test_before_its_training_a_model_was_the_one_that_it_was_trained_on(
    home: Home, folders: list[Path], tmp_path: Path
) -> None:
    base = tmp_path / "given"
    base.mkdir()
    (base / "chat_template.jinja").write_text("{{ messages }}")
    output = trained(home, "new", base_model=str(base))
    found = evaluate(home, EvaluationWish(before="base"), {}, SystemClock())
    assert folders == [output, base]
    assert list(found["models"]) == ["after", "before"]


def test_base_is_what_was_trained_on_whatever_else_has_that_name(
    home: Home, folders: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    output = trained(home, "new", base_model="tiny")
    (output / "base").mkdir()
    (output / "base" / "chat_template.jinja").write_text("{{ messages }}")
    (tmp_path / "elsewhere" / "base").mkdir(parents=True)
    monkeypatch.chdir(tmp_path / "elsewhere")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("models: {base: {model: paid}}\n")
    evaluate(home, EvaluationWish(before="base", recipe=recipe), {}, SystemClock())
    assert folders == [output, output / "base"]


@pytest.mark.parametrize("made", ["tiny", "small"])
def test_where_all_weights_were_made_nothing_was_before_and_the_report_says_so(
    home: Home, folders: list[Path], made: str
) -> None:
    output = trained(home, "new", kind="full", base_model=made)
    found = evaluate(home, EvaluationWish(before="base"), {}, SystemClock())
    assert folders == [output]
    assert (list(found["models"]), found["comparison"]) == (["after"], None)
    assert NONE_BEFORE in found["not_measured"]
    assert not any("--before" in sentence for sentence in found["not_measured"])
    assert NONE_BEFORE in evaluation_text(found)


def test_nobody_knows_what_was_trained_behind_a_server_or_by_others(home: Home, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="behind 'student' was before") as refused:
        evaluate(home, EvaluationWish(alias="student", before="base"), {}, SystemClock())
    assert "--before FOLDER" in refused.value.cure
    (tmp_path / "whole").mkdir()
    (tmp_path / "whole" / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="nobody knows what the model") as unknown:
        student_before(tmp_path / "whole", Sampling(), 1, lambda _: None)
    assert "--before FOLDER" in unknown.value.cure


def test_what_was_trained_on_must_still_be_there(home: Home, tmp_path: Path) -> None:
    output = trained(home, "new", base_model=str(tmp_path / "gone"))
    with pytest.raises(UsageError, match="gone, which was trained on, is not there"):
        student_before(output, Sampling(), 1, lambda _: None)


def test_a_model_and_what_it_was_trained_on_are_two_students(
    home: Home, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("agents.training.evaluation.student.find_spec", lambda name: name)

    def both(folder: Path) -> tuple[Student, Student]:
        before = student_before(folder, Sampling(), 2, lambda _: None)
        assert before is not None
        return student_in(folder, Sampling(), 2, lambda _: None), before

    base = tmp_path / "given"
    base.mkdir()
    (base / "config.json").write_text("{}")
    (base / "model.safetensors").write_text("untrained")
    output = trained(home, "adapted", base_model=str(base))
    adapter = output / "adapter"
    (adapter / "config.json").unlink()
    (adapter / "adapter_config.json").write_text(orjson.dumps({"base_model_name_or_path": str(base)}).decode())
    (adapter / "adapter_model.safetensors").write_text("adapters")
    after, before = both(output)
    assert (after.place, before.place, before.name) == (str(adapter), str(base), "given")
    assert after.fingerprint != before.fingerprint
    assert both(adapter)[1].fingerprint == before.fingerprint
    (adapter / "chat_template.jinja").write_text("{{ messages }}")
    with_template = both(output)[1]
    assert with_template.fingerprint != before.fingerprint
    (base / "tokenizer_config.json").write_text('{"chat_template": "{{ messages }}"}')
    own = both(output)[1]
    assert own.fingerprint == student_in(base, Sampling(), 2, lambda _: None).fingerprint
    (adapter / "adapter_config.json").write_text('{"base_model_name_or_path": "hub/name"}')
    (output / "manifest.json").unlink()
    after, before = both(adapter)
    assert (before.name, before.place) == ("hub/name", "hub/name")
    assert after.fingerprint != before.fingerprint
    whole = trained(home, "whole", kind="full", base_model="hub/name")
    after, before = both(whole)
    assert (after.name, before.name) == ("whole-model", "hub/name")
    assert after.fingerprint != before.fingerprint


@pytest.mark.parametrize("name", ["count", "samples", "max_tokens", "batch"])
def test_a_wish_for_nothing_is_refused(home: Home, name: str) -> None:
    with pytest.raises(UsageError, match=f"{name} = 0 asks for nothing"):
        evaluate(home, EvaluationWish(alias="m", **{name: 0}), {}, SystemClock())


@pytest.mark.parametrize("amount", [0.0, -1.0, float("nan"), float("inf")])
def test_a_cap_that_is_none_is_refused(home: Home, amount: float) -> None:
    with pytest.raises(UsageError, match="is no cap"):
        evaluate(home, EvaluationWish(alias="m", max_cost=amount), {}, SystemClock())


@pytest.mark.parametrize(("alias", "before"), [("unpriced", None), ("priced", "unpriced")])
def test_a_cap_needs_the_prices_of_every_model_that_is_paid(
    home: Home, tmp_path: Path, alias: str, before: str | None
) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(
        "models: {unpriced: {model: m, input_price: 1}, priced: {model: m, input_price: 1, output_price: 2}}\n"
    )
    wish = EvaluationWish(alias=alias, before=before, recipe=recipe, max_cost=1.0)
    with pytest.raises(UsageError, match="the prices of model 'unpriced' are not") as refused:
        evaluate(home, wish, {}, SystemClock())
    assert "models.unpriced.input_price and output_price" in refused.value.cure
    assert "costs.input and costs.output" in refused.value.cure


PRICES = Prices(input=1.0, output=1.0, answer_tokens=2_000)
"""What is read costs a millionth for each token, and so does what is written."""


def dearest(home: Home) -> float:
    """Return what the dearest answer can cost at most."""
    most = student(Knowing(), prices=PRICES).dearest(examination(home, None, None).questions)
    assert most is not None
    return most


def test_what_was_paid_is_told_and_what_nobody_told_is_not_known(home: Home) -> None:
    knowing = Knowing()
    told = report(home, student(knowing, prices=PRICES))["models"]["after"]
    assert told["cost"] == told["cost_at_most"] == pytest.approx((12 * 10 + told["tokens_out"]) / 1e6)
    again = report(home, student(Knowing(), prices=PRICES))["models"]["after"]
    assert (again["cost"], again["cost_at_most"]) == (told["cost"], told["cost_at_most"])
    free = report(home, student(Knowing(), "other"))["models"]["after"]
    assert (free["cost"], free["cost_at_most"]) == (None, None)
    silent = report(home, student(Broken(), "silent", prices=PRICES))["models"]["after"]
    assert silent["cost"] is None
    assert 0.0 < silent["cost_at_most"] < 12 * dearest(home)


def test_answers_from_before_there_were_prices_cost_what_their_tokens_do_now(home: Home) -> None:
    assert report(home, student(Knowing()))["models"]["after"]["cost"] is None
    now = report(home, student(Knowing(), prices=PRICES), max_cost=1.0)
    assert now["max_cost"] == 1.0
    assert now["models"]["after"]["cost"] == pytest.approx((12 * 10 + now["models"]["after"]["tokens_out"]) / 1e6)


@pytest.mark.parametrize("most", [1, 4, 12])
def test_at_the_cap_it_pauses_and_goes_on_below_a_higher_one(home: Home, most: int) -> None:
    cap = dearest(home) * 1.01
    first = Knowing()
    with pytest.raises(PausedError, match=r"--max-cost allows") as paused:
        report(home, student(first, most=most, prices=PRICES), max_cost=cap)
    assert paused.value.cure == "raise --max-cost and run the same command again"
    assert 0 < len(first.asked) < 12
    with pytest.raises(PausedError, match="--max-cost allows"):
        report(home, student(Knowing(before=fail), most=most, prices=PRICES), max_cost=cap)
    rest = Knowing()
    found = report(home, student(rest, most=most, prices=PRICES), max_cost=cap * 12)
    assert len(first.asked) + len(rest.asked) == 12
    assert found["models"]["after"]["overall"]["passed"] == 12
    assert found["models"]["after"]["cost"] == pytest.approx((120 + found["models"]["after"]["tokens_out"]) / 1e6)
    assert report(home, student(Knowing(before=fail), prices=PRICES), max_cost=1e-9)["models"] == found["models"]


def fail(_: int) -> None:
    raise AssertionError("a call that should not have been made")


def test_the_cap_is_of_both_models_together(home: Home) -> None:
    alone = report(home, student(Knowing(), prices=PRICES))["models"]["after"]["cost"]
    wish = EvaluationWish(max_cost=alone + 1.01 * dearest(home))
    exam = examination(home, None, None)
    second = Knowing()
    students = {
        "after": student(Knowing(before=fail), prices=PRICES),
        "before": student(second, "untrained", most=1, prices=PRICES),
    }
    nothing = asyncio.Event()
    examiner = Examiner(
        home, wish, exam, _sampling(wish, exam.questions), SystemClock(), lambda _: None, lambda *_: None, nothing
    )
    with pytest.raises(PausedError, match="--max-cost allows"):
        asyncio.run(examiner.report(students))
    assert 0 < len(second.asked) < 12


def test_a_call_that_was_lost_counts_with_what_was_reserved_for_it(home: Home) -> None:
    class KilledError(Exception):
        """What a process dies of."""

    def dies(asked: int) -> None:
        if asked == 2:
            raise KilledError

    dying = student(Knowing(before=dies), most=1, prices=PRICES)
    with pytest.raises(ExceptionGroup) as died:
        report(home, dying, max_cost=1.0)
    assert died.group_contains(KilledError)
    found = report(home, student(Knowing(), prices=PRICES), max_cost=1.0)["models"]["after"]
    assert found["cost"] is None
    third = sorted(examination(home, None, None).questions, key=lambda question: -question.length)[2]
    lost = PRICES.most(third.turns)
    assert lost is not None
    assert lost < dearest(home)
    assert found["cost_at_most"] == pytest.approx((12 * 10 + found["tokens_out"]) / 1e6 + lost, rel=1e-5)


def test_a_trouble_of_one_call_lets_the_others_be_answered_and_kept(home: Home) -> None:
    class Refused:
        """Refuses the third question once the others are under way, which are answered later."""

        def __init__(self) -> None:
            self.knowing, self.count, self.refused = Knowing(), 0, asyncio.Event()

        async def answer(self, request: Request) -> Reply:
            self.count += 1
            if self.count == 3:
                self.refused.set()
                raise PausedError("the key was refused", "give another one")
            await self.refused.wait()
            return await self.knowing.answer(request)

    refusing = Refused()
    with pytest.raises(PausedError, match="key was refused"):
        report(home, student(refusing, most=3, prices=PRICES))
    rest = Knowing()
    report(home, student(rest, prices=PRICES))
    assert (len(refusing.knowing.asked), len(rest.asked)) == (2, 10)


def test_one_student_in_two_places_is_asked_once(home: Home) -> None:
    knowing = Knowing()
    wish, exam = EvaluationWish(), examination(home, None, None)
    same = student(knowing)
    examiner = Examiner(
        home,
        wish,
        exam,
        _sampling(wish, exam.questions),
        SystemClock(),
        lambda _: None,
        lambda *_: None,
        asyncio.Event(),
    )
    found = asyncio.run(examiner.report({"after": same, "before": same}))
    assert len(knowing.asked) == 12
    assert found["comparison"]["overall"]["difference"] == 0.0


def test_what_is_compared_with_is_a_folder_or_an_alias(home: Home, tmp_path: Path) -> None:
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("models: {student: {model: m}, teacher: {model: n}}\n")
    with pytest.raises(UsageError, match="'techer' is neither a folder nor a model") as refused:
        evaluate(home, EvaluationWish(alias="student", before="techer", recipe=recipe), {}, SystemClock())
    assert "one of its models: teacher" in refused.value.cure
    assert "give base, which is what was trained on" in refused.value.cure


def test_an_alias_that_is_no_model_is_answered_with_those_that_are(home: Home) -> None:
    recipe = Recipe.model_validate({"models": {"student": {"model": "s"}, "other": {"model": "o"}}})
    with pytest.raises(UsageError, match="no model 'studnet'") as refused:
        student_behind("studnet", recipe, Sampling(), {}, SystemClock(), lambda _: None)
    assert "student" in refused.value.cure
    with pytest.raises(UsageError) as unknown:
        evaluate(home, EvaluationWish(alias="student"), {}, SystemClock())
    assert "--recipe FILE" in unknown.value.cure


def test_two_aliases_are_the_same_student_where_the_server_and_the_model_are(home: Home) -> None:
    def fingerprint(**section: Any) -> str:
        recipe = Recipe.model_validate({"models": {"s": {"model": "m"} | section}})
        return student_behind("s", recipe, Sampling(), {}, SystemClock(), lambda _: None).fingerprint

    assert fingerprint() == fingerprint(timeout_seconds=9) == fingerprint(temperature=1.0)
    assert fingerprint() == fingerprint(input_price=1.0, output_price=2.0)
    assert len({fingerprint(), fingerprint(model="n"), fingerprint(base_url="http://127.0.0.1:1/v1")}) == 3


def test_a_reservation_has_room_for_the_longest_answer_and_all_that_is_said(home: Home) -> None:
    def prices(**section: Any) -> Prices:
        recipe = Recipe.model_validate({"costs": {"input": 1, "output": 3}, "models": {"s": {"model": "m"} | section}})
        return student_behind("s", recipe, Sampling(max_tokens=99), {}, SystemClock(), lambda _: None).prices

    assert prices() == Prices(1.0, 3.0, 99, len("{}"))
    assert prices(output_price=4.0) == Prices(1.0, 4.0, 99, len("{}"))
    longer = {"max_completion_tokens": 50_000}
    assert prices(extra_body=longer) == Prices(1.0, 3.0, 99, len('{"max_completion_tokens":99}'))


def test_a_folder_without_a_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no folder"):
        student_in(tmp_path / "nothing", Sampling(), 1, lambda _: None)
    (tmp_path / "checkpoint-50").mkdir()
    (tmp_path / "checkpoint-50" / "config.json").write_text("{}")
    with pytest.raises(UsageError, match="holds no model") as refused:
        student_in(tmp_path, Sampling(), 1, lambda _: None)
    assert "checkpoint-50" in refused.value.cure


def test_what_a_folder_needs_is_named_where_it_is_not_installed(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "adapter_config.json").write_text('{"base_model_name_or_path": "some/base"}')
    monkeypatch.setattr("agents.training.evaluation.student.find_spec", lambda name: None if name != "torch" else name)
    with pytest.raises(CampaignError, match="transformers and peft") as refused:
        student_in(tmp_path, Sampling(), 1, lambda _: None)
    assert "--alias" in refused.value.cure


def test_a_student_is_its_weights_and_not_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("agents.training.evaluation.student.find_spec", lambda name: name)

    def made(place: str, weights: str, base: str | None = None) -> Student:
        folder = tmp_path / place
        folder.mkdir(parents=True, exist_ok=True)
        named = "config.json" if base is None else "adapter_config.json"
        (folder / named).write_text(orjson.dumps({"base_model_name_or_path": base}).decode())
        (folder / "model.safetensors").write_text(weights)
        (folder / "training_args.bin").write_text(place)
        (folder / "notes.txt").write_text(place)
        return student_in(folder, Sampling(), 2, lambda _: None)

    one, copied = made("a/model", "1"), made("b", "1")
    assert one.fingerprint == copied.fingerprint != made("c", "2").fingerprint
    assert (one.name, copied.name, one.most) == ("a-model", "b", 4)
    assert student_in(tmp_path / "a", Sampling(), 2, lambda _: None).place == one.place
    below = made("adapted", "1", base=str(tmp_path / "c")).fingerprint
    made("c", "3")
    assert made("adapted", "1", base=str(tmp_path / "c")).fingerprint != below
    assert made("other", "1", base="hub/name").fingerprint == made("another", "1", base="hub/name").fingerprint
