/*
 * Bodies that are no JSON, or JSON that was not asked for. Whatever is refused changes nothing.
 */
#include <stdlib.h>
#include <string.h>

#include "support/harness.h"
#include "support/json_assert.h"
#include "support/scratch.h"
#include "support/sql.h"

#define SEARCH	 "/recording/records/search"
#define HISTORY	 "/recording/history"
#define AGENT	 "/recording/history/agent"
#define CUSTOMER "/recording/history/customer"
#define ATTACHED "/recording/call_data/1/attached_data"

static const struct reply *
post_bytes(const char *target, const char *body, size_t bytes)
{
	return http_send(
		&(struct http_request){ .target = target, .body = body, .body_bytes = bytes });
}

struct syntax_row {
	const char *body;
	size_t bytes; /* 0: up to the 0 */
};

/* RFC 8259 knows none of these. */
static const struct syntax_row broken[] = {
	{ "{", 0 },
	{ "}", 0 },
	{ "{}}", 0 },
	{ "{}{}", 0 },
	{ "{} x", 0 },
	{ "{},", 0 },
	{ "{}\0", 3 },
	{ "\0", 1 },
	{ "{}\v", 0 },
	{ "\f{}", 0 },
	{ "\xef\xbb\xbf{}", 0 },
	{ "{}\xc2\xa0", 0 },
	{ " ", 0 },
	{ "\n", 0 },
	{ "nul", 0 },
	{ "NULL", 0 },
	{ "Null", 0 },
	{ "True", 0 },
	{ "NaN", 0 },
	{ "Infinity", 0 },
	{ "-Infinity", 0 },
	{ "undefined", 0 },
	{ "{agent:\"1\"}", 0 },
	{ "{'agent':'1'}", 0 },
	{ "{\"agent\":'1'}", 0 },
	{ "{\"agent\":\"1\",}", 0 },
	{ "{,\"agent\":\"1\"}", 0 },
	{ "{\"agent\" \"1\"}", 0 },
	{ "{\"agent\":}", 0 },
	{ "{\"agent\"}", 0 },
	{ "{\"agent\":\"1\" \"queue\":\"2\"}", 0 },
	{ "{\"agent\"::\"1\"}", 0 },
	{ "{\"agent\"=\"1\"}", 0 },
	{ "{\"agent\":\"1\"/* comment */}", 0 },
	{ "// comment\n{}", 0 },
	{ "{} // comment", 0 },
	{ "# comment\n{}", 0 },
	{ "{\"agent\":\"1}", 0 },
	{ "{\"agent\":\"a\tb\"}", 0 },
	{ "{\"agent\":\"a\nb\"}", 0 },
	{ "{\"agent\":\"a\rb\"}", 0 },
	{ "{\"agent\":\"a\x01\"}", 0 },
	{ "{\"agent\":\"a\x1f\"}", 0 },
	{ "{\"agent\":\"a\0b\"}", 15 },
	{ "{\"agent\":\"\\x41\"}", 0 },
	{ "{\"agent\":\"\\'\"}", 0 },
	{ "{\"agent\":\"\\a\"}", 0 },
	{ "{\"agent\":\"\\u12\"}", 0 },
	{ "{\"agent\":\"\\u12G4\"}", 0 },
	{ "{\"agent\":\"\\U0041\"}", 0 },
	{ "{\"agent\":\"\\\"}", 0 },
	/* lone surrogates, escaped and raw */
	{ "{\"agent\":\"\\ud800\"}", 0 },
	{ "{\"agent\":\"\\udc00\"}", 0 },
	{ "{\"agent\":\"\\ud800x\"}", 0 },
	{ "{\"agent\":\"\\ud800\\u0041\"}", 0 },
	{ "{\"agent\":\"\\ud800\\ud800\\udc00\"}", 0 },
	{ "{\"agent\":\"\\udc00\\ud800\"}", 0 },
	{ "{\"agent\":\"\xed\xa0\x80\"}", 0 },
	/* not UTF-8 */
	{ "{\"agent\":\"\xff\"}", 0 },
	{ "{\"agent\":\"\x80\"}", 0 },
	{ "{\"agent\":\"\xc3\"}", 0 },
	{ "{\"agent\":\"\xc3(\"}", 0 },
	{ "{\"agent\":\"\xc0\xaf\"}", 0 },
	{ "{\"agent\":\"\xe0\x80\xaf\"}", 0 },
	{ "{\"agent\":\"\xf4\x90\x80\x80\"}", 0 },
	{ "{\"agent\":\"\xf8\x88\x80\x80\x80\"}", 0 },
	{ "{\"\xff\":\"1\"}", 0 },
	{ "\xff\xfe{\0}\0", 6 },
	/* numbers */
	{ "{\"size\":01}", 0 },
	{ "{\"size\":+1}", 0 },
	{ "{\"size\":.5}", 0 },
	{ "{\"size\":5.}", 0 },
	{ "{\"size\":-}", 0 },
	{ "{\"size\":1e}", 0 },
	{ "{\"size\":1e+}", 0 },
	{ "{\"size\":0x10}", 0 },
	{ "{\"size\":1_000}", 0 },
	{ "{\"size\":NaN}", 0 },
	{ "{\"size\":-Infinity}", 0 },
	{ "{\"size\":1 2}", 0 },
	{ "{\"size\":1/**/}", 0 },
	/* arrays */
	{ "[", 0 },
	{ "[1,]", 0 },
	{ "[,1]", 0 },
	{ "[1 2]", 0 },
	{ "[}", 0 },
	{ "page=1&pageSize=2", 0 },
	{ "<xml/>", 0 },
};

