#!/usr/bin/env python3
"""(a) the whole server under load, each role killed with -9 at random and at named points; senders try again as mail servers do; read back over JMAP."""
import random, signal, socket, sqlite3, sys, threading, time
from crash import *
from sigillo import PASSWORD, Server

t = Tap()
R = rng("kill_server")
PEOPLE = ["info", "anna", "bruno", "carla"]
SENDERS = 6


def body(token):
    r = random.Random(token)
    lines = [f"Riga {i} di {token}: {r.getrandbits(200):050x}" for i in range(r.choice([2, 5, 20, 400]))]
    return "\r\n".join(lines) + "\r\n"


def message(token, to):
    return (f"From: Anna Verdi <anna@cliente.example>\r\nTo: {to}\r\nSubject: {token}\r\nMessage-ID: <{token}@cliente.example>\r\n"
            f"Date: Sat, 21 Nov 2026 10:00:00 +0000\r\n\r\n{body(token)}").encode()


class Refused(Exception):
    pass


class Sender(threading.Thread):
    """One sending mail server with its own queue: keeps a message until it has a final answer; several messages a connection."""

    def __init__(self, load, ix):
        super().__init__(daemon=True)
        self.load, self.ix, self.r = load, ix, random.Random(f"{SEED} sender {load.name} {ix}")
        self.n, self.now, self.sock = 0, None, None

    def run(self):
        while not self.load.stopped() or self.now:
            if self.load.given_up:
                break
            if not self.now:
                self.now = self._next()
            if not self.now:
                break
            token, to = self.now
            try:
                self._send(token, to)
                self.now = None
            except Refused as e:
                self.load.refused.append(f"{token}: {e}")
                self.now = None
            except (OSError, EOFError):
                self._close()
                time.sleep(0.02)
        self._close()

    def _next(self):
        if self.load.each is not None and self.n >= self.load.each:
            return None
        self.n += 1
        to = self.r.sample(PEOPLE, 2 if self.r.random() < 0.15 else 1)
        return f"{self.load.name}-{self.ix}-{self.n}", [f"{p}@azienda.example" for p in to]

    def _send(self, token, to):
        load = self.load
        if not self.sock:
            self.sock = socket.create_connection(("127.0.0.1", load.server.smtp_port), timeout=40)
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self.lines = b""
            self._want(self._reply(), "2")
            load.answered()
            self._say(b"EHLO client.example")
        self._say(b"MAIL FROM:<anna@cliente.example>")
        for address in to:
            self._say(f"RCPT TO:<{address}>".encode())
        self._say(b"DATA", "3")
        load.try_(token, to)
        self.sock.sendall(message(token, to[0]) + b".\r\n")
        reply = self._reply()
        load.reply(token, reply)
        self._want(reply, "2")
        if self.r.random() < 0.1:
            self._say(b"QUIT")
            self._close()

    def _say(self, line, want="2"):
        self.sock.sendall(line + b"\r\n")
        self._want(self._reply(), want)

    def _reply(self):
        while True:
            line = self._line()
            if line[3:4] != b"-":
                return line.decode("utf-8", "replace")

    def _line(self):
        while b"\r\n" not in self.lines:
            data = self.sock.recv(4096)
            if not data:
                raise EOFError
            self.lines += data
        line, self.lines = self.lines.split(b"\r\n", 1)
        return line

    def _want(self, reply, first):
        if reply[:1] == "5":
            raise Refused(reply)
        if reply[:1] != first:
            raise EOFError(reply)

    def _close(self):
        if self.sock:
            self.sock.close()
        self.sock = None


class SmtpLoad:
    """The senders, and their list: what was tried how often, what got 250."""

    def __init__(self, server, name, each=None):
        self.server, self.name, self.each = server, name, each
        self.lock, self.tries, self.to, self.acked, self.refused, self.ids = threading.Lock(), {}, {}, {}, [], {}
        self.stop_, self.given_up, self.last_answer = False, False, time.monotonic()
        self.senders = [Sender(self, i) for i in range(SENDERS)]
        for x in self.senders:
            x.start()

    def stopped(self):
        return self.stop_

    def answered(self):
        self.last_answer = time.monotonic()

    def try_(self, token, to):
        with self.lock:
            self.tries[token] = self.tries.get(token, 0) + 1
            self.to[token] = to

    def reply(self, token, text):
        with self.lock:
            if text[:1] == "2":
                self.acked[token] = self.tries[token]

    def finish(self, seconds=60):
        """No new messages (or all of `each`); what has no answer yet is sent until it has one."""
        self.stop_ = self.each is None
        end = time.monotonic() + seconds
        for x in self.senders:
            x.join(max(0.1, end - time.monotonic()))
        self.given_up = True
        for x in self.senders:
            x.join(5)
        return [x.now[0] for x in self.senders if x.now]


