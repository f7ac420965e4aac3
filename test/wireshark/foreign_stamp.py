"""STAMP (RFC 8762, RFC 8972) in Scapy's words: a Session-Reflector and a Session-Sender that nobody here wrote the packets of.

reflector PORT STATEFUL   answers on 127.0.0.1; prints its port, then a line of JSON for each request;
                          of the first 60 requests 3, 8, 13 ... never arrive, and the answers to 6, 16,
                          26 ... never leave
sender PORT COUNT         asks 127.0.0.1:PORT, each request with a TLV, and prints a line of JSON for each answer
"""

import json
import socket
import sys
import time

from scapy.contrib.stamp import (
    ErrorEstimate,
    STAMPSessionReflectorTestUnauthenticated as Answer,
    STAMPSessionSenderTestUnauthenticated as Request,
    STAMPTestTLV,
)
from scapy.layers.inet import UDP

NTP_EPOCH = 2208988800
# Not among the names of the module: linux/in.h.
IP_RECVTTL = 12
# Octets of a packet without TLVs, either way.
BASE = 44
# The reflector loses nothing after so many requests, so that all that is lost can be known as lost.
LOSSY = 60


def say(**fields):
    print(json.dumps(fields), flush=True)


def now():
    return time.time() + NTP_EPOCH


def read(octets, sport, dport):
    """As if it came in a datagram between these ports, which is what Scapy takes the packet's kind from. Without its TLVs:
    Scapy 2.5 cannot read them where they follow the packet, so they are read by themselves."""
    return UDP(bytes(UDP(sport=sport, dport=dport, len=8 + BASE)) + octets[:BASE]).payload


def read_tlvs(octets):
    rest = octets[BASE:]
    while rest:
        tlv = STAMPTestTLV(rest)
        yield [int(tlv.flags), tlv.type, tlv.len, tlv.value.decode()]
        rest = rest[4 + tlv.len :]


def estimate(of):
    return {"s": of.S, "z": of.Z, "scale": of.scale, "multiplier": of.multiplier}


def reflector(port, stateful):
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.setsockopt(socket.IPPROTO_IP, IP_RECVTTL, 1)
    own.bind(("127.0.0.1", port))
    say(port=own.getsockname()[1])
    arrived = count = 0
    while True:
        octets, ancillary, _, asker = own.recvmsg(2048, 64)
        received = now()
        arrived += 1
        if arrived <= LOSSY and arrived % 5 == 3:
            say(n=arrived, lost="forward")
            continue
        request = read(octets, 5000, 862)
        ttl = int.from_bytes(ancillary[0][2], sys.byteorder)
        answer = Answer(
            seq=count if stateful else request.seq,
            ts=now(),
            err_estimate=ErrorEstimate(S=0, Z=0, scale=30, multiplier=1),
            ssid=request.ssid,
            ts_rx=received,
            seq_sender=request.seq,
            ts_sender=request.ts,
            err_estimate_sender=request.err_estimate,
            ttl_sender=ttl,
        )
        count += 1
        reply = bytes(answer)
        # Scapy keeps a time as a float, which has not the bits of a timestamp: the copy is of the octets.
        reply = reply[:28] + octets[4:12] + reply[36:]
        lost = "backward" if arrived <= LOSSY and arrived % 10 == 6 else None
        if lost is None:
            own.sendto(reply, asker)
        say(
            n=arrived,
            lost=lost,
            length=len(octets),
            kind=type(request).__name__,
            seq=request.seq,
            age=received - float(request.ts),
            estimate=estimate(request.err_estimate),
            ssid=request.ssid,
            mbz=int(request.mbz),
            ttl=ttl,
        )


def sender(port, count):
    own = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    own.bind(("127.0.0.1", 0))
    own.settimeout(5)
    for n in range(count):
        sent = now()
        # Type 240 is for private use; every second request has none.
        tlvs = [STAMPTestTLV(flags=0x80, type=240, len=4, value=b"abcd")] if n % 2 else []
        request = Request(
            seq=100 + n,
            ts=sent,
            err_estimate=ErrorEstimate(S=1, Z=0, scale=12, multiplier=9),
            ssid=4711,
            tlv_objects=tlvs,
        )
        octets = bytes(request)
        own.sendto(octets, ("127.0.0.1", port))
        reply, _ = own.recvfrom(2048)
        received = now()
        answer = read(reply, 862, 5000)
        say(
            kind=type(answer).__name__,
            asked=len(octets),
            length=len(reply),
            seq=answer.seq,
            seq_sender=answer.seq_sender,
            copied=reply[28:36] == octets[4:12],
            order=[sent, float(answer.ts_rx), float(answer.ts), received],
            estimate=estimate(answer.err_estimate),
            estimate_sender=estimate(answer.err_estimate_sender),
            ssid=answer.ssid,
            ttl_sender=answer.ttl_sender,
            mbz=[answer.mbz1, int(answer.mbz2)],
            tlvs=list(read_tlvs(reply)),
        )


if __name__ == "__main__":
    role, port, argument = sys.argv[1:]
    {"reflector": reflector, "sender": sender}[role](int(port), int(argument))
