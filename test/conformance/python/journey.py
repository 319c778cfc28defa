"""The story, told by the client that openapi-python-client wrote."""

import os
import sys
import time
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent / "generated"))

from tasklane import AuthenticatedClient, Client
from tasklane.api.auth import create_token, login, register
from tasklane.api.task_imports import create_task_import, get_task_import
from tasklane.api.tasks import create_task, delete_task, get_task, list_tasks, restore_task, update_task
from tasklane.api.users import get_me
from tasklane.models import (
    Login, Problem, Register, Task, TaskCreate, TaskImport, TaskImportStatus, TaskImportUpload, TaskPage, TaskPriority,
    TaskSort, TaskStatus, TaskUpdate, TokenRequest, TokenSet,
)
from tasklane.types import File, UNSET, Unset

URL = os.environ["TASKLANE_URL"]
USERNAME = os.environ["TASKLANE_USERNAME"]
PASSWORD = os.environ["TASKLANE_PASSWORD"]
STATES = [TaskStatus.TODO, TaskStatus.IN_PROGRESS, TaskStatus.DONE]


def done(step: str) -> None:
    print(f"ok {step}", flush=True)


def due(n: int) -> datetime:
    return datetime(2030, 1, 1, 12, tzinfo=timezone.utc) + timedelta(days=n)


def problem(answer: object, status: int, code: str) -> Problem:
    assert isinstance(answer, Problem), answer
    assert (answer.status, answer.code) == (status, code), answer
    return answer


anonymous = Client(base_url=URL)

tokens = register.sync(client=anonymous, body=Register(username=USERNAME, password=PASSWORD))
assert isinstance(tokens, TokenSet) and tokens.user.username == USERNAME
done("register")

tokens = login.sync(client=anonymous, body=Login(username=USERNAME, password=PASSWORD))
assert isinstance(tokens, TokenSet) and tokens.token_type == "Bearer"
client = AuthenticatedClient(base_url=URL, token=tokens.access_token)
done("login")

granted = create_token.sync(client=anonymous, body=TokenRequest(grant_type="password", username=USERNAME, password=PASSWORD))
assert isinstance(granted, TokenSet) and granted.user.username == USERNAME
done("createToken")


def create(n: int) -> Task:
    body = TaskCreate(title=f"Task {n}", description="Stays as it is", status=STATES[n % 3], due_date=due(n), tags=["story"])
    task = create_task.sync(client=client, body=body, idempotency_key=f"story-{n}")
    assert isinstance(task, Task), task
    return task


tasks = [create(n) for n in range(25)]
assert [(task.title, task.due_date, task.version) for task in tasks] == [(f"Task {n}", due(n), 1) for n in range(25)]
task_id = tasks[3].id
done("createTask")

assert create(3).id == task_id
done("createTask replayed")

pages: list[list[UUID]] = []
cursor: str | Unset = UNSET
while True:
    page = list_tasks.sync(client=client, limit=10, sort=TaskSort.CREATED_AT_ASC, cursor=cursor)
    assert isinstance(page, TaskPage)
    pages.append([task.id for task in page.data])
    cursor = page.pagination.next_cursor or UNSET
    if not page.pagination.has_more:
        break
assert [len(ids) for ids in pages] == [10, 10, 5]
assert [task_id for ids in pages for task_id in ids] == [task.id for task in tasks]
done("listTasks by cursor")

page = list_tasks.sync(
    client=client, status=[TaskStatus.TODO, TaskStatus.IN_PROGRESS], sort=TaskSort.DUE_DATE_ASC,
    due_after=datetime(2030, 1, 5, tzinfo=timezone.utc), due_before=datetime(2030, 1, 15, tzinfo=timezone.utc),
)
assert isinstance(page, TaskPage)
assert [task.title for task in page.data] == [f"Task {n}" for n in (4, 6, 7, 9, 10, 12, 13)]
done("listTasks filtered")

task = update_task.sync(task_id, client=client, body=TaskUpdate(due_date=None, priority=TaskPriority.HIGH))
assert isinstance(task, Task)
assert (task.due_date, task.priority, task.description, task.tags, task.version) == (None, TaskPriority.HIGH, "Stays as it is", ["story"], 2)
done("updateTask")

stale = problem(update_task.sync(task_id, client=client, body=TaskUpdate(title="Too late"), if_match='"1"'), 412, "stale_version")
assert stale.current_version == 2
assert not isinstance(stale.changed_fields, Unset) and sorted(stale.changed_fields) == ["due_date", "priority"]
done("updateTask stale")

assert delete_task.sync_detailed(task_id, client=client, if_match='"2"').status_code == 204
done("deleteTask")

problem(get_task.sync(task_id, client=client), 404, "not_found")
done("getTask deleted")

restored = restore_task.sync(task_id, client=client)
assert isinstance(restored, Task) and restored.id == task_id and restored.deleted_at is None
done("restoreTask")

with open(os.environ["TASKLANE_CSV"], "rb") as payload:
    upload = TaskImportUpload(file=File(payload=payload, file_name="tasks.csv", mime_type="text/csv"))
    job = create_task_import.sync(client=client, body=upload)
assert isinstance(job, TaskImport)
done("createTaskImport")

while job.status in (TaskImportStatus.QUEUED, TaskImportStatus.RUNNING):
    time.sleep(0.2)
    job = get_task_import.sync(job.id, client=client)
    assert isinstance(job, TaskImport)
assert (job.status, job.rows_total, job.rows_imported, job.rows_rejected) == (TaskImportStatus.SUCCEEDED, 4, 3, 1)
page = list_tasks.sync(client=client, tag=["imported"])
assert isinstance(page, TaskPage) and len(page.data) == 3
done("getTaskImport")

nobody = UUID("019f2f6e-7c1a-7ccc-8ccc-0123456789ab")
invalid = problem(create_task.sync(client=client, body=TaskCreate(title="For nobody", assignee_id=nobody)), 400, "invalid_request")
assert not isinstance(invalid.errors, Unset)
assert (invalid.errors[0].in_, invalid.errors[0].pointer) == ("body", "/assignee_id")
done("createTask invalid")

problem(get_me.sync(client=anonymous), 401, "unauthenticated")
done("getMe without token")