def read_back(s):
    """{address: {subject: [body, ...]}} over JMAP, every mailbox. A database that is only just back may still be asked in vain."""
    end = time.monotonic() + 30
    while True:
        try:
            return read_all(s)
        except (RuntimeError, OSError):
            if time.monotonic() > end:
                raise
            time.sleep(0.5)


def read_all(s):
    out = {}
    for person in PEOPLE:
        s.user = f"{person}@azienda.example"
        if hasattr(s, "account"):
            del s.account
        found, at = out.setdefault(s.user, {}), 0
        held = s.mailbox(name="Held")["id"]  # there a message whose reader died twice waits, without its text
        while True:
            q = {"sort": [{"property": "receivedAt", "isAscending": True}], "position": at, "limit": 200}
            g = {"#ids": {"resultOf": "c0", "name": "Email/query", "path": "/ids"}, "properties": ["id", "subject", "textBody", "bodyValues", "mailboxIds"], "fetchTextBodyValues": True}
            got = s.jmap(("Email/query", q), ("Email/get", g))
            rows = got[1][1]["list"]
            for e in rows:
                found.setdefault(e["subject"], []).append(None if held in e["mailboxIds"] else e["bodyValues"][e["textBody"][0]["partId"]]["value"] if e["textBody"] else "")
            at += len(rows)
            if not rows:
                break
    s.user = "info@azienda.example"
    return out


def compare(loads, there):
    """(wrong, duplicates allowed)"""
    wrong, doubles, sent = [], 0, {}
    for load in loads:
        wrong += [f"refused for good: {x}" for x in load.refused[:5]]
        sent.update({k: (load.to[k], load.tries[k], load.acked.get(k)) for k in load.tries})
    for token, (to, tries, acked) in sent.items():
        for address in to:
            copies = there[address].get(token, [])
            if acked and not copies:
                wrong.append(f"{token} for {address}: got 250 and is not there")
            if len(copies) > 1 and tries > 1 and len(copies) <= tries:
                doubles += 1
            elif len(copies) > 1:
                wrong.append(f"{token} for {address}: sent {tries} times, there {len(copies)} times")
            if any(c is not None and "".join(c.split()) != "".join(body(token).split()) for c in copies):
                wrong.append(f"{token} for {address}: other text than was sent: {copies[0][:80]!r}")
    for address, found in there.items():
        wrong += [f"{address}: {x} was never sent to it" for x in found if address not in sent.get(x, [[]])[0]]
    return wrong, doubles


class Uids:
    """From the database of the stopped server: UIDVALIDITY stays, UIDNEXT only rises, a UID never names another message."""

    def __init__(self, url=None):
        self.boxes, self.uids, self.url = {}, {}, url

    def rows(self, state, what):
        if self.url:
            p = subprocess.run(["psql", self.url, "-Atq", "-F", " ", "-c", f"SET search_path TO sigillo_cell_1; SELECT {what}"], capture_output=True, text=True, check=True,
                               env={**os.environ, "PGOPTIONS": "-c sigillo.org=-1"})
            return [tuple(map(int, line.split())) for line in p.stdout.splitlines()]
        db = sqlite3.connect(f"file:{state}/cells/1/cell.db?mode=ro", uri=True)
        try:
            return db.execute(f"SELECT {what}").fetchall()
        finally:
            db.close()

    def look(self, state):
        wrong = []
        for box, validity, uidnext, modseq in self.rows(state, "mailbox, uidvalidity, uidnext, modseq FROM mailbox"):
            old = self.boxes.get(box)
            if old and (validity != old[0] or uidnext < old[1] or modseq < old[2]):
                wrong.append(f"mailbox {box}: uidvalidity, uidnext, modseq were {old}, are {(validity, uidnext, modseq)}")
            self.boxes[box] = (validity, uidnext, modseq)
        for box, uid, what in self.rows(state, "mailbox, uid, message FROM placement"):
            if uid >= self.boxes[box][1] or self.uids.setdefault((box, uid), what) != what:
                wrong.append(f"UID {uid} of mailbox {box}: message {what}, UIDNEXT {self.boxes[box][1]}, was {self.uids[box, uid]}")
        return wrong


