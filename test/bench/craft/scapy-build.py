# scapy-build.py MILLISECONDS: microseconds to craft a TCP SYN over IPv4 by Scapy, checksums and lengths computed.
import json
import sys
import time

from scapy.all import IP, TCP

seconds = float(sys.argv[1]) / 1000
octets = count = 0
start = time.monotonic()
while time.monotonic() - start < seconds:
    packet = IP(src="192.0.2.1", dst="192.0.2.2") / TCP(sport=40000 + count % 100, dport=80, seq=count, flags="S")
    octets += len(bytes(packet))
    count += 1
print(json.dumps({"time": (time.monotonic() - start) / count * 1e6, "octets": octets}))
