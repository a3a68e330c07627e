#!/bin/bash
# Sets up MySQL's data directory on the first start, from the variables that the
# official image knows, and then becomes mysqld. It must never touch a data
# directory that is complete, and never put a password on a disk or in argv.
set -euo pipefail

INITIAL=/usr/lib/mysql/initial-data

log() { echo "[entrypoint] $*" >&2; }
fail() { echo "[entrypoint] error: $*" >&2; exit 1; }

# read_file_env NAME: the value of NAME, or the content of the file NAME_FILE.
read_file_env() {
  local file=$1_FILE
  if [[ -n ${!1-} && -n ${!file-} ]]; then fail "both $1 and $file are set; set one of them"; fi
  if [[ -n ${!file-} ]]; then
    [[ -r ${!file} ]] || fail "$file names ${!file}, which cannot be read"
    printf -v "$1" '%s' "$(<"${!file}")"
  fi
  printf -v "$1" '%s' "${!1-}"
}

# A string literal, and a quoted identifier, of MySQL.
literal() {
  [[ $1 != *$'\n'* ]] || fail "a password, user or database name holds a line break"
  local text=${1//\\/\\\\}
  printf "'%s'" "${text//\'/\\\'}"
}
# shellcheck disable=SC2016 # backquotes are MySQL's
identifier() { printf '`%s`' "${1//\`/\`\`}"; }

# option NAME DEFAULT: the last --NAME=value among mysqld's arguments.
option() {
  local word value=$2
  for word in "${MYSQLD[@]}"; do
    [[ $word != "--$1="* ]] || value=${word#*=}
  done
  echo "$value"
}

# Options that are fixed when a data directory is made.
has_own_layout() {
  local word
  for word in "${MYSQLD[@]}"; do
    case $word in
      --lower[_-]case[_-]table[_-]names* | --innodb[_-]page[_-]size* | --innodb[_-]data* | --innodb[_-]undo*) return 0 ;;
    esac
  done
  return 1
}

# The file mysql.ibd gets its name last, so it marks a complete directory.
make_data_directory() {
  umask 027
  mkdir -p "$DATADIR"
  [[ -w $DATADIR ]] || fail "$DATADIR is not writable for uid $(id -u); give the volume that owner (fsGroup)"
  if [[ -d $INITIAL ]] && ! has_own_layout; then
    log "copying the initial data directory"
    (
      cd "$INITIAL"
      find . -mindepth 1 -maxdepth 1 ! -name mysql.ibd -exec \
        cp -r --sparse=always --no-preserve=mode,ownership -t "$DATADIR" {} +
      cp --sparse=always --no-preserve=mode,ownership mysql.ibd "$DATADIR/.mysql.ibd.new"
    )
    mv "$DATADIR/.mysql.ibd.new" "$DATADIR/mysql.ibd"
  else
    log "initialising the data directory"
    "${MYSQLD[@]}" --initialize-insecure
  fi
}

# Statements that make the accounts. CREATE DATABASE comes last: its directory
# tells the next start that all before it was done.
account_statements() {
  local root_host=${MYSQL_ROOT_HOST-%}
  if [[ -n $MYSQL_DATABASE && -n $MYSQL_USER ]]; then
    echo "CREATE USER IF NOT EXISTS $(literal "$MYSQL_USER")@'%' IDENTIFIED BY $(literal "$MYSQL_PASSWORD");"
    echo "ALTER USER $(literal "$MYSQL_USER")@'%' IDENTIFIED BY $(literal "$MYSQL_PASSWORD");"
    # `_` and `%` are patterns in the name of a GRANT.
    local pattern=${MYSQL_DATABASE//_/\\_}
    echo "GRANT ALL ON $(identifier "${pattern//%/\\%}").* TO $(literal "$MYSQL_USER")@'%';"
  fi
  if [[ -n $root_host && $root_host != localhost ]]; then
    echo "CREATE USER IF NOT EXISTS 'root'@$(literal "$root_host") IDENTIFIED BY $(literal "$MYSQL_ROOT_PASSWORD");"
    echo "GRANT ALL ON *.* TO 'root'@$(literal "$root_host") WITH GRANT OPTION;"
  fi
  echo "ALTER USER 'root'@'localhost' IDENTIFIED BY $(literal "$MYSQL_ROOT_PASSWORD");"
  [[ -z $MYSQL_DATABASE ]] || echo "CREATE DATABASE IF NOT EXISTS $(identifier "$MYSQL_DATABASE");"
}

# as_root SOCKET: run the SQL on stdin as root, over a socket only we can reach.
as_root() {
  MYSQL_PWD=$MYSQL_ROOT_PASSWORD mysql --no-defaults --protocol=socket --socket="$1" --user=root \
    ${MYSQL_DATABASE:+"--database=$MYSQL_DATABASE"}
}

# Scripts of /docker-entrypoint-initdb.d run against a server without network.
run_init_scripts() {
  local socket=/var/run/mysqld/setup.sock file server
  log "running the scripts of /docker-entrypoint-initdb.d"
  "${MYSQLD[@]}" --init-file=<(account_statements) --skip-networking --mysqlx=OFF --socket="$socket" &
  server=$!
  for ((i = 0; i < 600; i++)); do
    [[ -S $socket ]] && as_root "$socket" <<<'SELECT 1;' >/dev/null 2>&1 && break
    kill -0 "$server" 2>/dev/null || fail "mysqld ended before it could be set up"
    sleep 0.1
  done
  # shellcheck disable=SC1090 # scripts of whoever runs the image
  for file in /docker-entrypoint-initdb.d/*; do
    case $file in
      *.sh) log "running $file"; if [[ -x $file ]]; then "$file"; else source "$file"; fi ;;
      *.sql) log "running $file"; as_root "$socket" <"$file" ;;
      *.sql.gz) fail "$file: packed files are not read by this image; unpack it" ;;
    esac
  done
  as_root "$socket" <<<'SHUTDOWN;'
  wait "$server"
}

set_up() {
  local name
  for name in MYSQL_ROOT_PASSWORD MYSQL_DATABASE MYSQL_USER MYSQL_PASSWORD; do read_file_env "$name"; done
  if [[ -e $DATADIR/mysql.ibd && -e $DATADIR/.urumi-set-up ]]; then return; fi
  # A directory that the official image made has no mark, but is complete.
  if [[ -e $DATADIR/mysql.ibd && -n $MYSQL_DATABASE && -d $DATADIR/$MYSQL_DATABASE ]]; then return; fi
  if [[ -z $MYSQL_ROOT_PASSWORD && -z ${MYSQL_ALLOW_EMPTY_PASSWORD-} ]]; then
    fail "the data directory is empty and no password is given; set MYSQL_ROOT_PASSWORD or MYSQL_ROOT_PASSWORD_FILE"
  fi
  if [[ -n $MYSQL_USER && -z $MYSQL_PASSWORD ]]; then
    fail "MYSQL_USER is set, but neither MYSQL_PASSWORD nor MYSQL_PASSWORD_FILE"
  fi
  [[ -e $DATADIR/mysql.ibd ]] || make_data_directory
  if compgen -G '/docker-entrypoint-initdb.d/*' >/dev/null || [[ -z $MYSQL_DATABASE ]]; then
    run_init_scripts
    : >"$DATADIR/.urumi-set-up"
  else
    # No second server: the real one makes the accounts before it listens.
    exec 9< <(account_statements)
    MYSQLD+=(--init-file=/dev/fd/9)
  fi
}

if [[ ${1-mysqld} == -* ]]; then set -- mysqld "$@"; fi
if [[ ${1-mysqld} != mysqld ]]; then exec "$@"; fi
[[ $(id -u) != 0 ]] || fail "this image runs as uid 999; take the root user out of the pod or command"

MYSQLD=("${@:-mysqld}")
for word in "${MYSQLD[@]}"; do
  case $word in --help | -\? | --version | -V | --print-defaults) exec "${MYSQLD[@]}" ;; esac
done
DATADIR=$(option datadir /var/lib/mysql)
set_up
# mysqld needs none of them, and /proc shows what a process was started with.
unset MYSQL_ROOT_PASSWORD MYSQL_PASSWORD MYSQL_ROOT_PASSWORD_FILE MYSQL_PASSWORD_FILE
exec "${MYSQLD[@]}"
