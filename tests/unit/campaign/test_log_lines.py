from __future__ import annotations

import json
import logging
import time

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.campaign.events import Event, Progressed, RunStarted, SampleJudged, SampleScored, Unreadable
from agents.campaign.log_lines import LOG_FORMAT, MAX_LINE, message_of, parse, render

SEED_LINES = {
    "2025-12-21 06:50:15 [PilotQualityMonitor] INFO: "
    "Progress: 89/190 (46.8%) | Quality: 0.821 | Acceptance: 87.00%": Progressed(89, 190, 0.821, 0.87),
    "2025-12-21 06:50:25 [PilotQualityMonitor] INFO: "
    "Progress: 90/190 (47.4%) | Quality: 0.819 | Acceptance: 86.50%": Progressed(90, 190, 0.819, 0.865),
}

PROGRESS = {
    "Progress: 89/190": (89, 190),
    "2025-12-21 06:50:15,123 INFO gen - Progress: 89/190, 3 failed": (89, 190),
    "progress: 89 / 190 done": (89, 190),
    "Progress: 1,000/1,000": (1000, 1000),
    "Progress: 12,345/34,500 (35.8%)": (12_345, 34_500),
    "Progress: 0/190": (0, 190),
    "Progress: 190/190.": (190, 190),
    " 25%|##5       | 47/190 [00:12<00:37,  3.81it/s]": (47, 190),
    "\x1b[32mProgress:\x1b[0m \x1b[1m89/190\x1b[0m": (89, 190),
    "\x00\x00\x00Progress: 89/190": (89, 190),
    '{"progress": 89, "total": 190}': (89, 190),
    '{"level": "info", "message": "Progress: 89/190"}': (89, 190),
}

IMPOSSIBLE_PROGRESS = [
    "Progress: 0/0",
    "Progress: 5/0",
    "Progress: 999/190",
    "Progress: -5/190",
    "Progress: 1.5/190",
    "Progress: 89/190.5",
    "Progress: 1,00/190",
    "Progress: 1234567890123/190",
    "Progress: 89/190 | Quality: 82",
    "Progress: 89/190 | Quality: 0.8 | Acceptance: 870%",
    '{"progress": 999, "total": 190}',
    '{"progress": 5, "total": 0}',
    '{"progress": -1, "total": 190}',
    "200/190 [00:10<00:00]",
]

SCORES = {
    "quality_score 0.82": SampleScored(0.82),
    "quality_score: 0.82": SampleScored(0.82),
    "quality_score=0.82": SampleScored(0.82),
    '"quality_score": 0.82': SampleScored(0.82),
    '{"quality_score": 0.82}': SampleScored(0.82),
    '{"quality_score": 0.82, "accepted": true, "domain": "asm"}': SampleScored(0.82, True, "asm"),
    '{"quality_score": 0.3, "status": "rejected"}': SampleScored(0.3, False),
    "{'quality_score': 0.82, 'accepted': True}": SampleScored(0.82, True),
    "12:00:01 gen: sample 7 quality_score=0.82, domain=asm": SampleScored(0.82, None, "asm"),
    "quality_score=0.82, accepted": SampleScored(0.82),
    "quality_score=1.": SampleScored(1.0),
    "quality_score=.5": SampleScored(0.5),
    "quality_score=8.2e-1": SampleScored(0.82),
    "quality_score=0": SampleScored(0.0),
    "Sample accepted: domain=asm quality_score=0.8200": SampleScored(0.82, True, "asm"),
    "[QUALITY] Rejected sample (domain=asm, score=0.360, threshold=0.400)": SampleScored(0.36, False, "asm"),
    '{"quality_score": 0.82, "message": "Sample accepted, quality_score=0.82"}': SampleScored(0.82),
}

IMPOSSIBLE_SCORES = [
    *(f"quality_score{sign}{bad}" for sign in (" ", ": ", "=") for bad in ("NaN", "inf", "-inf", "-0.1", "82", "1.01")),
    "quality_score=82%",
    "quality_score=0.82%",
    "quality_score=0,82",
    "quality_score=0.82 0.9",
    "quality_score=0.82, 0.9",
    "quality_score=0.82/1.0",
    "quality_score=0.82.1",
    "quality_score=0x1",
    "quality_score=1e",
    "quality_score=0.8 quality_score=0.2",
    '"quality_score": 0.8, "quality_score": 0.2',
    '{"quality_score": 0.8}{"quality_score": 0.2}',
    '{"quality_score": NaN}',
    '{"quality_score": Infinity}',
    '{"quality_score": 82}',
    '{"quality_score": "82%"}',
    '{"quality_score": "0,82"}',
    '{"quality_score": true}',
    '{"quality_score": [0.8, 0.9]}',
    f'{{"quality_score": 1{"0" * 400}}}',
    "[QUALITY] Rejected sample (domain=asm, score=nan, threshold=0.400)",
    "[QUALITY] Rejected sample (domain=asm, score=36, threshold=0.400)",
    "[QUALITY] Rejected sample (domain=asm, score=0,36)",
]

