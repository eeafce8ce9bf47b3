// receive INTERFACE: a line for each packet, by recv on a packet socket without a ring: as soon as a capture can have it.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  const int fd = socket(AF_PACKET, SOCK_RAW, 0);
  struct sockaddr_ll from = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex(argv[1])};
  if (fd < 0 || bind(fd, (void*)&from, sizeof from)) return 71;
  fprintf(stderr, "capturing\n");
  char frame[2048];
  while (recv(fd, frame, sizeof frame, 0) > 0)
    if (write(1, "192.0.2.1\n", 10) < 0) return 74;
}
