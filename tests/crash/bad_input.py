#!/usr/bin/env python3
"""Bad input to the state: disk full, packs and databases cut short, swapped, from another cell or a newer release, the clock jumping: each ends in a clear
sentence, and what was accepted is still there. (Settings, foreign folders and two servers on one state: tests/e2e/supervisor.py.)"""
import glob, sqlite3, struct, sys, time
from crash import *
from sigillo import Server

t = Tap()


def mail(n, size=0):
    return f"From: Anna <anna@cliente.example>\r\nSubject: n{n}\r\n\r\n{'x' * 70}\r\n".encode() + (b"0123456789abcdef" * 4 + b"\r\n") * (size // 66)


def noise(n, size):
    """A mail that does not compress."""
    return mail(n) + "\r\n".join(f"{rng(f'{n} {i}').getrandbits(280):070x}" for i in range(size // 72)).encode() + b"\r\n"


def subjects(s):
    out, at = [], 0
    while True:
        got = s.jmap(("Email/query", {"position": at, "limit": 200}), ("Email/get", {"#ids": {"resultOf": "c0", "name": "Email/query", "path": "/ids"}, "properties": ["subject"]}))
        out += [e["subject"] for e in got[1][1]["list"]]
        at += 200
        if len(got[0][1]["ids"]) < 200:
            return sorted(out)


def bodies(s):
    """How many messages open."""
    rows = s.emails(properties=["subject", "textBody", "bodyValues"])
    return sum(bool(e["bodyValues"]) for e in rows)


# ---- the clock ----

def clock():
    with Scratch("clock", memory=True) as s:
        state, oracle = s("state"), Oracle()
        create(state)
        for i, jump in enumerate(["0:0", "40:-864000", "0:-31536000", "60:864000", "0:0"]):
            env = {"LD_PRELOAD": shim("clock_shim"), "CRASH_CLOCK": jump}
            oracle.feed(run_tool("load", state, f"c{i}", 15, 4, i, env=env, stdin=oracle.again()).stdout)
            wrong = oracle.judge(Listing(run_tool("check", state).stdout))
            if wrong:
                break
        t.ok(not wrong and len(oracle.durable) == len(oracle.tried) == 300, "the clock jumps back ten days, a year, and forward: UIDs and seq only rise, all 300 messages are there, verify is sound",
             told(wrong, s) if wrong else "")


# ---- disk full ----

def disk_full(low_water, name):
    if os.getuid() != 0:
        t.skip(name, "not root: no small file system can be mounted")
        return
    s = Server(init=False, sets=[f"cell.low_water={low_water}"])
    s.state = os.path.join(s.root, "small", "state")
    os.makedirs(os.path.dirname(s.state))
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=40m,mode=755", "none", os.path.dirname(s.state)], capture_output=True).returncode != 0:
        t.skip(name, "mounting a tmpfs is not allowed here")
        return
    try:
        s.init()
        ballast = os.path.join(os.path.dirname(s.state), "ballast")
        with open(ballast, "wb") as f:
            f.write(bytes(12 << 20))
        s.start()
        accepted, codes, text = [], [], ""
        for n in range(400):
            code, text = s.send(noise(n, 300000))
            codes.append(code)
            if code == 250:
                accepted.append(f"n{n}")
            elif len(codes) - len(accepted) > 5:
                break
        t.ok(set(codes) <= {250, 451, 452} and codes[-1] in (451, 452) and "storage" in text.lower(), f"{name}: {len(accepted)} accepted, then {codes[-1]} with a sentence", (codes[-8:], text))
        t.is_(subjects(s), sorted(accepted), f"{name}: reads go on and show what was accepted")
        os.unlink(ballast)
        end, code = time.monotonic() + 20, 0
        while time.monotonic() < end and code != 250:
            code, text = s.send(noise(1000, 3000))
            time.sleep(0.2)
        t.ok(code == 250, f"{name}: with room again it accepts by itself", (code, text, s.logged()[-1500:]))
        t.is_(subjects(s), sorted(accepted + ["n1000"] * (code == 250)), f"{name}: all that was accepted is there")
        s.stop()
        p = s.cli("verify", "--state", s.state, check=False)
        t.ok(p.returncode == 0, f"{name}: verify is sound", p.stdout[-1500:] + p.stderr[-500:])
    finally:
        s.stop()
        subprocess.run(["umount", "-l", os.path.dirname(s.state)], capture_output=True)
        s.__exit__()


# ---- files ----

CELL, DIRECTORY = "cells/1/cell.db", "directory/cell.db"


def cut(path, to):
    with open(path, "r+b") as f:
        f.truncate(to if to is not None else os.path.getsize(path) // 2)


CRC = []
for i in range(256):
    for _ in range(8):
        i = i >> 1 ^ (0x82F63B78 if i & 1 else 0)
    CRC.append(i)


def crc32c(data):
    c = 0xFFFFFFFF
    for b in data:
        c = c >> 8 ^ CRC[(c ^ b) & 255]
    return c ^ 0xFFFFFFFF


def page_sums(path):
    """What a release of ours writes into the end of each page (src/db/sqlite_checksum.c)."""
    with open(path, "r+b") as f:
        raw = bytearray(f.read())
        size = struct.unpack_from("!H", raw, 16)[0]
        for at in range(0, len(raw), size):
            if raw[20] == 8:
                raw[at + size - 8:at + size] = b"SGp1" + struct.pack("!I", crc32c(struct.pack("!Q", at // size) + bytes(raw[at:at + size - 8])))
        f.seek(0)
        f.write(raw)


def newer(path):
    db = sqlite3.connect(path)
    table = next(x[0] for x in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' AND name LIKE '%version%'"))
    column = [x[1] for x in db.execute(f"PRAGMA table_info({table})")]
    top = db.execute(f"SELECT * FROM {table} ORDER BY {column[0]} DESC LIMIT 1").fetchone()
    at = next(i for i, c in enumerate(column) if "version" in c)
    db.execute(f"INSERT INTO {table} VALUES ({','.join('?' * len(column))})", [99999 if i == at else v for i, v in enumerate(top)])
    db.commit()
    db.close()
    page_sums(path)


def newer_pack(path):
    with open(path, "r+b") as f:
        head = bytearray(f.read(32))
        head[8:12] = struct.pack("!I", 1000)
        head[28:32] = struct.pack("!I", crc32c(bytes(head[:28])))
        f.seek(0)
        f.write(head)


def foreign_state():
    """Another firm's state, with mail, of the same release."""
    s = Server(domain="altra.example", user="altra")
    with_mail = s.start()
    with_mail.send(mail("foreign"))
    s.stop()
    return s


def own(path, like):
    st = os.stat(like)
    os.chown(path, st.st_uid, st.st_gid)


def swap(path, other):
    shutil.copyfile(other, path)


class Victim:
    """A state with mail; each case damages a copy of it."""

    def __init__(self):
        self.s = Server()
        self.s.start()
        self.accepted = [f"n{n}" for n in range(8)]
        for n in range(8):
            assert self.s.send(noise(n, 4000))[0] == 250
            if n == 5:  # each life of net begins a pack
                self.s.stop()
                self.s.start()
        self.s.stop()
        self.good = os.path.join(self.s.root, "good")
        self.copy(self.s.state, self.good)

    @staticmethod
    def copy(a, b):
        shutil.rmtree(b, ignore_errors=True)
        subprocess.run(["cp", "-a", a, b], check=True)

    def pack(self):
        return max(glob.glob(self.s.state + "/cells/1/packs/*.pack"), key=os.path.getsize)

    def case(self, name, damage, where, starts, says, mails=None):
        """starts: True, False or None (either). says: words of which one stands in what serve or verify say. mails: allowed answers to a mail."""
        s, wrong, code, serve = self.s, [], None, ""
        self.copy(self.good, s.state)
        damage()
        up = True
        try:
            s.start(wait=20)
        except RuntimeError as e:
            up, serve = False, str(e)
        if up:
            code, text = s.send(mail("later"))
            serve = s.logged() + text
            if code not in (mails or (250, 451)):
                wrong.append(f"a mail was answered {code} {text}")
            s.stop()
            serve = s.logged() + text
        if starts is not None and up != starts:
            wrong.append("it served" if up else "it did not start")
        v = s.cli("verify", "--state", s.state, check=False)
        if v.returncode == 0:
            wrong.append("verify found nothing")
        if where not in v.stdout + v.stderr:
            wrong.append(f"verify does not name {where}")
        if not any(w in v.stdout + v.stderr + serve for w in says):
            wrong.append(f"nobody says {' or '.join(says)}")
        if any(w in serve + v.stderr for w in ("Segmentation", "AddressSanitizer", "core.bug", "signal=11", "signal=6")):
            wrong.append("a role crashed")
        self.put_back(code, wrong)
        t.ok(not wrong, f"{name}: {'serves' if up else 'refuses to start'}{f', mail gets {code}' if code else ''}, verify names it, put back all is there",
             "\n".join(wrong) + f"\nserve: {serve[-1500:]}\nverify: {v.stdout[-1500:]}{v.stderr[-800:]}")

    def put_back(self, code, wrong):
        """The operator's cure: the right file comes back (from a backup). New packs of the meantime stay."""
        s = self.s
        new = {os.path.basename(p) for p in glob.glob(s.state + "/cells/1/packs/*")} - {os.path.basename(p) for p in glob.glob(self.good + "/cells/1/packs/*")}
        self.copy(self.good, s.state) if code != 250 or not new else shutil.copytree(self.good + "/cells/1/packs", s.state + "/cells/1/packs", dirs_exist_ok=True)
        for p in glob.glob(s.state + "/cells/1/packs/*"):
            own(p, s.state)
        s.start()
        try:
            there = subjects(s)
            if there != sorted(self.accepted + (["nlater"] if code == 250 and new else [])):
                wrong.append(f"put back: {there}")
            if bodies(s) != len(there):
                wrong.append(f"put back: {bodies(s)} of {len(there)} messages open")
        finally:
            s.stop()


def files():
    v, other = Victim(), foreign_state()
    s, cell, directory = v.s, os.path.join(v.s.state, CELL), os.path.join(v.s.state, DIRECTORY)
    try:
        for size, how in ((None, "half"), (50, "50 bytes"), (0, "nothing")):
            v.case(f"the cell's database cut to {how}", lambda: cut(cell, size), "cells/1/cell.db", None, ["cut short", "malformed", "damaged", "not a database"], (451,))
        v.case("the cell's database is the directory's", lambda: swap(cell, directory), "cells/1/cell.db", None, ["cell.db"], (451,))
        v.case("the cell's database is another cell's", lambda: swap(cell, os.path.join(other.state, CELL)), "cells/1", None, ["two different cells"], (451,))
        v.case("the cell's database is a newer release's", lambda: newer(cell), "cells/1/cell.db", None, ["newer release"], (451,))
        for size, how in ((None, "half"), (0, "nothing")):
            v.case(f"the directory cut to {how}", lambda: cut(directory, size), "directory/cell.db", None, ["cut short", "malformed", "damaged", "directory"], (451,))
        v.case("the directory is a newer release's", lambda: newer(directory), "directory/cell.db", False, ["newer release"])
        v.case("the directory is another state's", lambda: swap(directory, os.path.join(other.state, DIRECTORY)), "", False, ["two different states"])
        v.case("a pack cut to half", lambda: cut(v.pack(), None), ".pack", True, ["cut short", "damaged", "do not check", "not there", "message-bytes-lost"])
        v.case("a pack cut to nothing", lambda: cut(v.pack(), 0), ".pack", True, ["damaged", "do not check", "message-bytes-lost"])
        v.case("a pack is not there", lambda: os.unlink(v.pack()), ".pack", True, ["not there"])
        v.case("a pack is another cell's", lambda: swap(v.pack(), max(glob.glob(other.state + "/cells/1/packs/*.pack"), key=os.path.getsize)), ".pack", True, ["another cell", "two different cells"])
        v.case("a pack is a newer release's", lambda: newer_pack(v.pack()), ".pack", True, ["newer release"])
    finally:
        s.__exit__()
        other.__exit__()


only = sys.argv[1:]
if not only or "clock" in only:
    clock()
if not only or "disk" in only:
    disk_full("8M", "disk below low water")
    disk_full("0", "disk full to the last block")
if not only or "files" in only:
    files()
sys.exit(t.done())
