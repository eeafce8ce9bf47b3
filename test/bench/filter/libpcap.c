// libpcap compile|match FILTER: microseconds that pcap_compile takes, or nanoseconds a packet that bpf_filter takes for the
// four packets of packets.mjs, given in hex on standard input, a line each.
#include <pcap/pcap.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec + t.tv_nsec * 1e-9;
}

int main(int argc, char** argv) {
  if (argc != 3) return 64;
  static unsigned char packets[4][256];
  unsigned sizes[4] = {0};
  char line[1024];
  for (int i = 0; i < 4 && fgets(line, sizeof line, stdin); i++)
    for (unsigned octet; sscanf(line + 2 * sizes[i], "%2x", &octet) == 1;) packets[i][sizes[i]++] = octet;
  pcap_t* pcap = pcap_open_dead(DLT_EN10MB, 262144);
  struct bpf_program program;
  if (pcap_compile(pcap, &program, argv[2], 1, PCAP_NETMASK_UNKNOWN)) return 65;
  long runs = 0, found = 0;
  const double start = now();
  if (strcmp(argv[1], "compile") == 0) {
    for (; now() - start < 0.5; runs++) {
      struct bpf_program again;
      pcap_compile(pcap, &again, argv[2], 1, PCAP_NETMASK_UNKNOWN);
      pcap_freecode(&again);
    }
    printf("{\"time\":%f}\n", (now() - start) / runs * 1e6);
  } else {
    for (; now() - start < 0.5; runs += 40000)
      for (int i = 0; i < 40000; i++)
        if (bpf_filter(program.bf_insns, packets[i & 3], sizes[i & 3], sizes[i & 3])) found++;
    printf("{\"time\":%f,\"found\":%ld}\n", (now() - start) / runs * 1e9, found * 4 / runs);
  }
}
