/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * secret.c - the file's text is tokenizer.h's; each key goes through
 * libsodium's KDF once for each use
 *
 *	placement --"hw-place"--> SipHash key of positions
 *	key ID	  --"hw-seal_"--> XChaCha20-Poly1305 key of datagrams
 *		  \-"hw-tag__"--> SipHash key of encapsulated packets
 *
 * The KDF's context keeps the three apart: an attacker who learns the tag key,
 * the weakest of them (a 64-bit tag), learns nothing of the others.
 *
 * The file's permissions are those of the open descriptor, so that no file
 * can be changed for another between the question and the reading. What was
 * read is overwritten before we return.
 */
#include "live/conf/secret.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "live/conf/tokenizer.h"
#include "live/conf/units.h"

#define FILE_MAX   4096
#define KEY_BYTES  crypto_kdf_KEYBYTES
#define HEX_DIGITS (2 * (size_t)KEY_BYTES)

_Static_assert(SECRET_SEAL_BYTES == crypto_aead_xchacha20poly1305_ietf_KEYBYTES,
	       "seal keys are what the cipher takes");
_Static_assert(crypto_kdf_KEYBYTES == 32, "64 hex digits");
_Static_assert(sizeof(struct siphash_key) == crypto_kdf_BYTES_MIN,
	       "the KDF makes SipHash keys");

/* Everything that must be forgotten. */
struct reading {
	const char *path;
	char *error;
	size_t error_size;
	struct tokenizer tokenizer;
	char bytes[FILE_MAX + 1];
	uint8_t placement[KEY_BYTES];
	uint8_t keys[SECRET_KEYS][KEY_BYTES];
	uint8_t ids[SECRET_KEYS];
	unsigned placement_line; /* 0: not yet */
	uint32_t key_count;
};

static void __attribute__((format(printf, 4, 5)))
file_error(char *error, size_t error_size, const char *path, const char *format,
	   ...)
{
	int used = snprintf(error, error_size, "%s: ", path);
	va_list arguments;

	va_start(arguments, format);
	if (used >= 0 && (size_t)used < error_size)
		vsnprintf(error + used, error_size - (size_t)used, format,
			  arguments);
	va_end(arguments);
}

static int __attribute__((format(printf, 3, 4)))
line_error(struct reading *reading, unsigned column, const char *format, ...)
{
	int used = snprintf(reading->error, reading->error_size,
			    "%s:%u:%u: ", reading->path,
			    reading->tokenizer.line, column);
	va_list arguments;

	va_start(arguments, format);
	if (used >= 0 && (size_t)used < reading->error_size)
		vsnprintf(reading->error + used,
			  reading->error_size - (size_t)used, format,
			  arguments);
	va_end(arguments);
	return -EINVAL;
}

/*
 * The lines. No complaint quotes a key.
 */

