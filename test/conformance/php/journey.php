<?php
/** The story, told by the client that openapi-generator wrote. */

declare(strict_types=1);

use Tasklane\Api\AuthApi;
use Tasklane\Api\TaskImportsApi;
use Tasklane\Api\TasksApi;
use Tasklane\Api\UsersApi;
use Tasklane\ApiException;
use Tasklane\Configuration;
use Tasklane\Model;

require 'GuzzleHttp/autoload.php';
spl_autoload_register(fn (string $class) => str_starts_with($class, 'Tasklane\\') && require __DIR__ . '/generated/lib/' . strtr(substr($class, 9), '\\', '/') . '.php');
set_error_handler(fn (int $kind, string $words, string $file, int $line) => throw new ErrorException($words, 0, $kind, $file, $line));

// Otherwise it writes booleans of a query as 0 and 1.
Configuration::getDefaultConfiguration()->setBooleanFormatForQueryString(Configuration::BOOLEAN_FORMAT_STRING);

const STATES = [Model\TaskStatus::TODO, Model\TaskStatus::IN_PROGRESS, Model\TaskStatus::DONE];
$credentials = ['username' => getenv('TASKLANE_USERNAME'), 'password' => getenv('TASKLANE_PASSWORD')];

function done(string $step): void
{
    echo "ok $step\n";
}

function expect(mixed $got, mixed $wanted): void
{
    if ($got !== $wanted) {
        throw new Exception(json_encode($got) . ' instead of ' . json_encode($wanted));
    }
}

function configuration(string $token = ''): Configuration
{
    return (new Configuration())->setHost(getenv('TASKLANE_URL'))->setAccessToken($token);
}

function refused(callable $call, int $status, string $code): Model\Problem
{
    try {
        $call();
    } catch (ApiException $refusal) {
        $problem = $refusal->getResponseObject();
        expect($problem instanceof Model\Problem, true);
        expect([$refusal->getCode(), $problem->getStatus(), $problem->getCode()], [$status, $status, $code]);
        return $problem;
    }
    throw new Exception("was not refused with $status");
}

function due(int $n): DateTime
{
    return new DateTime(sprintf('2030-01-%02dT12:00:00Z', $n + 1));
}

$auth = new AuthApi(config: configuration());
$registered = $auth->register(new Model\Register($credentials));
expect($registered->getUser()->getUsername(), $credentials['username']);
done('register');

$tokens = $auth->login(new Model\Login($credentials));
expect($tokens->getTokenType(), 'Bearer');
$known = configuration($tokens->getAccessToken());
$tasks = new TasksApi(config: $known);
done('login');

expect($auth->createToken('password', $credentials['username'], $credentials['password'])->getUser()->getId(), $registered->getUser()->getId());
done('createToken');

$create = function (int $n) use ($tasks): Model\Task {
    $draft = new Model\TaskCreate(['title' => "Task $n", 'description' => 'Stays as it is', 'status' => STATES[$n % 3], 'due_date' => due($n), 'tags' => ['story']]);
    return $tasks->createTask($draft, "story-$n");
};
$made = array_map($create, range(0, 24));
foreach ($made as $n => $task) {
    expect([$task->getTitle(), $task->getDueDate()->getTimestamp(), $task->getVersion()], ["Task $n", due($n)->getTimestamp(), 1]);
}
$id = $made[3]->getId();
done('createTask');

expect($create(3)->getId(), $id);
done('createTask replayed');

$walked = [];
$pages = [];
$cursor = null;
do {
    $page = $tasks->listTasks(sort: Model\TaskSort::CREATED_AT_ASC, limit: 10, cursor: $cursor);
    array_push($walked, ...array_map(fn ($task) => $task->getId(), $page->getData()));
    $pages[] = count($page->getData());
    $cursor = $page->getPagination()->getNextCursor();
} while ($page->getPagination()->getHasMore());
expect($pages, [10, 10, 5]);
expect($walked, array_map(fn ($task) => $task->getId(), $made));
done('listTasks by cursor');

// Moments of a query as text: it measures the length of a DateTime.
$page = $tasks->listTasks(status: [STATES[0], STATES[1]], due_after: '2030-01-05T00:00:00Z', due_before: '2030-01-15T00:00:00Z', sort: Model\TaskSort::DUE_DATE_ASC);
expect(array_map(fn ($task) => $task->getTitle(), $page->getData()), array_map(fn ($n) => "Task $n", [4, 6, 7, 9, 10, 12, 13]));
done('listTasks filtered');

$task = $tasks->updateTask($id, new Model\TaskUpdate(['due_date' => null, 'priority' => Model\TaskPriority::HIGH]));
expect([$task->getDueDate(), $task->getPriority(), $task->getDescription(), $task->getTags(), $task->getVersion()], [null, 'high', 'Stays as it is', ['story'], 2]);
done('updateTask');

$stale = refused(fn () => $tasks->updateTask($id, new Model\TaskUpdate(['title' => 'Too late']), '"1"'), 412, 'stale_version');
$changed = $stale->getChangedFields();
sort($changed);
expect([$stale->getCurrentVersion(), $changed], [2, ['due_date', 'priority']]);
done('updateTask stale');

expect($tasks->deleteTaskWithHttpInfo($id, '"2"')[1], 204);
done('deleteTask');

refused(fn () => $tasks->getTask($id), 404, 'not_found');
done('getTask deleted');

$restored = $tasks->restoreTask($id);
expect([$restored->getId(), $restored->getDeletedAt()], [$id, null]);
done('restoreTask');

$imports = new TaskImportsApi(config: $known);
$job = $imports->createTaskImport(new SplFileObject(getenv('TASKLANE_CSV')));
done('createTaskImport');

while (in_array($job->getStatus(), [Model\TaskImportStatus::QUEUED, Model\TaskImportStatus::RUNNING], true)) {
    usleep(200_000);
    $job = $imports->getTaskImport($job->getId());
}
expect([$job->getStatus(), $job->getRowsTotal(), $job->getRowsImported(), $job->getRowsRejected()], ['succeeded', 4, 3, 1]);
expect(count($tasks->listTasks(tag: ['imported'])->getData()), 3);
done('getTaskImport');

$nobody = new Model\TaskCreate(['title' => 'For nobody', 'assignee_id' => '019f2f6e-7c1a-7ccc-8ccc-0123456789ab']);
$fault = refused(fn () => $tasks->createTask($nobody), 400, 'invalid_request')->getErrors()[0];
expect([$fault->getIn(), $fault->getPointer()], ['body', '/assignee_id']);
done('createTask invalid');

refused(fn () => (new UsersApi(config: configuration()))->getMe(), 401, 'unauthenticated');
done('getMe without token');
