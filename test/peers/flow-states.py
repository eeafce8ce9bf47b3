"""Lives of TCP connections: each step, the packets that it put on loopback and the states that the kernel has then.

Printed as JSON. Runs in a network namespace of its own. A step waits for its packets and for the states that it names;
where a side is played by hand, through a raw socket, it has no state.
"""

import fcntl
import json
import select
import socket
import struct
import sys
import time

STATES = [
    "", "ESTABLISHED", "SYN-SENT", "SYN-RECEIVED", "FIN-WAIT-1", "FIN-WAIT-2", "TIME-WAIT", "CLOSED", "CLOSE-WAIT",
    "LAST-ACK", "LISTEN", "CLOSING",
]
LOOPBACK = "127.0.0.1"
SO_ATTACH_FILTER = 26
TCP_FASTOPEN, MSG_FASTOPEN = 23, 0x20000000
FIN, SYN, RST, PSH, ACK = 1, 2, 4, 8, 16


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
        fcntl.ioctl(s, 0x8914, struct.pack("16sH14x", b"lo", 0x1 | 0x40))


def kernel_state(local, remote):
    """The state of the socket between two ports, or None where there is none."""
    with open("/proc/self/net/tcp") as table:
        for line in table.readlines()[1:]:
            cells = line.split()
            if int(cells[1].split(":")[1], 16) == local and int(cells[2].split(":")[1], 16) == remote:
                return STATES[int(cells[3], 16)]
    return None


class Life:
    def __init__(self, name, number):
        self.name = name
        self.client_port = 40000 + number
        self.server_port = 5000 + number
        self.steps = []
        self.sockets = []
        self.by_hand = False
        self.tap = self.keep(socket.socket(socket.AF_PACKET, socket.SOCK_RAW, socket.htons(0x0003)))
        self.tap.bind(("lo", 0))

    def keep(self, s):
        self.sockets.append(s)
        return s

    def listen(self, backlog=8, deaf=False):
        s = self.keep(socket.socket())
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        s.bind((LOOPBACK, self.server_port))
        if deaf:
            # A filter that drops everything: the kernel finds a listener and answers nothing
            program = struct.pack("HBBI", 6, 0, 0, 0)
            memory = memoryview(bytearray(program))
            import ctypes
            buffer = (ctypes.c_char * len(program)).from_buffer(memory)
            s.setsockopt(socket.SOL_SOCKET, SO_ATTACH_FILTER, struct.pack("HP", 1, ctypes.addressof(buffer)))
        s.listen(backlog)
        return s

    def socket(self):
        s = self.keep(socket.socket())
        s.bind((LOOPBACK, self.client_port))
        return s

    def connect(self):
        s = self.socket()
        s.setblocking(False)
        try:
            s.connect((LOOPBACK, self.server_port))
        except (BlockingIOError, ConnectionRefusedError):
            pass
        return s

    def frames(self, count):
        found = []
        deadline = time.monotonic() + 5
        while len(found) < count or select.select([self.tap], [], [], 0)[0]:
            if not select.select([self.tap], [], [], max(0, deadline - time.monotonic()))[0]:
                raise SystemExit(f"{self.name}: {len(found)} of {count} packets at step {len(self.steps)}")
            octets, address = self.tap.recvfrom(65535)
            if address[2] == 4 or octets[12:14] != b"\x08\x00" or octets[23] != 6:
                continue
            ports = set(struct.unpack("!HH", octets[34:38]))
            if ports == {self.client_port, self.server_port}:
                found.append(octets)
        return found

    def step(self, count, client, server=None):
        """`count` packets, then these states."""
        frames = self.frames(count)
        deadline = time.monotonic() + 5
        while True:
            states = (
                kernel_state(self.client_port, self.server_port),
                None if self.by_hand else kernel_state(self.server_port, self.client_port),
            )
            if states == (client, server):
                break
            if time.monotonic() > deadline:
                raise SystemExit(f"{self.name}: {states}, not {(client, server)} at step {len(self.steps)}")
        self.steps.append({
            "packets": [frame.hex() for frame in frames],
            "client": states[0],
            "server": states[1],
            "byHand": self.by_hand,
        })
        return frames

    def end(self):
        for s in self.sockets:
            s.close()
        return {"name": self.name, "steps": self.steps}


