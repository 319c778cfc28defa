// The story, told by the client that oapi-codegen wrote.
package main

import (
	"bytes"
	"context"
	"fmt"
	"mime/multipart"
	"net/http"
	"os"
	"slices"
	"time"

	"github.com/google/uuid"
	"github.com/oapi-codegen/nullable"

	"tasklane.example/conformance/generated/tasklane"
)

var (
	ctx    = context.Background()
	states = []tasklane.TaskStatus{tasklane.TaskStatusTodo, tasklane.TaskStatusInProgress, tasklane.TaskStatusDone}
	client *tasklane.ClientWithResponses
)

func done(step string) { fmt.Println("ok", step) }

func expect(holds bool, got ...any) {
	if !holds {
		panic(fmt.Sprint("unexpected: ", got))
	}
}

func must[T any](value T, err error) T {
	expect(err == nil, err)
	return value
}

func ptr[T any](value T) *T { return &value }

func due(n int) time.Time { return time.Date(2030, 1, n+1, 12, 0, 0, 0, time.UTC) }

func refused(problem *tasklane.Problem, status int32, code string) *tasklane.Problem {
	expect(problem != nil && problem.Status == status && problem.Code == code, problem)
	return problem
}

func create(n int) tasklane.Task {
	reply := must(client.CreateTaskWithResponse(ctx, &tasklane.CreateTaskParams{IdempotencyKey: ptr(fmt.Sprint("story-", n))}, tasklane.TaskCreate{
		Title: fmt.Sprint("Task ", n), Description: nullable.NewNullableWithValue("Stays as it is"), Status: &states[n%3],
		DueDate: nullable.NewNullableWithValue(due(n)), Tags: &[]string{"story"},
	}))
	expect(reply.JSON201 != nil, string(reply.Body))
	return *reply.JSON201
}

