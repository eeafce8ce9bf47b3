# scapy-sniff.py INTERFACE: a line for each packet, by Scapy's sniff.
import sys

from scapy.all import sniff

sniff(
    iface=sys.argv[1],
    filter="udp",
    store=False,
    prn=lambda packet: print("192.0.2.1", flush=True),
    started_callback=lambda: print("capturing", file=sys.stderr, flush=True),
)
