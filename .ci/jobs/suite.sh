# The test suite, on the embedded database and on PostgreSQL, and its core through PgBouncer.
heading 'npm test (embedded database)'
npm test

ensure_locales
start_postgres
start_redis
ensure_pgbouncer
ensure_chromium
ensure_promtool
ensure_proxies

heading 'npm test (PostgreSQL)'
TEST_REDIS_URL=$redis_url TEST_DATABASE_URL=$postgres_url npm test | tee "$box/suite"

heading 'npm run test:processes (embedded database)'
npm run test:processes
heading 'npm run test:processes (PostgreSQL)'
TEST_REDIS_URL=$redis_url TEST_DATABASE_URL=$postgres_url npm run test:processes

# Once: in a browser both databases look the same.
heading 'npm run test:console (PostgreSQL)'
TEST_REDIS_URL=$redis_url TEST_DATABASE_URL=$postgres_url npm run test:console | tee "$box/console"
if grep -q 'SKIP there is no Chromium' "$box/console"; then
  echo 'The console was not tested in a browser.' >&2
  exit 1
fi

heading 'npm run test:pooler (the core of the suite through PgBouncer)'
TEST_REDIS_URL=$redis_url TEST_DATABASE_URL=$postgres_url npm run test:pooler

heading 'npm run test:citus (on a cluster, where Citus is installed)'
TEST_DATABASE_URL=$postgres_url npm run test:citus
