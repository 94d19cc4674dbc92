"""A small TCP proxy, to do to connections what networks do."""

import asyncio
import contextlib
import socket
import struct
import threading

from servers.ports import HOST, free_port

CHUNK = 1 << 16
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: closing sends RST


class Link:
    """One connection through the proxy."""

    def __init__(self, proxy: "Proxy", writer):
        self.proxy = proxy
        self.writers = [writer]
        self.is_mute = False

    async def run(self, reader):
        with contextlib.suppress(OSError):
            there, back = await asyncio.open_connection(*self.proxy.target)
            self.writers.append(back)
            await asyncio.gather(self.carry(reader, back, False), self.carry(there, self.writers[0], True))
        self.reset()

    async def carry(self, reader, writer, is_answer: bool):
        queue = asyncio.Queue()
        delivery = asyncio.create_task(self.deliver(queue, writer))
        loop = asyncio.get_running_loop()
        try:
            while data := await reader.read(CHUNK):
                if self.proxy.cuts:
                    writer.write(data[:len(data) // 2])
                    self.reset()
                    return
                if is_answer and (self.proxy.is_mute or self.is_mute):
                    self.proxy.lost += 1
                    continue
                if not is_answer and self.proxy.mute_after and len(data) >= self.proxy.mute_after:
                    self.is_mute = True
                queue.put_nowait((loop.time() + self.proxy.latency, data))
            queue.put_nowait((loop.time() + self.proxy.latency, b""))
            await delivery
        finally:
            delivery.cancel()

    async def deliver(self, queue, writer):
        with contextlib.suppress(OSError):
            while True:
                due, data = await queue.get()
                await asyncio.sleep(due - asyncio.get_running_loop().time())
                await self.proxy.flowing.wait()
                if not data:
                    writer.write_eof()
                    return
                writer.write(data)
                await writer.drain()

    def reset(self):
        for writer in self.writers:
            with contextlib.suppress(OSError):
                writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
            writer.transport.abort()


class Proxy:
    """Passes on to the target what comes to `address`, until it is told otherwise. Faults hold until heal()."""

    def __init__(self, target: str, port: int = 0):
        host, _, target_port = target.rpartition(":")
        self.target = (host, int(target_port))
        self.port = port or free_port()
        self.latency = 0.0
        self.is_mute = False
        self.mute_after = 0
        self.lost = 0  # answers
        self.cuts = False
        self.links = set()
        self.loop = asyncio.new_event_loop()
        self.thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self.thread.start()
        self.call(self.open())

    @property
    def address(self) -> str:
        return f"{HOST}:{self.port}"

    def call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self.loop).result(30)

    async def open(self):
        self.flowing = asyncio.Event()
        self.flowing.set()
        await self.listen()

    async def listen(self):
        self.server = await asyncio.start_server(self.take, HOST, self.port)

    async def take(self, reader, writer):
        link = Link(self, writer)
        self.links.add(link)
        try:
            await link.run(reader)
        finally:
            self.links.discard(link)

    async def change(self, refuses=False, cuts=False, latency=0.0, is_silent=False, is_mute=False, mute_after=0, breaks=False):
        self.cuts, self.latency, self.is_mute, self.mute_after = cuts, latency, is_mute, mute_after
        self.flowing.clear() if is_silent else self.flowing.set()
        if refuses or breaks:
            for link in list(self.links):
                link.reset()
        if refuses:
            self.server.close()
        elif not self.server.is_serving():
            await self.listen()

    def refuse(self):
        """connections are reset, and refused"""
        self.call(self.change(refuses=True))

    def cut(self):
        """connections are reset in the middle of a message"""
        self.call(self.change(cuts=True))

    def delay(self, seconds: float = 2):
        """everything is 2 s late, both ways"""
        self.call(self.change(latency=seconds))

    def silence(self):
        """nothing gets through, and nobody is told"""
        self.call(self.change(is_silent=True))

    def mute(self, after: int = 0):
        """What is sent arrives, the answers are lost. `after`: only from the first message of so many bytes on, on its
        connection, where what comes before it must be answered."""
        self.call(self.change(is_mute=not after, mute_after=after))

    def heal(self, breaks: bool = False):
        """All as before; `breaks`: on new connections, as the old ones have lost what was on its way."""
        self.call(self.change(breaks=breaks or self.is_mute or self.mute_after > 0))

    async def end(self):
        await self.change(refuses=True)
        tasks = [task for task in asyncio.all_tasks() if task is not asyncio.current_task()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    def close(self):
        self.call(self.end())
        self.loop.call_soon_threadsafe(self.loop.stop)
        self.thread.join(10)


FAULTS = ("refuse", "cut", "delay", "silence")
