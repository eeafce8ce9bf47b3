# asyncio-echo.py tcp|udp: an echo server of Python's asyncio, by protocols, its fastest way; says its port.
import asyncio
import sys


class Stream(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        self.transport.write(data)


class Datagram(asyncio.DatagramProtocol):
    def connection_made(self, transport):
        self.transport = transport

    def datagram_received(self, data, address):
        self.transport.sendto(data, address)


async def main():
    loop = asyncio.get_running_loop()
    if sys.argv[1] == "tcp":
        server = await loop.create_server(Stream, "127.0.0.1", 0)
        socket = server.sockets[0]
    else:
        transport, _ = await loop.create_datagram_endpoint(Datagram, ("127.0.0.1", 0))
        socket = transport.get_extra_info("socket")
    print(f"listening on {socket.getsockname()[1]}", flush=True)
    await asyncio.Event().wait()


asyncio.run(main())
