"""What the generator cannot know of this API, and what is looked at beyond its own
checks. Requests that are meant to be valid are made so where a schema cannot say what
valid is; one kind of finding is none, and says why.
"""

import os
import re
import threading
import uuid

import schemathesis
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation import GenerationMode

# The key of the run itself, and its tenant: taken away or bounded, it would end the run.
OWN_KEY = os.environ.get("CONTRACT_OWN_KEY_ID", "")
OWN_TENANT = os.environ.get("CONTRACT_OWN_TENANT_ID", "")
# What HTTP itself and every answer of this server carry.
ALWAYS = {
    "content-type", "content-length", "date", "connection", "transfer-encoding",
    "x-content-type-options", "referrer-policy", "content-security-policy",
}

lock = threading.Lock()
cursors = {}  # path and filters -> a cursor that this list gave out


def meant_valid(case, location):
    # Of a case that is valid as a whole every part is.
    if case.meta and case.meta.generation.mode is GenerationMode.POSITIVE:
        return True
    components = case.meta.components if case.meta else {}
    part = components.get(location)
    # A part of which nothing is said is an example, or what every case has.
    return part is None or part.mode is GenerationMode.POSITIVE


@schemathesis.hook
def before_call(ctx, case, **kwargs):
    if case.headers and "Idempotency-Key" in case.headers and meant_valid(case, ParameterLocation.HEADER):
        # The same few texts come for every operation, and a key is good for one request.
        case.headers["Idempotency-Key"] = str(uuid.uuid4())
    if case.headers and "If-Match" in case.headers and meant_valid(case, ParameterLocation.HEADER):
        # A schema knows tags, not which of them is of what is there now.
        case.headers["If-Match"] = "*"
    if case.query is None and case.path.endswith("/events"):
        case.query = {}
    if case.query is not None and meant_valid(case, ParameterLocation.QUERY):
        query(case)
    if isinstance(case.body, dict) and meant_valid(case, ParameterLocation.BODY):
        body(case)
    if case.path == "/keys/{id}" and (case.path_parameters or {}).get("id") == OWN_KEY:
        case.path_parameters["id"] = str(uuid.uuid4())


def listing(case):
    """A cursor belongs to its list, with the same order and filters."""
    return case.formatted_path, repr(sorted((name, value) for name, value in (case.query or {}).items() if name not in ("limit", "cursor")))


def query(case):
    if case.path == "/stores" and "q" in case.query:
        # What was searched for has an order of its own, and is nothing Deleted.
        case.query.pop("sort", None)
        case.query.pop("include_deleted", None)
        if case.query.get("status") == "Deleted":
            del case.query["status"]
    if case.path.endswith("/events"):
        # A stream that goes on has no end to look at.
        case.query["follow"] = "false"
    if "cursor" in case.query:
        # Opaque: only a list itself can say what is one.
        with lock:
            known = cursors.get(listing(case))
        if known:
            case.query["cursor"] = known
        else:
            del case.query["cursor"]
    if case.path == "/audit/verify":
        # A row's number needs its hash beside it; a parameter cannot say that.
        for place in ("from", "head"):
            pair = (f"{place}_seq", f"{place}_hash")
            if sum(name in case.query for name in pair) == 1:
                for name in pair:
                    case.query.pop(name, None)
        if "from_seq" in case.query and "head_seq" in case.query:
            # A head lies where the walk begins or behind it.
            case.query["head_seq"] = max(case.query["from_seq"], case.query["head_seq"], key=int)


def body(case):
    if case.path.startswith("/webhooks") and "url" in case.body:
        # Any text is a URL to a schema; this one leads nowhere.
        case.body["url"] = "http://127.0.0.1:9/hooks"
    if case.path == "/keys" and isinstance(case.body.get("expires_at"), str):
        # A schema knows times, not which of them are still to come.
        case.body["expires_at"] = "2035" + case.body["expires_at"][4:].replace("02-29", "02-28")
    if case.path == "/tenants/{id}" and (case.path_parameters or {}).get("id") == OWN_TENANT:
        case.body.clear()


@schemathesis.hook
def after_call(ctx, case, response):
    if case.method == "GET" and response.status_code == 200 and "application/json" in response.headers.get("content-type", []):
        page = response.json()
        given = page.get("next_cursor") or page.get("prev_cursor") if isinstance(page, dict) else None
        if given:
            with lock:
                cursors[listing(case)] = given


@schemathesis.hook
def filter_failure(ctx, failure, case, response):
    # A header that nobody knows is ignored, as HTTP asks of every server (RFC 9110,
    # 5.1): proxies and tracers add theirs.
    if response is not None and response.status_code == 504 and case.path in ("/stores/{id}/pods", "/stores/{id}/logs"):
        # No worker runs here that could ask a cluster, and the contract says 504 then.
        if type(failure).__name__ == "ServerError":
            return False
    unknown = "x-schemathesis-unknown-property" in {name.lower() for name in case.headers or {}}
    return not (unknown and type(failure).__name__ == "AcceptedNegativeData")


@schemathesis.check
def documented_in_full(ctx, response, case):
    """A request id on every answer; no header and no problem's code that the contract does not name."""
    names = {name.lower() for name in response.headers}
    assert "x-request-id" in names, "the answer has no X-Request-Id"
    answers = case.operation.definition.raw["responses"]
    answer = answers.get(str(response.status_code))
    if answer is None:
        return  # of another method; status_code_conformance judges it
    told = {name.lower() for name in answer.get("headers", {})}
    unknown = names - told - ALWAYS
    assert not unknown, f"headers that the contract does not name: {sorted(unknown)}"
    problem = answer.get("content", {}).get("application/problem+json")
    if problem is not None:
        code = response.json()["code"]
        assert code in problem["examples"], f"the code {code} is not one that the contract names here"


@schemathesis.check
def no_word_of_the_inside(ctx, response, case):
    """Nothing of the program's inside is in an answer."""
    found = re.search(rb"panicked at|/src/|SELECT |sqlx|sea_orm|postgres://", response.content or b"")
    assert not found, f"an answer tells of the inside: {found.group(0)!r}"
