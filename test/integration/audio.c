/* GET /recording/records/{file-id}/audio/{action}: which file, what of it, and what is said of it.
 */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "support/cluster.h"
#include "support/daemon.h"
#include "support/fixture.h"
#include "support/harness.h"
#include "support/json_assert.h"
#include "support/raw_client.h"
#include "support/scratch.h"
#include "support/sql.h"
#include "support/wait.h"

#define MODIFIED      1700000000
#define MODIFIED_DATE "Tue, 14 Nov 2023 22:13:20 GMT"

static const char *const actions[] = { "result", "listen", "download" };

static char *
target(const char *file_id, const char *action)
{
	return scratch_format("/recording/records/%s/audio/%s", file_id, action);
}

static const struct reply *
get(const char *file_id, const char *action)
{
	return http_get(target(file_id, action));
}

static const struct reply *
send_with(const char *method, const char *file_id, const char *action, const char *field,
	const char *other_field)
{
	const char *const fields[] = { field, other_field, NULL };

	return http_send(&(struct http_request){
		.method = method, .target = target(file_id, action), .fields = fields });
}

static void
put_text(const char *name, const char *text)
{
	fixture_audio(name, text, strlen(text));
}

static void
set_modified(const char *name, long seconds)
{
	const struct timespec times[2] = { { .tv_sec = seconds }, { .tv_sec = seconds } };

	ck_assert_int_eq(
		utimensat(AT_FDCWD, scratch_format("%s/%s", harness_path("audio"), name), times, 0),
		0);
}

/* Ten bytes, long unchanged. */
static void
put_ten(void)
{
	put_text("ten.gsm", "0123456789");
	set_modified("ten.gsm", MODIFIED);
}

/* Files ---------------------------------------------------------------------------------------- */

struct type_row {
	const char *extension;
	const char *content_type;
};

static const struct type_row types[] = {
	{ "wav", "audio/wav" },
	{ "ogg", "audio/ogg" },
	{ "opus", "audio/ogg" },
	{ "mp3", "audio/mpeg" },
	{ "gsm", "audio/gsm" },
};

START_TEST(test_type)
{
	const struct type_row *row = &types[_i];
	const char *file_id = scratch_format("type-%s", row->extension);
	const char *file = scratch_format("%s.%s", file_id, row->extension);
	const struct reply *reply;

	fixture_audio(file, "a\0b\r\n\xff", 6);
	for (int i = 1; i < 3; i++) {
		reply = get(file_id, actions[i]);
		expect_status(reply, 200);
		ck_assert_mem_eq(reply->body, "a\0b\r\n\xff", 6);
		ck_assert_uint_eq(reply->body_bytes, 6);
		ck_assert_str_eq(reply_field(reply, "Content-Type"), row->content_type);
		ck_assert_str_eq(reply_field(reply, "Content-Disposition"),
			i == 1 ? "inline" : scratch_format("attachment; filename=\"%s\"", file));
	}
	reply = get(file_id, "result");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "id"), file_id);
	ck_assert_str_eq(json_text(reply, "file"), file);
	ck_assert_str_eq(json_text(reply, "content_type"), row->content_type);
	ck_assert(json_object_is_type(json_at(reply->json, "size"), json_type_int));
	ck_assert_str_eq(json_text(reply, "size"), "6");
}
END_TEST

START_TEST(test_extension_order)
{
	static const char *const in_order[] = { "wav", "ogg", "opus", "mp3", "gsm" };

	put_text("order.flac", "flac");
	expect_error(get("order", "listen"), 404, "not_found", NULL);
	for (int i = HARNESS_COUNT(in_order); i-- > 0;) {
		put_text(scratch_format("order.%s", in_order[i]), in_order[i]);
		ck_assert_str_eq(get("order", "listen")->body, in_order[i]);
		ck_assert_str_eq(json_text(get("order", "result"), "file"),
			scratch_format("order.%s", in_order[i]));
	}
	daemon_restart("audio.extensions", "gsm,flac,wav", NULL);
	ck_assert_str_eq(get("order", "listen")->body, "gsm");
	unlink(harness_path("audio/order.gsm"));
	ck_assert_str_eq(get("order", "listen")->body, "flac");
	unlink(harness_path("audio/order.flac"));
	ck_assert_str_eq(get("order", "listen")->body, "wav");
	unlink(harness_path("audio/order.wav"));
	expect_error(get("order", "listen"), 404, "not_found", NULL);
}
END_TEST

struct name_row {
	const char *name;
	const char *file_id; /* percent-encoded */
};

static const struct name_row names[] = {
	{ "xivocc_gateway-1420717200.10.wav", "xivocc_gateway-1420717200.10" },
	{ "a+b c.wav", "a+b%20c" },
	{ "50%.wav", "50%25" },
	{ "%2e.wav", "%252e" },
	{ "Zo\xc3\xab.wav", "Zo%C3%AB" },
	{ "q\"uote;.wav", "q%22uote;" },
	{ "two\r\nX-Evil: 1.wav", "two%0D%0AX-Evil:%201" },
	{ ".hidden.wav", ".hidden" },
};