START_TEST(test_broken)
{
	static const char *const targets[] = { SEARCH, CUSTOMER, ATTACHED };

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		const struct reply *reply = post_bytes(
			targets[i], broken[_i].body, broken[_i].bytes);

		ck_assert_msg(reply->status == 400 &&
				      strcmp(json_text(reply, "error"), "invalid_json") == 0,
			"%s %s: %ld %s", targets[i], broken[_i].body, reply->status, reply->body);
	}
}
END_TEST

struct refused_row {
	const char *target;
	const char *body;
	const char *code;
	const char *word; /* in the message, NULL: none asked for */
};

#define PARAMETER "invalid_parameter"
#define UNKNOWN	  "unknown_field"

static const struct refused_row refused[] = {
	/* not the object or array asked for */
	{ SEARCH, "[]", PARAMETER, "object" },
	{ SEARCH, "null", PARAMETER, "object" },
	{ SEARCH, "1", PARAMETER, "object" },
	{ SEARCH, "''", PARAMETER, "object" },
	{ SEARCH, "true", PARAMETER, "object" },
	{ SEARCH, "[{}]", PARAMETER, "object" },
	{ HISTORY, "[]", PARAMETER, "object" },
	{ AGENT, "null", PARAMETER, "object" },
	{ CUSTOMER, "[]", PARAMETER, "object" },
	{ ATTACHED, "{}", PARAMETER, "array" },
	{ ATTACHED, "{'key':'a','value':'b'}", PARAMETER, "array" },
	{ ATTACHED, "null", PARAMETER, "array" },
	{ ATTACHED, "[1]", PARAMETER, NULL },
	{ ATTACHED, "[null]", PARAMETER, NULL },
	{ ATTACHED, "[[]]", PARAMETER, NULL },
	{ ATTACHED, "['key']", PARAMETER, NULL },
	{ CUSTOMER, "{'filters':[1]}", PARAMETER, NULL },
	{ CUSTOMER, "{'filters':[[]]}", PARAMETER, NULL },

	/* unknown and repeated fields */
	{ SEARCH, "{'bogus':1}", UNKNOWN, "bogus" },
	{ SEARCH, "{'bogus':null}", UNKNOWN, "bogus" },
	{ SEARCH, "{'Agent':'1573'}", UNKNOWN, "Agent" },
	{ SEARCH, "{'agent ':'1573'}", UNKNOWN, NULL },
	{ SEARCH, "{'':'1573'}", UNKNOWN, NULL },
	{ SEARCH, "{'page':1}", UNKNOWN, "page" },
	{ SEARCH, "{'pageSize':1}", UNKNOWN, "pageSize" },
	{ HISTORY, "{'interface':'SIP/x','size':1}", UNKNOWN, "size" },
	{ AGENT, "{'agentNum':'1004','days':1}", UNKNOWN, "days" },
	{ CUSTOMER, "{'Size':1}", UNKNOWN, "Size" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'=','value':'x','more':1}]}", UNKNOWN,
		"more" },
	{ ATTACHED, "[{'key':'a','value':'b','id':3}]", UNKNOWN, "id" },
	{ SEARCH, "{'agent':'1','agent':'1'}", PARAMETER, "agent" },
	{ SEARCH, "{'agent':'1','queue':'1','agent':null}", PARAMETER, "agent" },
	{ SEARCH, "{'agent':'1','\\u0061gent':'1'}", PARAMETER, "agent" },
	{ SEARCH, "{'agent':null,'agent':null}", PARAMETER, "agent" },
	{ HISTORY, "{'interface':'SIP/a','interface':'SIP/b'}", PARAMETER, "interface" },
	{ CUSTOMER, "{'size':1,'size':1}", PARAMETER, "size" },
	{ CUSTOMER, "{'filters':[{'field':'key','field':'key','operator':'=','value':'x'}]}",
		PARAMETER, "field" },
	{ ATTACHED, "[{'key':'a','key':'b','value':'c'}]", PARAMETER, "key" },

	/* wrong types */
	{ SEARCH, "{'agent':1573}", PARAMETER, "agent" },
	{ SEARCH, "{'agent':true}", PARAMETER, "agent" },
	{ SEARCH, "{'agent':['1573']}", PARAMETER, "agent" },
	{ SEARCH, "{'agent':{}}", PARAMETER, "agent" },
	{ SEARCH, "{'queue':3555}", PARAMETER, "queue" },
	{ SEARCH, "{'callee':3555}", PARAMETER, "callee" },
	{ SEARCH, "{'caller':1.5}", PARAMETER, "caller" },
	{ SEARCH, "{'start':1704067200}", PARAMETER, "start" },
	{ SEARCH, "{'end':false}", PARAMETER, "end" },
	{ SEARCH, "{'direction':1}", PARAMETER, "direction" },
	{ SEARCH, "{'queueCallStatus':['full']}", PARAMETER, "queueCallStatus" },
	{ SEARCH, "{'key':1}", PARAMETER, "key" },
	{ SEARCH, "{'key':'a','value':1}", PARAMETER, "value" },
	{ HISTORY, "{'interface':1}", PARAMETER, "interface" },
	{ AGENT, "{'agentNum':1004}", PARAMETER, "agentNum" },
	{ CUSTOMER, "{'size':'10'}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':true}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':1.5}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':[1]}", PARAMETER, "size" },
	{ CUSTOMER, "{'filters':{}}", PARAMETER, "filters" },
	{ CUSTOMER, "{'filters':'src_num'}", PARAMETER, "filters" },
	{ CUSTOMER, "{'filters':[{'field':1,'operator':'=','value':'x'}]}", PARAMETER, "field" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':1,'value':'x'}]}", PARAMETER,
		"operator" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'=','value':1}]}", PARAMETER, "value" },
	{ ATTACHED, "[{'key':1,'value':'x'}]", PARAMETER, "key" },
	{ ATTACHED, "[{'key':'a','value':1}]", PARAMETER, "value" },
	{ ATTACHED, "[{'key':'a','value':false}]", PARAMETER, "value" },

	/* out of range */
	{ CUSTOMER, "{'size':0}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':-1}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':1001}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':4294967297}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':18446744073709551617}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':99999999999999999999999999}", PARAMETER, "size" },
	{ CUSTOMER, "{'size':1e999}", PARAMETER, "size" },

	/* values that do not exist */
	{ SEARCH, "{'direction':'internal'}", PARAMETER, "direction" },
	{ SEARCH, "{'direction':'Incoming'}", PARAMETER, "direction" },
	{ SEARCH, "{'direction':' incoming'}", PARAMETER, "direction" },
	{ SEARCH, "{'queueCallStatus':'exit_with_key'}", PARAMETER, "queueCallStatus" },
	{ SEARCH, "{'queueCallStatus':'ANSWERED'}", PARAMETER, "queueCallStatus" },
	{ SEARCH, "{'queueCallStatus':'nonsense'}", PARAMETER, "queueCallStatus" },
	{ CUSTOMER, "{'filters':[{'field':'dst_num','operator':'=','value':'x'}]}", PARAMETER,
		"field" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'!=','value':'x'}]}", PARAMETER,
		"operator" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'==','value':'x'}]}", PARAMETER,
		"operator" },

	/* times */
	{ SEARCH, "{'start':'yesterday'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'now'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'infinity'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-13-01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-00-01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-02-30'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2023-02-29'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-00'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 24:00:01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 10:60:00'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 10:00:61'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 10:00'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 '}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01T'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01t10:00:00'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 10:00:00.5'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 10:00:00Z'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-01-01 10:00:00+01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':' 2024-01-01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'24-01-01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024-1-1'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'2024/01/01'}", PARAMETER, "start" },
	{ SEARCH, "{'start':'01-01-2024'}", PARAMETER, "start" },
	{ SEARCH, "{'end':'20240101'}", PARAMETER, "end" },
	{ SEARCH, "{'end':'-2024-01-01'}", PARAMETER, "end" },
	{ SEARCH, "{'end':'0000-01-01'}", PARAMETER, "end" },
	{ SEARCH, "{'end':'12024-01-01'}", PARAMETER, "end" },

	/* U+0000 */
	{ SEARCH, "{'agent':'a\\u0000'}", PARAMETER, "agent" },
	{ SEARCH, "{'callee':'\\u0000'}", PARAMETER, "callee" },
	{ SEARCH, "{'start':'2024-01-01\\u0000'}", PARAMETER, "start" },
	{ SEARCH, "{'direction':'all\\u0000'}", PARAMETER, "direction" },
	{ SEARCH, "{'key':'k','value':'\\u0000'}", PARAMETER, "value" },
	{ HISTORY, "{'interface':'SIP/az9kf7\\u0000'}", PARAMETER, "interface" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'=','value':'\\u0000'}]}", PARAMETER,
		"value" },
	{ ATTACHED, "[{'key':'a\\u0000','value':'b'}]", PARAMETER, "key" },
	{ ATTACHED, "[{'key':'a','value':'b\\u0000'}]", PARAMETER, "value" },

	/* needed ones missing */
	{ HISTORY, "{}", PARAMETER, "interface" },
	{ HISTORY, "{'interface':null}", PARAMETER, "interface" },
	{ HISTORY, "{'interface':''}", PARAMETER, "interface" },
	{ AGENT, "{}", PARAMETER, "agentNum" },
	{ AGENT, "{'agentNum':''}", PARAMETER, "agentNum" },
	{ SEARCH, "{'value':'green'}", PARAMETER, "key" },
	{ SEARCH, "{'value':''}", PARAMETER, "key" },
	{ SEARCH, "{'key':'','value':'green'}", PARAMETER, "key" },
	{ SEARCH, "{'key':null,'value':'green'}", PARAMETER, "key" },
	{ CUSTOMER, "{'filters':[{}]}", PARAMETER, NULL },
	{ CUSTOMER, "{'filters':[{'operator':'=','value':'x'}]}", PARAMETER, "field" },
	{ CUSTOMER, "{'filters':[{'field':'key','value':'x'}]}", PARAMETER, "operator" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'='}]}", PARAMETER, "value" },
	{ CUSTOMER, "{'filters':[{'field':'key','operator':'=','value':null}]}", PARAMETER,
		"value" },
	{ ATTACHED, "[{'value':'b'}]", PARAMETER, "key" },
	{ ATTACHED, "[{'key':null,'value':'b'}]", PARAMETER, "key" },
	{ ATTACHED, "[{'key':'','value':'b'}]", PARAMETER, "key" },
	{ ATTACHED, "[{'key':'a'}]", PARAMETER, "value" },
	{ ATTACHED, "[{'key':'a','value':null}]", PARAMETER, "value" },
};

