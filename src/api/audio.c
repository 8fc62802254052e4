/*
 * GET /recording/records/{file-id}/audio/{action}
 *
 *   result    what is known about the file and its call, as JSON
 *   listen    the bytes, to be played
 *   download  the bytes, to be saved
 *
 * Each action performed is a line in the access log before its first byte is sent; HEAD, 304 and
 * errors are none. listen and download need no database.
 *
 * With audio.accel_prefix nginx sends the bytes: the answer then names the file instead of holding
 * it. Everything is decided and logged here all the same.
 */
#include <errno.h>
#include <event2/buffer.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "api/exchange.h"
#include "api/measures.h"
#include "api/request_log.h"
#include "audio/access_log.h"
#include "audio/file.h"
#include "audio/ogg.h"
#include "audio/wav.h"
#include "base/log.h"
#include "base/memory.h"
#include "calls/duration.h"
#include "calls/record.h"
#include "http/conditional.h"
#include "http/forwarded.h"
#include "http/http_date.h"
#include "http/percent.h"
#include "statements.h"

enum { CAPTURE_FILE_ID, CAPTURE_ACTION };

/* What the header of a sound file tells; 0 and false: nothing. */
struct sound {
	uint32_t sample_rate;
	uint32_t channels;
	bool has_duration;
	uint64_t duration_s;
};

struct audio {
	enum audio_action action;
	struct audio_file file;
	bool is_handed_over; /* the proxy sends its bytes */
	struct record_list list;
};

static void
free_audio(void *state)
{
	struct audio *audio = state;

	audio_file_close(&audio->file);
	free(audio);
}

static void
refuse(struct exchange *exchange, enum error_code code, const char *message)
{
	struct error error;

	(void)error_set(&error, code, "%s", message);
	exchange_refuse(exchange, &error);
}

static void
count(const struct exchange *exchange, uint64_t bytes)
{
	const struct audio *audio = exchange->state;
	struct measures *measures = exchange->api->measures;

	measures->audio_actions[audio->action]++;
	measures->audio_bytes[audio->action] += bytes;
}

/* Writes the line; false: the action must not be performed, and the refusal is sent. */
static bool
log_action(struct exchange *exchange, unsigned status, uint64_t bytes)
{
	struct request *request = connection_request(exchange->connection);
	const struct audio *audio = exchange->state;
	char client[FORWARDED_CLIENT_SIZE];
	const struct access_log_entry entry = {
		.client = client,
		.token = request_note(request)->token,
		.action = exchange->captures[CAPTURE_ACTION],
		.file_id = exchange->captures[CAPTURE_FILE_ID],
		.status = status,
		.bytes = bytes,
		.request_id = connection_request_id(exchange->connection),
		.is_handed_over = audio->is_handed_over,
	};

	if (request_method(request) == REQUEST_HEAD)
		return true;
	request_log_client(exchange->api, exchange->connection, client, sizeof client);
	if (access_log_write(exchange->api->access_log, &entry)) {
		count(exchange, bytes);
		return true;
	}
	refuse(exchange, ERROR_UNAVAILABLE, "the access log cannot be written");
	return false;
}

/* result ------------------------------------------------------------------------------------- */

/* False when the file cannot be read: what it tells is then not known. */
static bool
read_sound(const struct audio_file *file, struct sound *sound)
{
	struct wav_info wav;

	*sound = (struct sound){ 0 };
	if (strcasecmp(file->extension, "wav") == 0) {
		if (!wav_parse(file->descriptor, file->bytes, &wav))
			return errno == 0;
		sound->sample_rate = wav.sample_rate;
		sound->channels = wav.channels;
		sound->has_duration = wav.has_duration;
		sound->duration_s = wav.duration_seconds;
	} else if (!ogg_parse(
			   file->descriptor, file->bytes, &sound->sample_rate, &sound->channels)) {
		/* Not an Ogg file: mp3 and gsm have no header that tells. */
		*sound = (struct sound){ 0 };
		return errno == 0;
	}
	return true;
}

