// pace INTERFACE COUNT RATE: sends COUNT UDP datagrams, RATE a second, evenly; prints when each was sent, as nanoseconds of
// CLOCK_MONOTONIC, a line each.
#include <arpa/inet.h>
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

static long now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1000000000L + t.tv_nsec;
}

int main(int argc, char** argv) {
  if (argc != 4) return 64;
  const long count = atol(argv[2]), gap = 1000000000L / atol(argv[3]);
  unsigned char frame[64] = {0};
  memset(frame, 0xff, 6);
  frame[12] = 8;
  struct iphdr* ip = (void*)(frame + 14);
  *ip = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons(sizeof frame - 14), .ttl = 64, .protocol = 17,
                       .saddr = inet_addr("192.0.2.1"), .daddr = inet_addr("192.0.2.2")};
  struct udphdr* udp = (void*)(frame + 34);
  *udp = (struct udphdr){.source = htons(40001), .dest = htons(40002), .len = htons(sizeof frame - 34)};
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_ifindex = if_nametoindex(argv[1])};
  long* sent = calloc(count, sizeof *sent);
  if (fd < 0 || !sent) return 71;
  long next = now();
  for (long i = 0; i < count; i++, next += gap) {
    const struct timespec until = {next / 1000000000L, next % 1000000000L};
    clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &until, NULL);
    sent[i] = now();
    if (sendto(fd, frame, sizeof frame, 0, (void*)&to, sizeof to) < 0) return 71;
  }
  for (long i = 0; i < count; i++) printf("%ld\n", sent[i]);
}