/* Whatever a name is made of, it stays in its field. */
START_TEST(test_name)
{
	const struct reply *reply;
	const char *disposition;

	put_text(names[_i].name, names[_i].name);
	expect_status(get(names[_i].file_id, "result"), 200);
	ck_assert_str_eq(json_text(get(names[_i].file_id, "result"), "file"), names[_i].name);
	reply = get(names[_i].file_id, "download");
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, names[_i].name);
	ck_assert_ptr_null(reply_field(reply, "X-Evil"));
	disposition = reply_field(reply, "Content-Disposition");
	ck_assert_int_eq(strncmp(disposition, "attachment; filename=\"", 22), 0);
	ck_assert_ptr_nonnull(strchr(disposition + 22, '"'));
	for (const char *byte = disposition; *byte != '\0'; byte++)
		ck_assert_msg(*byte >= 0x20 && *byte < 0x7f, "%s", disposition);
}
END_TEST

static void
put_link(const char *name, const char *to)
{
	char *path = scratch_format("%s/%s", harness_path("audio"), name);

	unlink(path);
	ck_assert_int_eq(symlink(to, path), 0);
}

static void
put_outside(const char *folder)
{
	FILE *file;

	mkdir(harness_path(folder), 0755);
	file = fopen(scratch_format("%s/secret.wav", harness_path(folder)), "w");
	ck_assert_ptr_nonnull(file);
	fputs("secret", file);
	fclose(file);
}

/* All that is not a file inside of the directory. */
static void
put_traps(void)
{
	put_outside("outside");
	put_outside("audio-more");
	put_outside("audio/folder");
	put_text("inner.wav", "inner");
	put_link("leaves.wav", "../outside/secret.wav");
	put_link("leaves-absolute.wav", harness_path("outside/secret.wav"));
	put_link("leaves-sibling.wav", harness_path("audio-more/secret.wav"));
	put_link("leaves-twice.wav", "leaves.wav");
	put_link("system.wav", "/etc/passwd");
	put_link("process.wav", "/proc/self/environ");
	put_link("door", "../outside");
	put_link("through-door.wav", "door/secret.wav");
	put_link("dangling.wav", "nowhere.wav");
	put_link("loop.wav", "loop.wav");
	put_link("to-folder.wav", "folder");
	put_link("device.wav", "/dev/zero");
	mkdir(harness_path("audio/is-folder.wav"), 0755);
	mkfifo(harness_path("audio/fifo.wav"), 0666);
}

static const char *const missing[] = { "missing", "inner.wav", "..", ".", "%2e%2e", "%2E", "...",
	"..%2Foutside%2Fsecret", "..%2foutside%2fsecret", "%2Fetc%2Fpasswd", "%2e%2e%2foutside",
	"folder%2Fsecret", "folder%2F..%2Finner", ".%2Finner", "%2Finner", "inner%2F", "folder",
	"leaves", "leaves-absolute", "leaves-sibling", "leaves-twice", "system", "process",
	"door%2Fsecret", "through-door", "dangling", "loop", "to-folder", "device", "is-folder",
	"fifo", "inner%00", "%00", "inner%FF", "%C0%AE%C0%AE", "inner%2500", "*", "inne?",
	"INNER" };

START_TEST(test_missing)
{
	put_traps();
	for (int i = 0; i < 3; i++) {
		const struct reply *reply = get(missing[_i], actions[i]);

		ck_assert_msg(reply->status == 404, "%s: %ld %s", missing[_i], reply->status,
			reply->body);
		ck_assert_ptr_null(strstr(reply->body, "secret"));
	}
}
END_TEST

START_TEST(test_missing_paths)
{
	static const char *const targets[] = { "/recording/records/../inner/audio/listen",
		"/recording/records/x/../inner/audio/listen",
		"/recording/records/../../outside/secret/audio/listen",
		"/recording/records//audio/listen", "/recording/records/folder/secret/audio/listen",
		"/recording/records/inner/audio", "/recording/records/inner/audio/",
		"/recording/records/inner/audio/listen/", "/recording/records/inner/listen",
		"/recording/records/inner%2Faudio%2Flisten", "/recording/records/inner" };

	put_traps();
	for (int i = 0; i < HARNESS_COUNT(targets); i++) {
		const struct reply *reply = http_get(targets[i]);

		ck_assert_msg(reply->status == 404, "%s: %ld", targets[i], reply->status);
	}
	expect_error(get(scratch_repeat("x", 251), "listen"), 404, "not_found", NULL);
	expect_error(get(scratch_repeat("x", 252), "listen"), 404, "not_found", NULL);
	expect_error(get(scratch_repeat("x", 5000), "listen"), 404, "not_found", NULL);
}
END_TEST