static void
write_figure(struct json_writer *writer, const char *key, uint32_t figure)
{
	json_raw(writer, key);
	if (figure == 0)
		json_raw(writer, "null");
	else
		json_number(writer, figure);
}

static void
write_sound(struct json_writer *writer, const struct sound *sound)
{
	char duration[DURATION_SIZE];

	json_raw(writer, ",\"duration\":");
	duration_format((int64_t)sound->duration_s, duration);
	json_text_or_null(writer, sound->has_duration ? duration : NULL);
	write_figure(writer, ",\"sample_rate\":", sound->sample_rate);
	write_figure(writer, ",\"channels\":", sound->channels);
}

static void
write_file(struct exchange *exchange, const struct audio_file *file, const struct sound *sound)
{
	struct json_writer *writer = &exchange->writer;
	char modified[32] = "";
	struct tm local;

	if (localtime_r(&file->modified, &local) != NULL)
		(void)strftime(modified, sizeof modified, "%Y-%m-%d %H:%M:%S", &local);
	json_raw(writer, "{\"id\":");
	json_text(writer, exchange->captures[CAPTURE_FILE_ID]);
	json_raw(writer, ",\"file\":");
	json_text(writer, file->name);
	json_raw(writer, ",\"content_type\":");
	json_text(writer, file->content_type);
	json_raw(writer, ",\"size\":");
	json_number(writer, (int64_t)file->bytes);
	json_raw(writer, ",\"modified\":");
	json_text(writer, modified);
	write_sound(writer, sound);
	json_raw(writer, ",\"record\":");
}

static bool
record_row(struct exchange *exchange, const PGresult *result, int index)
{
	struct audio *audio = exchange->state;

	return record_list_row(&audio->list, &exchange->writer, result, index);
}

static void
result_done(struct exchange *exchange)
{
	struct audio *audio = exchange->state;

	if (audio->list.count == 0)
		json_raw(&exchange->writer, "null");
	record_list_close(&audio->list, &exchange->writer);
	json_raw(&exchange->writer, "}");
	/* What is refused is no action. */
	if (exchange_fits(exchange) &&
		log_action(exchange, 200, evbuffer_get_length(exchange->response.body)))
		exchange_reply(exchange, 200);
}

/* The bytes are what they are, but this is JSON; false: unwanted, and the refusal is sent. */
static bool
accepts_json(struct exchange *exchange)
{
	char *accept = request_field_joined(connection_request(exchange->connection), "Accept");
	enum format format;
	struct error error;
	bool is_acceptable = format_choose(accept, 0, &format, &error);

	free(accept);
	if (!is_acceptable)
		exchange_refuse(exchange, &error);
	return is_acceptable;
}

static void
start_result(struct exchange *exchange)
{
	struct audio *audio = exchange->state;
	struct db_statement statement = { .lane = DB_LANE_SHORT };
	struct statement_builder builder;
	struct db_parameters values;
	struct sound sound;

	if (!accepts_json(exchange))
		return;
	if (!read_sound(&audio->file, &sound)) {
		log_write(LOG_LEVEL_ERROR, "cannot read the audio of %s: %s",
			exchange->captures[CAPTURE_FILE_ID], strerror(errno));
		refuse(exchange, ERROR_UNAVAILABLE, "the audio cannot be read at the moment");
		return;
	}
	write_file(exchange, &audio->file, &sound);
	audio_file_close(&audio->file);
	statement_builder_open(&builder);
	statement_builder_append(
		&builder, sql_records_by_file, 1, exchange->captures[CAPTURE_FILE_ID]);
	statement_builder_append(&builder, sql_record, 0);
	statement.text = builder.text;
	values = statement_builder_parameters(&builder);
	exchange_query_joined(
		exchange, NULL, &statement, &values, RECORD_COLUMNS, record_row, result_done);
	statement_builder_close(&builder);
}

/* listen, download ---------------------------------------------------------------------------- */

/* A quoted string carries it as it is; '%' it would, but some clients decode it. */
static bool
is_plain_byte(unsigned char byte)
{
	return byte >= 0x20 && byte <= 0x7e && byte != '"' && byte != '%';
}

static bool
is_plain(const char *name)
{
	while (*name != '\0' && is_plain_byte((unsigned char)*name))
		name++;
	return *name == '\0';
}