START_TEST(test_refused)
{
	const struct refused_row *row = &refused[_i];
	const struct reply *reply = http_post(row->target, row->body);

	ck_assert_msg(reply->status == 400 && strcmp(json_text(reply, "error"), row->code) == 0,
		"%s %s: %ld %s", row->target, row->body, reply->status, reply->body);
	ck_assert_msg(row->word == NULL || strstr(json_text(reply, "message"), row->word) != NULL,
		"%s: the message does not say %s: %s", row->body, row->word, reply->body);
}
END_TEST

/* Depth must not cost stack. What is too deep to be read, the contract leaves open: one of 400. */
START_TEST(test_deep)
{
	static const char *const targets[] = { SEARCH, HISTORY, CUSTOMER, ATTACHED };
	const char *arrays = scratch_format(
		"%s%s", scratch_repeat("[", 10000), scratch_repeat("]", 10000));
	const char *objects = scratch_format(
		"%s1%s", scratch_repeat("{\"agent\":", 7000), scratch_repeat("}", 7000) + 6700);
	const char *in_field = scratch_format("{\"agent\":%s}", arrays);

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++) {
		expect_status(post_bytes(targets[i], arrays, 0), 400);
		expect_status(post_bytes(targets[i], scratch_repeat("[", 60000), 0), 400);
		expect_status(post_bytes(targets[i], objects, 0), 400);
		expect_status(post_bytes(targets[i], in_field, 0), 400);
	}
}
END_TEST

