# What the benchmarks share: servers in a folder of their own, removed at the end, and ways to
# measure them side by side. Sourced by the files beside it.
set -euo pipefail

top=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
seconds=${BENCH_SECONDS:-4}
rounds=${BENCH_ROUNDS:-3}

work=$(mktemp -d /tmp/rdbench.XXXXXX)
bin=$(pg_config --bindir 2>/dev/null || true)
[ -x "$bin/initdb" ] || bin=$(dirname "$(ls /usr/lib/postgresql/*/bin/initdb | tail -n 1)")
daemon=
nginx=

finish() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	[ -z "$nginx" ] || kill "$nginx" 2>/dev/null || true
	[ ! -d "$work/pg" ] || as_postgres "$bin/pg_ctl" -D "$work/pg" -m immediate stop >/dev/null 2>&1 || true
	wait 2>/dev/null || true
	rm -rf "$work"
}
trap finish EXIT
trap 'exit 130' INT TERM

as_postgres() {
	if [ "$(id -u)" = 0 ]; then
		(cd / && setpriv --reuid postgres --regid postgres --clear-groups "$@")
	else
		"$@"
	fi
}

free_port() {
	local port
	while :; do
		port=$((20000 + RANDOM % 20000))
		(exec 3<>"/dev/tcp/127.0.0.1/$port") 2>/dev/null || break
	done
	echo "$port"
}

sql() { psql -X -q -h "$work" -U recordingd_bench -d xivo_stats -v ON_ERROR_STOP=1 "$@"; }

# A test of another kind may have rows of its own.
load_data() { sql -v cel_rows=$cel_rows -f "$top/test/bench/data.sql" >/dev/null; }

start_database() {
	chmod 755 "$work"
	mkdir "$work/pg"
	[ "$(id -u)" != 0 ] || chown postgres "$work" "$work/pg"
	as_postgres "$bin/initdb" -D "$work/pg" -A trust -U recordingd_bench --no-sync -E UTF8 \
		--locale=C.UTF-8 >/dev/null
	as_postgres "$bin/pg_ctl" -D "$work/pg" -l "$work/pg.log" -w \
		-o "-c listen_addresses='' -c unix_socket_directories='$work' -c fsync=off -c shared_buffers=256MB -c max_connections=200" \
		start >/dev/null
	createdb -h "$work" -U recordingd_bench xivo_stats
	sql -f "$top/etc/schema.sql" >/dev/null
	load_data
	PGOPTIONS="-c client_min_messages=warning" sql -f "$top/etc/indexes.sql" >/dev/null
}

# start_recordingd [NAME=VALUE…]
start_recordingd() {
	mkdir -p "$work/audio"
	env RECORDINGD_SERVER_LISTEN=127.0.0.1:$port PLAY_AUTH_TOKEN=bench \
		RECORDINGD_DATABASE_CONNINFO="host=$work dbname=xivo_stats user=recordingd_bench" \
		RECORDINGD_AUDIO_DIRECTORY=$work/audio RECORDINGD_ACCESS_LOG_FILE=$work/access.log "$@" \
		"$top/build/recordingd" 2>"$work/recordingd.log" &
	daemon=$!
	for _ in $(seq 100); do
		curl -fso /dev/null "http://127.0.0.1:$port/recording/health" && return
		sleep 0.1
	done
	echo "recordingd did not start:" >&2
	cat "$work/recordingd.log" >&2
	exit 1
}

# One worker, with what nginx does best for files.
start_nginx() {
	mkdir -p "$work/www/recording"
	[ "$(id -u)" != 0 ] || chmod 755 "$work/audio"
	cat >"$work/nginx.conf" <<EOF
worker_processes 1;
daemon off;
pid $work/nginx.pid;
error_log $work/nginx.log;
events { worker_connections 16384; }
http {
	access_log off;
	keepalive_requests 1000000000;
	sendfile on;
	tcp_nopush on;
	open_file_cache max=100;
	default_type application/json;
	server {
		listen 127.0.0.1:$nginx_port backlog=4096;
		root $work/www;
		# The fields of recordingd's answer: Server is nginx's own.
		location = /empty { return 200 "[]"; }
		location /audio/ { alias $work/audio/; }
	}
}
EOF
	nginx -c "$work/nginx.conf" -p "$work" 2>/dev/null &
	nginx=$!
	for _ in $(seq 100); do
		curl -fso /dev/null "http://127.0.0.1:$nginx_port/empty" && return
		sleep 0.1
	done
	echo "nginx did not start" >&2
	exit 1
}