/*
 * RFC 6266: a name that a quoted string cannot carry as it is goes percent-encoded into filename*
 * as well (RFC 8187), and with underscores into filename.
 */
static void
add_disposition(struct response *response, const char *name)
{
	char plain[AUDIO_NAME_SIZE];
	char encoded[PERCENT_ENCODED_SIZE(AUDIO_NAME_SIZE)];
	size_t i;

	if (is_plain(name)) {
		response_field(
			response, "Content-Disposition", "attachment; filename=\"%s\"", name);
		return;
	}
	for (i = 0; name[i] != '\0'; i++)
		plain[i] = is_plain_byte((unsigned char)name[i]) ? name[i] : '_';
	plain[i] = '\0';
	percent_encode(name, encoded);
	response_field(response, "Content-Disposition",
		"attachment; filename=\"%s\"; filename*=UTF-8''%s", plain, encoded);
}

/* The fields that a 304 has as well (RFC 9110, 15.4.5). */
static void
add_validators(struct response *response, const struct audio_file *file)
{
	char modified[HTTP_DATE_SIZE];
	time_t now = time(NULL);

	/* RFC 9110, 8.8.2.1: never later than now, whatever clock wrote the file. */
	http_date_format(file->modified < now ? file->modified : now, modified);
	response_field(response, "ETag", "%s", file->tag);
	response_field(response, "Last-Modified", "%s", modified);
}

/* Hands length bytes from offset to the socket without reading them: sendfile(2). */
static void
add_bytes(struct exchange *exchange, struct audio_file *file, uint64_t offset, uint64_t length)
{
	struct evbuffer_file_segment *segment;

	if (length == 0)
		return;
	segment = evbuffer_file_segment_new(file->descriptor, (ev_off_t)offset, (ev_off_t)length,
		EVBUF_FS_CLOSE_ON_FREE | EVBUF_FS_DISABLE_LOCKING);
	if (segment == NULL)
		memory_exhausted();
	file->descriptor = -1; /* the segment closes it */
	exchange->response.is_on_disk = true;
	if (evbuffer_add_file_segment(exchange->response.body, segment, 0, (ev_off_t)length) != 0)
		memory_exhausted();
	evbuffer_file_segment_free(segment);
}

static void
add_content_fields(struct exchange *exchange)
{
	const struct audio *audio = exchange->state;
	struct response *response = &exchange->response;

	response->content_type = audio->file.content_type;
	if (audio->action == AUDIO_ACTION_DOWNLOAD)
		add_disposition(response, audio->file.name);
	else
		response_field(response, "Content-Disposition", "inline");
}

/* nginx takes the bytes from its own location, and the range from the request. */
static void
hand_over(struct exchange *exchange)
{
	const struct audio *audio = exchange->state;
	char encoded[PERCENT_ENCODED_SIZE(AUDIO_NAME_SIZE)];

	json_writer_close(&exchange->writer);
	add_content_fields(exchange);
	percent_encode(audio->file.name, encoded);
	response_field(&exchange->response, "X-Accel-Redirect", "%s%s",
		exchange->api->settings->audio_accel_prefix, encoded);
	exchange_reply(exchange, 200);
}

static void
reply_bytes(struct exchange *exchange, unsigned status, uint64_t offset, uint64_t length)
{
	struct audio *audio = exchange->state;
	struct response *response = &exchange->response;

	if (!log_action(exchange, status, length))
		return;
	if (audio->is_handed_over) {
		hand_over(exchange);
		return;
	}
	json_writer_close(&exchange->writer);
	add_content_fields(exchange);
	add_validators(response, &audio->file);
	response_field(response, "Accept-Ranges", "bytes");
	if (status == 206) {
		response_field(response, "Content-Range", "bytes %" PRIu64 "-%" PRIu64 "/%" PRIu64,
			offset, offset + length - 1, audio->file.bytes);
	}
	add_bytes(exchange, &audio->file, offset, length);
	exchange_reply(exchange, status);
}