class Hand:
    """The server's side, segment by segment."""

    def __init__(self, life):
        life.by_hand = True
        self.life = life
        self.raw = life.keep(socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_TCP))
        life.listen(deaf=True)
        self.next = 1000
        self.peer = 0

    def hear(self, frame):
        sequence = struct.unpack("!I", frame[38:42])[0]
        flags = frame[47]
        header = 34 + (frame[46] >> 4) * 4
        total = 14 + struct.unpack("!H", frame[16:18])[0]
        self.peer = (sequence + total - header + bool(flags & SYN) + bool(flags & FIN)) & 0xFFFFFFFF

    def say(self, flags, data=b"", sequence=None, acknowledgment=None):
        life = self.life
        at = self.next if sequence is None else sequence
        ack = (self.peer if acknowledgment is None else acknowledgment) if flags & ACK else 0
        segment = struct.pack("!HHIIBBHHH", life.server_port, life.client_port, at, ack, 0x50, flags, 8192, 0, 0) + data
        pseudo = socket.inet_aton(LOOPBACK) * 2 + struct.pack("!BBH", 0, 6, len(segment))
        total = sum(struct.unpack(f"!{(len(pseudo + segment) + 1) // 2}H", (pseudo + segment).ljust((len(pseudo + segment) + 1) // 2 * 2, b"\0")))
        while total >> 16:
            total = (total & 0xFFFF) + (total >> 16)
        segment = segment[:16] + struct.pack("!H", ~total & 0xFFFF) + segment[18:]
        self.raw.sendto(segment, (LOOPBACK, 0))
        if sequence is None:
            self.next += len(data) + bool(flags & SYN) + bool(flags & FIN)


def opened(life):
    listener = life.listen()
    client = life.connect()
    life.step(3, "ESTABLISHED", "ESTABLISHED")
    server = life.keep(listener.accept()[0])
    client.setblocking(True)
    return client, server


def opened_by_hand(life):
    hand = Hand(life)
    client = life.connect()
    (syn,) = life.step(1, "SYN-SENT")
    hand.hear(syn)
    hand.say(SYN | ACK)
    life.step(2, "ESTABLISHED")
    return client, hand


def lingering(s):
    s.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    s.close()


def client_closes_first(life):
    client, server = opened(life)
    client.close()
    life.step(2, "FIN-WAIT-2", "CLOSE-WAIT")
    server.close()
    life.step(2, "TIME-WAIT", None)


def server_closes_first(life):
    client, server = opened(life)
    server.close()
    life.step(2, "CLOSE-WAIT", "FIN-WAIT-2")
    client.close()
    life.step(2, None, "TIME-WAIT")


def data_both_ways(life):
    client, server = opened(life)
    client.send(b"question")
    life.step(2, "ESTABLISHED", "ESTABLISHED")
    server.recv(100)
    server.send(b"answer")
    life.step(2, "ESTABLISHED", "ESTABLISHED")
    client.recv(100)
    client.close()
    life.step(2, "FIN-WAIT-2", "CLOSE-WAIT")
    server.close()
    life.step(2, "TIME-WAIT", None)


def half_closed_by_client(life):
    client, server = opened(life)
    client.shutdown(socket.SHUT_WR)
    life.step(2, "FIN-WAIT-2", "CLOSE-WAIT")
    server.send(b"still here")
    life.step(2, "FIN-WAIT-2", "CLOSE-WAIT")
    client.recv(100)
    server.close()
    life.step(2, "TIME-WAIT", None)


def half_closed_by_server(life):
    client, server = opened(life)
    server.shutdown(socket.SHUT_WR)
    life.step(2, "CLOSE-WAIT", "FIN-WAIT-2")
    client.send(b"still here")
    life.step(2, "CLOSE-WAIT", "FIN-WAIT-2")
    server.recv(100)
    client.close()
    life.step(2, None, "TIME-WAIT")


def client_aborts(life):
    client, _ = opened(life)
    lingering(client)
    life.step(1, None, None)


def server_aborts(life):
    _, server = opened(life)
    lingering(server)
    life.step(1, None, None)


def unread_data(life):
    client, server = opened(life)
    client.send(b"nobody reads this")
    life.step(2, "ESTABLISHED", "ESTABLISHED")
    server.close()
    life.step(1, None, None)


def data_after_close(life):
    client, server = opened(life)
    server.close()
    life.step(2, "CLOSE-WAIT", "FIN-WAIT-2")
    client.send(b"too late")
    life.step(2, None, None)


def never_accepted(life):
    listener = life.listen()
    client = life.connect()
    life.step(3, "ESTABLISHED", "ESTABLISHED")
    listener.close()
    life.step(1, None, None)
    client.close()


def refused(life):
    client = life.connect()
    life.step(2, None, None)
    client.close()


def unanswered(life):
    # That the client gives up puts nothing on the wire
    life.listen(deaf=True)
    life.connect()
    life.step(1, "SYN-SENT", None)


def syn_retried(life):
    life.listen(deaf=True)
    life.connect()
    life.step(1, "SYN-SENT", None)
    life.step(1, "SYN-SENT", None)


def queue_full(life):
    life.listen(backlog=0)
    others = [life.keep(socket.socket()) for _ in range(2)]
    for other in others:
        other.setblocking(False)
        try:
            other.connect((LOOPBACK, life.server_port))
        except BlockingIOError:
            pass
    life.connect()
    life.step(1, "SYN-SENT", None)


def simultaneous_open(life):
    hand = Hand(life)
    life.connect()
    (syn,) = life.step(1, "SYN-SENT")
    hand.hear(syn)
    hand.say(SYN)
    life.step(2, "SYN-RECEIVED")
    hand.say(SYN | ACK, sequence=1000)
    life.step(2, "ESTABLISHED")


def simultaneous_close(life):
    client, hand = opened_by_hand(life)
    before = hand.peer
    client.close()
    (fin,) = life.step(1, "FIN-WAIT-1")
    hand.say(FIN | ACK, acknowledgment=before)
    life.step(2, "CLOSING")
    hand.hear(fin)
    hand.say(ACK)
    life.step(1, "TIME-WAIT")


def fin_and_acknowledgment_at_once(life):
    client, hand = opened_by_hand(life)
    client.close()
    (fin,) = life.step(1, "FIN-WAIT-1")
    hand.hear(fin)
    hand.say(FIN | ACK)
    life.step(2, "TIME-WAIT")


def fin_retried(life):
    client, hand = opened_by_hand(life)
    client.close()
    (fin,) = life.step(1, "FIN-WAIT-1")
    life.step(1, "FIN-WAIT-1")
    hand.hear(fin)
    hand.say(ACK)
    life.step(1, "FIN-WAIT-2")


def fin_behind_a_gap(life):
    _, hand = opened_by_hand(life)
    hand.say(FIN | ACK, sequence=hand.next + 3)
    life.step(2, "ESTABLISHED")
    hand.say(PSH | ACK, b"abc")
    life.step(2, "CLOSE-WAIT")


def reset_that_fits_nothing(life):
    _, hand = opened_by_hand(life)
    hand.say(RST, sequence=hand.next + 100_000)
    life.step(1, "ESTABLISHED")
    hand.say(RST)
    life.step(1, None)


def last_acknowledgment_missing(life):
    client, hand = opened_by_hand(life)
    hand.say(FIN | ACK)
    life.step(2, "CLOSE-WAIT")
    client.close()
    (fin,) = life.step(1, "LAST-ACK")
    life.step(1, "LAST-ACK")
    hand.hear(fin)
    hand.say(ACK)
    life.step(1, None)


def may_open_fast():
    """Both sides, and without a cookie: linux Documentation/networking/ip-sysctl.rst, tcp_fastopen."""
    with open("/proc/sys/net/ipv4/tcp_fastopen", "w") as switch:
        switch.write(str(0x1 | 0x2 | 0x4 | 0x200))


def connect_fast(life):
    s = life.socket()
    s.setblocking(False)
    try:
        s.sendto(b"early", MSG_FASTOPEN, (LOOPBACK, life.server_port))
    except BlockingIOError:
        pass
    return s


def fast_open(life):
    may_open_fast()
    life.listen().setsockopt(socket.IPPROTO_TCP, TCP_FASTOPEN, 8)
    client = connect_fast(life)
    life.step(3, "ESTABLISHED", "ESTABLISHED")
    client.close()
    life.step(2, "FIN-WAIT-2", "CLOSE-WAIT")


def fast_open_taken(life):
    may_open_fast()
    hand = Hand(life)
    connect_fast(life)
    (syn,) = life.step(1, "SYN-SENT")
    hand.hear(syn)
    hand.say(SYN | ACK)
    life.step(2, "ESTABLISHED")
    hand.say(FIN | ACK)
    life.step(2, "CLOSE-WAIT")


def fast_open_not_taken(life):
    may_open_fast()
    hand = Hand(life)
    connect_fast(life)
    (syn,) = life.step(1, "SYN-SENT")
    hand.hear(syn)
    hand.say(SYN | ACK, acknowledgment=hand.peer - 5)
    life.step(2, "ESTABLISHED")
    hand.say(ACK)
    life.step(1, "ESTABLISHED")


LIVES = [
    client_closes_first, server_closes_first, data_both_ways, half_closed_by_client, half_closed_by_server,
    client_aborts, server_aborts, unread_data, data_after_close, never_accepted, refused, unanswered, syn_retried,
    queue_full, simultaneous_open, simultaneous_close, fin_and_acknowledgment_at_once, fin_retried, fin_behind_a_gap,
    reset_that_fits_nothing, last_acknowledgment_missing, fast_open, fast_open_taken, fast_open_not_taken,
]

loopback_up()
lives = []
for number, script in enumerate(LIVES):
    life = Life(script.__name__.replace("_", " "), number)
    script(life)
    lives.append(life.end())
json.dump(lives, sys.stdout)
