"""What Schemathesis needs for Tasklane: how to authenticate, and rules that a schema without unions cannot express."""
import ipaddress
import itertools
import json
import os
import re
import time
import urllib.request
from datetime import datetime, timedelta, timezone

import schemathesis

URL = os.environ["TASKLANE_URL"]
EMAIL, PASSWORD = os.environ["TASKLANE_EMAIL"], os.environ["TASKLANE_PASSWORD"]
# The credentials in the contract's examples.
EXAMPLE = {"username": "ann", "password": "correct horse battery"}
# These end what the rest of the run needs, so that each call has a user of its own.
FOR_GUESTS = {"deleteMe", "changePassword"}
ENDS_SESSIONS = {"logout", "endSession", "endOtherSessions", "endUserSessions", "updateUser", "refreshTokens"}
WELL_FORMED_CURSOR = re.compile(r"[A-Za-z0-9_-]{1,2048}")
UUID_V7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", re.IGNORECASE)

token = None
guests = itertools.count()
pages = {}
imports = []


def ask(path, body):
    data = json.dumps(body).encode()
    request = urllib.request.Request(f"{URL}/api/v1/auth/{path}", data, {"content-type": "application/json"})
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


def log_in():
    return ask("login", {"email": EMAIL, "password": PASSWORD})


ask("register", EXAMPLE)
# Nobody deletes or disables their own account as an admin.
me = log_in()["user"]["id"]


def name_of(case):
    return case.operation.definition.raw.get("operationId")


# Hashing a password takes longer than most operations, so a session is reused until something ends it.
@schemathesis.auth(refresh_interval=None)
class Session:
    def get(self, case, context):
        global token
        if name_of(case) in FOR_GUESTS:
            return ask("register", {**EXAMPLE, "username": f"guest-{next(guests)}"})["access_token"]
        token = token or log_in()["access_token"]
        return token

    def set(self, case, data, context):
        # With an access token only codes of its own account count.
        if name_of(case) == "verifyEmail":
            return
        case.headers["Authorization"] = f"Bearer {data}"


@schemathesis.hook
def before_call(context, case, kwargs):
    if not is_positive(case):
        return
    if isinstance(case.query, dict) and WELL_FORMED_CURSOR.fullmatch(str(case.query.get("cursor", ""))):
        # A cursor is signed and bound to its filters: only one that the server returned is valid.
        known = pages.get(case.query.pop("cursor"))
        if known is not None:
            case.query.clear()
            case.query.update(known)
    # The contract cannot list the names of all time zones.
    if isinstance(case.query, dict) and "time_zone" in case.query:
        case.query["time_zone"] = "Europe/Berlin"
    # The generator takes 1001 zeros for a valid value of a header with a pattern and at most 1000 characters.
    for parameter in case.operation.definition.raw.get("parameters", []):
        value = (case.headers or {}).get(parameter["name"])
        if parameter["in"] == "header" and value is not None and len(value) > parameter["schema"]["maxLength"]:
            del case.headers[parameter["name"]]
    # An idempotency key that was used with another body is a 422, which says nothing about this body.
    if (case.headers or {}).get("Idempotency-Key"):
        case.headers["Idempotency-Key"] = f"key-{next(guests)}"
    # An import ends soon: cancel the newest one.
    if name_of(case) == "cancelTaskImport" and imports:
        case.path_parameters["import_id"] = imports.pop()
    # Columns and encoding must be those of the file.
    if name_of(case) in ("createTaskImport", "previewTaskImport") and isinstance(case.query, dict):
        case.query.pop("mapping", None)
        case.query.pop("encoding", None)
        # A project must be there.
        case.query.pop("project_id", None)
    mend = MENDS.get(name_of(case))
    if mend and isinstance(case.body, dict):
        mend(case.body)


def is_positive(case):
    return case.meta is not None and case.meta.generation.mode.is_positive


@schemathesis.hook
def after_call(context, case, response):
    global token
    if response.status_code >= 300:
        return
    if name_of(case) in ENDS_SESSIONS:
        token = None
    if name_of(case) == "createTaskImport":
        imports.append(response.json()["id"])
    if response.headers.get("content-type", [""])[0].startswith("application/json"):
        body = response.json()
        pagination = body.get("pagination") if isinstance(body, dict) else None
        cursor = pagination["next_cursor"] if isinstance(pagination, dict) else None
        if cursor:
            pages[cursor] = {**(case.query or {}), "cursor": cursor}


def either(body):
    if "username" in body:
        body.pop("email", None)
    elif "email" not in body:
        body.update(EXAMPLE)


def some_name(body):
    if "username" not in body and "email" not in body:
        body["username"] = f"made-{next(guests)}"


