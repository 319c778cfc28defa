# Sets up the database of compose.yaml: the image of PostgreSQL runs this once, on an empty volume. One role owns the
# tables, another serves; neither is a superuser. The timeouts end statements that Tasklane has stopped waiting for;
# they are set on the role because a pooler rejects them from a client.

psql --username "$POSTGRES_USER" --dbname postgres \
  --set ON_ERROR_STOP=1 --set password="$DATABASE_PASSWORD" \
  --set owner_password="$MIGRATION_PASSWORD" <<'SQL'
create role tasklane_owner login password :'owner_password';
create role tasklane login password :'password';
alter role tasklane set statement_timeout = '3s';
alter role tasklane set lock_timeout = '2s';
alter role tasklane set idle_in_transaction_session_timeout = '10s';
alter role tasklane set tcp_keepalives_idle = 5;
alter role tasklane set tcp_keepalives_interval = 2;
alter role tasklane set tcp_keepalives_count = 3;
alter role tasklane set max_parallel_workers_per_gather = 0;
create database tasklane owner tasklane_owner template template0 encoding UTF8;
SQL
