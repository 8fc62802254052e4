#include "api/parts.h"

#include "api/api.h"
#include "audio/access_log.h"
#include "audio/file.h"
#include "db/pool.h"

const char *const part_names[PART_COUNT] = {
	[PART_DATABASE] = "database",
	[PART_AUDIO_DIRECTORY] = "audio directory",
	[PART_ACCESS_LOG] = "access log",
};

void
parts_look(const struct api *api, bool is_up[static PART_COUNT])
{
	is_up[PART_DATABASE] = db_pool_is_up(api->pool);
	is_up[PART_AUDIO_DIRECTORY] = audio_directory_is_there(api->settings->audio_directory);
	is_up[PART_ACCESS_LOG] = access_log_is_writable(api->access_log);
}
