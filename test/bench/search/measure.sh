# How the cases of ./dev bench search are measured. Sourced by run, after ../lib.sh and database.sh.
# Results are lines "case p50 p99 requests/s refused", times in microseconds, separated by tabs.

# The requests of each case, drawn from the database: $work/requests/CASE, blanks as underscores.
file_of() { printf '%s/requests/%s' "$work" "$(printf %s "$1" | tr ' /' '__')"; }

write_requests() {
	mkdir -p "$work/requests"
	sql -At -v many="$many" -f "$here/requests.sql" >"$work/all_requests"
	awk -F '\t' -v folder="$work/requests" '{
		file = $1
		gsub(/[ \/]/, "_", file)
		print substr($0, length($1) + 2) >(folder "/" file)
	}' "$work/all_requests"
}

cases() { cut -f 1 "$work/all_requests" | grep -E "$1" | sort -u; }

# Eight clients; each request is another one of the case.
load_case() {
	"$top/build/test/bench/load" --port "$port" --connections "${connections:-8}" --seconds "$seconds" \
		--warm "${warm:-0.3}" --requests "$(file_of "$1")"
}

keep_result() { awk -v name="$1" '{ printf "%s\t%d\t%d\t%.1f\t%d\n", name, $4, $5, $3, $7 }' | tee -a "$results"; }

measure_case() { load_case "$1" | keep_result "$1" >/dev/null; }

# measure_cases PATTERN
measure_cases() {
	local name
	while IFS= read -r name; do
		measure_case "$name"
	done < <(cases "$1")
}

# Following next -----------------------------------------------------------------------------------

next_of() { sed -n 's/.*"next":"\([^"]*\)".*/\1/p' "$work/page"; }

# post TARGET BODY: the answer is in $work/page.
post() {
	curl -sS -o "$work/page" -H 'X-Auth-Token: bench' -H 'Content-Type: application/json' -d "$2" \
		"http://127.0.0.1:$port$1"
}

url_escaped() { printf %s "$1" | sed 's/%/%25/g; s/+/%2B/g; s/=/%3D/g; s/&/%26/g; s,/,%2F,g'; }

# walk TARGET BODY: 100,000 calls in pages of 1,000, then the requests of two hundred pages of ten,
# as the case "deep". False when the answers carry no cursor or end too early.
walk() {
	local cursor= i
	for ((i = 0; i < 100; i++)); do
		post "$1?pageSize=1000${cursor:+&after=$(url_escaped "$cursor")}" "$2"
		cursor=$(next_of)
		[ -n "$cursor" ] || return 1
	done
	: >"$(file_of deep)"
	for ((i = 0; i < 200; i++)); do
		printf 'POST\t%s?pageSize=10&after=%s\t%s\n' "$1" "$(url_escaped "$cursor")" "$2" >>"$(file_of deep)"
		post "$1?pageSize=10&after=$(url_escaped "$cursor")" "$2"
		cursor=$(next_of)
		[ -n "$cursor" ] || break
	done
}

# Page 1 and the deep pages take turns, as the machine is not always the same.
measure_next() {
	local name target body i
	while IFS= read -r name; do
		IFS=$'\t' read -r _ target body <"$(file_of "$name")"
		if ! walk "$target" "$body"; then
			echo "$name: no next at a depth of 100,000 calls" >&2
			continue
		fi
		for ((i = 0; i < rounds; i++)); do
			load_case "$name" >>"$work/first"
			load_case deep >>"$work/deep"
		done
		sort -n -k 4 "$work/first" | sed -n "$(((rounds + 1) / 2))p" | keep_result "$name, page 1" >/dev/null
		sort -n -k 4 "$work/deep" | sed -n "$(((rounds + 1) / 2))p" | keep_result "$name, depth 100,000" >/dev/null
		rm -f "$work/first" "$work/deep"
	done < <(cases '^next: ')
}

# Lanes ----------------------------------------------------------------------------------------------

# measure_busy WHAT: while sixteen clients ask for what takes long.
measure_busy() {
	local name heavy
	"$top/build/test/bench/load" --port "$port" --connections 16 --seconds 3600 \
		--requests "$(file_of heavy)" >/dev/null 2>&1 &
	heavy=$!
	sleep 1
	for name in last_agent callid_search cel; do
		load_case "$name" | keep_result "lane: $name, $1" >/dev/null
	done
	kill -0 "$heavy" || echo "the heavy searches ended early" >&2
	kill "$heavy" 2>/dev/null || true
	wait "$heavy" 2>/dev/null || true
}

# What is quick stays quick meanwhile: with the settings as they are, and with one search at once.
measure_lanes() {
	local name seconds=$((seconds < 3 ? 3 : seconds))
	for name in last_agent callid_search cel; do
		load_case "$name" | keep_result "lane: $name, quiet" >/dev/null
	done
	measure_busy busy
	stop_recordingd
	start_recordingd RECORDINGD_DATABASE_SEARCH_CONNECTIONS=1
	measure_busy 'busy, one at once'
	stop_recordingd
	start_recordingd
}

# Beside pgbench -------------------------------------------------------------------------------------

