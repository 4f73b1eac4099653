#!/usr/bin/env python3
"""Idle cost: PSS of all roles at rest, then with N idle SMTP connections (greeted, EHLO said), per connection. Usage: bench/idle.py [N=10000] [--tls]"""
import os, resource, socket, ssl, sys, time
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "../tests/e2e"))
from sigillo import Server

GOAL_BYTES, GOAL_REST = 10 * 1024, 80 << 20


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) * 1024 for line in f if line.startswith("Pss:"))


def pids(s):
    out = {"supervisor": s.process.pid}
    for role, numbers in s.roles().items():
        for i, pid in enumerate(numbers):
            out[role if i == 0 else f"{role}-{i}"] = pid
            children = open(f"/proc/{pid}/task/{pid}/children").read().split()
            for k, child in enumerate(children):
                out[f"{role}-worker-{k}"] = int(child)
    return out


def talk(sock, line):
    if line:
        sock.sendall(line)
    got = b""
    while not (got.endswith(b"\n") and got.splitlines()[-1][3:4] == b" "):
        piece = sock.recv(4096)
        if not piece:
            raise RuntimeError(f"connection ended: {got!r}")
        got += piece


def main():
    words = [w for w in sys.argv[1:] if not w.startswith("--")]
    n, tls = int(words[0]) if words else 10000, "--tls" in sys.argv
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, n + 500), hard))
    ctx = ssl.create_default_context()
    ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    with Server(sets=[f"smtp.max_connections={n + 100}"]) as s:
        time.sleep(2)
        rest = {role: pss(pid) for role, pid in pids(s).items()}
        for role, bytes_ in sorted(rest.items()):
            print(f"at rest  {role:14} {bytes_ / 1048576:7.1f} MB PSS")
        total = sum(rest.values())
        print(f"at rest  all            {total / 1048576:7.1f} MB PSS (goal {GOAL_REST >> 20})")
        before, begun, held = pss(pids(s)["net"]), time.monotonic(), []
        for i in range(n):
            c = socket.create_connection(("127.0.0.1", s.smtp_port), timeout=60)
            talk(c, None)
            talk(c, b"EHLO idle.example\r\n")
            if tls:
                talk(c, b"STARTTLS\r\n")
                c = ctx.wrap_socket(c)
                talk(c, b"EHLO idle.example\r\n")
            held.append(c)
        took = time.monotonic() - begun
        time.sleep(2)
        each = (pss(pids(s)["net"]) - before) / n
        print(f"{n} idle{' TLS' if tls else ''} SMTP connections: {each:.0f} bytes of PSS each (goal {GOAL_BYTES}), opened in {took:.1f} s")
        cpu = cpu_of(pids(s)["net"])
        time.sleep(5)
        print(f"CPU of net with them idle: {(cpu_of(pids(s)['net']) - cpu) / 5 * 100:.2f} %")
        begun = time.monotonic()
        code, _ = s.send(b"From: a@cliente.example\r\nSubject: x\r\n\r\nx\r\n")
        print(f"a message beside them: {code} in {(time.monotonic() - begun) * 1000:.0f} ms")
        for c in held:
            c.close()
        time.sleep(2)
        print(f"after they left: {(pss(pids(s)['net']) - before) / 1048576:.1f} MB more than before")
        return 0 if code == 250 and (tls or each <= GOAL_BYTES) and total <= GOAL_REST else 1


def cpu_of(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


sys.exit(main())