def people(s):
    for p in PEOPLE[1:]:
        s.cli("user", "add", f"{p}@azienda.example", "--state", s.state, "--name", p.title(), "--password-stdin", stdin=PASSWORD)
    return s


def server(**more):
    return people(Server(**more))


def drop(s, keep):
    if keep:
        s.stop()
    else:
        s.__exit__()


def sound(s, uids):
    p = s.cli("verify", "--state", s.state, check=False)
    return uids.look(s.state) + ([] if p.returncode == 0 else [f"verify: exit {p.returncode}: {p.stdout[-1500:]}{p.stderr[-500:]}"])


def end(s, load, seconds=60):
    left = load.finish(seconds)
    return [f"{x}: no final answer after {seconds} s" for x in left[:5]]


def kill_all(s):
    pids = [p for ps in s.roles().values() for p in ps] + [s.process.pid]
    for p in [s.process.pid, *pids]:
        try:
            os.kill(p, signal.SIGKILL)
        except ProcessLookupError:
            pass
    s.process.wait()


def comes_back(s, load, since):
    """Seconds until a sender got a greeting again."""
    while load.last_answer <= since and time.monotonic() < since + 20:
        time.sleep(0.005)
    return load.last_answer - since


def at_random():
    s, uids, wrong, kills, back = server(), Uids(), [], {}, {"net": 0.0, "all": 0.0}
    try:
        s.start()
        load = SmtpLoad(s, "r")
        for i in range(rounds(18)):
            time.sleep(0.1 + R.random() * 0.7)
            roles = s.roles()
            victim = R.choice(["net", "net", "net", "all", *[x for x in roles if x != "net"]])
            since = time.monotonic()
            kills[victim] = kills.get(victim, 0) + 1
            if victim == "all":
                kill_all(s)
                s.start()
            elif roles.get(victim):
                os.kill(R.choice(roles[victim]), signal.SIGKILL)
            if victim in back:
                back[victim] = max(back[victim], comes_back(s, load, since))
        wrong = end(s, load)
        more, doubles = compare([load], read_back(s))
        wrong += more
        s.stop()
        wrong += sound(s, uids)
        wrong += [f"{k} took {v:.1f} s to greet again" for k, v in back.items() if v > 10]
    except Exception as e:  # the server itself failed: that is a result
        wrong.append(f"{type(e).__name__}: {e}")
        doubles = 0
    what = ", ".join(f"{k} {v}" for k, v in sorted(kills.items()))
    t.ok(not wrong, f"killed at random ({what}): {len(load.acked)} messages got 250 and are there, {doubles} twice (allowed); greets again within {back['net']:.2f} s (net), {back['all']:.2f} s (all)",
         told(wrong, None, f"kept: {s.root}"))
    drop(s, wrong)


def at_point(setting, name, sets=(), after=None, each=8, most_doubles=None):
    """A server armed with a fault from its start: the role dies again and again until the senders are done with theirs."""
    s, uids, wrong, doubles = server(sets=sets, env={"SIGILLO_FAULT": setting}), Uids(), [], 0
    try:
        s.start()
        load = SmtpLoad(s, "p", each)
        wrong = end(s, load, 90)
        deaths = len(re.findall(r"role.died role=\w+ status=-1 signal=9|worker.died|worker.forbidden_call", s.logged()))
        if after:
            s.stop()
            s.env = {}
            s.start()
            after(s)
        more, doubles = compare([load], read_back(s))
        wrong += more
        s.stop()
        wrong += sound(s, uids)
        if not deaths:
            wrong.append("nothing died: the point was never passed")
        if most_doubles is not None and doubles > most_doubles:
            wrong.append(f"{doubles} messages are there twice")
    except Exception as e:
        wrong.append(f"{type(e).__name__}: {e}")
        deaths = 0
    t.ok(not wrong, f"{name}: {deaths} deaths, {len(load.acked)} messages got 250 and are there, {doubles} twice (allowed)", told(wrong, None, f"SIGILLO_FAULT={setting}  kept: {s.root}"))
    drop(s, wrong)


