// lines FIFO COUNT TEXT: reads until it has seen COUNT lines that have TEXT in them, or SIGINT; prints when each was there, as
// nanoseconds of CLOCK_MONOTONIC, a line each.
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static void stop(int signal) { (void)signal; }

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const long count = atol(argv[2]);
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGINT, &action, NULL);
  const int fd = open(argv[1], O_RDWR);
  long *there = calloc(count, sizeof *there), lines = 0;
  static char text[1 << 16];
  size_t length = 0;
  if (fd < 0 || !there) return 71;
  fprintf(stderr, "listening\n");
  while (lines < count) {
    const ssize_t got = read(fd, text + length, sizeof text - 1 - length);
    if (got <= 0) break;
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    length += got;
    char *at = text, *end;
    while ((end = memchr(at, '\n', text + length - at))) {
      *end = 0;
      if (strstr(at, argv[3]) && lines < count) there[lines++] = t.tv_sec * 1000000000L + t.tv_nsec;
      at = end + 1;
    }
    length = text + length - at;
    memmove(text, at, length);
  }
  for (long i = 0; i < lines; i++) printf("%ld\n", there[i]);
}