/* As large as the limit allows: an interface that nobody has, or a value that is too long. */
START_TEST(test_long_values)
{
	const char *name = scratch_repeat("x", 65536 - 16);
	const struct reply *reply = http_post(HISTORY, scratch_format("{'interface':'%s'}", name));

	ck_assert_msg(reply->status == 200 || reply->status == 400, "%ld", reply->status);
	if (reply->status == 200)
		expect_json(reply, 200, "[]");
	else
		expect_error(reply, 400, PARAMETER, "interface", NULL);
	expect_error(http_post(HISTORY, scratch_format("{'interface':'%sx'}", name)), 413,
		"body_too_large", NULL);
	reply = http_post(SEARCH, scratch_format("{'callee':'%s'}", scratch_repeat("%", 65000)));
	ck_assert_msg(reply->status == 200 || reply->status == 400, "%ld", reply->status);
	reply = http_post(SEARCH, scratch_format("{'callee':'%s'}", scratch_repeat("%1", 20000)));
	ck_assert_msg(reply->status == 200 || reply->status == 400, "%ld", reply->status);
	reply = http_post(SEARCH, scratch_format("{'agent':'%s'}", scratch_repeat("_", 65000)));
	ck_assert_msg(reply->status == 200 || reply->status == 400, "%ld", reply->status);
	expect_error(http_post(SEARCH, scratch_format("{'%s':1}", scratch_repeat("k", 65000))), 400,
		UNKNOWN, NULL);
}
END_TEST