/* 255 bytes are a file's longest name. */
START_TEST(test_longest_name)
{
	const char *file_id = scratch_repeat("y", 251);

	put_text(scratch_format("%s.wav", file_id), "longest");
	ck_assert_str_eq(get(file_id, "listen")->body, "longest");
	ck_assert_str_eq(get(file_id, "download")->body, "longest");
	expect_status(get(file_id, "result"), 200);
}
END_TEST

START_TEST(test_links_inside)
{
	put_traps();
	put_link("stays.wav", "inner.wav");
	put_link("stays-absolute.wav", harness_path("audio/inner.wav"));
	put_link("stays-deep.wav", "folder/secret.wav");
	put_link("stays-twice.wav", "stays.wav");
	ck_assert_str_eq(get("stays", "listen")->body, "inner");
	ck_assert_str_eq(get("stays-absolute", "listen")->body, "inner");
	ck_assert_str_eq(get("stays-deep", "listen")->body, "secret");
	ck_assert_str_eq(get("stays-twice", "listen")->body, "inner");
	ck_assert_str_eq(json_text(get("stays", "result"), "file"), "stays.wav");
	/* The directory itself may be a link. */
	unlink(harness_path("audio-link"));
	ck_assert_int_eq(symlink("audio", harness_path("audio-link")), 0);
	daemon_restart("audio.directory", harness_path("audio-link"), NULL);
	ck_assert_str_eq(get("inner", "listen")->body, "inner");
	ck_assert_str_eq(get("stays", "listen")->body, "inner");
	ck_assert_str_eq(get("stays-absolute", "listen")->body, "inner");
	expect_error(get("leaves", "listen"), 404, "not_found", NULL);
	expect_error(get("leaves-absolute", "listen"), 404, "not_found", NULL);
	expect_error(get("leaves-sibling", "listen"), 404, "not_found", NULL);
}
END_TEST

START_TEST(test_other_action)
{
	static const char *const others[] = { "play", "Listen", "RESULT", "listen%20", "listening",
		"%6cisten2", "..", "listen%2F", "*" };

	put_ten();
	for (int i = 0; i < HARNESS_COUNT(others); i++) {
		expect_error(get("ten", others[i]), 400, "invalid_parameter", "result", "listen",
			"download", NULL);
		expect_status(get("missing", others[i]), 400);
	}
	ck_assert_str_eq(get("ten", "%6cisten")->body, "0123456789");
}
END_TEST

/* Result ----------------------------------------------------------------------------------------
 */

#define BYTES(text) text, sizeof(text) - 1

#define RIFF	 "RIFF\xff\xff\0\0WAVE"
#define PCM	 "fmt \x10\0\0\0\1\0\1\0\x40\x1f\0\0\x80\x3e\0\0\2\0\x10\0"
#define ONE_HZ	 "fmt \x10\0\0\0\1\0\1\0\1\0\0\0\2\0\0\0\2\0\x10\0"
#define GSM	 "fmt \x14\0\0\0\x31\0\1\0\x40\x1f\0\0\x59\6\0\0\x41\0\0\0\2\0\x40\1"
#define STEREO	 "fmt \x28\0\0\0\xfe\xff\2\0\x44\xac\0\0\x10\xb1\2\0\4\0\x10\0" ZEROS_20 "\0\0\0\0"
#define ZEROS_20 "\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0"
#define OGG	 "OggS\0\2" ZEROS_20

struct sound_row {
	const char *extension;
	const char *head;
	size_t head_bytes;
	size_t zeros; /* behind the head */
	const char *duration;
	const char *sample_rate;
	const char *channels;
};