JUDGED = {
    "Sample accepted": True,
    "Sample rejected": False,
    "2025-12-21 06:50:15 [gen] INFO: Sample accepted (domain asm)": True,
    "[QUALITY] Rejected sample (domain=asm)": False,
    "id=5 accepted=true": True,
    "id=5 status=rejected": False,
    '{"accepted": false}': False,
    '{"status": "accepted"}': True,
}

NOT_JUDGED = [
    "Connection accepted",
    "2 not accepted",
    "Sample not accepted",
    "No sample accepted so far",
    "License accepted: true",
    "HTTP status: accepted",
    "accepted",
    "rejected",
    "Samples accepted: 45",
    "Sample accepted: 45",
    "acceptance rate 0.87",
    "accepted=45 rejected=3",
    "Rejected samples are kept",
    "sample_accepted=truely",
    "accepted=true status=rejected",
    '{"accepted": 45}',
    '{"accepted": null, "status": null}',
    '{"msg": "Connection accepted"}',
]

UNMEASURED = [
    "",
    "min_quality_score=0.7",
    "quality_score_threshold=0.75",
    "quality_score threshold is 0.75",
    "quality_score >= 0.75",
    '{"quality_score": null}',
    "Progress: starting",
    "Progress: 47%",
    "Progress: 3 files in /tmp/x",
    "domain_progress: 3/4",
    "see 3/4 of 47/190",
    "2025/12/21 06:50:15 ready",
    '{"progress": true, "total": true}',
    '{"progress": 0.5, "total": 1}',
    '{"progress": null, "total": 190}',
]


@pytest.mark.parametrize(("line", "event"), SEED_LINES.items())
def test_the_lines_of_the_seed_are_understood_and_rendered(line: str, event: Progressed) -> None:
    assert parse(line) == (event,)
    message = line.split("INFO: ")[1]
    assert render(event) == message


def test_the_log_format_is_the_one_that_readers_of_the_seed_rely_on() -> None:
    record = logging.LogRecord("PilotQualityMonitor", logging.INFO, "", 0, "Progress: 89/190", (), None)
    record.created = 0.0
    written = logging.Formatter(LOG_FORMAT, datefmt="%Y-%m-%d").format(record)
    assert written == "1970-01-01 [PilotQualityMonitor] INFO: Progress: 89/190"


@pytest.mark.parametrize(("line", "numbers"), PROGRESS.items())
def test_progress_is_read_in_every_agreed_form(line: str, numbers: tuple[int, int]) -> None:
    assert parse(line) == (Progressed(*numbers),)


@pytest.mark.parametrize("line", IMPOSSIBLE_PROGRESS)
def test_impossible_progress_is_an_error_and_not_a_value(line: str) -> None:
    assert [event.claims for event in parse(line) if isinstance(event, Unreadable)] == ["progress"]
    assert len(parse(line)) == 1


@pytest.mark.parametrize(("line", "event"), SCORES.items())
def test_scores_are_read_in_every_agreed_form(line: str, event: SampleScored) -> None:
    assert parse(line) == (event,)


@pytest.mark.parametrize("line", IMPOSSIBLE_SCORES)
def test_impossible_scores_are_errors_and_not_values(line: str) -> None:
    events = parse(line)
    assert [event.claims for event in events if isinstance(event, Unreadable)] == ["score"]
    assert len(events) == 1


@pytest.mark.parametrize(("line", "accepted"), JUDGED.items())
def test_a_judgement_counts_where_the_grammar_says_so(line: str, accepted: bool) -> None:
    assert parse(line) == (SampleJudged(accepted),)


@pytest.mark.parametrize("line", NOT_JUDGED)
def test_the_bare_word_accepted_never_counts(line: str) -> None:
    assert parse(line) == ()


@pytest.mark.parametrize("line", UNMEASURED)
def test_a_line_without_a_measurement_has_no_events(line: str) -> None:
    assert parse(line) == ()


def test_a_score_and_progress_on_one_line_both_count() -> None:
    assert parse("quality_score=0.82 | Progress: 89/190") == (SampleScored(0.82), Progressed(89, 190))
    assert parse('{"quality_score": 0.82, "progress": 89, "total": 190}') == (SampleScored(0.82), Progressed(89, 190))


def test_every_drawing_of_a_bar_counts() -> None:
    line = "\r  0%|     | 0/190 [00:00<?, ?it/s]\r  1%|1    | 1/190 [00:01<03:09]\r100%|#####| 190/190 [03:09<00:00]"
    assert parse(line) == (Progressed(0, 190), Progressed(1, 190), Progressed(190, 190))


