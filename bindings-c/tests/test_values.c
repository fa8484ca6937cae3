/* What needs no socket: the status codes, upper case, memory, the text of errors. */
#define _POSIX_C_SOURCE 200809L
#include "harness.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>

static void status_codes(void) {
  static const struct {
    capsock_status status;
    int number;
  } table[] = {
      {CAPSOCK_OK, 0},
      {CAPSOCK_INVALID_ARGUMENT, 1},
      {CAPSOCK_TIMED_OUT, 2},
      {CAPSOCK_INTERRUPTED, 3},
      {CAPSOCK_CLOSED, 4},
      {CAPSOCK_CONNECTION_REFUSED, 5},
      {CAPSOCK_CONNECTION_RESET, 6},
      {CAPSOCK_CONNECTION_CLOSED, 7},
      {CAPSOCK_ADDRESS_IN_USE, 8},
      {CAPSOCK_ADDRESS_NOT_AVAILABLE, 9},
      {CAPSOCK_NAME_NOT_RESOLVED, 10},
      {CAPSOCK_UNREACHABLE, 11},
      {CAPSOCK_PERMISSION_DENIED, 12},
      {CAPSOCK_TOO_LARGE, 13},
      {CAPSOCK_UNSUPPORTED, 14},
      {CAPSOCK_OUT_OF_RESOURCES, 15},
      {CAPSOCK_INVALID_TEXT, 16},
      {CAPSOCK_INPUT_OUTPUT, 17},
      {CAPSOCK_OTHER, 18},
      {CAPSOCK_INTERNAL, 19},
  };
  for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
    CHECK((int)table[i].status == table[i].number);
  CHECK(CAPSOCK_TRANSPORT_TCP == 0 && CAPSOCK_TRANSPORT_UDP == 1);
  CHECK(CAPSOCK_CONCURRENCY_ITERATIVE == 0 && CAPSOCK_CONCURRENCY_EVENTS == 3);
  CHECK(CAPSOCK_FRAMING_STREAM == 0 && CAPSOCK_FRAMING_ONCE == 2);
  CHECK(CAPSOCK_FRAMING_LENGTH == 3 && CAPSOCK_FRAMING_DELIMITER == 4);
  CHECK(CAPSOCK_ENDIAN_BIG == 0 && CAPSOCK_ENDIAN_LITTLE == 1);
  CHECK(CAPSOCK_NO_LIMIT == INT64_MAX && CAPSOCK_DEFAULT_PORT == 12000);
}

static void version(void) {
  int major = -1, minor = -1, patch = -1;
  CHECK(sscanf(capsock_version(), "%d.%d.%d", &major, &minor, &patch) == 3);
  CHECK(major >= 0 && minor >= 0 && patch >= 0);
}

/* A text and its length: some have a NUL inside. */
#define TEXT(literal) literal, sizeof literal - 1

static const struct {
  const char *input;
  size_t input_length;
  const char *upper;
  size_t upper_length;
} uppercase_table[] = {
    {TEXT(""), TEXT("")},
    {TEXT("hello"), TEXT("HELLO")},
    {TEXT("stra\xc3\x9f"
          "e"),
     TEXT("STRASSE")},
    {TEXT("\xc5\x89"), TEXT("\xca\xbcN")},
    {TEXT("\xce\xb1\xcf\x83\xcf\x82"), TEXT("\xce\x91\xce\xa3\xce\xa3")},
    {TEXT("\xf0\x9f\x90\xa7 ok"), TEXT("\xf0\x9f\x90\xa7 OK")},
    {TEXT("a\0b"), TEXT("A\0B")},
    {TEXT("\xff"
          "a\xc3"),
     TEXT("\xff"
          "A\xc3")},
};

static int is(const capsock_bytes *bytes, const char *expected, size_t length) {
  return bytes->data != NULL && bytes->length == length &&
         memcmp(bytes->data, expected, length) == 0 && bytes->data[length] == 0;
}

static void uppercase(void) {
  for (size_t i = 0; i < sizeof uppercase_table / sizeof uppercase_table[0]; i++) {
    capsock_bytes upper;
    CHECK_OK(capsock_uppercase(uppercase_table[i].input, uppercase_table[i].input_length, &upper));
    CHECK(is(&upper, uppercase_table[i].upper, uppercase_table[i].upper_length));
    capsock_bytes_free(&upper);
  }
}

static void uppercase_of_no_bytes(void) {
  capsock_bytes upper;
  CHECK_OK(capsock_uppercase(NULL, 0, &upper));
  CHECK(is(&upper, "", 0));
  capsock_bytes_free(&upper);
}

static void uppercase_of_impossible_length(void) {
  capsock_bytes upper;
  CHECK_STATUS(capsock_uppercase("x", SIZE_MAX, &upper), CAPSOCK_INVALID_ARGUMENT);
}