def confirmed(body):
    body.pop("current_password", None)
    if "email" in body or "username" in body:
        body["current_password"] = PASSWORD
    if not body:
        body["name"] = "Ann Lee"


def ban(body):
    ahead("until")(body)
    try:
        ipaddress.ip_network(body["address"], strict=False)
    except ValueError:
        body["address"] = "203.0.113.0/24"


def new_key(body):
    ahead("expires_at")(body)
    body["current_password"] = PASSWORD


def ahead(field):
    def mend(body):
        if body.get(field) is not None:
            timestamp = datetime.now(timezone.utc) + timedelta(days=30)
            body[field] = timestamp.isoformat(timespec="milliseconds").replace("+00:00", "Z")
    return mend


def invited(body):
    if "email" in body:
        body.pop("username", None)
    elif "username" not in body:
        body["email"] = f"guest-{next(guests)}@example.com"


def sign_up(body):
    some_name(body)
    # Tokens of invitations come by email.
    body.pop("invitation_token", None)


def task(body):
    if body.get("assignee_id") is not None:
        body["assignee_id"] = me
    # A project and a parent must be there, and the assignee a member.
    for place in ("project_id", "parent_id"):
        if place in body:
            body[place] = None
    # Whether a task is due on a day follows from due_date, which it must not contradict.
    if body.pop("all_day", None) is not None and not body:
        body["due_date"] = "2026-12-31"


def move(body):
    task(body)
    # A neighbour must be there: an end of the list always is.
    body["after_id" if "after_id" in body else "before_id"] = None
    if "after_id" in body:
        body.pop("before_id", None)


def own_refresh_token(body):
    body["refresh_token"] = log_in()["refresh_token"]


def grant(body):
    if body["grant_type"] == "refresh_token":
        own_refresh_token(body)
    else:
        guest = {**EXAMPLE, "username": f"guest-{next(guests)}"}
        ask("register", guest)
        body.update(guest)


def code_sent_to(email):
    """Returns the code in the last email to an account; emails are sent after the response that announces them."""
    for _ in range(100):
        with urllib.request.urlopen(f"{URL}/dev/mails", timeout=30) as answer:
            sent = next((mail for mail in json.load(answer)["data"] if mail["to"] == email), None)
        if sent:
            return re.search(r"\b\d{8}\b", sent["text"]).group()
        time.sleep(0.05)
    raise RuntimeError(f"no email was sent to {email}")


def new_email():
    email = f"guest-{next(guests)}@example.com"
    ask("register", {"email": email, "password": EXAMPLE["password"]})
    code = code_sent_to(email)
    return email, code


def email_to_verify(body):
    body["email"], body["otp"] = new_email()


def code_to_verify(body):
    email, first = new_email()
    body["reset_id"] = ask("forgot-password", {"email": email})["reset_id"]
    body["otp"] = first
    while body["otp"] == first:
        body["otp"] = code_sent_to(email)


def token_to_reset(body):
    code = {}
    code_to_verify(code)
    body["reset_token"] = ask("verify-otp", code)["reset_token"]


def batch(body):
    """Fits the fields of each operation to its kind; each task may occur once."""
    seen = set()
    for operation in body.get("operations", []):
        create, delete = operation["op"] == "create", operation["op"] == "delete"
        own = operation.get("id", "").lower()
        if create:
            operation.pop("if_version", None)
            operation.setdefault("data", {}).setdefault("title", "Paint the door")
        if delete:
            operation.pop("data", None)
        if operation["op"] == "update" and not operation.get("data"):
            operation["data"] = {"title": "Paint it blue"}
        if own in seen or (create and not UUID_V7.fullmatch(own)):
            operation.pop("id", None)
        if not create and "id" not in operation:
            operation["id"] = f"019f2f6e-7c1a-7bbb-8bbb-{next(guests):012x}"
        task(operation.get("data", {}))
        seen.add(operation.get("id", "").lower())


def some_rows(body):
    body.pop("mapping", None)
    body["file"] = "title,status\nPaint the door,todo\nMow the lawn,whatever\n"


MENDS = {
    "login": either,
    "register": sign_up,
    "createUser": some_name,
    "createProjectInvitation": invited,
    "updateMe": confirmed,
    "refreshTokens": own_refresh_token,
    "runTaskBatch": batch,
    "createTaskImport": some_rows,
    "previewTaskImport": some_rows,
    "createTask": task,
    "updateTask": task,
    "replaceTask": task,
    "moveTask": move,
    "createToken": grant,
    "verifyEmail": email_to_verify,
    "verifyResetCode": code_to_verify,
    "resetPassword": token_to_reset,
    "createIpBan": ban,
    "createApiKey": new_key,
}
