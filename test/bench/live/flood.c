// flood INTERFACE COUNT SIZE [FLOWS]: sends COUNT UDP frames of SIZE octets (link-layer header included) as fast as it can,
// by sendmmsg on a packet socket; from up to 64 ports by turns, usually from one. Prints how many the kernel took, and
// seconds.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

enum { BATCH = 64 };

static unsigned short checksum(const void* data, int size) {
  const unsigned short* words = data;
  unsigned sum = 0;
  for (; size > 1; size -= 2) sum += *words++;
  while (sum >> 16) sum = (sum & 0xffff) + (sum >> 16);
  return (unsigned short)~sum;
}

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  if (argc < 4) return 64;
  long count = atol(argv[2]);
  int size = atoi(argv[3]);
  int flows = argc > 4 ? atoi(argv[4]) : 1;
  if (size < 42 || size > 2048 || flows < 1 || flows > BATCH) return 64;
  static unsigned char frames[BATCH][2048];
  unsigned char* frame = frames[0];
  memset(frame, 0xff, 6);
  frame[12] = 8;
  struct iphdr* ip = (void*)(frame + 14);
  *ip = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons(size - 14), .ttl = 64, .protocol = 17,
                       .saddr = inet_addr("10.0.0.1"), .daddr = inet_addr("10.0.0.2")};
  ip->check = checksum(ip, 20);
  struct udphdr* udp = (void*)(frame + 34);
  *udp = (struct udphdr){.source = htons(5000), .dest = htons(9), .len = htons(size - 34)};

  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex(argv[1])};
  int one = 1;
  if (fd < 0 || bind(fd, (void*)&to, sizeof to) || setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one)) {
    perror("packet socket");
    return 71;
  }
  struct iovec octets[BATCH];
  for (int i = 0; i < flows; i++) {
    octets[i] = (struct iovec){frames[i], size};
    if (i == 0) continue;
    memcpy(frames[i], frame, size);
    ((struct udphdr*)(frames[i] + 34))->source = htons(5000 + i);
  }
  struct mmsghdr batch[BATCH];
  memset(batch, 0, sizeof batch);
  for (int i = 0; i < BATCH; i++) batch[i].msg_hdr = (struct msghdr){.msg_iov = &octets[i % flows], .msg_iovlen = 1};

  double start = now();
  for (long sent = 0; sent < count;) {
    int n = sendmmsg(fd, batch, count - sent < BATCH ? count - sent : BATCH, 0);
    if (n < 0 && errno != ENOBUFS && errno != EAGAIN) {
      perror("sendmmsg");
      return 71;
    }
    if (n > 0) sent += n;
  }
  double seconds = now() - start;
  printf("{\"sent\":%ld,\"seconds\":%.4f}\n", count, seconds);
}