rate_cases=('last_agent' 'callid_search' 'history: interface' 'history: agent' 'customer: by number'
	'search: caller' 'search: direction + queueCallStatus' 'search: agent name + start')

# As many as pgbench takes scripts, evenly from the case.
few_requests() {
	awk -v every="$(($(wc -l <"$(file_of "$1")") / 100))" 'every < 2 || NR % every == 0' "$(file_of "$1")" |
		head -n 100 >"$(file_of few)"
}

# start_logging OPTION…: the servers anew, with what PostgreSQL is told to log in $log.
start_logging() {
	stop_recordingd_if_any
	stop_cluster
	rm -rf "$folder/statements"
	start_cluster -c logging_collector=on -c log_destination=csvlog -c "log_directory=$folder/statements" \
		-c log_filename=statements.log -c log_rotation_size=0 -c log_rotation_age=0 "$@"
	log=$folder/statements/statements.csv
	start_recordingd
}

stop_logging() {
	stop_recordingd_if_any
	stop_cluster
	start_cluster
}

stop_recordingd_if_any() { [ -z "$daemon" ] || stop_recordingd; }

log_sql() { psql -X -q -h "$work" -U recordingd_bench -d bench_log -v ON_ERROR_STOP=1 "$@"; }

# replay FILE: sends its requests ("case, method, target, body") one by one.
replay() {
	"$top/build/test/bench/search/replay" --port "$port" --requests "$1" \
		--conninfo "host=$work user=recordingd_bench dbname=xivo_stats" >"$work/answers"
}

# load_log FILE: what the replay of FILE left in the log, as tables of the database bench_log.
load_log() {
	sleep 0.5 # the logging collector writes last
	psql -X -q -h "$work" -U recordingd_bench -d postgres -c 'SET client_min_messages = warning' \
		-c 'DROP DATABASE IF EXISTS bench_log' -c 'CREATE DATABASE bench_log'
	log_sql -v log="$log" -f "$here/log.sql"
	log_sql -c '\copy answer FROM STDIN' <"$work/answers"
	awk -F '\t' -v OFS='\t' '{ gsub(/\\/, "\\\\"); print $1, $2, $3, (NF > 3 ? $4 : "") }' "$1" |
		log_sql -c '\copy request (name, method, target, body) FROM STDIN'
}

# pgbench's scripts for the requests of "few": a folder for each case.
write_scripts() {
	local name=$1 scripts=$2
	few_requests "$name"
	sed "s/^/case\t/" "$(file_of few)" >"$work/few"
	: >"$log"
	replay "$work/few"
	load_log "$work/few"
	mkdir -p "$scripts"
	cp "$(file_of few)" "$scripts/requests"
	log_sql -At -F $'\x1f' -R $'\x1e' -f "$here/pgbench.sql" | awk -v folder="$scripts" '
		BEGIN { RS = "\036"; FS = "\037" }
		{ sub(/\n$/, "") } # psql ends its last line
		$1 == "mode" { print $3 >(folder "/mode") }
		$1 == "script" { print $3 >(folder "/" $2 ".sql") }
		$1 == "value" { print "-D" >(folder "/values"); print $3 >(folder "/values") }'
}

# The settings of src/sql/session.sql: otherwise the same statements would have other plans.
session_options='-c jit=off -c plan_cache_mode=force_generic_plan -c max_parallel_workers_per_gather=0
	-c enable_bitmapscan=off'

# pgbench_scripts FOLDER: transactions per second once every client has prepared everything.
pgbench_scripts() {
	local files=() values=() file
	for file in "$1"/*.sql; do
		files+=(-f "$file")
	done
	[ ! -f "$1/values" ] || mapfile -t values <"$1/values"
	PGOPTIONS=$session_options "$bin/pgbench" -h "$work" -U recordingd_bench -n -M "$(cat "$1/mode")" -c 8 -j 1 -P 1 \
		-T $((seconds + 3)) -D ready=0 "${values[@]}" "${files[@]}" xivo_stats 2>&1 >/dev/null |
		sed -n 's/^progress: .* s, \([0-9.]*\) tps.*/\1/p' | tail -n "$seconds" | median
}

measure_rates() {
	local name ours theirs i number=0
	start_logging -c log_min_duration_statement=0
	for name in "${rate_cases[@]}"; do
		number=$((number + 1))
		write_scripts "$name" "$work/scripts/$number"
	done
	stop_logging
	start_recordingd
	number=0
	for name in "${rate_cases[@]}"; do
		number=$((number + 1))
		ours= theirs=
		cp "$work/scripts/$number/requests" "$(file_of few)"
		for ((i = 0; i < rounds; i++)); do
			theirs+=$(pgbench_scripts "$work/scripts/$number")$'\n'
			ours+=$(warm=1 load_case few | awk '{ print $3 }')$'\n'
		done
		printf 'rate: %s\t%s\t%s\t%s\n' "$name" "$(printf %s "$ours" | median)" \
			"$(printf %s "$theirs" | median)" "$(cat "$work/scripts/$number/mode")" >>"$results"
	done
}
