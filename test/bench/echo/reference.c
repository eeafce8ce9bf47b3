// reference tcp|udp: what C reaches. An echo server on 127.0.0.1, by epoll or by recvmmsg and sendmmsg; says its port.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

static int Bind(int type) {
  struct sockaddr_in address = {.sin_family = AF_INET};
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const int fd = socket(AF_INET, type, 0);
  socklen_t size = sizeof address;
  bind(fd, (struct sockaddr*)&address, size);
  if (type == SOCK_STREAM) listen(fd, 511);
  getsockname(fd, (struct sockaddr*)&address, &size);
  printf("listening on %d\n", ntohs(address.sin_port));
  fflush(stdout);
  return fd;
}

static void Tcp(void) {
  static uint8_t room[65536];
  const int listener = Bind(SOCK_STREAM);
  const int epoll = epoll_create1(0);
  struct epoll_event event = {.events = EPOLLIN, .data.fd = listener};
  epoll_ctl(epoll, EPOLL_CTL_ADD, listener, &event);
  for (;;) {
    struct epoll_event events[256];
    const int count = epoll_wait(epoll, events, 256, -1);
    for (int i = 0; i < count; i++) {
      const int fd = events[i].data.fd;
      if (fd == listener) {
        event.data.fd = accept4(listener, NULL, NULL, SOCK_NONBLOCK);
        epoll_ctl(epoll, EPOLL_CTL_ADD, event.data.fd, &event);
        continue;
      }
      const ssize_t length = recv(fd, room, sizeof room, 0);
      if (length <= 0) close(fd);
      else send(fd, room, (size_t)length, MSG_NOSIGNAL);
    }
  }
}

static void Udp(void) {
  enum { kBatch = 64, kRoom = 2048 };
  static uint8_t room[kBatch][kRoom];
  static struct sockaddr_in peers[kBatch];
  struct mmsghdr messages[kBatch];
  struct iovec vectors[kBatch];
  const int fd = Bind(SOCK_DGRAM);
  for (;;) {
    for (int i = 0; i < kBatch; i++) {
      vectors[i] = (struct iovec){room[i], kRoom};
      messages[i] = (struct mmsghdr){
          .msg_hdr = {.msg_iov = &vectors[i], .msg_iovlen = 1, .msg_name = &peers[i], .msg_namelen = sizeof peers[i]}};
    }
    const int count = recvmmsg(fd, messages, kBatch, MSG_WAITFORONE, NULL);
    for (int i = 0; i < count; i++) vectors[i].iov_len = messages[i].msg_len;
    if (count > 0) sendmmsg(fd, messages, (unsigned)count, 0);
  }
}

int main(int count, char** words) {
  if (count > 1 && strcmp(words[1], "tcp") == 0) Tcp();
  else Udp();
}
