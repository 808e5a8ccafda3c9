"""Counters of a container's network stack, named as the kernel names them in /proc/net/snmp."""

from __future__ import annotations

from typing import Annotated

from transport.record import Int64, Record, number


class IpStatistics(Record):
    """Counters of IP."""

    Forwarding: Annotated[Int64 | None, number(1)] = None
    DefaultTTL: Annotated[Int64 | None, number(2)] = None
    InReceives: Annotated[Int64 | None, number(3)] = None
    InHdrErrors: Annotated[Int64 | None, number(4)] = None
    InAddrErrors: Annotated[Int64 | None, number(5)] = None
    ForwDatagrams: Annotated[Int64 | None, number(6)] = None
    InUnknownProtos: Annotated[Int64 | None, number(7)] = None
    InDiscards: Annotated[Int64 | None, number(8)] = None
    InDelivers: Annotated[Int64 | None, number(9)] = None
    OutRequests: Annotated[Int64 | None, number(10)] = None
    OutDiscards: Annotated[Int64 | None, number(11)] = None
    OutNoRoutes: Annotated[Int64 | None, number(12)] = None
    ReasmTimeout: Annotated[Int64 | None, number(13)] = None
    ReasmReqds: Annotated[Int64 | None, number(14)] = None
    ReasmOKs: Annotated[Int64 | None, number(15)] = None
    ReasmFails: Annotated[Int64 | None, number(16)] = None
    FragOKs: Annotated[Int64 | None, number(17)] = None
    FragFails: Annotated[Int64 | None, number(18)] = None
    FragCreates: Annotated[Int64 | None, number(19)] = None


class IcmpStatistics(Record):
    """Counters of ICMP."""

    InMsgs: Annotated[Int64 | None, number(1)] = None
    InErrors: Annotated[Int64 | None, number(2)] = None
    InCsumErrors: Annotated[Int64 | None, number(3)] = None
    InDestUnreachs: Annotated[Int64 | None, number(4)] = None
    InTimeExcds: Annotated[Int64 | None, number(5)] = None
    InParmProbs: Annotated[Int64 | None, number(6)] = None
    InSrcQuenchs: Annotated[Int64 | None, number(7)] = None
    InRedirects: Annotated[Int64 | None, number(8)] = None
    InEchos: Annotated[Int64 | None, number(9)] = None
    InEchoReps: Annotated[Int64 | None, number(10)] = None
    InTimestamps: Annotated[Int64 | None, number(11)] = None
    InTimestampReps: Annotated[Int64 | None, number(12)] = None
    InAddrMasks: Annotated[Int64 | None, number(13)] = None
    InAddrMaskReps: Annotated[Int64 | None, number(14)] = None
    OutMsgs: Annotated[Int64 | None, number(15)] = None
    OutErrors: Annotated[Int64 | None, number(16)] = None
    OutDestUnreachs: Annotated[Int64 | None, number(17)] = None
    OutTimeExcds: Annotated[Int64 | None, number(18)] = None
    OutParmProbs: Annotated[Int64 | None, number(19)] = None
    OutSrcQuenchs: Annotated[Int64 | None, number(20)] = None
    OutRedirects: Annotated[Int64 | None, number(21)] = None
    OutEchos: Annotated[Int64 | None, number(22)] = None
    OutEchoReps: Annotated[Int64 | None, number(23)] = None
    OutTimestamps: Annotated[Int64 | None, number(24)] = None
    OutTimestampReps: Annotated[Int64 | None, number(25)] = None
    OutAddrMasks: Annotated[Int64 | None, number(26)] = None
    OutAddrMaskReps: Annotated[Int64 | None, number(27)] = None


class TcpStatistics(Record):
    """Counters of TCP."""

    RtoAlgorithm: Annotated[Int64 | None, number(1)] = None
    RtoMin: Annotated[Int64 | None, number(2)] = None
    RtoMax: Annotated[Int64 | None, number(3)] = None
    MaxConn: Annotated[Int64 | None, number(4)] = None
    ActiveOpens: Annotated[Int64 | None, number(5)] = None
    PassiveOpens: Annotated[Int64 | None, number(6)] = None
    AttemptFails: Annotated[Int64 | None, number(7)] = None
    EstabResets: Annotated[Int64 | None, number(8)] = None
    CurrEstab: Annotated[Int64 | None, number(9)] = None
    InSegs: Annotated[Int64 | None, number(10)] = None
    OutSegs: Annotated[Int64 | None, number(11)] = None
    RetransSegs: Annotated[Int64 | None, number(12)] = None
    InErrs: Annotated[Int64 | None, number(13)] = None
    OutRsts: Annotated[Int64 | None, number(14)] = None
    InCsumErrors: Annotated[Int64 | None, number(15)] = None


class UdpStatistics(Record):
    """Counters of UDP."""

    InDatagrams: Annotated[Int64 | None, number(1)] = None
    NoPorts: Annotated[Int64 | None, number(2)] = None
    InErrors: Annotated[Int64 | None, number(3)] = None
    OutDatagrams: Annotated[Int64 | None, number(4)] = None
    RcvbufErrors: Annotated[Int64 | None, number(5)] = None
    SndbufErrors: Annotated[Int64 | None, number(6)] = None
    InCsumErrors: Annotated[Int64 | None, number(7)] = None
    IgnoredMulti: Annotated[Int64 | None, number(8)] = None


class SNMPStatistics(Record):
    """Counters of the whole network stack."""

    ip_stats: Annotated[IpStatistics | None, number(1)] = None
    icmp_stats: Annotated[IcmpStatistics | None, number(2)] = None
    tcp_stats: Annotated[TcpStatistics | None, number(3)] = None
    udp_stats: Annotated[UdpStatistics | None, number(4)] = None
