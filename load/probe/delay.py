"""Delays every IP packet between two TUN devices, and keeps what it really did to each test packet: the truth that the bench compares with.

    delay.py DEVICE DEVICE MILLISECONDS [SPREAD]   one-way delay, both ways, and by how much it varies up and down, uniformly;
                                                   prints "ready", and on SIGTERM one JSON line

Kernels without netem have no other way. Needs root; runs under SCHED_FIFO, for a late emulator would be taken for a slow network.
"""
import fcntl, heapq, json, os, random, select, signal, struct, sys, time

TUNSETIFF, IFF_TUN, IFF_NO_PI = 0x400454CA, 0x0001, 0x1000
UDP, STAMP_PORT, IP_UDP_BYTES, SENDER_SEQUENCE = 17, 9462, 28, 24


def open_tun(name):
    fd = os.open("/dev/net/tun", os.O_RDWR | os.O_NONBLOCK)
    fcntl.ioctl(fd, TUNSETIFF, struct.pack("16sH", name.encode(), IFF_TUN | IFF_NO_PI))
    return fd


def sequence_of(packet):
    """(direction, source port, sender's number) of a test packet without an HMAC, else None."""
    if len(packet) < IP_UDP_BYTES + 28 or packet[0] != 0x45 or packet[9] != UDP:
        return None
    source, destination = struct.unpack_from("!HH", packet, 20)
    if destination == STAMP_PORT:
        return ("forward", source, struct.unpack_from("!I", packet, IP_UDP_BYTES)[0])
    if source == STAMP_PORT:
        return ("backward", destination, struct.unpack_from("!I", packet, IP_UDP_BYTES + SENDER_SEQUENCE)[0])
    return None


def main(first, second, delay_ms, spread_ms=0):
    ends = [open_tun(first), open_tun(second)]
    os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(10))
    waiting, log, count, delay, spread = [], [], 0, float(delay_ms) / 1e3, float(spread_ms) / 1e3
    running = [True]
    signal.signal(signal.SIGTERM, lambda *_: running.__setitem__(0, False))
    print("ready", flush=True)
    while running[0]:
        patience = max(0.0, waiting[0][0] - time.monotonic()) if waiting else 0.1
        try:
            readable, _, _ = select.select(ends, [], [], patience)
        except InterruptedError:
            continue
        for fd in readable:
            packet = os.read(fd, 65536)
            came = time.monotonic()
            count += 1
            heapq.heappush(waiting, (came + delay + random.uniform(-spread, spread), count, came, ends[1 - ends.index(fd)], packet))
        while waiting and waiting[0][0] <= time.monotonic():
            _, _, came, out, packet = heapq.heappop(waiting)
            try:
                os.write(out, packet)
            except OSError:
                continue
            sequence = sequence_of(packet)
            if sequence is not None:
                log.append((*sequence, 1e3 * (time.monotonic() - came)))
    print(json.dumps(log), flush=True)


main(*sys.argv[1:5])
