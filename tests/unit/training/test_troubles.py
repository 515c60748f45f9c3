from __future__ import annotations

import json
import math
import time
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from agents.training.troubles import Failure, Trouble, of_response, retry_after, shortened

NOW = datetime(2026, 11, 5, 12, 0, 0, tzinfo=UTC)


def error(message: str, **more: Any) -> bytes:
    return json.dumps({"error": {"message": message, **more}}).encode()


@pytest.mark.parametrize(
    ("status", "body", "trouble"),
    [
        (429, error("Rate limit reached for requests", code="rate_limit_exceeded", type="requests"), Trouble.RATE),
        (429, b"", Trouble.RATE),
        (429, error("no more", code="insufficient_quota"), Trouble.QUOTA),
        (429, error("no more", type="insufficient_quota", code=None), Trouble.QUOTA),
        (429, error("You exceeded your current quota, please check your plan and billing details."), Trouble.QUOTA),
        (429, error("Your credit balance is too low to access the API"), Trouble.QUOTA),
        (429, error("Quota exceeded for requests per minute"), Trouble.RATE),
        (429, error("Too fast. More at https://x.example/settings/billing", code="rate_limit_exceeded"), Trouble.RATE),
        (429, error("Your credit balance pays for 9 calls a minute", type="requests", code=None), Trouble.RATE),
        (429, error("Top up for more a minute", type="tokens", code="rate_limit_exceeded"), Trouble.RATE),
        (429, error("Slow down, or see https://x.example/billing"), Trouble.RATE),
        (429, error("The account sleeps: see its billing details", code="billing_not_active"), Trouble.QUOTA),
        (429, error("Hard limit", code="billing_hard_limit_reached"), Trouble.QUOTA),
        (402, error("Insufficient Balance"), Trouble.QUOTA),
        (401, error("Incorrect API key provided", code="invalid_api_key"), Trouble.KEY),
        (403, b"<html>Forbidden</html>", Trouble.KEY),
        (403, error("This input was flagged", code=403), Trouble.REQUEST),
        (403, error("Stopped by moderation"), Trouble.REQUEST),
        (403, error("no", code="content_policy_violation"), Trouble.REQUEST),
        (403, error("It may be against our safety rules"), Trouble.REQUEST),
        (401, error("This key was flagged"), Trouble.KEY),
        (404, error("The model `m` does not exist", code="model_not_found"), Trouble.MODEL),
        (404, b'{"object":"error","message":"The model `m` does not exist.","type":"NotFoundError"}', Trouble.MODEL),
        (404, b'{"error":"model \\"m\\" not found, try pulling it first"}', Trouble.MODEL),
        (404, b'{"detail":"Not Found"}', Trouble.REQUEST),
        (404, b"404 page not found", Trouble.REQUEST),
        (400, error("This model's maximum context length is 4096 tokens"), Trouble.REQUEST),
        (400, error("m is not a valid model ID: unknown model"), Trouble.MODEL),
        (400, error("The model `m` does not exist"), Trouble.MODEL),
        (400, error("Invalid parameter: 'response_format' of type 'json_schema' is not supported"), Trouble.FORM),
        (400, error("The provided JSON schema contains features not supported by the backend"), Trouble.FORM),
        (422, b'{"detail":[{"loc":["body","response_format"],"msg":"guided decoding is off"}]}', Trouble.FORM),
        (400, error("Not in this way", param="response_format", code="unsupported_value"), Trouble.FORM),
        (400, error("Grammar error: no rule named root"), Trouble.FORM),
        (400, error("This schema nests too deeply"), Trouble.FORM),
        (400, error("x", code="unsupported_value"), Trouble.REQUEST),
        (400, error("The text contains unsupported control characters"), Trouble.REQUEST),
        (400, error("Unsupported parameter: 'max_tokens'", param="max_tokens"), Trouble.REQUEST),
        (400, error("unsupported model m"), Trouble.MODEL),
        (500, error("response_format"), Trouble.SERVER),
        (301, b"", Trouble.REQUEST),
        (413, b"", Trouble.REQUEST),
        (422, b'{"detail":[{"loc":["body"],"msg":"field required"}]}', Trouble.REQUEST),
        (405, b"", Trouble.REQUEST),
        (418, b"", Trouble.REQUEST),
        (408, b"", Trouble.SERVER),
        (425, b"", Trouble.SERVER),
        (500, b"", Trouble.SERVER),
        (502, b"<html><body><h1>Bad Gateway</h1></body></html>", Trouble.SERVER),
        (503, error("loading model"), Trouble.SERVER),
        (529, error("Overloaded", type="overloaded_error"), Trouble.SERVER),
    ],
)
def test_a_response_is_taken_for_what_it_means(status: int, body: bytes, trouble: Trouble) -> None:
    failure = of_response(status, body, {}, NOW)
    assert failure.trouble is trouble
    assert failure.detail.startswith(f"HTTP {status}")


