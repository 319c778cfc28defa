"""The story, told by the Python client that openapi-generator wrote."""

import os
import sys
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path
from uuid import UUID

sys.path.insert(0, str(Path(__file__).parent / "generated"))

from tasklane import (
    ApiClient, ApiException, AuthApi, Configuration, Login, Problem, Register, Task, TaskCreate, TaskImportsApi, TaskImportStatus, TaskPriority,
    TasksApi, TaskSort, TaskStatus, TaskUpdate, UsersApi,
)

URL = os.environ["TASKLANE_URL"]
USERNAME = os.environ["TASKLANE_USERNAME"]
PASSWORD = os.environ["TASKLANE_PASSWORD"]
STATES = [TaskStatus.TODO, TaskStatus.IN_PROGRESS, TaskStatus.DONE]


def done(step: str) -> None:
    print(f"ok {step}", flush=True)


def client(token: str | None = None) -> ApiClient:
    configuration = Configuration(host=URL, access_token=token)
    # Its own format has an offset without colon, which is no RFC 3339.
    configuration.datetime_format = "%Y-%m-%dT%H:%M:%SZ"
    return ApiClient(configuration)


def due(n: int) -> datetime:
    return datetime(2030, 1, 1, 12, tzinfo=timezone.utc) + timedelta(days=n)


def refused(call: Callable[[], object], status: int, code: str) -> Problem:
    try:
        call()
    except ApiException as refusal:
        assert isinstance(refusal.data, Problem), refusal
        assert (refusal.status, refusal.data.status, refusal.data.code) == (status, status, code), refusal
        return refusal.data
    raise AssertionError(f"was not refused with {status}")


auth = AuthApi(client())
registered = auth.register(Register(username=USERNAME, password=PASSWORD))
assert registered.user.username == USERNAME
done("register")

tokens = auth.login(Login(username=USERNAME, password=PASSWORD))
assert tokens.token_type == "Bearer"
known = client(tokens.access_token)
tasks = TasksApi(known)
done("login")

assert auth.create_token("password", username=USERNAME, password=PASSWORD).user.id == registered.user.id
done("createToken")


def create(n: int) -> Task:
    draft = TaskCreate(title=f"Task {n}", description="Stays as it is", status=STATES[n % 3], due_date=due(n), tags=["story"])
    return tasks.create_task(draft, idempotency_key=f"story-{n}")


made = [create(n) for n in range(25)]
assert [(task.title, task.due_date, task.version) for task in made] == [(f"Task {n}", due(n), 1) for n in range(25)]
task_id = made[3].id
done("createTask")

assert create(3).id == task_id
done("createTask replayed")

pages: list[list[UUID]] = []
cursor = None
while True:
    page = tasks.list_tasks(limit=10, sort=TaskSort.CREATED_AT_ASC, cursor=cursor)
    pages.append([task.id for task in page.data])
    cursor = page.pagination.next_cursor
    if not page.pagination.has_more:
        break
assert [len(ids) for ids in pages] == [10, 10, 5]
assert [id for ids in pages for id in ids] == [task.id for task in made]
done("listTasks by cursor")

page = tasks.list_tasks(
    status=[TaskStatus.TODO, TaskStatus.IN_PROGRESS], sort=TaskSort.DUE_DATE_ASC,
    due_after=datetime(2030, 1, 5, tzinfo=timezone.utc), due_before=datetime(2030, 1, 15, tzinfo=timezone.utc),
)
assert [task.title for task in page.data] == [f"Task {n}" for n in (4, 6, 7, 9, 10, 12, 13)]
done("listTasks filtered")

task = tasks.update_task(task_id, TaskUpdate(due_date=None, priority=TaskPriority.HIGH))
assert (task.due_date, task.priority, task.description, task.tags, task.version) == (None, TaskPriority.HIGH, "Stays as it is", ["story"], 2)
done("updateTask")

stale = refused(lambda: tasks.update_task(task_id, TaskUpdate(title="Too late"), if_match='"1"'), 412, "stale_version")
assert (stale.current_version, sorted(stale.changed_fields or [])) == (2, ["due_date", "priority"])
done("updateTask stale")

assert tasks.delete_task_with_http_info(task_id, if_match='"2"').status_code == 204
done("deleteTask")

refused(lambda: tasks.get_task(task_id), 404, "not_found")
done("getTask deleted")

restored = tasks.restore_task(task_id)
assert (restored.id, restored.deleted_at) == (task_id, None)
done("restoreTask")

imports = TaskImportsApi(known)
job = imports.create_task_import(("tasks.csv", Path(os.environ["TASKLANE_CSV"]).read_bytes()))
done("createTaskImport")

while job.status in (TaskImportStatus.QUEUED, TaskImportStatus.RUNNING):
    time.sleep(0.2)
    job = imports.get_task_import(job.id)
assert (job.status, job.rows_total, job.rows_imported, job.rows_rejected) == (TaskImportStatus.SUCCEEDED, 4, 3, 1)
assert len(tasks.list_tasks(tag=["imported"]).data) == 3
done("getTaskImport")

nobody = UUID("019f2f6e-7c1a-7ccc-8ccc-0123456789ab")
invalid = refused(lambda: tasks.create_task(TaskCreate(title="For nobody", assignee_id=nobody)), 400, "invalid_request")
fault = (invalid.errors or [])[0]
assert (fault.var_in, fault.pointer) == ("body", "/assignee_id")
done("createTask invalid")

refused(lambda: UsersApi(client()).get_me(), 401, "unauthenticated")
done("getMe without token")
