"""What an answer of the desk must be, whoever asks: a success or a problem document, and nothing secret in it."""

import json
import os

import schemathesis

SECRETS = json.loads(os.environ["DESK_SECRETS"])
ROLE = os.environ["DESK_ROLE"]


@schemathesis.check
def never_a_fault(ctx, response, case):
    """A fault of the desk's own is 500; what others do to it is 502, 503 or 504, with the words to show."""
    if response.status_code < 500:
        return
    text = response.text
    assert response.status_code in (502, 503, 504), f"{response.status_code}: {text}"
    problem = json.loads(text)
    assert problem.get("message"), text


@schemathesis.check
def no_secret(ctx, response, case):
    """Nothing that only the desk or one person knows is in an answer or its headers."""
    whole = response.text + "\n" + "\n".join(f"{name}: {value}" for name, value in response.headers.items())
    for name, secret in SECRETS.items():
        assert secret not in whole, f"{name} is in the answer to {case.method} {case.path}"


@schemathesis.check
def closed_without_a_session(ctx, response, case):
    """Without a session only the routes whose rule is open answer anything but 401."""
    # A question before a request from another origin (CORS) is answered to anyone, with nothing in it.
    if ROLE != "nobody" or (case.method.upper() == "OPTIONS" and not response.content):
        return
    rule = case.operation.definition.raw.get("x-allow", "")
    if rule in ("agent", "any") or rule.partition(":")[0] in ("agent", "supervisor", "administrator", "service"):
        # What is no request at all is refused before anyone is asked who it is.
        assert response.status_code in (400, 401, 403, 404, 405, 413, 415), f"{rule}: {response.status_code}"


@schemathesis.check
def problems_are_documents(ctx, response, case):
    """Whatever is not a success says so as RFC 9457 has it."""
    if response.status_code < 400 or not response.content:
        return
    kind = response.headers.get("content-type", [""])[0]
    assert kind.startswith("application/problem+json") or case.path.startswith(("/kookoo", "/webhooks/twilio")), kind
