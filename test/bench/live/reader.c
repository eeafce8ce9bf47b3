// reader INTERFACE: reads frames from a TPACKET_V3 ring and looks at addresses and ports, as little as a capture can do.
// On SIGINT it prints how many there were, and how many the kernel dropped.
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <linux/if_ether.h>
#include <linux/if_packet.h>
#include <net/if.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

enum { BLOCK = 1 << 20, BLOCKS = 32 };

static volatile sig_atomic_t stopped;
static void stop(int signal) {
  (void)signal;
  stopped = 1;
}

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  struct sigaction action = {.sa_handler = stop};
  sigaction(SIGINT, &action, NULL);
  int fd = socket(AF_PACKET, SOCK_RAW, 0);
  int version = TPACKET_V3;
  struct tpacket_req3 ring = {.tp_block_size = BLOCK, .tp_block_nr = BLOCKS, .tp_frame_size = 2048,
                              .tp_frame_nr = BLOCK / 2048 * BLOCKS, .tp_retire_blk_tov = 4};
  struct sockaddr_ll from = {.sll_family = AF_PACKET, .sll_protocol = htons(ETH_P_ALL), .sll_ifindex = if_nametoindex(argv[1])};
  if (fd < 0 || setsockopt(fd, SOL_PACKET, PACKET_VERSION, &version, sizeof version) ||
      setsockopt(fd, SOL_PACKET, PACKET_RX_RING, &ring, sizeof ring)) {
    perror("packet socket");
    return 71;
  }
  uint8_t* map = mmap(NULL, (size_t)BLOCK * BLOCKS, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_POPULATE, fd, 0);
  if (map == MAP_FAILED || bind(fd, (void*)&from, sizeof from)) {
    perror("ring");
    return 71;
  }
  fprintf(stderr, "capturing\n");
  uint64_t captured = 0, seen = 0;
  for (unsigned block = 0;; block = (block + 1) % BLOCKS) {
    struct tpacket_block_desc* desc = (void*)(map + (size_t)block * BLOCK);
    while (!(__atomic_load_n(&desc->hdr.bh1.block_status, __ATOMIC_ACQUIRE) & TP_STATUS_USER)) {
      if (stopped) goto done;
      struct pollfd wait = {fd, POLLIN | POLLERR, 0};
      poll(&wait, 1, -1);
    }
    uint8_t* at = (uint8_t*)desc + desc->hdr.bh1.offset_to_first_pkt;
    for (unsigned i = 0; i < desc->hdr.bh1.num_pkts; i++) {
      struct tpacket3_hdr* header = (void*)at;
      const uint8_t* ip = at + header->tp_mac + 14;
      const uint8_t* udp = ip + (ip[0] & 15) * 4;
      seen += ip[9] + ip[15] + ip[19] + udp[1] + udp[3] + header->tp_len;
      at += header->tp_next_offset;
    }
    captured += desc->hdr.bh1.num_pkts;
    __atomic_store_n(&desc->hdr.bh1.block_status, TP_STATUS_KERNEL, __ATOMIC_RELEASE);
  }
done:;
  struct tpacket_stats_v3 statistics;
  socklen_t size = sizeof statistics;
  getsockopt(fd, SOL_PACKET, PACKET_STATISTICS, &statistics, &size);
  printf("{\"captured\":%lu,\"dropped\":%u,\"seen\":%lu}\n", captured, statistics.tp_drops, seen);
}
