// tx-ring INTERFACE SIZE: sends UDP frames without end through a TPACKET_V2 transmit ring.
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <netinet/ip.h>
#include <netinet/udp.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { FRAME = 2048, FRAMES = 1024, BATCH = 256 };

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  const int size = atoi(argv[2]), fd = socket(AF_PACKET, SOCK_RAW, 0);
  int version = TPACKET_V2, one = 1;
  struct tpacket_req ring = {.tp_block_size = 1 << 20, .tp_block_nr = 2, .tp_frame_size = FRAME, .tp_frame_nr = FRAMES};
  struct sockaddr_ll to = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_IP), .sll_ifindex = if_nametoindex(argv[1])};
  if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) ||
      setsockopt(fd, SOL_PACKET, PACKET_QDISC_BYPASS, &one, sizeof one) ||
      setsockopt(fd, SOL_PACKET, PACKET_TX_RING, &ring, sizeof ring) || bind(fd, (void*)&to, sizeof to)) {
    perror("packet socket");
    return 71;
  }
  uint8_t* map = mmap(NULL, FRAME * FRAMES, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  if (map == MAP_FAILED) return 71;
  const size_t at = TPACKET2_HDRLEN - sizeof(struct sockaddr_ll);
  for (int i = 0; i < FRAMES; i++) {
    uint8_t* frame = map + i * FRAME + at;
    memset(frame, 0xff, 6);
    frame[12] = 8;
    *(struct iphdr*)(frame + 14) = (struct iphdr){.version = 4, .ihl = 5, .tot_len = htons(size - 14), .ttl = 64,
        .protocol = 17, .saddr = inet_addr("192.0.2.1"), .daddr = inet_addr("192.0.2.2")};
    *(struct udphdr*)(frame + 34) = (struct udphdr){.source = htons(5000), .dest = htons(9), .len = htons(size - 34)};
  }
  for (unsigned next = 0;; next = (next + 1) % FRAMES) {
    struct tpacket2_hdr* header = (void*)(map + next * FRAME);
    while (__atomic_load_n(&header->tp_status, __ATOMIC_ACQUIRE) != TP_STATUS_AVAILABLE) {
      send(fd, NULL, 0, MSG_DONTWAIT);
      struct pollfd wait = {fd, POLLOUT, 0};
      poll(&wait, 1, 1);
    }
    header->tp_len = size;
    __atomic_store_n(&header->tp_status, TP_STATUS_SEND_REQUEST, __ATOMIC_RELEASE);
    if (next % BATCH == BATCH - 1) send(fd, NULL, 0, MSG_DONTWAIT);
  }
}