def drained(s):
    end_ = time.monotonic() + 40
    spool = next(x.split("=", 1)[1] for x in s.sets if x.startswith("spool.last_resort="))
    while time.monotonic() < end_ and [n for n in os.listdir(spool) if os.path.isfile(os.path.join(spool, n)) and not n.startswith(".")]:
        time.sleep(0.1)


def points():
    thin = ["smtp.dot", "intake.commit", "intake.reply", "smtp.replied", "cell.commit.after", "cell.done", "pack.write.half", "pack.fdatasync", "scan.job"]
    known = fault_points("src/smtp", "src/intake", "src/store", "src/os")
    for point in known if ROUNDS >= 4 else [p for p in thin if p in known]:
        # Passed once a life, before any mail: a server armed there would never get beyond it (kill_store.py has them).
        if point.startswith(("spool.", "role.ready", "pack.open", "dir.")):
            continue
        # Six sessions stand at a point at once: with a smaller n no life of net would ever finish a message.
        role, n = ("scan", 3) if point.startswith("scan.") else ("net", 19 if point.startswith(("smtp", "intake")) else 8)
        at_point(f"{role}:{point}:{n}:kill", f"{role} killed at every {n}th {point}", most_doubles=0 if point in ("intake.reply", "smtp.reply") else None)


def last_resort():
    """The cell's fence cannot be had: mail goes to the spool on another device, which is killed at its own points; then the cell is back and the spool drained."""
    if not os.path.isdir("/dev/shm") or os.stat("/dev/shm").st_dev == os.stat(tempfile.gettempdir()).st_dev:
        t.skip("spool of last resort", "needs a second device at /dev/shm")
        return
    for point in [p for p in fault_points("src/store") if p.startswith("spool.") and p != "spool.remove"]:
        if ROUNDS < 4 and point not in ("spool.write.after", "spool.rename.after"):
            continue
        with Scratch("spool", memory=True) as d:
            if os.getuid() == 0:
                user = pwd.getpwnam("sigillo")
                os.chown(d.path, user.pw_uid, user.pw_gid)
            at_point(f"net:cell.fence:0:error,net:{point}:9:kill", f"cell down, net killed at every 9th {point}, drained afterwards", sets=[f"spool.last_resort={d.path}"], after=drained)


def on_postgresql():
    """The same server over PostgreSQL: the database killed with -9 and started again, its backends ended, net killed, all under load."""
    pg = [os.path.join(SOURCE, "tools/pg_temp")]
    url = subprocess.run([*pg, "start"], capture_output=True, text=True, check=True).stdout.strip()
    folder = url.split("host=")[1].split("&")[0]
    os.chmod(folder, 0o755)  # roles run as the state's owner
    s, uids, wrong, done, doubles = Server(init=False), Uids(url), [], {}, 0
    try:
        s.cli("init", "--state", s.state, "--firm", "Azienda", "--domain", s.domain, "--user", s.user, "--name", "Giulia Ferri", "--password-stdin", "--set", "db.engine=postgresql",
              "--set", f"db.url={url}", stdin=PASSWORD)
        people(s)
        s.start()
        load = SmtpLoad(s, "g")
        for _ in range(rounds(6)):
            time.sleep(0.3 + R.random() * 0.7)
            what = R.choice(["database", "backends", "net"])
            done[what] = done.get(what, 0) + 1
            if what == "database":
                subprocess.run([*pg, "kill", url], check=True)
                subprocess.run([*pg, "restart", url], check=True)
            elif what == "backends":
                subprocess.run(["psql", url, "-Atqc", "SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'sigillo'"], capture_output=True)
            else:
                for p in s.roles().get("net", []):
                    os.kill(p, signal.SIGKILL)
        wrong = end(s, load, 90)
        more, doubles = compare([load], read_back(s))
        wrong += more
        s.stop()
        wrong += sound(s, uids)
    except Exception as e:
        wrong.append(f"{type(e).__name__}: {e}")
    t.ok(not wrong, f"over PostgreSQL ({', '.join(f'{k} {v}' for k, v in sorted(done.items()))} killed): {len(load.acked)} messages got 250 and are there, {doubles} twice (allowed)",
         told(wrong, None, f"kept: {s.root}"))
    drop(s, wrong)
    subprocess.run([*pg, "stop", url], capture_output=True)


only = sys.argv[1:]
for part in (at_random, points, last_resort, on_postgresql):
    if not only or part.__name__ in only:
        part()
sys.exit(t.done())
