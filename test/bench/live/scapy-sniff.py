# scapy-sniff.py INTERFACE: Scapy's sniff; every packet decoded, none stored.
import json
import signal
import sys

from scapy.all import conf, sniff, IP, UDP

seen = {"captured": 0, "ports": 0}


def take(packet):
    seen["captured"] += 1
    if UDP in packet:
        seen["ports"] += packet[IP].len + packet[UDP].dport


def stop(*_):
    print(json.dumps(seen).replace(" ", ""), flush=True)
    sys.exit(0)


signal.signal(signal.SIGINT, stop)
conf.bufsize = 32 * 1024 * 1024
sniff(iface=sys.argv[1], store=False, prn=take, started_callback=lambda: print("capturing", file=sys.stderr, flush=True))
