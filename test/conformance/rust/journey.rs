//! The story, told by the client that openapi-generator wrote.

use std::env::var;
use std::time::Duration;

use tasklane::apis::configuration::Configuration;
use tasklane::apis::{Error, auth_api, task_imports_api, tasks_api, users_api};
use tasklane::models::{Login, Problem, Register, Task, TaskCreate, TaskImportStatus, TaskPage, TaskPriority, TaskSort, TaskStatus, TaskUpdate};

type Story = Result<(), Box<dyn std::error::Error>>;

const STATES: [TaskStatus; 3] = [TaskStatus::Todo, TaskStatus::InProgress, TaskStatus::Done];

fn done(step: &str) {
    println!("ok {step}");
}

fn moment(day: usize, hour: usize) -> String {
    format!("2030-01-{day:02}T{hour:02}:00:00.000Z")
}

fn due(n: usize) -> String {
    moment(n + 1, 12)
}

fn refused<T: std::fmt::Debug, E: std::fmt::Debug>(answer: Result<T, Error<E>>, status: i32, code: &str) -> Problem {
    let Err(Error::ResponseError(refusal)) = answer else { panic!("was not refused: {answer:?}") };
    let problem: Problem = serde_json::from_str(&refusal.content).expect("a problem");
    assert_eq!((i32::from(refusal.status.as_u16()), problem.status, problem.code.as_str()), (status, status, code));
    problem
}

async fn create(client: &Configuration, n: usize) -> Result<Task, Box<dyn std::error::Error>> {
    let draft = TaskCreate {
        description: Some(Some("Stays as it is".into())),
        status: Some(STATES[n % 3]),
        due_date: Some(Some(due(n))),
        tags: Some(vec!["story".into()]),
        ..TaskCreate::new(format!("Task {n}"))
    };
    Ok(tasks_api::create_task(client, draft, Some(&format!("story-{n}"))).await?)
}

async fn list(client: &Configuration, status: Option<Vec<TaskStatus>>, range: Option<(usize, usize)>, sort: TaskSort, limit: Option<i32>, cursor: Option<&str>) -> Result<TaskPage, Box<dyn std::error::Error>> {
    let (after, before) = (range.map(|(from, _)| moment(from, 0)), range.map(|(_, to)| moment(to, 0)));
    Ok(tasks_api::list_tasks(client, None, None, None, status, None, None, None, None, after, before, None, None, None, None, None, Some(sort), limit, cursor, None).await?)
}

#[tokio::main(flavor = "current_thread")]
async fn main() -> Story {
    let (username, password) = (var("TASKLANE_USERNAME")?, var("TASKLANE_PASSWORD")?);
    let anonymous = Configuration { base_path: var("TASKLANE_URL")?, ..Configuration::new() };

    let registered = auth_api::register(&anonymous, Register { username: Some(username.clone()), ..Register::new(password.clone()) }).await?;
    assert_eq!(registered.user.username.as_ref(), Some(&username));
    done("register");

    let tokens = auth_api::login(&anonymous, Login { username: Some(username.clone()), ..Login::new(password.clone()) }).await?;
    assert_eq!(tokens.token_type, "Bearer");
    let client = Configuration { bearer_access_token: Some(tokens.access_token), ..anonymous.clone() };
    done("login");

    let granted = auth_api::create_token(&anonymous, "password", Some(&username), Some(&password), None, None, None, None).await?;
    assert_eq!(granted.user.id, registered.user.id);
    done("createToken");

    let mut ids = Vec::new();
    for n in 0..25 {
        let task = create(&client, n).await?;
        assert_eq!((task.title, task.due_date, task.version), (format!("Task {n}"), Some(due(n)), 1));
        ids.push(task.id);
    }
    let id = ids[3].to_string();
    done("createTask");

    assert_eq!(create(&client, 3).await?.id, ids[3]);
    done("createTask replayed");

    let (mut walked, mut pages, mut cursor) = (Vec::new(), Vec::new(), None);
    loop {
        let page = list(&client, None, None, TaskSort::CreatedAtAsc, Some(10), cursor.as_deref()).await?;
        pages.push(page.data.len());
        walked.extend(page.data.iter().map(|task| task.id));
        cursor = page.pagination.next_cursor;
        if !page.pagination.has_more {
            break;
        }
    }
    assert_eq!((pages, walked), (vec![10, 10, 5], ids.clone()));
    done("listTasks by cursor");

    let filtered = list(&client, Some(vec![TaskStatus::Todo, TaskStatus::InProgress]), Some((5, 15)), TaskSort::DueDateAsc, None, None).await?;
    let titles: Vec<_> = filtered.data.into_iter().map(|task| task.title).collect();
    assert_eq!(titles, [4, 6, 7, 9, 10, 12, 13].map(|n| format!("Task {n}")));
    done("listTasks filtered");

    let clearing = TaskUpdate { due_date: Some(None), priority: Some(TaskPriority::High), ..TaskUpdate::new() };
    let updated = tasks_api::update_task(&client, &id, clearing, None).await?;
    assert_eq!((updated.due_date, updated.priority, updated.version), (None, TaskPriority::High, 2));
    assert_eq!((updated.description.as_deref(), updated.tags), (Some("Stays as it is"), vec!["story".to_owned()]));
    done("updateTask");

    let late = TaskUpdate { title: Some("Too late".into()), ..TaskUpdate::new() };
    let stale = refused(tasks_api::update_task(&client, &id, late, Some("\"1\"")).await, 412, "stale_version");
    let mut changed = stale.changed_fields.unwrap_or_default();
    changed.sort();
    assert_eq!((stale.current_version, changed), (Some(2), vec!["due_date".to_owned(), "priority".to_owned()]));
    done("updateTask stale");

    tasks_api::delete_task(&client, &id, Some("\"2\"")).await?;
    done("deleteTask");

    refused(tasks_api::get_task(&client, &id, None).await, 404, "not_found");
    done("getTask deleted");

    let restored = tasks_api::restore_task(&client, &id, None).await?;
    assert_eq!((restored.id, restored.deleted_at), (ids[3], None));
    done("restoreTask");

    let mut job = task_imports_api::create_task_import(&client, var("TASKLANE_CSV")?.into(), None, None).await?;
    done("createTaskImport");

    while matches!(job.status, TaskImportStatus::Queued | TaskImportStatus::Running) {
        tokio::time::sleep(Duration::from_millis(200)).await;
        job = task_imports_api::get_task_import(&client, &job.id.to_string()).await?;
    }
    assert_eq!((job.status, job.rows_total, job.rows_imported, job.rows_rejected), (TaskImportStatus::Succeeded, 4, 3, 1));
    let tags = Some(vec!["imported".to_owned()]);
    let imported = tasks_api::list_tasks(&client, None, None, None, None, None, tags, None, None, None, None, None, None, None, None, None, None, None, None, None).await?;
    assert_eq!(imported.data.len(), 3);
    done("getTaskImport");

    let nobody = "019f2f6e-7c1a-7ccc-8ccc-0123456789ab".parse()?;
    let invalid = refused(tasks_api::create_task(&client, TaskCreate { assignee_id: Some(Some(nobody)), ..TaskCreate::new("For nobody".into()) }, None).await, 400, "invalid_request");
    let fault = &invalid.errors.unwrap_or_default()[0];
    assert_eq!((fault.r#in.as_str(), fault.pointer.as_str()), ("body", "/assignee_id"));
    done("createTask invalid");

    refused(users_api::get_me(&anonymous).await, 401, "unauthenticated");
    done("getMe without token");
    Ok(())
}