static const struct sound_row sounds[] = {
	{ "wav", BYTES(RIFF PCM "data\0\x7d\0\0"), 32000, "00:00:02", "8000", "1" },
	/* other chunks; an odd one is padded */
	{ "wav", BYTES(RIFF "LIST\3\0\0\0abc\0" PCM "data\0\x7d\0\0"), 32000, "00:00:02", "8000",
		"1" },
	{ "wav", BYTES(RIFF PCM "fact\4\0\0\0abcddata\0\x7d\0\0"), 32000, "00:00:02", "8000", "1" },
	/* what follows the sound is no sound */
	{ "wav", BYTES(RIFF PCM "data\0\x7d\0\0"), 90000, "00:00:02", "8000", "1" },
	/* a fraction is cut */
	{ "wav", BYTES(RIFF STEREO "data\x1f\x62\5\0"), 352799, "00:00:01", "44100", "2" },
	{ "wav", BYTES(RIFF GSM "data\x7a\x3f\0\0"), 16250, "00:00:10", "8000", "1" },
	{ "wav", BYTES(RIFF ONE_HZ "data\x80\xfc\x0a\0"), 720000, "100:00:00", "1", "1" },
	/* cut off; still being written */
	{ "wav", BYTES(RIFF PCM "data\0\xe2\4\0"), 32000, "00:00:02", "8000", "1" },
	{ "wav", BYTES(RIFF PCM "data\xff\xff\xff\xff"), 32000, "null", "8000", "1" },
	{ "wav", BYTES(RIFF PCM "data\0\0\0\0"), 32000, "null", "8000", "1" },
	{ "wav", BYTES(RIFF PCM), 0, "null", "8000", "1" },
	/* no header that tells */
	{ "wav", BYTES(""), 0, "null", "null", "null" },
	{ "wav", BYTES("RIFF"), 0, "null", "null", "null" },
	{ "wav", BYTES("RIFF\xff\xff\0\0AVI " PCM), 100, "null", "null", "null" },
	{ "wav", BYTES(RIFF "fmt \x10\0\0\0\1\0"), 0, "null", "null", "null" },
	{ "wav", BYTES(RIFF "data\0\x7d\0\0"), 32000, "null", "null", "null" },
	{ "wav", BYTES(RIFF), 1000, "null", "null", "null" },
	{ "opus", BYTES(OGG "\1\x13OpusHead\1\2\x38\1\x80\xbb\0\0\0\0\0"), 100, "null", "48000",
		"2" },
	{ "ogg", BYTES(OGG "\1\x1e\1vorbis\0\0\0\0\1\x44\xac\0\0" ZEROS_20), 100, "null", "44100",
		"1" },
	{ "ogg", BYTES(OGG "\1\x2a\x80theora\3\2\1" ZEROS_20), 100, "null", "null", "null" },
	{ "ogg", BYTES("OggS"), 0, "null", "null", "null" },
	{ "mp3", BYTES("\xff\xfb\x90\x64"), 400, "null", "null", "null" },
	{ "gsm", BYTES("\xd0"), 32, "null", "null", "null" },
};

START_TEST(test_sound)
{
	const struct sound_row *row = &sounds[_i];
	const char *file_id = scratch_format("sound-%d", _i);
	char *bytes = scratch_new(row->head_bytes + row->zeros + 1);
	const struct reply *reply;

	memcpy(bytes, row->head, row->head_bytes);
	fixture_audio(scratch_format("%s.%s", file_id, row->extension), bytes,
		row->head_bytes + row->zeros);
	reply = get(file_id, "result");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, "duration"), row->duration);
	ck_assert_str_eq(json_text(reply, "sample_rate"), row->sample_rate);
	ck_assert_str_eq(json_text(reply, "channels"), row->channels);
}
END_TEST

static char *
local_time(time_t time)
{
	struct tm local;
	char text[32];

	localtime_r(&time, &local);
	strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local);
	return scratch_format("%s", text);
}

START_TEST(test_result)
{
	fixture_wav("rec-1.wav", 8000, 1, 48000);
	set_modified("rec-1.wav", MODIFIED);
	expect_json(get("rec-1", "result"), 200,
		scratch_format(
			"{'id':'rec-1','file':'rec-1.wav','content_type':'audio/wav','size':96044,"
			"'modified':'%s','duration':'00:00:06','sample_rate':8000,'channels':1,"
			"'record':{'agent':'Joe Dalton (1573)',"
			"'attached_data':{'recording':'rec-1','color':'green'},'dst_num':'3555',"
			"'duration':'00:01:05','id':'rec-1','queue':'oneforone (3555)',"
			"'src_num':'0612345678','start':'2024-01-01 10:00:00',"
			"'status':'answered'}}",
			local_time(MODIFIED)));
}
END_TEST

static void
insert_call(int id, const char *start, const char *recording)
{
	sql_runf("INSERT INTO call_data (id, uniqueid, start_time) VALUES (%d, 'audio-%d', '%s');"
		 "INSERT INTO attached_data (id_call_data, key, value)"
		 " VALUES (%d, 'recording', '%s')",
		id, id, start, id, recording);
}

static void
expect_record(const char *file_id, const char *member, const char *value)
{
	const struct reply *reply;

	put_text(scratch_format("%s.wav", file_id), "x");
	reply = get(file_id, "result");
	expect_status(reply, 200);
	ck_assert_str_eq(json_text(reply, member), value);
}

START_TEST(test_record)
{
	expect_record("nobody's", "record", "null");
	expect_record("rec-6", "record.start", "2024-01-05 12:00:00"); /* never answered */
	expect_record("rec-6", "record.duration", "");
	/* The id of a call is its latest pair's. */
	expect_record("rec-8", "record.start", "2024-01-06 08:00:00");
	expect_record("rec-8-old", "record", "null");
	/* The newest call, then the highest id. */
	insert_call(5001, "2024-08-01 10:00:00", "shared");
	insert_call(5002, "2024-08-03 10:00:00", "shared");
	insert_call(5003, "2024-08-02 10:00:00", "shared");
	expect_record("shared", "record.start", "2024-08-03 10:00:00");
	insert_call(5005, "2024-08-03 10:00:00", "shared");
	insert_call(5004, "2024-08-03 10:00:00", "shared");
	sql_run("UPDATE call_data SET src_num = id WHERE id BETWEEN 5001 AND 5005");
	expect_record("shared", "record.src_num", "5005");
	/* An id is text, not a pattern. */
	insert_call(5006, "2024-08-04 10:00:00", "under_score");
	expect_record("underXscore", "record", "null");
}
END_TEST

