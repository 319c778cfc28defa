import java.io.File;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import tasklane.ApiClient;
import tasklane.ApiException;
import tasklane.JSON;
import tasklane.api.AuthApi;
import tasklane.api.TaskImportsApi;
import tasklane.api.TasksApi;
import tasklane.api.UsersApi;
import tasklane.model.*;

/** The story, told by the client that openapi-generator wrote. */
public class Journey {
  static final String USERNAME = System.getenv("TASKLANE_USERNAME");
  static final String PASSWORD = System.getenv("TASKLANE_PASSWORD");
  static final List<TaskStatus> STATES = List.of(TaskStatus.TODO, TaskStatus.IN_PROGRESS, TaskStatus.DONE);

  static void done(String step) {
    System.out.println("ok " + step);
  }

  static void expect(boolean holds, Object got) {
    if (!holds) throw new AssertionError("unexpected: " + got);
  }

  interface Call {
    void make() throws ApiException;
  }

  static Problem refused(Call call, int status, String code) throws Exception {
    try {
      call.make();
    } catch (ApiException refusal) {
      Problem problem = JSON.getDefault().getMapper().readValue(refusal.getResponseBody(), Problem.class);
      expect(refusal.getCode() == status && problem.getStatus() == status && problem.getCode().equals(code), problem);
      return problem;
    }
    throw new AssertionError("was not refused with " + status);
  }

  static ApiClient client() {
    ApiClient client = new ApiClient();
    client.updateBaseUri(System.getenv("TASKLANE_URL"));
    return client;
  }

  static OffsetDateTime due(int n) {
    return OffsetDateTime.of(2030, 1, n + 1, 12, 0, 0, 0, ZoneOffset.UTC);
  }

  static Task create(TasksApi tasks, int n) throws ApiException {
    TaskCreate draft = new TaskCreate().title("Task " + n).description("Stays as it is").status(STATES.get(n % 3)).dueDate(due(n)).tags(List.of("story"));
    return tasks.createTask(draft, "story-" + n);
  }

  static TaskPage list(TasksApi tasks, List<TaskStatus> status, OffsetDateTime after, OffsetDateTime before, TaskSort sort, Integer limit, String cursor) throws ApiException {
    return tasks.listTasks(null, null, null, status, null, null, null, null, after, before, null, null, null, null, null, sort, limit, cursor, null);
  }

  public static void main(String[] args) throws Exception {
    AuthApi auth = new AuthApi(client());

    TokenSet registered = auth.register(new Register().username(USERNAME).password(PASSWORD));
    expect(USERNAME.equals(registered.getUser().getUsername()), registered);
    done("register");

    TokenSet tokens = auth.login(new Login().username(USERNAME).password(PASSWORD));
    expect(tokens.getTokenType().equals("Bearer"), tokens);
    ApiClient known = client();
    known.setRequestInterceptor(request -> request.header("Authorization", "Bearer " + tokens.getAccessToken()));
    TasksApi tasks = new TasksApi(known);
    done("login");

    TokenSet granted = auth.createToken("password", USERNAME, PASSWORD, null, null, null, null);
    expect(granted.getUser().getId().equals(registered.getUser().getId()), granted);
    done("createToken");

    List<UUID> ids = new ArrayList<>();
    for (int n = 0; n < 25; n++) {
      Task task = create(tasks, n);
      expect(task.getTitle().equals("Task " + n) && task.getDueDate().isEqual(due(n)) && task.getVersion() == 1, task);
      ids.add(task.getId());
    }
    UUID id = ids.get(3);
    done("createTask");

    expect(create(tasks, 3).getId().equals(id), id);
    done("createTask replayed");

    List<UUID> walked = new ArrayList<>();
    List<Integer> pages = new ArrayList<>();
    String cursor = null;
    boolean more = true;
    while (more) {
      TaskPage page = list(tasks, null, null, null, TaskSort.CREATED_AT_ASC, 10, cursor);
      page.getData().forEach(task -> walked.add(task.getId()));
      pages.add(page.getData().size());
      cursor = page.getPagination().getNextCursor();
      more = page.getPagination().getHasMore();
    }
    expect(pages.equals(List.of(10, 10, 5)) && walked.equals(ids), pages);
    done("listTasks by cursor");

    OffsetDateTime after = OffsetDateTime.of(2030, 1, 5, 0, 0, 0, 0, ZoneOffset.UTC);
    OffsetDateTime before = OffsetDateTime.of(2030, 1, 15, 0, 0, 0, 0, ZoneOffset.UTC);
    List<String> titles = list(tasks, List.of(TaskStatus.TODO, TaskStatus.IN_PROGRESS), after, before, TaskSort.DUE_DATE_ASC, null, null).getData().stream().map(Task::getTitle).toList();
    expect(titles.equals(IntStream.of(4, 6, 7, 9, 10, 12, 13).mapToObj(n -> "Task " + n).toList()), titles);
    done("listTasks filtered");

    Task updated = tasks.updateTask(id, new TaskUpdate().dueDate(null).priority(TaskPriority.HIGH), null);
    expect(updated.getDueDate() == null && updated.getPriority() == TaskPriority.HIGH && "Stays as it is".equals(updated.getDescription())
        && updated.getTags().equals(List.of("story")) && updated.getVersion() == 2, updated);
    done("updateTask");

    Problem stale = refused(() -> tasks.updateTask(id, new TaskUpdate().title("Too late"), "\"1\""), 412, "stale_version");
    expect(stale.getCurrentVersion() == 2 && new TreeSet<>(stale.getChangedFields()).equals(Set.of("due_date", "priority")), stale);
    done("updateTask stale");

    expect(tasks.deleteTaskWithHttpInfo(id, "\"2\"").getStatusCode() == 204, id);
    done("deleteTask");

    refused(() -> tasks.getTask(id, null), 404, "not_found");
    done("getTask deleted");

    Task restored = tasks.restoreTask(id, null);
    expect(restored.getId().equals(id) && restored.getDeletedAt() == null, restored);
    done("restoreTask");

    TaskImportsApi imports = new TaskImportsApi(known);
    TaskImport job = imports.createTaskImport(new File(System.getenv("TASKLANE_CSV")), null, null);
    done("createTaskImport");

    while (job.getStatus() == TaskImportStatus.QUEUED || job.getStatus() == TaskImportStatus.RUNNING) {
      Thread.sleep(200);
      job = imports.getTaskImport(job.getId());
    }
    expect(job.getStatus() == TaskImportStatus.SUCCEEDED && job.getRowsTotal() == 4 && job.getRowsImported() == 3 && job.getRowsRejected() == 1, job);
    TaskPage imported = tasks.listTasks(null, null, null, null, null, List.of("imported"), null, null, null, null, null, null, null, null, null, null, null, null, null);
    expect(imported.getData().size() == 3, imported);
    done("getTaskImport");

    UUID nobody = UUID.fromString("019f2f6e-7c1a-7ccc-8ccc-0123456789ab");
    FieldError fault = refused(() -> tasks.createTask(new TaskCreate().title("For nobody").assigneeId(nobody), null), 400, "invalid_request").getErrors().get(0);
    expect(Stream.of(fault.getIn(), fault.getPointer()).toList().equals(List.of("body", "/assignee_id")), fault);
    done("createTask invalid");

    refused(() -> new UsersApi(client()).getMe(), 401, "unauthenticated");
    done("getMe without token");
  }
}
