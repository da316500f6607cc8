#!/usr/bin/env bash
# One PostgreSQL server on loopback, for trials and tests of a Prefect server; a cluster brings its own.
#
#   postgres.sh start    make the database if it is not there, and start it in the background
#   postgres.sh run      the same in the foreground, as this process
#   postgres.sh stop     stop what `start` started; the data stays
#
# Environment: DIR (where all of it lies), PORT (default 5432), PASSWORD (of the user prefect),
# DATABASE (default prefect). Needs Debian's `postgresql` package or a pg_ctl in PATH.
# Nothing is synced to disk: a machine that loses power loses this database, and dubwright's lake needs none.
set -euo pipefail

DIR=${DIR:?names the folder that the database lies in}
PORT=${PORT:-5432}
DATABASE=${DATABASE:-prefect}
DATA=$DIR/data
LOG=$DIR/postgres.log

die() { echo "postgres.sh: $*" >&2; exit 1; }

# The newest that is installed; Debian keeps the programs out of PATH.
BIN=$(find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -n 1)
[ -n "$BIN" ] || BIN=$(dirname "$(command -v pg_ctl || true)")
[ -x "$BIN/pg_ctl" ] || die "PostgreSQL is not installed → apt-get install -y --no-install-recommends postgresql"

# PostgreSQL refuses to run as root, so root runs it as the user that the package makes.
AS=()
if [ "$(id -u)" = 0 ]; then
	id postgres >/dev/null 2>&1 || die "there is no user postgres → install Debian's postgresql package"
	AS=(setpriv --reuid=postgres --regid=postgres --clear-groups --)
fi

prepare() {
	mkdir -p "$DIR"
	[ "$(id -u)" != 0 ] || chown postgres: "$DIR"
	cd "$DIR"
	"${AS[@]}" test -w . || die "$DIR cannot be entered by user postgres → choose another DIR"
	[ -s "$DATA/PG_VERSION" ] || initialize
}

initialize() {
	: "${PASSWORD:?is the password of the user prefect}"
	# A folder half made by a start that was killed is made anew; its name says it was never in use.
	rm -rf "$DATA.new"
	printf '%s\n' "$PASSWORD" | "${AS[@]}" sh -c 'umask 077 && cat >password'
	"${AS[@]}" "$BIN/initdb" --pgdata="$DATA.new" --username=prefect --auth=scram-sha-256 --encoding=UTF8 \
		--no-locale --no-sync --pwfile=password >"$DIR/initdb.log" 2>&1 \
		|| die "initdb failed: $(tail -n 3 "$DIR/initdb.log")"
	rm -f password
	# initdb makes the database `postgres` only; a server of one user and no network makes the other.
	[ "$DATABASE" = postgres ] || echo "CREATE DATABASE \"$DATABASE\";" \
		| "${AS[@]}" "$BIN/postgres" --single -j -D "$DATA.new" postgres >>"$DIR/initdb.log" 2>&1 \
		|| die "the database was not made: $(tail -n 3 "$DIR/initdb.log")"
	mv "$DATA.new" "$DATA"
}

OPTIONS=(-c "port=$PORT" -c listen_addresses=127.0.0.1 -c unix_socket_directories= -c fsync=off
	-c synchronous_commit=off -c full_page_writes=off -c shared_buffers=32MB -c max_connections=100)

case "${1:-}" in
start)
	prepare
	"${AS[@]}" "$BIN/pg_ctl" start --pgdata="$DATA" --log="$LOG" --wait --timeout=60 --silent \
		--options="${OPTIONS[*]}" || die "it did not start: $(tail -n 5 "$LOG")"
	echo "PostgreSQL answers at 127.0.0.1:$PORT, user prefect, database $DATABASE" ;;
run)
	prepare
	exec "${AS[@]}" "$BIN/postgres" -D "$DATA" "${OPTIONS[@]}" ;;
stop)
	cd "$DIR" 2>/dev/null || exit 0
	[ ! -s "$DATA/postmaster.pid" ] || "${AS[@]}" "$BIN/pg_ctl" stop --pgdata="$DATA" --mode=fast --wait --timeout=60 --silent ;;
*) die "say start, run or stop" ;;
esac