# request FILE PATH: a raw GET with the token.
request() {
	printf 'GET %s HTTP/1.1\r\nHost: bench\r\nX-Auth-Token: bench\r\n\r\n' "$2" >"$work/$1"
}

# load PORT REQUEST CONNECTIONS [OPTION…]: the generator's line.
load() {
	"$top/build/test/bench/load" --port "$1" --connections "$3" --seconds "$seconds" \
		--request "$work/$2" "${@:4}"
}

# pgbench_rate SCRIPT CONNECTIONS: transactions per second with prepared statements.
pgbench_rate() {
	"$bin/pgbench" -h "$work" -U recordingd_bench -n -M prepared -f "$work/$1" -c "$2" -j 1 \
		-T "$seconds" xivo_stats 2>/dev/null | sed -n 's/^tps = \([0-9.]*\).*/\1/p'
}

rate_of() { awk '{ print $3 }'; }

median() { sort -n | awk '{ v[NR] = $1 } END { print v[int((NR + 1) / 2)] }'; }

# row NAME OURS UNIT THEIRS WHOSE
row() {
	awk -v name="$1" -v ours="$2" -v unit="$3" -v theirs="$4" -v whose="$5" 'BEGIN {
		printf "%-44s %12.1f %-8s %12.1f %-22s %6.2f\n", name, ours, unit, theirs, whose,
			(theirs > 0 ? ours / theirs : 0)
	}'
}

# compare NAME OURS_COMMAND THEIRS_COMMAND WHOSE: alternating rounds, medians, one row.
compare() {
	local ours="" theirs="" i
	for ((i = 0; i < rounds; i++)); do
		theirs+="$(eval "$3")"$'\n'
		ours+="$(eval "$2")"$'\n'
	done
	row "$1" "$(printf %s "$ours" | median)" "req/s" "$(printf %s "$theirs" | median)" "$4"
}

cpu_seconds() {
	awk -v hz="$(getconf CLK_TCK)" '{ print ($14 + $15) / hz }' "/proc/$1/stat"
}

# statement NAME VALUE…: the statement of a file without its comments, with values for $1, $2, ….
statement() {
	local script="/^[[:space:]]*--/d" i=1 value
	for value in "${@:2}"; do
		script+=";s/[$]$i/$value/g"
		i=$((i + 1))
	done
	sed -e "$script" "$top/src/sql/$1.sql"
	echo ";"
}

stop_recordingd() {
	kill "$daemon"
	wait "$daemon" 2>/dev/null || true
	daemon=
}

# download PORT REQUEST PID: MB/s and CPU seconds per GB of one process.
download() {
	local before after line
	before=$(cpu_seconds "$3")
	line=$(load "$1" "$2" 2)
	after=$(cpu_seconds "$3")
	echo "$line $before $after" | awk '{ printf "%.1f %.3f\n", $6 / 1e6, ($8 - $7) / ($6 * $2 / 1e9) }'
}

rss_kib() { awk '/^VmRSS/ { print $2 }' "/proc/$1/status"; }

table_head() {
	printf '%-44s %12s %-8s %12s %-22s %6s\n' "what" "recordingd" "" "beside" "" "ratio"
}

# bench_memory CONNECTIONS
bench_memory() {
	local before after
	request health "/recording/health"
	before=$(rss_kib "$daemon")
	coproc IDLE { "$top/build/test/bench/load" --port "$port" --connections "$1" --idle \
		--request "$work/health"; }
	read -r -u "${IDLE[0]}" _
	after=$(rss_kib "$daemon")
	printf '%-44s %12.2f KiB\n' "memory for each of $1 idle connections" \
		"$(awk -v a="$after" -v b="$before" -v n="$1" 'BEGIN { print (a - b) / n }')"
	eval "exec ${IDLE[1]}>&-"
	wait "$IDLE_PID" 2>/dev/null || true
}

start_servers() {
	command -v nginx >/dev/null || { echo "nginx is missing: ./dev packages installs it" >&2; exit 1; }
	ulimit -n "$(ulimit -H -n)" 2>/dev/null || true
	port=$(free_port)
	nginx_port=$(free_port)
	start_database
	start_recordingd
	start_nginx
}
