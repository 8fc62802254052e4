# The keys of the sample configuration as lists for recordingd.conf(5): the sample explains each key
# in the comment above it, and shows its default.
#
# awk -v page=recordingd.conf.5.in -f options.awk recordingd.conf recordingd.conf.5.in
#
# Writes the page, with the lists in place of its line "@options@".

function escaped(text) {
	gsub(/\\/, "\\e", text)
	return text ~ /^[.']/ ? "\\&" text : text
}

# Lines of up to 80 bytes; a sentence begins on a line of its own, as mdoc(7) wants it.
function filled(text,    count, i, line, lines, words) {
	count = split(text, words, " ")
	for (i = 1; i <= count; i++) {
		if (line != "" && (length(line " " words[i]) > 78 ||
		    (line ~ /\.$/ && words[i] ~ /^[A-Z(]/))) {
			lines = lines escaped(line) "\n"
			line = ""
		}
		line = line (line == "" ? "" : " ") words[i]
	}
	return lines (line == "" ? "" : escaped(line) "\n")
}

# Ends the block at hand: a comment, and the keys below it.
function end_block() {
	if (keys != "" && !in_list) {
		options = options ".Bl -tag -width Ds\n"
		in_list = 1
	}
	options = options (keys == "" ? "" : ".It " keys "\n") filled(comment)
	keys = comment = ""
}

function end_section() {
	end_block()
	if (in_list)
		options = options ".El\n"
	in_list = 0
}

FILENAME == page {
	if (FNR == 1)
		end_section()
	if ($0 == "@options@")
		printf "%s", options
	else
		print
	next
}

/^\[/ {
	end_section()
	options = options ".Ss " $0 "\\&\n"
	in_section = 1
	next
}

# What stands before the first section is said in the page.
!in_section { next }

/^# / { comment = comment " " substr($0, 3) }

/^#[a-z]/ {
	key = value = substr($0, 2)
	sub(/ *=.*/, "", key)
	sub(/^[^=]*= */, "", value)
	keys = keys (keys == "" ? "" : " , ") "Cm " key
	if (value != "")
		keys = keys " No = Li " escaped(value)
}

/^$/ { end_block() }
