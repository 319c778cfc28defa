# Installs what the jobs need and starts services for them: each in a folder of its own, on a free port, stopped at the
# end by stop_services. Expects the folder in $box.

heading () { printf '\n=== %s ===\n' "$*"; }

as_root () {
  if [ "$(id -u)" = 0 ]; then
    "$@"
  elif command -v sudo >/dev/null && sudo -n true 2>/dev/null; then
    sudo -n "$@"
  else
    echo "Not allowed to run “$*”. Install it first, or run this as root or with sudo." >&2
    return 1
  fi
}

install_package () {
  as_root apt-get update -q
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -yq --no-install-recommends "$1"
}

free_port () {
  node -e "
    const server = require('node:net').createServer().listen(0, '127.0.0.1', () => {
      console.log(server.address().port)
      server.close()
    })"
}

find_postgres () { find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1; }

# PostgreSQL rejects root, and its programs need a working directory that they may read.
as_postgres () {
  (
    cd "$box"
    if [ "$(id -u)" = 0 ]; then runuser -u postgres -- "$@"; else "$@"; fi
  )
}

# Sets TEST_DATABASE_URL for the commands of a job. A second call does nothing.
start_postgres () {
  if [ -n "${postgres_url:-}" ]; then return; fi
  heading 'PostgreSQL'
  if [ -z "$(find_postgres)" ]; then install_package postgresql; fi
  postgres_bin=$(find_postgres)
  local port options
  port=$(free_port)
  options="-p $port -k $box -c listen_addresses=127.0.0.1 -c fsync=off -c max_connections=200"
  if [ "$(id -u)" = 0 ]; then chown postgres "$box"; fi
  as_postgres "$postgres_bin/initdb" -D "$box/data" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null
  if ! as_postgres "$postgres_bin/pg_ctl" -D "$box/data" -l "$box/log" -w -o "$options" start >/dev/null; then
    cat "$box/log" >&2
    exit 1
  fi
  "$postgres_bin/postgres" --version
  postgres_url="postgres://postgres@127.0.0.1:$port/postgres"
}

start_redis () {
  if [ -n "${redis_url:-}" ]; then return; fi
  heading 'Redis'
  if ! command -v redis-server >/dev/null; then install_package redis-server; fi
  local port
  port=$(free_port)
  redis-server --port "$port" --bind 127.0.0.1 --save '' --appendonly no >/dev/null &
  redis_pid=$!
  until redis-cli -p "$port" ping >/dev/null 2>&1; do
    kill -0 "$redis_pid"
    sleep 0.1
  done
  redis-server --version
  redis_url="redis://127.0.0.1:$port"
}

stop_services () {
  if [ -n "${redis_pid:-}" ]; then kill "$redis_pid" 2>/dev/null || true; fi
  if [ -e "$box/data/postmaster.pid" ]; then
    as_postgres "$postgres_bin/pg_ctl" -D "$box/data" -m immediate stop >/dev/null || true
  fi
  rm -rf "$box"
}

# Locales that fold and sort letters in ways of their own. Where they cannot be had the suite says which it left out.
# Before the server starts, since it does not notice later ones.
ensure_locales () {
  heading 'locales'
  if ! command -v localedef >/dev/null || [ ! -e /usr/share/i18n/locales/tr_TR ]; then
    install_package locales || return 0
  fi
  local locale
  for locale in en_US de_DE tr_TR; do
    as_root localedef -i "$locale" -f UTF-8 "$locale.UTF-8" || true
  done
}

ensure_pgbouncer () {
  heading 'PgBouncer'
  if ! command -v pgbouncer /usr/sbin/pgbouncer >/dev/null; then install_package pgbouncer; fi
}

ensure_chromium () {
  heading 'Chromium'
  if ! command -v chromium >/dev/null; then install_package chromium; fi
  chromium --version
}

# Unpacks a package into a folder of its name in $box, without installing it.
fetch_program () {
  unpack () { (cd "$box" && apt-get download -q "$1" && dpkg -x "$1"_*.deb "$1"); }
  unpack "$1" || { as_root apt-get update -q && unpack "$1"; }
}

# Only the program, out of the package: Prometheus itself does not run here. Without it the suite skips the test of the
# alerts and says so.
ensure_promtool () {
  heading 'promtool'
  if command -v promtool >/dev/null; then return; fi
  if fetch_program prometheus; then
    export PROMTOOL="$box/prometheus/usr/bin/promtool"
  else
    echo 'promtool is not available.'
  fi
}

# The proxies of the documents, of which only the programs are needed.
ensure_proxies () {
  heading 'nginx and Caddy'
  if ! command -v nginx /usr/sbin/nginx >/dev/null; then
    # Its package would start it on port 80.
    fetch_program nginx && export NGINX="$box/nginx/usr/sbin/nginx" || echo 'nginx is not available.'
  fi
  if ! command -v caddy >/dev/null; then
    fetch_program caddy && export CADDY="$box/caddy/usr/bin/caddy" || echo 'Caddy is not available.'
  fi
}