/* Listen and download ---------------------------------------------------------------------------
 */

struct range_row {
	const char *range;
	const char *body; /* NULL: 416 */
	const char *content_range;
};

#define TEN "0123456789"

static const struct range_row ranges[] = {
	{ "bytes=0-0", "0", "bytes 0-0/10" },
	{ "bytes=9-9", "9", "bytes 9-9/10" },
	{ "bytes=9-", "9", "bytes 9-9/10" },
	{ "bytes=0-", TEN, "bytes 0-9/10" },
	{ "bytes=0-9", TEN, "bytes 0-9/10" },
	{ "bytes=2-4", "234", "bytes 2-4/10" },
	{ "bytes=5-100", "56789", "bytes 5-9/10" },
	{ "bytes=5-18446744073709551615", "56789", "bytes 5-9/10" },
	{ "bytes=5-99999999999999999999999", "56789", "bytes 5-9/10" },
	{ "bytes=-1", "9", "bytes 9-9/10" },
	{ "bytes=-3", "789", "bytes 7-9/10" },
	{ "bytes=-10", TEN, "bytes 0-9/10" },
	{ "bytes=-99999999999999999999999", TEN, "bytes 0-9/10" },
	/* beyond the end */
	{ "bytes=10-", NULL, NULL },
	{ "bytes=10-20", NULL, NULL },
	{ "bytes=-0", NULL, NULL },
	{ "bytes=18446744073709551616-", NULL, NULL },
	/* several; another unit; bad syntax: the whole */
	{ "bytes=0-1,3-4", TEN, NULL },
	{ "bytes=0-1, 3-4", TEN, NULL },
	{ "bytes=0-0,-1", TEN, NULL },
	{ "items=0-1", TEN, NULL },
	{ "none", TEN, NULL },
	{ "bytes", TEN, NULL },
	{ "bytes=", TEN, NULL },
	{ "bytes=-", TEN, NULL },
	{ "bytes=5", TEN, NULL },
	{ "bytes=4-2", TEN, NULL },
	{ "bytes=a-b", TEN, NULL },
	{ "bytes=1-2x", TEN, NULL },
	{ "bytes=+1-2", TEN, NULL },
	{ "bytes=--1", TEN, NULL },
	{ "bytes=0x1-2", TEN, NULL },
	{ "bytes:0-1", TEN, NULL },
	{ "0-1", TEN, NULL },
};

START_TEST(test_range)
{
	const struct range_row *row = &ranges[_i];
	const char *field = scratch_format("Range: %s", row->range);

	put_ten();
	for (int i = 1; i < 3; i++) {
		const struct reply *reply = send_with(NULL, "ten", actions[i], field, NULL);

		if (row->body == NULL) {
			expect_error(reply, 416, "range_not_satisfiable", NULL);
			ck_assert_str_eq(reply_field(reply, "Content-Range"), "bytes */10");
			continue;
		}
		expect_status(reply, row->content_range == NULL ? 200 : 206);
		ck_assert_str_eq(reply->body, row->body);
		ck_assert_pstr_eq(reply_field(reply, "Content-Range"), row->content_range);
		ck_assert_str_eq(reply_field(reply, "Content-Type"), "audio/gsm");
		ck_assert_ptr_nonnull(reply_field(reply, "ETag"));
	}
}
END_TEST

START_TEST(test_range_fields)
{
	const struct reply *reply;

	put_ten();
	reply = send_with(NULL, "ten", "listen", "Range: bytes=0-1", "Range: bytes=3-4");
	expect_status(reply, 200);
	ck_assert_str_eq(reply->body, TEN);
	/* an empty file has no byte to ask for */
	put_text("empty.wav", "");
	reply = get("empty", "listen");
	expect_status(reply, 200);
	ck_assert_uint_eq(reply->body_bytes, 0);
	reply = send_with(NULL, "empty", "listen", "Range: bytes=0-0", NULL);
	expect_error(reply, 416, "range_not_satisfiable", NULL);
	ck_assert_str_eq(reply_field(reply, "Content-Range"), "bytes */0");
	/* result is no file */
	expect_status(send_with(NULL, "ten", "result", "Range: bytes=0-1", NULL), 200);
}
END_TEST

/* In the fields, @ stands for the file's entity tag. */
struct condition_row {
	const char *field;
	const char *other_field; /* or NULL */
	long status;
};