static void
reply_not_modified(struct exchange *exchange)
{
	const struct audio *audio = exchange->state;

	exchange->response.content_type = NULL;
	add_validators(&exchange->response, &audio->file);
	exchange_reply(exchange, 304);
}

static void
reply_unsatisfiable(struct exchange *exchange)
{
	const struct audio *audio = exchange->state;
	uint64_t bytes = audio->file.bytes;
	struct error error;

	(void)error_set(&error, ERROR_RANGE_NOT_SATISFIABLE,
		"Range must lie within the %" PRIu64 " bytes of the file", bytes);
	json_writer_close(&exchange->writer);
	response_discard(&exchange->response);
	response_error(&exchange->response, &error);
	response_field(&exchange->response, "Content-Range", "bytes */%" PRIu64, bytes);
	exchange_reply(exchange, exchange->response.status);
}

static void
weigh_conditions(struct exchange *exchange)
{
	const struct audio *audio = exchange->state;
	const struct representation representation = {
		.tag = audio->file.tag,
		.modified = audio->file.modified,
		.bytes = audio->file.bytes,
	};
	uint64_t first = 0;
	uint64_t last = 0;

	switch (condition_of(
		connection_request(exchange->connection), &representation, &first, &last)) {
	case CONDITION_SEND:
		reply_bytes(exchange, 200, 0, audio->file.bytes);
		break;
	case CONDITION_SEND_PART:
		reply_bytes(exchange, 206, first, last - first + 1);
		break;
	case CONDITION_NOT_MODIFIED:
		reply_not_modified(exchange);
		break;
	case CONDITION_FAILED:
		refuse(exchange, ERROR_PRECONDITION_FAILED,
			"the file is not the one that the request's condition names");
		break;
	case CONDITION_UNSATISFIABLE:
		reply_unsatisfiable(exchange);
		break;
	}
}

/* Anybody else would get an answer that only the proxy can make use of. */
static bool
is_from_proxy(const struct exchange *exchange)
{
	return proxy_list_trusts(
		exchange->api->settings->trusted_proxies, connection_peer(exchange->connection));
}

/*
 * The client knows the file by the tag that nginx gives it (modification and size); with the same
 * one here, conditions and ranges come out as nginx will see them.
 */
static void
use_proxy_tag(struct audio_file *file)
{
	snprintf(file->tag, sizeof file->tag, "\"%" PRIx64 "-%" PRIx64 "\"",
		(uint64_t)file->modified, file->bytes);
}

static void
start_bytes(struct exchange *exchange)
{
	struct audio *audio = exchange->state;

	audio->is_handed_over = *exchange->api->settings->audio_accel_prefix != '\0' &&
				is_from_proxy(exchange);
	if (audio->is_handed_over)
		use_proxy_tag(&audio->file);
	weigh_conditions(exchange);
}

static void (*const starts[AUDIO_ACTION_COUNT])(struct exchange *exchange) = {
	[AUDIO_ACTION_RESULT] = start_result,
	[AUDIO_ACTION_LISTEN] = start_bytes,
	[AUDIO_ACTION_DOWNLOAD] = start_bytes,
};

static void
start(struct exchange *exchange)
{
	const struct api_settings *settings = exchange->api->settings;
	enum audio_action action = 0;
	struct audio *audio;
	struct error error;

	while (action < AUDIO_ACTION_COUNT &&
		strcmp(audio_action_names[action], exchange->captures[CAPTURE_ACTION]) != 0)
		action++;
	if (action == AUDIO_ACTION_COUNT) {
		refuse(exchange, ERROR_INVALID_PARAMETER,
			"the action must be result, listen or download");
		return;
	}
	audio = memory_zeroed(1, sizeof *audio);
	audio->action = action;
	audio->file.descriptor = -1;
	exchange->state = audio;
	exchange->free_state = free_audio;
	if (!audio_file_open(&audio->file, settings->audio_directory, settings->audio_extensions,
		    exchange->captures[CAPTURE_FILE_ID], &error)) {
		exchange_refuse(exchange, &error);
		return;
	}
	starts[action](exchange);
}

const struct endpoint endpoint_audio = {
	.has_own_format = true,
	.start = start,
};