static int
hex_value(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

static int
key_read(struct reading *reading, uint32_t index, uint8_t key[KEY_BYTES])
{
	const struct tokenizer *tokenizer = &reading->tokenizer;

	if (tokenizer->count <= index)
		return line_error(reading, tokenizer->end,
				  "64 hex digits are missing");
	const struct word *word = &tokenizer->words[index];
	size_t length = strlen(word->text);
	for (size_t i = 0; i < length; i++) {
		int value = hex_value(word->text[i]);
		if (value == -1 || i == HEX_DIGITS)
			return line_error(reading, word->column + (unsigned)i,
					  value == -1
						  ? "not a hex digit"
						  : "more than 64 hex digits");
		if (i % 2 == 0)
			key[i / 2] = (uint8_t)(value << 4);
		else
			key[i / 2] |= (uint8_t)value;
	}
	if (length < HEX_DIGITS)
		return line_error(reading, word->column + (unsigned)length,
				  "less than 64 hex digits");
	if (tokenizer->count > index + 1)
		return line_error(reading, tokenizer->words[index + 1].column,
				  "unexpected words behind the key");
	if (sodium_is_zero(key, KEY_BYTES))
		return line_error(reading, word->column,
				  "a key of zeros is none");
	return 0;
}

static int
placement_line(struct reading *reading)
{
	if (reading->placement_line != 0)
		return line_error(reading, reading->tokenizer.words[0].column,
				  "'placement' again; it is in line %u already",
				  reading->placement_line);
	reading->placement_line = reading->tokenizer.line;
	return key_read(reading, 1, reading->placement);
}

static int
key_line(struct reading *reading)
{
	const struct tokenizer *tokenizer = &reading->tokenizer;
	uint32_t index = reading->key_count;
	int64_t id = 0;

	if (index == SECRET_KEYS)
		return line_error(reading, tokenizer->words[0].column,
				  "more than %d keys", SECRET_KEYS);
	if (tokenizer->count < 2)
		return line_error(reading, tokenizer->end,
				  "the key's number is missing");
	unsigned column = tokenizer->words[1].column;
	if (units_parse(UNITS_COUNT, tokenizer->words[1].text, &id) !=
		    UNITS_OK ||
	    id > UINT8_MAX)
		return line_error(reading, column,
				  "a key's number is 0 to 255");
	if (index > 0 && (reading->ids[0] ^ id) % 2 == 0)
		return line_error(reading, column,
				  "of two keys' numbers one is even, the other "
				  "odd");
	int result = key_read(reading, 2, reading->keys[index]);
	if (result != 0)
		return result;
	if (index > 0 &&
	    sodium_memcmp(reading->keys[0], reading->keys[1], KEY_BYTES) == 0)
		return line_error(reading, tokenizer->words[2].column,
				  "the same key under two numbers");
	reading->ids[index] = (uint8_t)id;
	reading->key_count++;
	return 0;
}

static int
lines_read(struct reading *reading)
{
	struct tokenizer *tokenizer = &reading->tokenizer;
	int more, result = 0;

	while (result == 0 && (more = tokenizer_next(tokenizer)) != 0) {
		if (more == -1)
			result = line_error(reading, tokenizer->problem_column,
					    "%s", tokenizer->problem);
		else if (strcmp(tokenizer->words[0].text, "placement") == 0)
			result = placement_line(reading);
		else if (strcmp(tokenizer->words[0].text, "key") == 0)
			result = key_line(reading);
		else
			result = line_error(reading, tokenizer->words[0].column,
					    "neither 'placement' nor 'key'");
	}
	if (result == 0 && reading->placement_line == 0)
		result = line_error(reading, 1,
				    "the file ends without 'placement'");
	if (result == 0 && reading->key_count == 0)
		result = line_error(reading, 1, "the file ends without 'key'");
	return result;
}

/*
 * The file
 */

static int
file_check(struct reading *reading, int fd)
{
	struct stat status;
	const char *why = NULL;

	if (fstat(fd, &status) == -1)
		return -errno;
	if (!S_ISREG(status.st_mode))
		why = "not a regular file";
	else if (status.st_uid != 0 && status.st_uid != geteuid())
		why = "belongs neither to root nor to the user who reads it";
	else if ((status.st_mode & 077) != 0)
		why = "others have permissions for it; its mode must be 0600 "
		      "or less";
	if (why == NULL)
		return 0;
	file_error(reading->error, reading->error_size, reading->path, "%s",
		   why);
	return -EPERM;
}

static int
file_read(struct reading *reading, int fd)
{
	size_t size = 0;
	ssize_t count;

	do {
		count = pread(fd, reading->bytes + size,
			      sizeof(reading->bytes) - size, (off_t)size);
		if (count == -1 && errno == EINTR)
			continue;
		if (count == -1)
			return -errno;
		size += (size_t)count;
	} while (count != 0 && size < sizeof(reading->bytes));
	if (size > FILE_MAX)
		return -EFBIG;
	tokenizer_start(&reading->tokenizer, reading->bytes, size);
	return lines_read(reading);
}

static void
key_derive(uint8_t *to, size_t size,
	   const char context[crypto_kdf_CONTEXTBYTES],
	   const uint8_t key[KEY_BYTES])
{
	int result = crypto_kdf_derive_from_key(to, size, 1, context, key);

	assert(result == 0); /* sizes are in range */
}

static void
secret_derive(struct secret *secret, const struct reading *reading)
{
	secret_wipe(secret);
	key_derive(secret->placement.bytes, sizeof(secret->placement.bytes),
		   "hw-place", reading->placement);
	for (uint32_t i = 0; i < reading->key_count; i++) {
		struct secret_key *key = &secret->keys[i];

		key->id = reading->ids[i];
		key_derive(key->seal, sizeof(key->seal), "hw-seal_",
			   reading->keys[i]);
		key_derive(key->tag.bytes, sizeof(key->tag.bytes), "hw-tag__",
			   reading->keys[i]);
	}
	secret->key_count = reading->key_count;
}

int
secret_read(struct secret *secret, int fd, const char *path, char *error,
	    size_t error_size)
{
	struct reading reading = {
		.path = path,
		.error = error,
		.error_size = error_size,
	};

	if (error_size > 0)
		error[0] = '\0';
	int result = sodium_init() == -1 ? -EIO : file_check(&reading, fd);
	if (result == 0)
		result = file_read(&reading, fd);
	if (result == 0)
		secret_derive(secret, &reading);
	else if (error_size > 0 && error[0] == '\0')
		file_error(error, error_size, path, "%s", strerror(-result));
	sodium_memzero(&reading, sizeof(reading));
	return result;
}

int
secret_load(struct secret *secret, const char *path, char *error,
	    size_t error_size)
{
	/* Not to hang on a FIFO before we know that it is one. */
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

	if (fd == -1) {
		int result = -errno;

		file_error(error, error_size, path, "%s", strerror(-result));
		return result;
	}
	int result = secret_read(secret, fd, path, error, error_size);
	close(fd);
	return result;
}

/* All of it, or -errno. */
static int
bytes_write(int fd, const char *bytes, size_t size)
{
	while (size > 0) {
		ssize_t count = write(fd, bytes, size);
		if (count == -1 && errno == EINTR)
			continue;
		if (count == -1)
			return -errno;
		bytes += count;
		size -= (size_t)count;
	}
	return 0;
}

int
secret_make(const char *path, char *error, size_t error_size)
{
	uint8_t keys[2][KEY_BYTES];
	char hex[2][HEX_DIGITS + 1];
	char text[256];
	int result = -EIO;

	if (error_size > 0)
		error[0] = '\0';
	if (sodium_init() == -1)
		return result;
	int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	if (fd == -1) {
		result = -errno;
		file_error(error, error_size, path, "%s%s", strerror(-result),
			   result == -EEXIST ? "; it is left as it is" : "");
		return result;
	}
	randombytes_buf(keys, sizeof(keys));
	for (int i = 0; i < 2; i++)
		sodium_bin2hex(hex[i], sizeof(hex[i]), keys[i],
			       sizeof(keys[i]));
	int size = snprintf(text, sizeof(text),
			    "# homeward cluster secret\n"
			    "placement %s\nkey 0 %s\n",
			    hex[0], hex[1]);
	assert(size > 0 && (size_t)size < sizeof(text));
	result = bytes_write(fd, text, (size_t)size);
	if (result == 0 && fsync(fd) == -1)
		result = -errno;
	close(fd);
	sodium_memzero(keys, sizeof(keys));
	sodium_memzero(hex, sizeof(hex));
	sodium_memzero(text, sizeof(text));
	if (result != 0) {
		file_error(error, error_size, path, "%s", strerror(-result));
		unlink(path);
	}
	return result;
}

void
secret_wipe(struct secret *secret)
{
	sodium_memzero(secret, sizeof(*secret));
}
