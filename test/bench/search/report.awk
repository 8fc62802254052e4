# The table of ./dev bench search from the kept results; with two files, the growth from the first to
# the second. Times in the files are microseconds.
function ms(us) { return us >= 20000000 ? "over 20 s" : sprintf("%.1f ms", us / 1000) }

# The worst p50 and the worst p99 of the cases that match.
function worst(size, pattern, what,    name, most) {
	most = -1
	for (name in value) {
		split(name, part, SUBSEP)
		if (part[1] == size && part[3] == what && part[2] ~ pattern && value[name] > most)
			most = value[name]
	}
	return most
}

function count(size, pattern,    name, n) {
	for (name in value) {
		split(name, part, SUBSEP)
		if (part[1] == size && part[3] == "p50" && part[2] ~ pattern)
			n++
	}
	return n + 0
}

function row(title, pattern, wanted, growth,    p50, p99, line) {
	p50 = worst(1, pattern, "p50")
	if (p50 < 0)
		return
	p99 = worst(1, pattern, "p99")
	line = sprintf("%-58s %12s %12s   %-14s", title, ms(p50), ms(p99), wanted)
	if (two && worst(2, pattern, "p50") >= 0)
		line = line sprintf(" %5.1f / %-5.1f %s", worst(2, pattern, "p50") / p50, worst(2, pattern, "p99") / p99, growth)
	print line
}

function ratio_row(title, over, under, wanted,    size, line) {
	line = ""
	for (size = 1; size <= 1 + two; size++) {
		if (value[size, under, "p50"] > 0)
			line = line sprintf(" %12.2f %12.2f  ", value[size, over, "p50"] / value[size, under, "p50"],
				value[size, over, "p99"] / value[size, under, "p99"])
		else if (size == 1)
			return
	}
	printf "%-58s%s %s\n", title, line, wanted
}

function slowest(pattern, many,    i, name, best, used) {
	print ""
	print "the slowest by p99:"
	for (i = 0; i < many; i++) {
		best = ""
		for (name in value) {
			split(name, part, SUBSEP)
			if (part[1] == 1 && part[3] == "p99" && part[2] ~ pattern && !(part[2] in used) &&
				(best == "" || value[name] > value[1, best, "p99"]))
				best = part[2]
		}
		if (best == "")
			return
		used[best] = 1
		printf "  %-56s %12s %12s\n", best, ms(value[1, best, "p50"]), ms(value[1, best, "p99"])
	}
}

BEGIN { FS = "\t" }
FNR == 1 { size++ }
/^rate: / { rates[size, $1] = sprintf("%12.0f %12.0f %8.2f  pgbench -M %s", $2, $3, $3 > 0 ? $2 / $3 : 0, $4); order[++names] = $1; next }
{
	value[size, $1, "p50"] = $2
	value[size, $1, "p99"] = $3
	if ($5 > 0 && size == 1)
		refused[$1] = $5
}

END {
	two = size > 1
	printf "%-58s %12s %12s   %-14s%s\n", "request (worst of the cases), 8 clients", "p50", "p99", "wanted",
		two ? " growth p50 / p99" : ""
	row("each search filter alone, every pair of two (" count(1, "^search: ") ")", "^search: ", "3 / 20 ms", "(2)")
	row("part of a name (" count(1, "^search: (agent|queue) name$") ")", "^search: (agent|queue) name$", "5 / 30 ms", "(2)")
	row("number with % in front", "% in front", "5 / 30 ms", "(2)")
	row("number with % behind", "% behind", "5 / 30 ms", "(2)")
	row("number with % in the middle", "% in the middle", "5 / 30 ms", "(2)")
	row("number with % in front and behind", "% around", "5 / 30 ms", "(2)")
	row("following next: page 1", "^next: .*page 1$", "3 / 20 ms", "(2)")
	row("following next: depth 100,000", "^next: .*depth", "3 / 20 ms", "(2)")
	row("history by interface", "^history: interface$", "2 / 10 ms", "(1.5)")
	row("history by agent", "^history: agent$", "2 / 10 ms", "(1.5)")
	row("history by agent, days=36500", "^history: agent, all days$", "2 / 10 ms", "(1.5)")
	row("customer history", "^customer: by number$", "5 / 50 ms", "(2)")
	row("customer history of a number with 2 % of all calls", "^customer: 2 % ", "5 / 50 ms", "(2)")
	row("customer history by key and value", "^customer: key and value$", "5 / 50 ms", "(2)")
	row("customer history by a value alone", "^customer: value$", "5 / 50 ms", "(2)")
	row("customer history by a key alone", "^customer: key$", "5 / 50 ms", "(2)")
	row("customer history by number, key and value", "^customer: number, key", "5 / 50 ms", "(2)")
	row("last_agent", "^last_agent$", "1 / 5 ms", "(1.2)")
	row("last_agent of a number with 2 % of all calls", "^last_agent: ", "1 / 5 ms", "(1.2)")
	row("callid_search", "^callid_search$", "1 / 5 ms", "(1.2)")
	print ""
	printf "%-58s %12s %12s\n", "ratios", "p50", "p99"
	ratio_row("depth 100,000 to page 1: everything", "next: everything, depth 100,000", "next: everything, page 1", "0.8 to 1.2")
	ratio_row("depth 100,000 to page 1: incoming", "next: incoming, depth 100,000", "next: incoming, page 1", "0.8 to 1.2")
	ratio_row("depth 100,000 to page 1: answered in a queue", "next: queue answered, depth 100,000", "next: queue answered, page 1", "0.8 to 1.2")
	ratio_row("last_agent, 16 heavy searches to quiet", "lane: last_agent, busy", "lane: last_agent, quiet", "p99 2 at most")
	ratio_row("callid_search, 16 heavy searches to quiet", "lane: callid_search, busy", "lane: callid_search, quiet", "p99 2 at most")
	ratio_row("CEL, 16 heavy searches to quiet", "lane: cel, busy", "lane: cel, quiet", "p99 2 at most")
	ratio_row("last_agent, the same with search_connections = 1", "lane: last_agent, busy, one at once", "lane: last_agent, quiet", "")
	ratio_row("callid_search, the same with search_connections = 1", "lane: callid_search, busy, one at once", "lane: callid_search, quiet", "")
	ratio_row("CEL, the same with search_connections = 1", "lane: cel, busy, one at once", "lane: cel, quiet", "")
	if (names > 0) {
		print ""
		printf "%-58s %12s %12s %8s\n", "requests per second, 8 clients", "recordingd", "pgbench", "ratio"
		for (i = 1; i <= names; i++)
			if ((1, order[i]) in rates && !(order[i] in shown)) {
				printf "%-58s %s\n", substr(order[i], 7), rates[1, order[i]]
				shown[order[i]] = 1
			}
	}
	slowest("^search: ", 5)
	slowest("^pattern: ", 5)
	for (name in refused)
		printf "%s: %d answers were 5xx\n", name, refused[name]
}
