#!/usr/bin/env python3
"""Several net processes on one machine over PostgreSQL: both take mail and sessions, one killed under load loses nothing and nobody sees a change before an
earlier one, the spool of last resort is filled by both and drained once."""
import http.client, json, os, shutil, signal, smtplib, subprocess, sys, tempfile, threading, time
from events import nets, served_by
from sigillo import PASSWORD, SOURCE, Server, Tap

t = Tap()
PG = os.path.join(SOURCE, "tools/pg_temp")
SENDERS, KILLS = 6, 4


def pg(*words):
    return subprocess.run([PG, *words], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


def wait_for(what, wait=60, step=0.05):
    end = time.monotonic() + wait
    while time.monotonic() < end:
        got = what()
        if got:
            return got
        time.sleep(step)
    return None


def on_both(s, connect):
    """{unit: something connected}, one for each net."""
    got, rest, end = {}, [], time.monotonic() + 60
    while len(got) < 2 and time.monotonic() < end:
        c = connect()
        unit = served_by(s, c.sock)
        if unit and unit not in got:
            got[unit] = c
        else:
            rest.append(c)
    for c in rest:
        c.close()
    return got


def mail(name):
    return f"From: Anna <anna@rossimarmi.example>\r\nTo: info@azienda.example\r\nMessage-ID: <{name}@rossimarmi.example>\r\nSubject: {name}\r\n\r\nTesto di {name}\r\n".encode()


def give(c, s, name):
    """True: acknowledged."""
    if c.mail("anna@rossimarmi.example")[0] != 250 or c.rcpt(s.user)[0] != 250:
        c.rset()
        return False
    return c.data(mail(name))[0] == 250


def http_connect(s):
    c = http.client.HTTPConnection("127.0.0.1", s.http_port, timeout=60)
    c.connect()
    return c


def ask(s, c, method, path, body=None, cookie=None):
    h = {"Cookie": cookie} if cookie else {}
    if body is not None:
        h |= {"Content-Type": "application/json", "X-Sigillo": "1", "Origin": f"http://127.0.0.1:{s.http_port}"}
    c.request(method, path, json.dumps(body) if body is not None else None, h)
    r = c.getresponse()
    return r.status, (r.getheader("Set-Cookie") or "").split(";")[0], r.read()


class Follower(threading.Thread):
    """Reads Email/changes on and on; whatever net answers, nothing may be missing when the states are walked through to the end."""

    def __init__(self, s):
        super().__init__()
        self.s, self.seen, self.twice, self.wrong, self.stop = s, set(), [], [], threading.Event()
        self.state = s.jmap(("Email/get", {"ids": []}))[0][1]["state"]

    def step(self):
        name, a = self.s.jmap(("Email/changes", {"sinceState": self.state}))[0]
        if name != "Email/changes":
            self.wrong.append(str(a))
            return False
        self.twice += [i for i in a["created"] if i in self.seen]
        self.seen |= set(a["created"])
        moved, self.state = a["newState"] != self.state, a["newState"]
        return moved

    def run(self):
        while not self.stop.is_set():
            try:
                self.step()
            except (OSError, RuntimeError, http.client.HTTPException, ValueError):
                time.sleep(0.05)  # that net has just been killed


class Sender(threading.Thread):
    def __init__(self, s, n):
        super().__init__()
        self.s, self.n, self.sent, self.acked, self.stop = s, n, 0, [], threading.Event()

    def run(self):
        c = None
        while not self.stop.is_set():
            name = f"carico-{self.n}-{self.sent}"
            self.sent += 1
            try:
                if not c:
                    c = self.s.smtp(timeout=60)
                    c.ehlo()
                if give(c, self.s, name):
                    self.acked.append(name)
                if self.sent % 5 == 0:  # so that the other net gets its turn
                    c.quit()
                    c = None
            except (OSError, smtplib.SMTPException):
                c = None
        if c:
            c.close()


def all_ids(s):
    out = []
    while True:
        page = s.jmap(("Email/query", {"position": len(out), "limit": 500}))[0][1]["ids"]
        if not page:
            return out
        out += page


def subjects(s):
    ids, out = all_ids(s), []
    for i in range(0, len(ids), 500):
        out += [e["subject"] for e in s.jmap(("Email/get", {"ids": ids[i : i + 500], "properties": ["subject"]}))[0][1]["list"]]
    return out


def readable(s):
    try:
        return s.jmap(("Mailbox/get", {"ids": None}))
    except RuntimeError:
        return None


def refused_on_sqlite():
    s = Server(sets=("net.processes=2",))
    try:
        s.start()
        t.ok(False, "two nets over SQLite are refused")
    except RuntimeError as e:
        t.ok("net.processes = 2 needs db.engine = postgresql" in str(e), "two nets over SQLite are refused with the cure", str(e)[-500:])
    finally:
        s.__exit__()
    s = Server()
    try:
        with open(os.path.join(s.state, "sigillo.conf"), "a") as f:
            f.write("\n[net]\nprocesses = 9\n")
        p = s.cli("config", "check", "--state", s.state, check=False)
        t.ok(p.returncode != 0 and "net.processes" in p.stdout + p.stderr, "a ninth net is out of bounds", p.stdout + p.stderr)
    finally:
        s.__exit__()


def both_serve(s):
    t.is_(sorted(nets(s).values()), ["net", "net2"], "two nets run")
    t.is_({r: len(p) for r, p in s.roles().items() if not r.startswith("net")}, {"scan": 1, "dns": 1, "keys": 1, "jobs": 1}, "beside them every role once")
    got = on_both(s, s.smtp)
    t.is_(sorted(got), ["net", "net2"], "both take SMTP connections")
    for unit, c in got.items():
        c.ehlo()
        t.ok(give(c, s, f"da-{unit}"), f"{unit} accepts a message")
        c.close()
    both = on_both(s, lambda: http_connect(s))
    t.is_(sorted(both), ["net", "net2"], "both take HTTP connections")
    status, cookie, _ = ask(s, both["net"], "POST", "/api/login", {"address": s.user, "password": PASSWORD})
    t.is_((status, ask(s, both["net2"], "GET", "/api/me", cookie=cookie)[0]), (200, 200), "a log-in at one is one at the other")
    t.is_(ask(s, both["net2"], "POST", "/api/logout", {}, cookie)[0] // 100, 2, "log-out at the other")
    t.ok(wait_for(lambda: ask(s, http_connect(s), "GET", "/api/me", cookie=cookie)[0] == 401 and ask(s, both["net"], "GET", "/api/me", cookie=cookie)[0] == 401, 30),
         "is one at both")
    health = json.loads(s.request("GET", "/health", headers={"Accept": "application/json"})[2])
    t.ok({"net", "net2"} <= {r["role"] for r in health["roles"] if r["pid"]}, "the health page names both", health)
    t.is_(sorted(x for x in subjects(s) if x.startswith("da-")), ["da-net", "da-net2"], "their messages are there")


def figure(c, s, name):
    c.request("GET", "/metrics")
    for line in c.getresponse().read().decode().splitlines():
        if line.startswith(name + " "):
            return int(line.split()[1])
    return None


def one_measure(s):
    """Limits hold over both, and either tells the figures of both."""
    both = on_both(s, lambda: http_connect(s))
    seen = {u: figure(c, s, "sigillo_net_processes") for u, c in both.items()}
    t.is_(seen, {"net": 2, "net2": 2}, "/metrics of either tells of two processes")
    before = {u: figure(c, s, "sigillo_smtp_accepted_total") for u, c in both.items()}
    t.ok(before["net"] == before["net2"] and before["net"] >= 2, "and counts what both accepted", before)
    _, cookie, _ = ask(s, both["net"], "POST", "/api/login", {"address": s.user, "password": PASSWORD})
    streams, units, statuses = [], set(), []
    for _ in range(24):
        c = http_connect(s)
        c.request("GET", "/events?types=*&closeafter=no&ping=0", headers={"Cookie": cookie})
        r = c.getresponse()
        statuses.append(r.status)
        streams.append((c, r))  # the answer goes on for ever
        if r.status == 200:
            units.add(served_by(s, c.sock) if c.sock else served_by(s, r.fp.raw._sock))
    t.is_((statuses.count(200), statuses.count(429), sorted(units)), (20, 4, ["net", "net2"]), "20 event streams of one person, over both together")
    t.ok(wait_for(lambda: {figure(c, s, "sigillo_http_event_clients") for c in both.values()} == {20}, 10), "each tells of all of them")
    victim = s.roles()["net2"][0]
    os.kill(victim, signal.SIGKILL)
    t.ok(wait_for(lambda: s.roles().get("net2", [victim])[0] != victim), "net2 is killed and started again")
    for c, r in streams:
        r.close()
        c.close()
    t.ok(wait_for(lambda: figure(both["net"], s, "sigillo_http_event_clients") == 0, 30), "what it held is free")
    t.ok(figure(both["net"], s, "sigillo_smtp_accepted_total") >= before["net"], "what it had counted is not")


def killed_under_load(s):
    before = set(all_ids(s))
    follower, senders = Follower(s), [Sender(s, i) for i in range(SENDERS)]
    for x in [follower, *senders]:
        x.start()
    for i in range(KILLS):
        time.sleep(1.0)
        victim = "net2" if i % 2 == 0 else "net"
        pid = s.roles()[victim][0]
        os.kill(pid, signal.SIGKILL)
        with s.smtp(timeout=60) as c:
            t.is_(c.noop()[0], 250, f"{victim} is killed: the other one serves")
        t.ok(wait_for(lambda: s.roles().get(victim, [pid])[0] != pid), f"{victim} is started again")
    time.sleep(1.0)
    for x in senders:
        x.stop.set()
    for x in senders:
        x.join()
    follower.stop.set()
    follower.join()
    while follower.step():
        pass
    acked = [n for x in senders for n in x.acked]
    have = subjects(s)
    count = {n: have.count(n) for n in set(have)}
    t.ok(len(acked) > 50, f"{len(acked)} messages were acknowledged meanwhile")
    t.is_([n for n in acked if count.get(n) != 1], [], "each of them is there once")
    t.is_([n for n, k in count.items() if k != 1], [], "and no other twice")
    ids = all_ids(s)
    t.is_((sorted(set(ids) - before - follower.seen)[:5], follower.twice[:5], follower.wrong[:3]), ([], [], []), "a follower of both missed nothing and saw nothing twice")


def last_resort(s, folder, spool):
    pg("kill", folder)
    held = {}
    got = on_both(s, s.smtp)
    for unit, c in got.items():
        c.ehlo()
    for i in range(3):
        for unit, c in got.items():
            # recipients come from the directory that was fresh a moment ago; once it is not, the answer is 451
            try:
                held[f"resort-{unit}-{i}"] = give(c, s, f"resort-{unit}-{i}")
            except (OSError, smtplib.SMTPException):
                held[f"resort-{unit}-{i}"] = False
    kept = [n for n, ok in held.items() if ok]
    files = [f for f in os.listdir(spool) if f.endswith(".mail") or "-" in f]
    t.ok({n.split("-")[1] for n in kept} == {"net", "net2"}, f"while the database is away both spool: {len(kept)} of {len(held)}", held)
    t.ok(len(files) >= len(kept), "each has its own file", os.listdir(spool))
    pg("restart", folder)
    t.ok(wait_for(lambda: not [f for f in os.listdir(spool) if "-" in f], 120, 0.5), "the one jobs role drains it", os.listdir(spool))
    t.ok(all(wait_for(lambda: readable(s), 60) for _ in range(10)), "both read again")
    have = subjects(s)
    t.is_([n for n in kept if have.count(n) != 1], [], "each spooled message is there once")


refused_on_sqlite()
url = pg("start")
folder = url.split("host=")[1].split("&")[0]
subprocess.run(["chmod", "755", folder], check=True)
spool = tempfile.mkdtemp(prefix="sigillo-spool-", dir="/dev/shm")
try:
    s = Server(sets=("db.engine=postgresql", f"db.url={url}", "net.processes=2", f"spool.last_resort={spool}", "smtp.firm_message_rate=0"))
    st = os.stat(s.state)
    os.chown(spool, st.st_uid, st.st_gid)
    with s:
        both_serve(s)
        one_measure(s)
        killed_under_load(s)
        last_resort(s, folder, spool)
        t.is_(s.stop(), 0, "it ends in order")
        p = s.verb("verify", "--state", s.state, check=False)
        t.is_(p.returncode, 0, "verify finds nothing wrong" + ("" if p.returncode == 0 else f"\n{p.stdout[-800:]}{p.stderr[-800:]}"))
finally:
    pg("stop", folder)
    shutil.rmtree(spool, ignore_errors=True)
sys.exit(t.done())
