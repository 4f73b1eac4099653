#!/usr/bin/env python3
"""HTTP: requests a second over kept-alive connections, and 10,000 event clients: memory of each, time until they are told of a new message.
Usage: bench/web.py [--clients N] [--tls] [--requests-only] [--events-only]"""
import base64, os, re, resource, selectors, socket, ssl, subprocess, sys, time
HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)
import figures  # noqa: E402
from figures import BUILD, Figure, Server  # noqa: E402
from sigillo import free_port  # noqa: E402

CLIENTS = int(os.environ.get("BENCH_EVENTS", "10000"))
USERS, SECONDS = 1000, int(os.environ.get("BENCH_SECONDS", "5"))
TARGET_RATE, TARGET_KB, TARGET_S = 2000, 24, 1
TOOL = os.path.join(BUILD, "bench", "http_bench")
JMAP = '{"using":["urn:ietf:params:jmap:core","urn:ietf:params:jmap:mail"],"methodCalls":[["Mailbox/get",{"accountId":"ACCOUNT","ids":null},"a"]]}'


def pss(pid):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return next(int(line.split()[1]) for line in f if line.startswith("Pss:"))


def cpu(pid):
    with open(f"/proc/{pid}/stat") as f:
        words = f.read().rsplit(")", 1)[1].split()
    return (int(words[11]) + int(words[12])) / figures.TICK


def load(s, *words):
    net = s.roles()["net"][0]
    before = cpu(net)
    p = subprocess.run([TOOL, "--port", str(s.http_port), "--seconds", str(SECONDS), *words], capture_output=True, text=True, timeout=120)
    if p.returncode:
        raise RuntimeError(p.stdout + p.stderr)
    got = {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", p.stdout)}
    got["net_ms"] = (cpu(net) - before) * 1000 / got["answers"]
    return got


def requests(s):
    out = []
    kinds = [("a small answer, no log-in", ["--path", "/api/status"]), ("who am I, with log-in", ["--path", "/api/me", "--user", "u%d@" + s.domain, "--users", "16"])]
    for name, words in kinds:
        got = load(s, *words)
        out.append(Figure(f"http, 16 connections: {name}", got["rate"], "requests/s", TARGET_RATE, False,
                          f"p50 {got['p50_ms']:.2f}, p99 {got['p99_ms']:.2f} ms; net {got['net_ms']:.3f} ms of CPU each"))
    try:
        account = next(iter(__import__("json").loads(s.request("GET", "/jmap/session")[2])["accounts"]))
        got = load(s, "--path", "/jmap/api", "--user", s.user, "--password", figures.PASSWORD, "--connections", "8", "--body", JMAP.replace("ACCOUNT", account))
        out.append(Figure("http, 8 connections: JMAP Mailbox/get", got["rate"], "requests/s", TARGET_RATE, False,
                          f"p50 {got['p50_ms']:.2f}, p99 {got['p99_ms']:.2f} ms; net {got['net_ms']:.3f} ms of CPU each"))
    except (RuntimeError, OSError) as e:
        figures.say(f"JMAP: {e}")
    return out


class Listener:
    """One event client, read when the selector says so."""

    def __init__(self, port, number, domain, ctx):
        c = socket.create_connection(("127.0.0.1", port), timeout=60)
        c.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        if ctx:
            c = ctx.wrap_socket(c)
        auth = base64.b64encode(f"u{number % USERS}@{domain}:bench".encode()).decode()
        c.sendall(f"GET /events?types=*&closeafter=no&ping=300 HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nAuthorization: Basic {auth}\r\n\r\n".encode())
        self.sock, self.number, self.events = c, number, 0

    def read(self):
        while True:
            try:
                got = self.sock.recv(65536)
            except (BlockingIOError, ssl.SSLWantReadError):
                return
            if not got:
                raise RuntimeError(f"client {self.number} was dropped")
            if b"HTTP/1.1 " in got and b" 200 " not in got[:15]:
                raise RuntimeError(got[:300])
            self.events += got.count(b"event: state")


def pump(sel, done, seconds):
    end = time.monotonic() + seconds
    while not done():
        left = end - time.monotonic()
        if left <= 0:
            return False
        for key, _ in sel.select(min(left, 0.2)):
            key.data.read()
    return True


def events(s, tls=False):
    port = s.tls_port if tls else s.http_port
    ctx = None
    if tls:
        ctx = ssl.create_default_context()
        ctx.check_hostname, ctx.verify_mode = False, ssl.CERT_NONE
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (min(hard, CLIENTS + 500), hard))
    net, sel, all_ = s.roles()["net"][0], selectors.DefaultSelector(), []
    before, begun = pss(net), time.monotonic()
    for i in range(CLIENTS):
        c = Listener(port, i, s.domain, ctx)
        c.sock.setblocking(False)
        sel.register(c.sock, selectors.EVENT_READ, c)
        all_.append(c)
        if i % 50 == 49 and not pump(sel, lambda: all(x.events for x in all_[-50:]), 30):
            raise RuntimeError(f"clients before {i} were not told their states")
    figures.say(f"{CLIENTS} clients{' by TLS' if tls else ''} in {time.monotonic() - begun:.1f} s")
    pump(sel, lambda: False, 1)
    each = (pss(net) - before) / CLIENTS
    idle = cpu(net)
    pump(sel, lambda: False, 5)
    idle = (cpu(net) - idle) / 5 * 100
    worst = []
    for k in range(5):  # one message to 200 people: all their clients
        to = [f"u{(k * 200 + i) % USERS}@{s.domain}" for i in range(200)]
        wait = [c for c in all_ if (c.number % USERS) in {(k * 200 + i) % USERS for i in range(200)}]
        have = {c.number: c.events for c in wait}
        with s.smtp() as c:
            c.ehlo()
            c.mail("anna@rossimarmi.example")
            for address in to:
                c.rcpt(address)
            code, _ = c.data(b"From: anna@rossimarmi.example\r\nTo: tutti@azienda.example\r\nSubject: Listino\r\nMessage-ID: <%d@rossimarmi.example>\r\n\r\nBuongiorno.\r\n" % time.monotonic_ns())
        answered = time.monotonic()
        if code != 250 or not pump(sel, lambda: all(c.events > have[c.number] for c in wait), 20):
            raise RuntimeError(f"not all were told ({code})")
        worst.append(time.monotonic() - answered)
    for c in all_:
        c.sock.close()
    how = " by TLS" if tls else ""
    return [Figure(f"http: each of {CLIENTS:,} event clients{how}", each, "KB of PSS", TARGET_KB, note=f"net uses {idle:.1f} % of a CPU meanwhile"),
            Figure(f"http: the last of {len(wait):,} clients of 200 people told{how}", max(worst), "s after the 250", TARGET_S,
                   note=f"{CLIENTS:,} listening")]


def measure():
    tls_port = free_port()
    s = Server(sets=(f"http.tls_listen=127.0.0.1:{tls_port}", "smtp.firm_message_rate=0"))
    s.tls_port = tls_port
    subprocess.run([TOOL, "--fill", s.state, "--users", str(USERS)], check=True)
    st = os.stat(s.state)
    subprocess.run(["chown", "-R", f"{st.st_uid}:{st.st_gid}", s.state], check=True)
    with s:
        figures.quiet("web")
        out = [] if "--events-only" in sys.argv else requests(s)
        if "--requests-only" not in sys.argv:
            out += events(s)
            time.sleep(3)
            out += events(s, True)
    return out


if __name__ == "__main__":
    if "--clients" in sys.argv:
        CLIENTS = int(sys.argv[sys.argv.index("--clients") + 1])
    figures.main(measure)
