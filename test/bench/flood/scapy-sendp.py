# scapy-sendp.py INTERFACE FRAME: sends a frame, given in hex, without end: Scapy's sendp on one socket.
import sys

from scapy.all import Raw, conf, sendp

socket = conf.L2socket(iface=sys.argv[1])
sendp(Raw(bytes.fromhex(sys.argv[2])), loop=1, verbose=False, socket=socket)
