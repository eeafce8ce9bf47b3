// libpcap FILE: libpcap's own loop over a file; the same fields that views.mjs looks at, as little as a reader can do.
#include <arpa/inet.h>
#include <netinet/ip.h>
#include <netinet/ip6.h>
#include <netinet/tcp.h>
#include <netinet/udp.h>
#include <pcap/pcap.h>
#include <stdio.h>

static void transport(unsigned protocol, const u_char* at, const u_char* end, unsigned long* seen) {
  if (protocol == IPPROTO_TCP && at + sizeof(struct tcphdr) <= end) {
    const struct tcphdr* tcp = (const void*)at;
    *seen += ntohs(tcp->th_sport) + ntohs(tcp->th_dport) + ntohl(tcp->th_seq) + ntohl(tcp->th_ack) + ntohs(tcp->th_win);
    if (tcp->th_flags & TH_SYN) ++*seen;
  } else if (protocol == IPPROTO_UDP && at + sizeof(struct udphdr) <= end) {
    const struct udphdr* udp = (const void*)at;
    *seen += ntohs(udp->uh_sport) + ntohs(udp->uh_dport) + ntohs(udp->uh_ulen);
  }
}

static void take(u_char* user, const struct pcap_pkthdr* header, const u_char* octets) {
  unsigned long* seen = (void*)user;
  const u_char* end = octets + header->caplen;
  if (octets + 34 > end) return;
  const unsigned type = octets[12] << 8 | octets[13];
  if (type == 0x0800) {
    const struct ip* ip = (const void*)(octets + 14);
    *seen += ntohs(ip->ip_len) + ip->ip_ttl + (ip->ip_src.s_addr & 1) + (ip->ip_dst.s_addr & 1);
    transport(ip->ip_p, octets + 14 + ip->ip_hl * 4, end, seen);
  } else if (type == 0x86dd && octets + 54 <= end) {
    const struct ip6_hdr* ip = (const void*)(octets + 14);
    *seen += ntohs(ip->ip6_plen) + ip->ip6_hlim + (ip->ip6_src.s6_addr[15] & 1) + (ip->ip6_dst.s6_addr[15] & 1);
    transport(ip->ip6_nxt, octets + 54, end, seen);
  }
}

int main(int argc, char** argv) {
  if (argc != 2) return 64;
  char error[PCAP_ERRBUF_SIZE];
  pcap_t* file = pcap_open_offline(argv[1], error);
  if (!file) {
    fprintf(stderr, "%s\n", error);
    return 66;
  }
  unsigned long seen = 0;
  pcap_loop(file, -1, take, (u_char*)&seen);
  pcap_close(file);
  printf("%lu\n", seen);
}