def test_a_failure_says_what_the_provider_said() -> None:
    assert of_response(500, error("out of\n memory"), {}, NOW) == Failure(Trouble.SERVER, "HTTP 500: out of memory")
    assert of_response(502, b"<h1>Bad  Gateway</h1>", {}, NOW).detail == "HTTP 502: Bad Gateway"
    assert of_response(404, b'{"error":"gone"}', {}, NOW).detail == "HTTP 404: gone; does base_url lack /v1?"
    assert of_response(422, b"[1, 2]", {}, NOW).detail == "HTTP 422"
    listed = b'{"detail": [{"loc": ["body", "messages"], "msg": "Field required", "type": "missing"}, 3]}'
    assert of_response(422, listed, {}, NOW).detail == "HTTP 422: ['body', 'messages']: Field required"


def test_the_hint_stays_when_the_message_is_long() -> None:
    detail = of_response(404, b"x " * 1_000, {}, NOW).detail
    assert len(detail) == 200
    assert detail.endswith("...; does base_url lack /v1?")


@pytest.mark.parametrize(("status", "kept"), [(429, 7.0), (503, 7.0), (529, 7.0), (500, 7.0), (400, None), (401, None)])
def test_the_time_to_wait_is_kept_where_waiting_helps(status: int, kept: float | None) -> None:
    assert of_response(status, b"", {"Retry-After": "7"}, NOW).retry_after == kept


@pytest.mark.parametrize(
    ("headers", "seconds"),
    [
        ({"Retry-After": "0"}, 0.0),
        ({"retry-after": " 30 "}, 30.0),
        ({"RETRY-AFTER": "1.5"}, 1.5),
        ({"Retry-After": "300"}, 300.0),
        ({"Retry-After": "Thu, 05 Nov 2026 12:01:30 GMT"}, 90.0),
        ({"Retry-After": "Thu, 05 Nov 2026 13:00:30 +0100"}, 30.0),
        ({"Retry-After": "Thu, 05 Nov 2026 11:59:00 GMT"}, None),
        ({"Retry-After": "20s"}, 20.0),
        ({"retry-after-ms": "250"}, 0.25),
        ({"retry-after-ms": "250", "Retry-After": "1"}, 0.25),
        ({"retry-after-ms": "soon", "Retry-After": "1"}, 1.0),
        ({"x-ratelimit-reset-requests": "1s"}, 1.0),
        ({"x-ratelimit-reset-tokens": "6m0s"}, 360.0),
        ({"x-ratelimit-reset-requests": "20ms", "x-ratelimit-reset-tokens": "1m2.5s"}, 62.5),
        ({"Retry-After": "2", "x-ratelimit-reset-requests": "1h"}, 2.0),
        ({"Retry-After": "garbage", "x-ratelimit-reset-requests": "1h"}, 3_600.0),
        ({"Retry-After": "86400"}, 86_400.0),
        ({"Retry-After": "86401"}, None),
        ({"Retry-After": "-1"}, None),
        ({"Retry-After": "nan"}, None),
        ({"Retry-After": "inf"}, None),
        ({"Retry-After": "1e3"}, None),
        ({"Retry-After": "١٢"}, None),
        ({"Retry-After": "9" * 5_000}, None),
        ({"Retry-After": ""}, None),
        ({"x-ratelimit-reset-requests": "1s later"}, None),
        ({}, None),
    ],
)
def test_the_time_to_wait_is_read_in_all_its_forms(headers: dict[str, str], seconds: float | None) -> None:
    assert retry_after(headers, NOW) == (None if seconds is None else pytest.approx(seconds))