def test_a_number_is_not_believed_where_a_long_line_was_cut() -> None:
    short = "Progress: 190/190".rjust(MAX_LINE)
    assert parse(short) == (Progressed(190, 190),)
    assert not any(isinstance(event, Progressed) for event in parse(f"{short}0"))


@pytest.mark.parametrize(
    "line",
    [
        "quality_score" + " " * MAX_LINE,
        "quality_score" + " " * (MAX_LINE - 20) + "x",
        "quality_score 1" + " " * (MAX_LINE - 20) + "x",
        "Progress: 1 " * (MAX_LINE // 12),
        "Progress:" + " " * (MAX_LINE - 20) + "x",
        "Rejected sample (" * (MAX_LINE // 17),
        "sample " * (MAX_LINE // 7),
        "1," * (MAX_LINE // 2),
        "{" * MAX_LINE,
    ],
    ids=lambda line: line[:20],
)
def test_no_line_takes_long_to_read(line: str) -> None:
    start = time.process_time()
    parse(line)
    assert time.process_time() - start < 1.0


shares = st.floats(0.0, 1.0)
names = st.text("abcXYZ019_-", min_size=1, max_size=20)
progress_events = st.integers(1, 10**9).flatmap(
    lambda total: st.builds(Progressed, st.integers(0, total), st.just(total), st.none() | shares, st.none() | shares)
)
events = st.one_of(
    st.builds(
        RunStarted,
        st.from_regex(r"[A-Za-z0-9][A-Za-z0-9._-]{0,30}", fullmatch=True).filter(lambda name: ".." not in name),
        st.sampled_from(["pilot", "campaign"]),
        st.integers(1, 10**9),
        st.from_regex(r"[0-9a-f]{16}", fullmatch=True),
    ),
    progress_events,
    st.builds(SampleScored, shares, st.none() | st.booleans(), st.none() | names),
    st.builds(SampleJudged, st.booleans()),
)


def rounded(event: Event) -> Event:
    match event:
        case Progressed(done, total, quality, acceptance):
            return Progressed(
                done,
                total,
                None if quality is None else float(f"{quality:.3f}"),
                None if acceptance is None else float(f"{100 * acceptance:.2f}") / 100,
            )
        case SampleScored(quality, accepted, domain):
            return SampleScored(float(f"{quality:.4f}"), accepted, domain)
    return event


@given(events)
def test_a_rendered_event_is_parsed_back(event: Event) -> None:
    line = f"2026-11-23 08:00:00,000 [generate_campaign] INFO: {render(event)}"
    assert parse(line) == (rounded(event),)


fragments = st.sampled_from(
    [
        *("Progress: ", "89/190", " [", "quality_score", "=", ": ", "0.82", "nan", ",", "{", "}", '"', " ", "%", "\r"),
        *("Sample accepted", '"accepted": true', "status=", "Rejected sample (", "score=", "\x1b[1m", "\x00"),
    ]
)


@given(st.text() | st.lists(fragments | st.text(max_size=3), max_size=12).map("".join))
def test_any_text_is_parsed_into_possible_values(line: str) -> None:
    for event in parse(line):
        match event:
            case SampleScored(quality):
                assert 0.0 <= quality <= 1.0
            case Progressed(done, total, quality, acceptance):
                assert 0 <= done <= total
                assert total > 0
                assert all(0.0 <= share <= 1.0 for share in (quality, acceptance) if share is not None)
            case Unreadable(_, reason):
                assert reason.isprintable()


@example("quality_score89/190 [")
@given(st.lists(fragments, max_size=12).map("".join))
def test_a_problem_that_is_logged_is_never_read_as_a_measurement(line: str) -> None:
    for event in parse(line):
        if isinstance(event, Unreadable):
            assert all(isinstance(again, Unreadable) for again in parse(render(event)))


@given(st.recursive(st.none() | st.booleans() | st.floats() | st.integers() | st.text(), st.lists, max_leaves=4))
def test_any_json_value_may_stand_in_any_field(value: object) -> None:
    for name in ("quality_score", "progress", "total", "accepted", "status", "domain", "message"):
        parse(json.dumps({"quality_score": 0.5, "progress": 1, "total": 2, name: value}))


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("2026-11-23 18:25:45 [generate_campaign] ERROR: no disk: free some", "no disk: free some"),
        ("2026-11-23 18:25:45 [a] INFO: 2026-11-23 18:25:45 [b] INFO: twice", "2026-11-23 18:25:45 [b] INFO: twice"),
        ("Traceback (most recent call last):", "Traceback (most recent call last):"),
        ("", ""),
    ],
)
def test_the_message_of_a_line_of_our_own(line: str, message: str) -> None:
    assert message_of(line) == message