static const struct condition_row conditions[] = {
	{ "If-None-Match: @", NULL, 304 },
	{ "If-None-Match: W/@", NULL, 304 },
	{ "If-None-Match: \"a\", W/\"b\" ,@", NULL, 304 },
	{ "If-None-Match: \"a\"", "If-None-Match: @", 304 },
	{ "If-None-Match: *", NULL, 304 },
	{ "If-None-Match: \"a\"", NULL, 200 },
	{ "If-None-Match: \"@\"", NULL, 200 },
	{ "If-Modified-Since: " MODIFIED_DATE, NULL, 304 },
	{ "If-Modified-Since: Wed, 15 Nov 2023 00:00:00 GMT", NULL, 304 },
	{ "If-Modified-Since: Tuesday, 14-Nov-23 22:13:20 GMT", NULL, 304 },
	{ "If-Modified-Since: Tue Nov 14 22:13:20 2023", NULL, 304 },
	{ "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT", NULL, 200 },
	{ "If-Modified-Since: yesterday", NULL, 200 },
	{ "If-Modified-Since: Tue, 31 Feb 2024 00:00:00 GMT", NULL, 200 },
	/* the tag is the better condition */
	{ "If-None-Match: \"a\"", "If-Modified-Since: " MODIFIED_DATE, 200 },
	{ "If-None-Match: @", "If-Modified-Since: Tue, 14 Nov 2023 22:13:19 GMT", 304 },
	{ "If-Match: @", NULL, 200 },
	{ "If-Match: \"a\", @", NULL, 200 },
	{ "If-Match: *", NULL, 200 },
	{ "If-Match: \"a\"", NULL, 412 },
	{ "If-Match: W/@", NULL, 412 },
	{ "If-Match: \"a\"", "If-None-Match: @", 412 },
	{ "If-Match: @", "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT", 200 },
	{ "If-Unmodified-Since: " MODIFIED_DATE, NULL, 200 },
	{ "If-Unmodified-Since: Tue, 14 Nov 2023 22:13:19 GMT", NULL, 412 },
	{ "Range: bytes=0-0", "If-None-Match: @", 304 },
	{ "Range: bytes=99-", "If-None-Match: @", 304 },
	{ "Range: bytes=0-0", "If-Modified-Since: " MODIFIED_DATE, 304 },
	{ "Range: bytes=0-0", "If-None-Match: \"a\"", 206 },
	{ "Range: bytes=0-0", "If-Match: \"a\"", 412 },
	{ "Range: bytes=0-0", "If-Range: @", 206 },
	{ "Range: bytes=99-", "If-Range: @", 416 },
	{ "Range: bytes=0-0", "If-Range: " MODIFIED_DATE, 206 },
	{ "Range: bytes=0-0", "If-Range: \"a\"", 200 },
	{ "Range: bytes=99-", "If-Range: \"a\"", 200 },
	{ "Range: bytes=0-0", "If-Range: W/@", 200 },
	{ "Range: bytes=0-0", "If-Range: Tue, 14 Nov 2023 22:13:19 GMT", 200 },
	{ "Range: bytes=0-0", "If-Range: Wed, 15 Nov 2023 00:00:00 GMT", 200 },
	{ "If-Range: \"a\"", NULL, 200 },
};

static const char *
with_tag(const char *field, const char *tag)
{
	const char *at = field == NULL ? NULL : strchr(field, '@');

	if (at == NULL)
		return field;
	return scratch_format("%.*s%s%s", (int)(at - field), field, tag, at + 1);
}

START_TEST(test_condition)
{
	const struct condition_row *row = &conditions[_i];
	const char *tag;

	put_ten();
	tag = reply_field(get("ten", "listen"), "ETag");
	ck_assert_msg(tag != NULL && *tag == '"', "no strong ETag");
	for (int i = 1; i < 3; i++) {
		const struct reply *reply = send_with(NULL, "ten", actions[i],
			with_tag(row->field, tag), with_tag(row->other_field, tag));

		expect_status(reply, row->status);
		if (row->status == 200)
			ck_assert_str_eq(reply->body, TEN);
		if (row->status == 206)
			ck_assert_str_eq(reply->body, "0");
		if (row->status == 412)
			expect_error(reply, 412, "precondition_failed", NULL);
		if (row->status == 304) {
			ck_assert_uint_eq(reply->body_bytes, 0);
			ck_assert_str_eq(reply_field(reply, "ETag"), tag);
		}
	}
}
END_TEST

/* Another content is another tag, whatever its size and second are. */
START_TEST(test_validators)
{
	const struct reply *reply;
	const char *tag;

	put_ten();
	reply = get("ten", "listen");
	ck_assert_str_eq(reply_field(reply, "Last-Modified"), MODIFIED_DATE);
	tag = reply_field(reply, "ETag");
	ck_assert_str_eq(reply_field(get("ten", "download"), "ETag"), tag);
	put_text("ten.gsm", "9876543210");
	ck_assert_str_ne(reply_field(get("ten", "listen"), "ETag"), tag);
	put_text("ten.gsm", "01234567890");
	set_modified("ten.gsm", MODIFIED);
	ck_assert_str_ne(reply_field(get("ten", "listen"), "ETag"), tag);
}
END_TEST

