"""What schemathesis needs to know about the simulator.

Most requests get the simulator's own account and credentials, so that they reach the operation; the others keep what was
generated. The simulator's clock moves on between requests, so that published limits do not hide the rest.
"""

import collections
import functools
import itertools
import json
import os
import re
import urllib.request

import schemathesis

ACCOUNT, KEY = "acme_support", "test-key"
NAMES = {"userName": ACCOUNT, "username": ACCOUNT, "user_name": ACCOUNT, "customer": ACCOUNT}
NAMES |= {"apiKey": KEY, "api_key": KEY, "apikey": KEY}
COUNT = itertools.count()
OF_OPERATION = collections.Counter()
# Seconds that pass with every second request: more than the longest window of a report.
STEP = 301


def simulator(path, body, headers=None):
    """Sends a request to the simulator."""
    headers = {"content-type": "application/json"} | (headers or {})
    request = urllib.request.Request(os.environ["SIMULATOR"] + path, json.dumps(body).encode(), headers)
    with urllib.request.urlopen(request) as answer:
        return json.load(answer)


@functools.lru_cache(maxsize=1)
def credential(hour):
    """The header that the account's mode asks for. A token lasts an hour."""
    if os.environ["ACCOUNT_MODE"] == "key":
        return {"apiKey": KEY}
    ask = functools.partial(simulator, "/ca_apis/CAToken/generateToken", {"userName": ACCOUNT}, {"apiKey": KEY})
    made = ask()
    if "token" not in made:
        # The operation that makes tokens was tried so often that the hour has none left.
        simulator("/_sim/clock", {"advance_s": 3601})
        made = ask()
    return {"apiKey": KEY, "Authorization": "Bearer " + made["token"]}


def with_account(fields):
    """The fields with the simulator's account in the place of a generated one."""
    if not isinstance(fields, dict):
        return fields
    return {name: NAMES.get(name, value) for name, value in fields.items()}


@schemathesis.hook
def before_call(context, case, kwargs):
    count = next(COUNT)
    if count % 2 == 0:
        simulator("/_sim/clock", {"advance_s": STEP})
    # Counted for each operation, so that the first requests of each reach it.
    of_operation = OF_OPERATION[case.operation.label]
    OF_OPERATION[case.operation.label] += 1
    if of_operation % 5 == 4:
        return
    case.body = with_account(case.body)
    case.query = with_account(case.query)
    headers = dict(case.headers or {})
    if not headers.get("Authorization", "").startswith("Basic"):
        # Ten tokens an hour: a request that makes one ends the one in use, which then is expired for a while.
        headers |= credential(count * STEP // 3000)
        headers |= {"api_key": KEY, "apikey": KEY, "username": ACCOUNT}
    case.headers = headers


@functools.lru_cache(maxsize=1)
def known_texts(texts):
    """One pattern of all texts of the document; `{}` is whatever the request brought."""
    return re.compile("|".join(re.escape(text).replace(re.escape("{}"), ".*") for text in texts), re.DOTALL)


@schemathesis.check
def refusals_are_described(ctx, response, case):
    """A refusal has a text that the document knows, of this operation or of another one."""
    operations = case.operation.definition.raw["x-operations"]
    try:
        answer = response.json()
    except ValueError:
        return
    if not isinstance(answer, dict) or any(one["payload"] == "open" for one in operations):
        return
    word = next((str(value) for name, value in answer.items() if name.lower() == "status"), "")
    if any(word.lower() == known.lower() for one in operations for known in one["success-words"]):
        return
    texts = [answer.get(name) for name in ("message", "Message", "messages", "details")]
    text = next((text for text in texts if isinstance(text, str) and text), None)
    known = known_texts(tuple(case.operation.schema.raw_schema["x-refusal-texts"]))
    if text is not None and not known.fullmatch(text):
        raise AssertionError(f"{case.method} {case.path} answers with a text that is not described: {text!r}")
