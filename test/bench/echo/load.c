// load tcp|udp PORT WINDOW SECONDS [SIZE]: asks an echo server on 127.0.0.1 as fast as it answers. tcp: WINDOW connections,
// one message each on its way; udp: one socket, WINDOW datagrams on their way. Says {"answers":N,"seconds":S,"wrong":N,"lost":N}.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { kMost = 4096, kLargest = 2048, kBatch = 64 };

static double Now(void) {
  struct timespec now;
  clock_gettime(CLOCK_MONOTONIC, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void Fail(const char* what) {
  perror(what);
  exit(1);
}

static int Connect(int type, int port) {
  struct sockaddr_in to = {.sin_family = AF_INET, .sin_port = htons((uint16_t)port)};
  to.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, type, 0);
  if (fd < 0) Fail("socket");
  if (connect(fd, (struct sockaddr*)&to, sizeof to) != 0) Fail("connect");
  return fd;
}

static void Say(long answers, double seconds, long wrong, long lost) {
  printf("{\"answers\":%ld,\"seconds\":%.6f,\"wrong\":%ld,\"lost\":%ld}\n", answers, seconds, wrong, lost);
}

static void Tcp(int port, int window, double seconds, size_t size) {
  static uint8_t sent[kMost][kLargest], came[kLargest];
  static size_t have[kMost];
  static int fds[kMost];
  long answers = 0, wrong = 0;
  const int epoll = epoll_create1(0);
  for (int i = 0; i < window; i++) {
    fds[i] = Connect(SOCK_STREAM, port);
    const int one = 1;
    setsockopt(fds[i], IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct epoll_event event = {.events = EPOLLIN, .data.u32 = (uint32_t)i};
    epoll_ctl(epoll, EPOLL_CTL_ADD, fds[i], &event);
    for (size_t at = 0; at < size; at++) sent[i][at] = (uint8_t)(i + at);
    if (send(fds[i], sent[i], size, 0) != (ssize_t)size) Fail("send");
  }
  const double begun = Now();
  double now = begun;
  while (now - begun < seconds) {
    struct epoll_event events[256];
    const int count = epoll_wait(epoll, events, 256, 1000);
    if (count == 0) Fail("nothing came for a second");
    for (int each = 0; each < count; each++) {
      const uint32_t i = events[each].data.u32;
      const ssize_t length = recv(fds[i], came, size - have[i], 0);
      if (length <= 0) Fail("recv");
      wrong += memcmp(came, sent[i] + have[i], (size_t)length) != 0;
      have[i] += (size_t)length;
      if (have[i] < size) continue;
      have[i] = 0;
      answers++;
      sent[i][0]++;
      if (send(fds[i], sent[i], size, 0) != (ssize_t)size) Fail("send");
    }
    now = Now();
  }
  Say(answers, now - begun, wrong, 0);
}

static void Udp(int port, int window, double seconds, size_t size) {
  static uint8_t out[kBatch][kLargest], in[kBatch][kLargest];
  struct mmsghdr messages[kBatch];
  struct iovec vectors[kBatch];
  const int fd = Connect(SOCK_DGRAM, port);
  const int room = 4 << 20;
  setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &room, sizeof room);
  const struct timeval patience = {.tv_usec = 100000};
  setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  long answers = 0, wrong = 0, lost = 0;
  uint32_t number = 0;
  int want = window;
  const double begun = Now();
  double now = begun;
  memset(out, 0x5a, sizeof out);
  while (now - begun < seconds) {
    while (want > 0) {
      const int batch = want < kBatch ? want : kBatch;
      for (int i = 0; i < batch; i++) {
        memcpy(out[i], &number, sizeof number);
        number++;
        vectors[i] = (struct iovec){out[i], size};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
      }
      const int taken = sendmmsg(fd, messages, (unsigned)batch, 0);
      if (taken <= 0) Fail("sendmmsg");
      want -= taken;
    }
    for (int i = 0; i < kBatch; i++) {
      vectors[i] = (struct iovec){in[i], kLargest};
      messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1}};
    }
    const int came = recvmmsg(fd, messages, kBatch, MSG_WAITFORONE, NULL);
    if (came < 0 && errno == EAGAIN) {
      lost += window;
      want = window;
    } else if (came < 0) {
      Fail("recvmmsg");
    } else {
      for (int i = 0; i < came; i++)
        wrong += messages[i].msg_len != size || memcmp(in[i] + 4, out[0] + 4, size - 4) != 0;
      answers += came;
      want = came;
    }
    now = Now();
  }
  Say(answers, now - begun, wrong, lost);
}

int main(int count, char** words) {
  if (count < 5) return 64;
  const int window = atoi(words[3]);
  const size_t size = count > 5 ? (size_t)atoi(words[5]) : 64;
  if (window < 1 || window > kMost || size < 4 || size > kLargest) return 64;
  (strcmp(words[1], "tcp") == 0 ? Tcp : Udp)(atoi(words[2]), window, atof(words[4]), size);
}