static time_t
http_time(const char *text)
{
	struct tm utc = { 0 };
	const char *end = strptime(text, "%a, %d %b %Y %H:%M:%S GMT", &utc);

	ck_assert_ptr_nonnull(end);
	return timegm(&utc);
}

/* RFC 9110, 8.8.2.1: what a clock that is ahead has written is no later than the answer. */
START_TEST(test_modified_in_future)
{
	const struct reply *reply;

	put_text("ahead.gsm", TEN);
	set_modified("ahead.gsm", (long)time(NULL) + 86400);
	reply = get("ahead", "listen");
	expect_status(reply, 200);
	ck_assert_int_le(http_time(reply_field(reply, "Last-Modified")),
		http_time(reply_field(reply, "Date")));
}
END_TEST

/* Describes the whole file, whatever part is asked for. */
START_TEST(test_head)
{
	put_ten();
	for (int i = 0; i < 3; i++) {
		const struct reply *whole = get("ten", actions[i]);
		const struct reply *head = send_with("HEAD", "ten", actions[i], NULL, NULL);
		static const char *const same[] = { "Content-Length", "Content-Type", "ETag",
			"Last-Modified", "Content-Disposition" };

		expect_status(head, 200);
		ck_assert_uint_eq(head->body_bytes, 0);
		for (int field = 0; field < HARNESS_COUNT(same); field++)
			ck_assert_pstr_eq(
				reply_field(head, same[field]), reply_field(whole, same[field]));
		expect_status(send_with("HEAD", "missing", actions[i], NULL, NULL), 404);
	}
	expect_status(send_with("HEAD", "ten", "play", NULL, NULL), 400);
	expect_status(send_with("HEAD", "ten", "listen", "Range: bytes=0-0", NULL), 200);
	expect_status(
		send_with("HEAD", "ten", "listen", "If-Modified-Since: " MODIFIED_DATE, NULL), 304);
	/* Nothing of a body is left over for the next request. */
	expect_status(get("ten", "listen"), 200);
}
END_TEST

static bool
is_degraded(void *unused)
{
	(void)unused;
	return http_probe() == 503;
}

START_TEST(test_without_database)
{
	put_ten();
	daemon_restart("database.queue_timeout", "200ms", NULL);
	cluster_stop();
	sql_reconnect();
	ck_assert(wait_until(is_degraded, NULL, 5000));
	ck_assert_str_eq(get("ten", "listen")->body, TEN);
	ck_assert_str_eq(get("ten", "download")->body, TEN);
	expect_status(send_with(NULL, "ten", "listen", "Range: bytes=0-0", NULL), 206);
	expect_status(send_with("HEAD", "ten", "listen", NULL, NULL), 200);
	expect_error(get("missing", "listen"), 404, "not_found", NULL);
	expect_error(get("ten", "result"), 503, "unavailable", NULL);
}
END_TEST

/* The README: an audio directory that cannot be opened is not an audio file that is missing. */
START_TEST(test_without_directory)
{
	daemon_restart_degraded("audio.directory", harness_path("nowhere"), NULL);
	expect_error(get("ten", "listen"), 503, "unavailable", NULL);
	expect_error(get("ten", "result"), 503, "unavailable", NULL);
}
END_TEST

/* Big files -------------------------------------------------------------------------------------
 */

#define BIG_BYTES 20000000

static char *
put_big(void)
{
	char *bytes = scratch_new(BIG_BYTES);
	unsigned state = 1;

	for (size_t i = 0; i < BIG_BYTES; i++) {
		state = state * 1103515245U + 12345U;
		bytes[i] = (char)(state >> 16 & 0xff);
	}
	fixture_audio("big.wav", bytes, BIG_BYTES);
	return bytes;
}

START_TEST(test_big)
{
	const char *bytes = put_big();
	const struct reply *reply = get("big", "download");

	expect_status(reply, 200);
	ck_assert_uint_eq(reply->body_bytes, BIG_BYTES);
	ck_assert_int_eq(memcmp(reply->body, bytes, BIG_BYTES), 0);
	reply = send_with(NULL, "big", "listen", "Range: bytes=9999999-19999998", NULL);
	expect_status(reply, 206);
	ck_assert_uint_eq(reply->body_bytes, 10000000);
	ck_assert_int_eq(memcmp(reply->body, bytes + 9999999, 10000000), 0);
}
END_TEST

#define LISTEN_BIG                                                                                 \
	"GET /recording/records/big/audio/listen HTTP/1.1\r\nHost: x\r\n"                          \
	"X-Auth-Token: " DAEMON_TOKEN "\r\n\r\n"