NAMES = st.sampled_from(["Retry-After", "retry-after-ms", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens"])
FORMS = st.from_regex(r"-?[0-9]{1,12}(\.[0-9]*)?(ms|s|m|h)?([0-9]+s)?", fullmatch=True)
DATES = st.from_regex(r"[A-Z][a-z]{2}, [0-9]{1,9} [A-Z][a-z]{2} [0-9]{1,9} [0-9:]{1,12} ?[-+A-Z0-9]{0,9}")


@given(st.dictionaries(NAMES, st.text() | FORMS | DATES))
@example({"Retry-After": "Mon, 01 Jan 0001 00:00:00 +2359"})
@example({"Retry-After": "Fri, 31 Dec 9999 23:59:59 -2359"})
@example({"Retry-After": "Thu, 05 Nov 99999999999 12:00:00 GMT"})
@example({"Retry-After": "Thu, 05 Nov 2026 12:00:00 +999999999999999"})
def test_whatever_a_header_says_the_wait_has_sense(headers: dict[str, str]) -> None:
    seconds = retry_after(headers, NOW)
    assert seconds is None or (math.isfinite(seconds) and 0.0 <= seconds <= 86_400.0)


BODIES = st.binary() | st.text().map(error) | st.text().map(lambda text: json.dumps(text).encode())


@given(st.integers(400, 599), BODIES)
@example(404, b"[" * 60_000)
@example(400, b'{"error": {"message": 3, "code": [], "type": {}}}')
@example(429, b'{"error": null}')
@example(500, b"x" * 3_000_000)
def test_whatever_a_body_says_the_detail_is_one_short_printable_line(status: int, body: bytes) -> None:
    failure = of_response(status, body, {}, NOW)
    assert 0 < len(failure.detail) <= 200
    assert failure.detail.isprintable()


LONG = 65_000


@pytest.mark.parametrize(
    "body",
    [
        error("api key" + " " * LONG),
        error("api key provided '" * (LONG // 18)),
        error("bearer" + " " * LONG),
        error("-" * LONG),
        error("a-" * LONG),
        error("model " * (LONG // 6)),
        error("x", code="model " * (LONG // 6), type="invalid " * (LONG // 8)),
        b'{"detail": [%b]}' % b",".join([b'{"loc": "api key", "msg": " "}'] * 2_000),
        b"<" * LONG,
        b"<a" * (LONG // 2),
        b" " * LONG + b"<",
        b"[" * LONG,
    ],
    ids=lambda body: body[:24].decode(),
)
@pytest.mark.parametrize("status", [400, 401, 403, 429])
def test_a_hostile_body_takes_no_time(status: int, body: bytes) -> None:
    began = time.process_time()
    of_response(status, body, {}, NOW)
    assert time.process_time() - began < 0.1


@pytest.mark.parametrize(
    "text",
    [
        "Incorrect API key provided: s3cret-Value. You can find yours",
        "Incorrect API key provided: sk-s3cret-Value***abcd.",
        "you sent Authorization: Bearer s3cret-Value",
        'headers {"Authorization": "Basic s3cret-Value"}',
        "authorization\n:\ns3cret-Value",
        "x-api-key=s3cret-Value",
        "the token Bearer s3cret-Value is old",
        "gsk_s3cret-Value123 is revoked",
        "sk-proj-s3cret-Value is revoked",
    ],
)
def test_no_key_is_told(text: str) -> None:
    assert "s3cret" not in shortened(text)
    assert "authorization" not in shortened(text).lower()
    assert "s3cret" not in of_response(401, error(text), {}, NOW).detail


def test_what_is_no_key_is_told() -> None:
    text = "This model's maximum context length is 4096 tokens. However, you requested 5000 tokens."
    assert shortened(text) == text
