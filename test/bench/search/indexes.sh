# ./dev bench search --indexes: what etc/indexes.sql costs, on a copy of the kept database. Sourced by
# run, after the others.

insert_sql() { PGOPTIONS='-c client_min_messages=warning' psql -X -q -h "$work" -U recordingd_bench -d bench_insert -v ON_ERROR_STOP=1 "$@"; }

# insert_ms WRITERS: milliseconds for a call with all its rows.
insert_ms() {
	insert_sql -c CHECKPOINT
	"$bin/pgbench" -h "$work" -U recordingd_bench -n -M prepared -f "$here/insert.pgbench" -c "$1" -j 1 \
		-T "$seconds" bench_insert 2>/dev/null | sed -n 's/^latency average = \([0-9.]*\) ms.*/\1/p'
}

# As a server does it that keeps its promises, then without waiting for the disk, where only the
# work for the indexes is left.
insert_rows() {
	local writers
	stop_cluster
	start_cluster -c fsync=on -c synchronous_commit=on -c full_page_writes=on -c wal_level=replica
	for writers in 1 4; do
		printf 'durable, %s\t%s\t%s\n' "$writers" "$1" "$(insert_ms $writers)"
	done
	stop_cluster
	start_cluster
	for writers in 1 4; do
		printf 'fsync off, %s\t%s\t%s\n' "$writers" "$1" "$(insert_ms $writers)"
	done
}

# The file as an operator runs it; psql says how long each statement took.
time_indexes() {
	{
		echo '\timing on'
		cat "$top/etc/indexes.sql"
	} | insert_sql -e -f - 2>/dev/null | awk '
		/^CREATE INDEX/ && match($0, /recordingd_[a-z_0-9]+/) { name = substr($0, RSTART, RLENGTH) }
		/^Time: / && name != "" { print name "\t" $2 / 1000; name = "" }'
}

print_indexes() {
	local name built
	printf '%-42s %14s %14s\n' "per million calls" "size" "build"
	while IFS=$'\t' read -r name built; do
		printf '%s\t%s\t%s\n' "$name" "$built" "$(insert_sql -At -c "SELECT pg_relation_size('$name')")"
	done | awk -F '\t' -v calls="$calls" '
		{ printf "%-42s %11.1f MB %12.1f s\n", $1, $3 / 1048576 * 1e6 / calls, $2 * 1e6 / calls; size += $3; time += $2 }
		END { printf "%-42s %11.1f MB %12.1f s\n", "all", size / 1048576 * 1e6 / calls, time * 1e6 / calls }'
}

measure_indexes() {
	[ "$seconds" -gt 1 ] || seconds=8
	open_database
	psql -X -q -h "$work" -U recordingd_bench -d postgres -c 'DROP DATABASE IF EXISTS bench_insert' \
		-c 'CREATE DATABASE bench_insert TEMPLATE xivo_stats STRATEGY file_copy' 2>/dev/null
	drop_indexes -d bench_insert
	insert_rows without >"$work/inserts"
	time_indexes >"$work/indexes"
	print_indexes <"$work/indexes"
	insert_rows with >>"$work/inserts"
	echo
	printf '%-42s %14s %14s %8s\n' "insert of a call with its rows, writers" "schema.sql" "indexes.sql" "ratio"
	awk -F '\t' '
		$2 == "without" { before[$1] = $3; order[++n] = $1 }
		$2 == "with" { after[$1] = $3 }
		END { for (i = 1; i <= n; i++) printf "%-42s %11.3f ms %11.3f ms %8.2f\n", order[i], before[order[i]], after[order[i]], after[order[i]] / before[order[i]] }
	' "$work/inserts"
	psql -X -q -h "$work" -U recordingd_bench -d postgres -c 'DROP DATABASE bench_insert'
}
