/* The database of a test program: schema, role, and the calls of test/integration/fixture.sql. */
#ifndef RECORDINGD_TEST_FIXTURE_H
#define RECORDINGD_TEST_FIXTURE_H

/* Creates database, role and audio files in a fresh cluster. */
void fixture_load(void);

/* Creates the indexes of etc/indexes.sql, and lets PostgreSQL know what is in the tables. */
void fixture_indexes(void);

/* Writes a file into the audio directory. */
void fixture_audio(const char *name, const char *bytes, unsigned long count);

/*
 * A WAV file of PCM samples, 16 bits: its header tells rate and channels, and the length by its
 * number of sample frames.
 */
void fixture_wav(const char *name, unsigned rate, unsigned channels, unsigned frames);

#endif
