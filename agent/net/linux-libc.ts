// The few functions of libc that probes and polls need, through koffi. Numbers are those of Linux on
// little-endian LP64 (x86-64 and arm64).

import { err, ok, type Result } from "../lib/result.ts";

export const AF_INET = 2;
export const AF_INET6 = 10;
export const SOCK_DGRAM = 2;
export const SOCK_RAW = 3;
export const SOCK_NONBLOCK = 0o4000;
export const SOCK_CLOEXEC = 0o2000000;
export const IPPROTO_ICMP = 1;
export const IPPROTO_UDP = 17;
export const IPPROTO_ICMPV6 = 58;
export const SOL_IP = 0;
export const IP_TOS = 1;
export const IP_TTL = 2;
export const IP_MTU_DISCOVER = 10;
export const IP_RECVERR = 11;
export const SOL_IPV6 = 41;
export const IPV6_MTU_DISCOVER = 23;
export const IPV6_RECVERR = 25;
export const IPV6_V6ONLY = 26;
export const IPV6_TCLASS = 67;
/** Of IP_MTU_DISCOVER: DF is never set. */
export const IP_PMTUDISC_DONT = 0;
/** Of both families: nothing is fragmented (DF is set), and what is larger than the known path MTU fails. */
export const PMTUDISC_DO = 2;
export const SOL_SOCKET = 1;
export const SO_RCVBUF = 8;
export const SO_BINDTODEVICE = 25;
export const SO_RCVBUFFORCE = 33;
export const SO_TIMESTAMPING = 37;
export const SO_RXQ_OVFL = 40;
/** Nine numbers of 32 bits (SK_MEMINFO_RMEM_ALLOC and following, linux/sock_diag.h). */
export const SO_MEMINFO = 55;
export const SOL_RAW = 255;
export const ICMP_FILTER = 1;
/** At the level IPPROTO_ICMPV6. */
export const ICMP6_FILTER = 1;
export const MSG_DONTWAIT = 0x40;
export const MSG_TRUNC = 0x20;
export const MSG_ERRQUEUE = 0x2000;
export const POLLIN = 1;
/** Always told: something is on the error queue. */
export const POLLERR = 8;
/** SOF_TIMESTAMPING_RX_SOFTWARE | SOF_TIMESTAMPING_SOFTWARE: the kernel stamps what arrives. */
export const rxSoftwareStamps = 24;
/** The same, and SOF_TIMESTAMPING_TX_SOFTWARE | OPT_ID | OPT_TSONLY: also what leaves, on the error queue and numbered. */
export const txSoftwareStamps = 2_202;
export const CLOCK_REALTIME = 0;
export const PR_SET_TIMERSLACK = 29;

/** Memory that libc reads and writes: it never moves, and keeps its address while it is referenced. */
export interface Arena {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly address: number;
}

/** Calls return -1 for an error, whose name is then `lastError()`. Addresses are numbers from an Arena. */
export interface Libc {
  socket(domain: number, type: number, protocol: number): number;
  bind(fd: number, address: number, length: number): number;
  getsockname(fd: number, address: number, length: number): number;
  setsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  getsockopt(fd: number, level: number, name: number, value: number, length: number): number;
  sendto(fd: number, bytes: number, length: number, flags: number, address: number, addressLength: number): number;
  sendmmsg(fd: number, messages: number, count: number, flags: number): number;
  recvmmsg(fd: number, messages: number, count: number, flags: number, timeout: number): number;
  ppoll(fds: number, count: number, timeout: number, mask: number): number;
  close(fd: number): number;
  clock_gettime(clock: number, into: number): number;
  adjtimex(into: number): number;
  prctl(option: number, a: number, b: number, c: number, d: number): number;
  arena(bytes: number): Arena;
  lastError(): string;
}

/** Fails with the reason where there is no Linux or no koffi for it. */
export async function loadLibc(): Promise<Result<Libc, string>> {
  if (process.platform !== "linux") return err(`it needs Linux, and this is ${process.platform}`);
  try {
    const { default: koffi } = await import("koffi");
    const library = koffi.load(null);
    const names = new Map<number, string>();
    // Of two names for one number (EAGAIN, EWOULDBLOCK) the first is kept.
    for (const [name, number] of Object.entries(koffi.os.errno)) if (!names.has(number)) names.set(number, name);
    return ok({
      socket: library.func("int socket(int, int, int)"),
      bind: library.func("int bind(int, uintptr_t, uint32_t)"),
      getsockname: library.func("int getsockname(int, uintptr_t, uintptr_t)"),
      setsockopt: library.func("int setsockopt(int, int, int, uintptr_t, uint32_t)"),
      getsockopt: library.func("int getsockopt(int, int, int, uintptr_t, uintptr_t)"),
      sendto: library.func("int64_t sendto(int, uintptr_t, size_t, int, uintptr_t, uint32_t)"),
      sendmmsg: library.func("int sendmmsg(int, uintptr_t, uint32_t, int)"),
      recvmmsg: library.func("int recvmmsg(int, uintptr_t, uint32_t, int, uintptr_t)"),
      ppoll: library.func("int ppoll(uintptr_t, uint64_t, uintptr_t, uintptr_t)"),
      close: library.func("int close(int)"),
      clock_gettime: library.func("int clock_gettime(int, uintptr_t)"),
      adjtimex: library.func("int adjtimex(uintptr_t)"),
      prctl: library.func("int prctl(int, unsigned long, unsigned long, unsigned long, unsigned long)"),
      arena(length) {
        const bytes = new Uint8Array(new ArrayBuffer(length));
        return { bytes, view: new DataView(bytes.buffer), address: Number(koffi.address(bytes)) };
      },
      lastError: () => names.get(koffi.errno()) ?? `errno ${koffi.errno()}`,
    });
  } catch (cause) {
    const said = cause instanceof Error ? cause.message : String(cause);
    return err(`koffi does not load (${said}); npm ci installs it where it does not omit optional packages`);
  }
}
