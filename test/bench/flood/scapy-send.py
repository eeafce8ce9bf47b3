# scapy-send.py DESTINATION HARDWARE_ADDRESS: sends a datagram without end: Scapy's send on one socket.
import sys

from scapy.all import IP, UDP, Raw, conf, send

destination, hardware_address = sys.argv[1:]
# As the kernel knows it, so that nobody is asked for it
conf.netcache.arp_cache[destination] = hardware_address
datagram = IP(dst=destination) / UDP(sport=5000, dport=9) / Raw(bytes(22))
send(datagram, loop=1, verbose=False, socket=conf.L3socket())