/* Many fields, many filters: refused or answered, never anything else. */
START_TEST(test_many)
{
	const char *filter = "{'field':'src_num','operator':'=','value':'x'},";
	const struct reply *reply = http_post(CUSTOMER,
		scratch_format("{'filters':[%s{'field':'src_num','operator':'=','value':'x'}]}",
			scratch_repeat(filter, 1200)));

	ck_assert_msg(
		reply->status == 200 || reply->status == 400, "%ld %s", reply->status, reply->body);
	reply = http_post(SEARCH, scratch_format("{%s'a':1}", scratch_repeat("'a':1,", 9000)));
	expect_status(reply, 400);
	reply = http_post(ATTACHED, scratch_format("[%s0]", scratch_repeat("0,", 30000)));
	expect_status(reply, 400);
}
END_TEST

START_TEST(test_media_type)
{
	static const char *const wrong[] = { "text/plain", "application/x-www-form-urlencoded",
		"application/xml", "application/jsonp", "text/json-not", "json", "application",
		"*/*", "multipart/form-data; boundary=x" };
	static const char *const right[] = { "application/json", "Application/JSON",
		"application/json;charset=utf-8", "application/json ; charset=\"UTF-8\"" };

	for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
		const struct reply *reply = http_send(&(struct http_request){
			.target = SEARCH, .body = "{}", .content_type = wrong[i] });

		ck_assert_msg(
			reply->status == 415, "%s: %ld %s", wrong[i], reply->status, reply->body);
		expect_error(reply, 415, "unsupported_media_type", NULL);
	}
	for (size_t i = 0; i < sizeof right / sizeof right[0]; i++)
		expect_status(http_send(&(struct http_request){
				      .target = SEARCH, .body = "{}", .content_type = right[i] }),
			200);
	/* absent */
	expect_status(http_send(&(struct http_request){
			      .target = SEARCH, .body = "{}", .content_type = "" }),
		200);
}
END_TEST

/* An empty body stands for {} in the search alone; elsewhere something needed is missing. */
START_TEST(test_empty)
{
	static const char *const targets[] = { HISTORY, AGENT, ATTACHED };

	for (size_t i = 0; i < sizeof targets / sizeof targets[0]; i++)
		expect_status(http_send(&(struct http_request){
				      .method = "POST", .target = targets[i], .body = "" }),
			400);
	expect_status(
		http_send(&(struct http_request){ .method = "POST", .target = SEARCH, .body = "" }),
		200);
}
END_TEST

/* Last: nothing of all this has changed anything. */
START_TEST(test_nothing_done)
{
	ck_assert_str_eq(sql_list("SELECT key || '=' || value FROM attached_data"
				  " WHERE id_call_data = 1 ORDER BY id"),
		"recording=rec-1 color=green");
}
END_TEST

static Suite *
json_bodies_suite(void)
{
	Suite *suite = suite_create("json_bodies");

	harness_add_loop(suite, "broken", test_broken, HARNESS_COUNT(broken));
	harness_add_loop(suite, "refused", test_refused, HARNESS_COUNT(refused));
	harness_add(suite, "deep", test_deep);
	harness_add(suite, "long values", test_long_values);
	harness_add(suite, "many", test_many);
	harness_add(suite, "media type", test_media_type);
	harness_add(suite, "empty", test_empty);
	harness_add(suite, "nothing done", test_nothing_done);
	return suite;
}

HARNESS_MAIN(json_bodies_suite)