/* Who reads slowly delays nobody else, and gets everything. */
START_TEST(test_slow_reader)
{
	struct raw_client *slow[4];

	put_big();
	for (int i = 0; i < HARNESS_COUNT(slow); i++) {
		slow[i] = raw_open_slow();
		raw_send(slow[i], LISTEN_BIG);
		ck_assert_uint_eq(raw_skip(slow[i], 1000, 5000), 1000);
	}
	for (int i = 0; i < 20; i++) {
		expect_status(http_send(&(struct http_request){
				      .target = "/recording/cel?limit=1", .timeout_ms = 2000 }),
			200);
		expect_status(http_send(&(struct http_request){
				      .target = target("rec-1", "result"), .timeout_ms = 2000 }),
			200);
	}
	ck_assert_uint_eq(raw_skip(slow[0], BIG_BYTES - 1000, 60000), BIG_BYTES - 1000);
	raw_skip(slow[0], 1000, 200); /* as many bytes as the head had */
	raw_send(slow[0], "GET /recording/health HTTP/1.1\r\nHost: x\r\n\r\n");
	ck_assert_int_eq(raw_reply(slow[0], 5000)->status, 200);
}
END_TEST

/* The promised length can no longer be kept: only closing tells the client. */
START_TEST(test_cut_off)
{
	struct raw_client *slow = raw_open_slow();

	put_big();
	raw_send(slow, LISTEN_BIG);
	ck_assert_uint_eq(raw_skip(slow, 1000, 5000), 1000);
	ck_assert_int_eq(truncate(harness_path("audio/big.wav"), 1000), 0);
	ck_assert_uint_lt(raw_skip(slow, BIG_BYTES, 5000), BIG_BYTES - 1000);
	ck_assert(raw_is_closed(slow, 5000));
	expect_status(http_get("/recording/cel?limit=1"), 200);
}
END_TEST

static long
count_descriptors(void)
{
	DIR *folder = opendir(scratch_format("/proc/%ld/fd", (long)daemon_pid()));
	long count = 0;

	ck_assert_ptr_nonnull(folder);
	while (readdir(folder) != NULL)
		count++;
	closedir(folder);
	return count;
}

static bool
has_descriptors(void *count)
{
	return count_descriptors() <= *(long *)count;
}

/* Every way in which a reply ends closes its file. */
START_TEST(test_descriptors)
{
	long before;

	put_big();
	put_ten();
	http_forget_connection();
	expect_status(get("ten", "result"), 200);
	before = count_descriptors();
	for (int i = 0; i < 20; i++) {
		struct raw_client *client = raw_open_slow();

		raw_send(client, LISTEN_BIG);
		ck_assert_uint_eq(raw_skip(client, 1000, 5000), 1000);
		raw_close(client);
		for (int action = 0; action < 3; action++) {
			get("ten", actions[action]);
			send_with("HEAD", "ten", actions[action], NULL, NULL);
			send_with(NULL, "ten", actions[action], "If-None-Match: *", NULL);
			send_with(NULL, "ten", actions[action], "If-Match: \"a\"", NULL);
			send_with(NULL, "ten", actions[action], "Range: bytes=99-", NULL);
			send_with(NULL, "ten", actions[action], "Range: bytes=1-2", NULL);
		}
	}
	ck_assert_msg(wait_until(has_descriptors, &before, 5000), "%ld descriptors, before %ld",
		count_descriptors(), before);
}
END_TEST

static Suite *
audio_suite(void)
{
	Suite *suite = suite_create("audio");

	harness_add_loop(suite, "type", test_type, HARNESS_COUNT(types));
	harness_add_loop(suite, "name", test_name, HARNESS_COUNT(names));
	harness_add_loop(suite, "missing", test_missing, HARNESS_COUNT(missing));
	harness_add(suite, "missing paths", test_missing_paths);
	harness_add(suite, "longest name", test_longest_name);
	harness_add(suite, "other action", test_other_action);
	harness_add_loop(suite, "sound", test_sound, HARNESS_COUNT(sounds));
	harness_add(suite, "result", test_result);
	harness_add(suite, "record", test_record);
	harness_add_loop(suite, "range", test_range, HARNESS_COUNT(ranges));
	harness_add(suite, "range fields", test_range_fields);
	harness_add_loop(suite, "condition", test_condition, HARNESS_COUNT(conditions));
	harness_add(suite, "validators", test_validators);
	harness_add(suite, "modified in future", test_modified_in_future);
	harness_add(suite, "head", test_head);
	harness_add(suite, "big", test_big);
	harness_add(suite, "slow reader", test_slow_reader);
	harness_add(suite, "cut off", test_cut_off);
	harness_add(suite, "descriptors", test_descriptors);
	harness_add(suite, "extension order", test_extension_order);
	harness_add(suite, "links inside", test_links_inside);
	harness_add(suite, "without directory", test_without_directory);
	harness_add(suite, "without database", test_without_database);
	return suite;
}

HARNESS_MAIN(audio_suite)
