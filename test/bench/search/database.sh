# A database of many calls for ./dev bench search and ./dev bench plans, filled once and kept below
# build/bench. Sourced after ../lib.sh, whose sql() and start_recordingd() then speak to it.

until='2026-11-26 18:00:00' # when the data end

# Where the cluster lies: below the clone, unless the postgres user cannot get there.
choose_folder() {
	folder=$top/build/bench/search-$calls
	mkdir -p "$folder"
	if [ "$(id -u)" = 0 ] && ! as_postgres test -x "$folder" 2>/dev/null; then
		folder=/var/tmp/recordingd-bench-$(printf '%s' "$top" | cksum | cut -d ' ' -f 1)/search-$calls
		mkdir -p "$folder"
		echo "the postgres user cannot enter $top/build: the database is in $folder" >&2
	fi
	chmod 755 "$work"
	[ "$(id -u)" != 0 ] || chown postgres "$work" "$folder"
}

# A quarter of the memory, at most 4 GB: PostgreSQL's own advice.
shared_buffers() { awk '/^MemTotal/ { m = int($2 / 4096); print (m > 4096 ? 4096 : m) "MB" }' /proc/meminfo; }

# One run at a time; the servers it starts must not keep the lock when it is killed.
lock_database() {
	exec 9>"$folder/lock"
	flock -n 9 || { folder= && echo "another benchmark is using this database" >&2 && exit 1; }
}

# start_cluster [OPTION…]: the kept cluster on a socket in $work. A run that was killed may have left
# its server behind.
start_cluster() {
	[ ! -f "$folder/pg/postmaster.pid" ] || stop_cluster
	as_postgres "$bin/pg_ctl" -D "$folder/pg" -l "$folder/log" -w -s -o "-c listen_addresses='' \
		-c unix_socket_directories='$work' -c fsync=off -c synchronous_commit=off -c full_page_writes=off \
		-c wal_level=minimal -c max_wal_senders=0 -c max_wal_size=8GB -c autovacuum=off \
		-c max_connections=200 -c shared_buffers=$(shared_buffers) $*" start 9>&-
}

stop_cluster() {
	as_postgres "$bin/pg_ctl" -D "$folder/pg" -m fast -w -s stop >/dev/null 2>&1 || true
}

# The cluster stays; everything else goes.
finish() {
	[ -z "$daemon" ] || kill "$daemon" 2>/dev/null || true
	[ ! -f "${folder:-}/pg/postmaster.pid" ] || stop_cluster
	wait 2>/dev/null || true
	rm -rf "$work"
}

hash_of() { cat "$@" | cksum | tr ' ' -; }

# What the data depend on: another one, and they are made anew.
data_mark() { echo "seed $seed, until $until, generator $(hash_of "$here"/data/*.sql "$top/etc/schema.sql")"; }

data() { sql -v calls="$calls" -v seed="$seed" -v until="$until" -f "$here/data/$1.sql" >/dev/null; }

# timed WHAT COMMAND…
timed() {
	local start=$SECONDS
	"${@:2}"
	printf '  %-32s %5d s\n' "$1" $((SECONDS - start)) >&2
}

# The big tables side by side: each is computed from the number of the call alone.
fill_tables() {
	local table pids=() pid
	for table in call_data attached_data call_on_queue call_element; do
		data $table &
		pids+=($!)
	done
	for pid in "${pids[@]}"; do
		wait "$pid"
	done
}

fill() {
	echo "filling $folder with $calls calls (seed $seed); this is done once" >&2
	rm -rf "$folder/pg" "$folder/filled" "$folder/indexed" "$folder/results"
	as_postgres "$bin/initdb" -D "$folder/pg" -A trust -U recordingd_bench --no-sync -E UTF8 \
		--locale=C.UTF-8 >/dev/null
	start_cluster -c maintenance_work_mem=1GB -c work_mem=256MB
	createdb -h "$work" -U recordingd_bench xivo_stats
	sql -f "$top/etc/schema.sql" >/dev/null
	data prepare
	data configuration
	timed "tables" fill_tables
	timed "keys and channel events" data finish
	index
	timed "vacuum and analyze" sql -c 'VACUUM (ANALYZE)'
	stop_cluster
	data_mark >"$folder/filled"
}

# The statements of etc/indexes.sql, faster as nobody else is here.
build_indexes() {
	sed 's/ CONCURRENTLY//' "$top/etc/indexes.sql" |
		PGOPTIONS="-c client_min_messages=warning -c maintenance_work_mem=1GB" sql "$@" -f -
}

drop_indexes() {
	sql -At -c "SELECT format('DROP INDEX %s;', indexrelid::regclass) FROM pg_index
		WHERE indexrelid::regclass::text LIKE 'recordingd\_%'" "$@" | sql "$@" -f -
}

# Indexes follow etc/indexes.sql: a changed file is built anew, the data stay.
index() {
	drop_indexes
	timed "etc/indexes.sql" build_indexes >/dev/null
	sql -c ANALYZE
	hash_of "$top/etc/indexes.sql" >"$folder/indexed"
}

# open_database [OPTION…]: filled, indexed and running.
open_database() {
	choose_folder
	lock_database
	if [ "$(cat "$folder/filled" 2>/dev/null)" != "$(data_mark)" ]; then
		fill
	fi
	start_cluster "$@"
	if [ "$(cat "$folder/indexed" 2>/dev/null)" != "$(hash_of "$top/etc/indexes.sql")" ]; then
		index
	fi
}

# Everything into memory, as far as it fits.
warm_database() {
	sql -At >/dev/null <<-'SQL'
		SET client_min_messages = warning;
		CREATE EXTENSION IF NOT EXISTS pg_prewarm;
		SELECT sum(pg_prewarm(oid)) FROM pg_class
		WHERE relkind IN ('r', 'i') AND relnamespace = 'public'::regnamespace;
	SQL
}