/* Every text byte by byte: the pieces together are the upper case of the whole. */
static void uppercase_stream(void) {
  capsock_uppercase_stream *stream = NULL;
  CHECK_OK(capsock_uppercase_stream_new(&stream));
  for (size_t i = 0; i < sizeof uppercase_table / sizeof uppercase_table[0]; i++) {
    char whole[64];
    size_t length = 0;
    capsock_bytes piece;
    for (size_t at = 0; at < uppercase_table[i].input_length; at++) {
      CHECK_OK(capsock_uppercase_stream_push(stream, uppercase_table[i].input + at, 1, &piece));
      memcpy(whole + length, piece.data, piece.length);
      length += piece.length;
      capsock_bytes_free(&piece);
    }
    CHECK_OK(capsock_uppercase_stream_finish(stream, &piece));
    memcpy(whole + length, piece.data, piece.length);
    length += piece.length;
    capsock_bytes_free(&piece);
    CHECK(length == uppercase_table[i].upper_length);
    CHECK(memcmp(whole, uppercase_table[i].upper, length) == 0);
  }
  capsock_uppercase_stream_free(stream);
}

static void bytes_freed_twice(void) {
  capsock_bytes upper;
  CHECK_OK(capsock_uppercase("a", 1, &upper));
  capsock_bytes_free(&upper);
  CHECK(upper.data == NULL && upper.length == 0);
  capsock_bytes_free(&upper);
}

/* One that is refused leaves the options as they were, and they can be used again. */
static void options_are_checked_one_by_one(void) {
  capsock_server_options *options = capsock_server_options_new();
  capsock_server *servers[2] = {NULL, NULL};
  CHECK_OK(capsock_server_options_set_host(options, "127.0.0.1"));
  CHECK_OK(capsock_server_options_set_port(options, 0));
  CHECK_STATUS(capsock_server_options_set_host(options, "\xff"), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_server_options_set_port(options, 65536), CAPSOCK_INVALID_ARGUMENT);
  CHECK_STATUS(capsock_server_options_set_idle_timeout(options, -1), CAPSOCK_INVALID_ARGUMENT);
  CHECK_OK(capsock_server_options_set_idle_timeout(options, CAPSOCK_NO_LIMIT));
  for (int32_t i = 0; i < 2; i++) {
    char *address = NULL;
    CHECK_OK(capsock_server_start(i, options, &servers[i]));
    CHECK_OK(capsock_server_address(servers[i], 0, &address));
    CHECK(address != NULL && strncmp(address, "127.0.0.1:", 10) == 0);
    capsock_string_free(address);
  }
  capsock_server_options_free(options);
  for (int32_t i = 0; i < 2; i++)
    capsock_server_free(servers[i]);
}

static void *last_error_of_a_new_thread(void *nothing) {
  (void)nothing;
  CHECK(strcmp(capsock_last_error(), "") == 0);
  CHECK(capsock_last_errno() == 0 && capsock_last_gai_code() == 0);
  CHECK_STATUS(capsock_server_stop(NULL, 0, NULL), CAPSOCK_INVALID_ARGUMENT);
  CHECK(strstr(capsock_last_error(), "'server'") != NULL);
  return NULL;
}

static void last_error_is_the_threads_own(void) {
  pthread_t thread;
  capsock_bytes upper;
  const char *text;
  CHECK_STATUS(capsock_uppercase(NULL, 1, &upper), CAPSOCK_INVALID_ARGUMENT);
  text = capsock_last_error();
  CHECK(strstr(text, "'input'") != NULL && strstr(text, "NULL") != NULL);
  CHECK(capsock_last_errno() == EINVAL && capsock_last_gai_code() == 0);
  CHECK(pthread_create(&thread, NULL, last_error_of_a_new_thread, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(text == capsock_last_error() && strstr(text, "'input'") != NULL);

  CHECK_OK(capsock_uppercase("a", 1, &upper));
  capsock_bytes_free(&upper);
  CHECK(text == capsock_last_error());
}

static pthread_key_t asked_at_the_end;

static void ask_at_the_end(void *nothing) {
  (void)nothing;
  (void)capsock_server_stop(NULL, 0, NULL);
  CHECK(capsock_last_error() != NULL);
}

static void *end_with_a_question(void *nothing) {
  (void)capsock_server_stop(NULL, 0, NULL);
  CHECK(pthread_setspecific(asked_at_the_end, &asked_at_the_end) == 0);
  return nothing;
}

/* The destructors of a thread may run after the library's own. */
static void last_error_while_a_thread_ends(void) {
  pthread_t thread;
  CHECK(pthread_key_create(&asked_at_the_end, ask_at_the_end) == 0);
  CHECK(pthread_create(&thread, NULL, end_with_a_question, NULL) == 0);
  CHECK(pthread_join(thread, NULL) == 0);
  CHECK(pthread_key_delete(asked_at_the_end) == 0);
}

int main(void) {
  static const test tests[] = {
      {"status codes and constants", status_codes},
      {"version", version},
      {"uppercase", uppercase},
      {"uppercase of no bytes", uppercase_of_no_bytes},
      {"uppercase of an impossible length", uppercase_of_impossible_length},
      {"uppercase stream, byte by byte", uppercase_stream},
      {"bytes freed twice", bytes_freed_twice},
      {"options are checked one by one", options_are_checked_one_by_one},
      {"last error is the thread's own", last_error_is_the_threads_own},
      {"last error while a thread ends", last_error_while_a_thread_ends},
  };
  return RUN(tests);
}
