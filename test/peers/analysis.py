"""One end of a TCP connection of a certain kind: analysis.py server|client NAME. The server says when it listens."""

import os
import socket
import struct
import sys
import time

SERVER = ("10.0.0.2", 5000)
TCP_NODELAY, TCP_KEEPIDLE, TCP_KEEPINTVL, TCP_FASTOPEN, MSG_FASTOPEN = 1, 4, 5, 23, 0x20000000
AT_ONCE = struct.pack("ii", 1, 0)


def made(receive=None, port=None):
    s = socket.socket()
    s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if receive:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive)
    if port:
        s.bind(("", port))
    return s


def connected(port=None):
    s = made(port=port)
    s.connect(SERVER)
    return s


def drain(s):
    try:
        while s.recv(65536):
            pass
    except ConnectionResetError:
        pass


def reset(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
    s.close()


def may_open_fast():
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as switch:
        switch.write("3")


def server(name):
    listening = made(receive=4096 if name == "closed window" else None)
    if name == "fast open":
        may_open_fast()
        listening.setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 16)
    listening.bind(("", SERVER[1]))
    listening.listen()
    print("listening", flush=True)
    if name in ("fast open", "again"):
        for i in range(3):
            s, _ = listening.accept()
            s.sendall(3 * s.recv(65536))
            s.close()
        return
    s, _ = listening.accept()
    if name == "download":
        s.sendall(os.urandom(200_000))
        s.shutdown(socket.SHUT_WR)
    elif name == "talk":
        s.setsockopt(socket.IPPROTO_TCP, TCP_NODELAY, 1)
        for i in range(40):
            if not s.recv(65536):
                break
            s.sendall(os.urandom(700 * (i % 5 + 1)))
    elif name == "closed window":
        time.sleep(0.9)
    elif name == "reset":
        s.recv(10)
        s.sendall(bytes(3000))
        reset(s)
        return
    elif name == "half close":
        drain(s)
        for _ in range(5):
            s.sendall(bytes(2000))
            time.sleep(0.01)
        s.close()
        return
    drain(s)
    s.close()


def client(name):
    if name == "fast open":
        may_open_fast()
        for i in range(3):
            s = made()
            s.sendto(bytes(100 * i + 10), MSG_FASTOPEN, SERVER)
            drain(s)
            s.close()
        return
    if name == "again":
        for i in range(3):
            s = connected(port=44444)
            s.send(bytes(100))
            drain(s)
            reset(s)
        return
    if name == "refused":
        try:
            connected()
        except ConnectionRefusedError:
            return
    s = connected()
    if name in ("upload", "closed window"):
        s.sendall(os.urandom(200_000 if name == "upload" else 60_000))
        s.shutdown(socket.SHUT_WR)
    elif name == "talk":
        s.setsockopt(socket.IPPROTO_TCP, TCP_NODELAY, 1)
        for i in range(40):
            s.sendall(os.urandom(100 * (i % 7 + 1)))
            if not s.recv(65536):
                break
        s.shutdown(socket.SHUT_WR)
    elif name == "keep-alive":
        s.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
        s.setsockopt(socket.IPPROTO_TCP, TCP_KEEPIDLE, 1)
        s.setsockopt(socket.IPPROTO_TCP, TCP_KEEPINTVL, 1)
        s.send(b"hi")
        time.sleep(2.3)
        s.shutdown(socket.SHUT_WR)
    elif name == "reset":
        s.send(b"hello")
    elif name == "half close":
        s.sendall(bytes(5000))
        s.shutdown(socket.SHUT_WR)
    drain(s)
    s.close()


{"server": server, "client": client}[sys.argv[1]](sys.argv[2])
