# scapy-read.py FILE: every packet decoded by Scapy's PcapReader.
import sys

from scapy.all import IP, TCP, UDP, PcapReader

seen = 0
for packet in PcapReader(sys.argv[1]):
    for layer in (TCP, UDP):
        if layer in packet:
            seen += packet[layer].sport + packet[layer].dport
    if IP in packet:
        seen += packet[IP].len + packet[IP].ttl
print(seen)
