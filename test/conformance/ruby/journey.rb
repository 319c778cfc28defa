# The story, told by the client that openapi-generator wrote.
require 'uri'
require 'tasklane'

SERVER = URI(ENV.fetch('TASKLANE_URL'))
CREDENTIALS = { username: ENV.fetch('TASKLANE_USERNAME'), password: ENV.fetch('TASKLANE_PASSWORD') }.freeze
STATES = [Tasklane::TaskStatus::TODO, Tasklane::TaskStatus::IN_PROGRESS, Tasklane::TaskStatus::DONE].freeze
$stdout.sync = true

def done(step) = puts("ok #{step}")

def expect(got, wanted)
  raise "#{got.inspect} instead of #{wanted.inspect}" unless got == wanted
end

def client(token = nil)
  configuration = Tasklane::Configuration.new do |config|
    config.scheme = SERVER.scheme
    config.host = "#{SERVER.host}:#{SERVER.port}"
    config.access_token = token
    # Otherwise Typhoeus writes a list as status[0]=…
    config.params_encoding = :multi
  end
  Tasklane::ApiClient.new(configuration)
end

def refused(status, code)
  yield
  raise "was not refused with #{status}"
rescue Tasklane::ApiError => e
  problem = Tasklane::Problem.build_from_hash(JSON.parse(e.response_body, symbolize_names: true))
  expect([e.code, problem.status, problem.code], [status, status, code])
  problem
end

# A DateTime, since JSON writes a Time as no RFC 3339.
def due(day) = DateTime.new(2030, 1, day + 1, 12)

auth = Tasklane::AuthApi.new(client)
registered = auth.register(Tasklane::Register.new(CREDENTIALS))
expect(registered.user.username, CREDENTIALS[:username])
done 'register'

tokens = auth.login(Tasklane::Login.new(CREDENTIALS))
expect(tokens.token_type, 'Bearer')
known = client(tokens.access_token)
tasks = Tasklane::TasksApi.new(known)
done 'login'

expect(auth.create_token('password', CREDENTIALS).user.id, registered.user.id)
done 'createToken'

create = lambda do |n|
  draft = Tasklane::TaskCreate.new(title: "Task #{n}", description: 'Stays as it is', status: STATES[n % 3], due_date: due(n), tags: ['story'])
  tasks.create_task(draft, idempotency_key: "story-#{n}")
end
made = (0...25).map(&create)
expect(made.map { |task| [task.title, task.due_date.to_datetime, task.version] }, (0...25).map { |n| ["Task #{n}", due(n), 1] })
id = made[3].id
done 'createTask'

expect(create.call(3).id, id)
done 'createTask replayed'

pages = []
query = { limit: 10, sort: Tasklane::TaskSort::CREATED_AT_ASC }
loop do
  page = tasks.list_tasks(query)
  pages << page.data.map(&:id)
  query[:cursor] = page.pagination.next_cursor
  break unless page.pagination.has_more
end
expect(pages.map(&:length), [10, 10, 5])
expect(pages.flatten, made.map(&:id))
done 'listTasks by cursor'

page = tasks.list_tasks(status: STATES.first(2), sort: Tasklane::TaskSort::DUE_DATE_ASC, due_after: DateTime.new(2030, 1, 5), due_before: DateTime.new(2030, 1, 15))
expect(page.data.map(&:title), [4, 6, 7, 9, 10, 12, 13].map { |n| "Task #{n}" })
done 'listTasks filtered'

task = tasks.update_task(id, Tasklane::TaskUpdate.new(due_date: nil, priority: Tasklane::TaskPriority::HIGH))
expect([task.due_date, task.priority, task.description, task.tags, task.version], [nil, 'high', 'Stays as it is', ['story'], 2])
done 'updateTask'

stale = refused(412, 'stale_version') { tasks.update_task(id, Tasklane::TaskUpdate.new(title: 'Too late'), if_match: '"1"') }
expect([stale.current_version, stale.changed_fields.sort], [2, %w[due_date priority]])
done 'updateTask stale'

expect(tasks.delete_task_with_http_info(id, if_match: '"2"')[1], 204)
done 'deleteTask'

refused(404, 'not_found') { tasks.get_task(id) }
done 'getTask deleted'

restored = tasks.restore_task(id)
expect([restored.id, restored.deleted_at], [id, nil])
done 'restoreTask'

imports = Tasklane::TaskImportsApi.new(known)
job = imports.create_task_import(File.new(ENV.fetch('TASKLANE_CSV')))
done 'createTaskImport'

while [Tasklane::TaskImportStatus::QUEUED, Tasklane::TaskImportStatus::RUNNING].include?(job.status)
  sleep 0.2
  job = imports.get_task_import(job.id)
end
expect([job.status, job.rows_total, job.rows_imported, job.rows_rejected], ['succeeded', 4, 3, 1])
expect(tasks.list_tasks(tag: ['imported']).data.length, 3)
done 'getTaskImport'

nobody = Tasklane::TaskCreate.new(title: 'For nobody', assignee_id: '019f2f6e-7c1a-7ccc-8ccc-0123456789ab')
fault = refused(400, 'invalid_request') { tasks.create_task(nobody) }.errors.first
expect([fault._in, fault.pointer], ['body', '/assignee_id'])
done 'createTask invalid'

refused(401, 'unauthenticated') { Tasklane::UsersApi.new(client).get_me }
done 'getMe without token'
