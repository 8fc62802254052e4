# Turns the statements of src/sql into C strings, so that the program needs no files at run time.
#
# awk -v output=header|source -f embed.awk *.sql
#
# cel.sql becomes sql_cel. A line "-- part: name" inside a file starts a fragment of its own:
# sql_records_search_agent. Comment lines are for readers and stay behind.

function finish() {
	if (name != "" && output == "source")
		printf "\t\"\";\n\n"
	name = ""
}

function begin(new_name) {
	finish()
	name = new_name
	if (output == "header")
		printf "extern const char sql_%s[];\n", name
	else
		printf "const char sql_%s[] =\n", name
}

BEGIN {
	if (output == "header")
		print "/* Generated from src/sql: one name for each statement or part of one. */\n#pragma once"
	else
		print "#include \"statements.h\"\n\n#pragma GCC diagnostic ignored \"-Woverlength-strings\"\n"
}

FNR == 1 {
	finish()
	file = FILENAME
	sub(/.*\//, "", file)
	sub(/\.sql$/, "", file)
}

/^-- part: / {
	begin(file "_" $3)
	next
}

/^[ \t]*--/ || /^[ \t]*$/ { next }

{
	if (name == "")
		begin(file)
	if (output == "source") {
		gsub(/\\/, "&&")
		gsub(/"/, "\\\"")
		printf "\t\"%s\\n\"\n", $0
	}
}

END { finish() }