func main() {
	server, username, password := os.Getenv("TASKLANE_URL"), os.Getenv("TASKLANE_USERNAME"), os.Getenv("TASKLANE_PASSWORD")
	anonymous := must(tasklane.NewClientWithResponses(server))

	registered := must(anonymous.RegisterWithResponse(ctx, tasklane.Register{Username: &username, Password: password}))
	expect(registered.JSON201 != nil, string(registered.Body))
	expect(registered.JSON201.User.Username.MustGet() == username)
	done("register")

	loggedIn := must(anonymous.LoginWithResponse(ctx, tasklane.Login{Username: &username, Password: password}))
	expect(loggedIn.JSON200 != nil && loggedIn.JSON200.TokenType == "Bearer", string(loggedIn.Body))
	client = must(tasklane.NewClientWithResponses(server, tasklane.WithRequestEditorFn(func(_ context.Context, request *http.Request) error {
		request.Header.Set("Authorization", "Bearer "+loggedIn.JSON200.AccessToken)
		return nil
	})))
	done("login")

	granted := must(anonymous.CreateTokenWithFormdataBodyWithResponse(ctx, tasklane.TokenRequest{GrantType: "password", Username: &username, Password: &password}))
	expect(granted.JSON200 != nil && granted.JSON200.User.Id == registered.JSON201.User.Id, string(granted.Body))
	done("createToken")

	var ids []uuid.UUID
	for n := range 25 {
		task := create(n)
		expect(task.Title == fmt.Sprint("Task ", n) && task.DueDate.MustGet().Equal(due(n)) && task.Version == 1, task)
		ids = append(ids, task.Id)
	}
	id := ids[3]
	done("createTask")

	expect(create(3).Id == id)
	done("createTask replayed")

	var walked []uuid.UUID
	var pages []int
	query := tasklane.ListTasksParams{Limit: ptr[int32](10), Sort: ptr(tasklane.TaskSortCreatedAtAsc)}
	for more := true; more; {
		page := must(client.ListTasksWithResponse(ctx, &query))
		expect(page.JSON200 != nil, string(page.Body))
		for _, task := range page.JSON200.Data {
			walked = append(walked, task.Id)
		}
		pages = append(pages, len(page.JSON200.Data))
		if more = page.JSON200.Pagination.HasMore; more {
			query.Cursor = ptr(page.JSON200.Pagination.NextCursor.MustGet())
		}
	}
	expect(slices.Equal(pages, []int{10, 10, 5}) && slices.Equal(walked, ids), pages, walked)
	done("listTasks by cursor")

	filtered := must(client.ListTasksWithResponse(ctx, &tasklane.ListTasksParams{
		Status: &[]tasklane.TaskStatus{tasklane.TaskStatusTodo, tasklane.TaskStatusInProgress}, Sort: ptr(tasklane.TaskSortDueDateAsc),
		DueAfter: ptr(time.Date(2030, 1, 5, 0, 0, 0, 0, time.UTC)), DueBefore: ptr(time.Date(2030, 1, 15, 0, 0, 0, 0, time.UTC)),
	}))
	expect(filtered.JSON200 != nil, string(filtered.Body))
	var titles []string
	for _, task := range filtered.JSON200.Data {
		titles = append(titles, task.Title)
	}
	expect(slices.Equal(titles, []string{"Task 4", "Task 6", "Task 7", "Task 9", "Task 10", "Task 12", "Task 13"}), titles)
	done("listTasks filtered")

	updated := must(client.UpdateTaskWithResponse(ctx, id, nil, tasklane.TaskUpdate{DueDate: nullable.NewNullNullable[time.Time](), Priority: ptr(tasklane.TaskPriorityHigh)}))
	expect(updated.JSON200 != nil, string(updated.Body))
	task := *updated.JSON200
	expect(task.DueDate.IsNull() && task.Priority == tasklane.TaskPriorityHigh && task.Description.MustGet() == "Stays as it is" && slices.Equal(task.Tags, []string{"story"}) && task.Version == 2, task)
	done("updateTask")

	stale := refused(must(client.UpdateTaskWithResponse(ctx, id, &tasklane.UpdateTaskParams{IfMatch: ptr(`"1"`)}, tasklane.TaskUpdate{Title: ptr("Too late")})).ApplicationproblemJSON412, 412, "stale_version")
	changed := slices.Sorted(slices.Values(*stale.ChangedFields))
	expect(*stale.CurrentVersion == 2 && slices.Equal(changed, []string{"due_date", "priority"}), stale)
	done("updateTask stale")

	deleted := must(client.DeleteTaskWithResponse(ctx, id, &tasklane.DeleteTaskParams{IfMatch: ptr(`"2"`)}))
	expect(deleted.StatusCode() == 204, deleted.StatusCode())
	done("deleteTask")

	refused(must(client.GetTaskWithResponse(ctx, id, nil)).ApplicationproblemJSON404, 404, "not_found")
	done("getTask deleted")

	restored := must(client.RestoreTaskWithResponse(ctx, id, nil))
	expect(restored.JSON200 != nil && restored.JSON200.Id == id && restored.JSON200.DeletedAt.IsNull(), string(restored.Body))
	done("restoreTask")

	// The generator leaves the making of a form to its caller.
	var form bytes.Buffer
	parts := multipart.NewWriter(&form)
	part := must(parts.CreateFormFile("file", "tasks.csv"))
	must(part.Write(must(os.ReadFile(os.Getenv("TASKLANE_CSV")))))
	expect(parts.Close() == nil)
	queued := must(client.CreateTaskImportWithBodyWithResponse(ctx, nil, parts.FormDataContentType(), &form))
	expect(queued.JSON202 != nil, string(queued.Body))
	done("createTaskImport")

	job := *queued.JSON202
	for job.Status == tasklane.TaskImportStatusQueued || job.Status == tasklane.TaskImportStatusRunning {
		time.Sleep(200 * time.Millisecond)
		reply := must(client.GetTaskImportWithResponse(ctx, job.Id))
		expect(reply.JSON200 != nil, string(reply.Body))
		job = *reply.JSON200
	}
	expect(job.Status == tasklane.TaskImportStatusSucceeded && job.RowsTotal == 4 && job.RowsImported == 3 && job.RowsRejected == 1, job)
	imported := must(client.ListTasksWithResponse(ctx, &tasklane.ListTasksParams{Tag: &[]string{"imported"}}))
	expect(imported.JSON200 != nil && len(imported.JSON200.Data) == 3, string(imported.Body))
	done("getTaskImport")

	nobody := nullable.NewNullableWithValue(uuid.MustParse("019f2f6e-7c1a-7ccc-8ccc-0123456789ab"))
	invalid := refused(must(client.CreateTaskWithResponse(ctx, nil, tasklane.TaskCreate{Title: "For nobody", AssigneeId: nobody})).ApplicationproblemJSON400, 400, "invalid_request")
	expect(invalid.Errors != nil && (*invalid.Errors)[0].In == "body" && (*invalid.Errors)[0].Pointer == "/assignee_id", invalid)
	done("createTask invalid")

	refused(must(anonymous.GetMeWithResponse(ctx)).ApplicationproblemJSON401, 401, "unauthenticated")
	done("getMe without token")
}
