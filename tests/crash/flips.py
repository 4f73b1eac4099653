#!/usr/bin/env python3
"""(e) bit flips: verify names each flipped bit of a pack, and each of a database that changes what it holds; salvage brings every committed message back."""
import sqlite3, struct, sys
from crash import *

t = Tap()
KINDS = {0: "head of the file", 1: "blob", 2: "place", 3: "gone", 4: "group end"}
HEADER = [("magic", 0, 8), ("version", 8, 4), ("cell", 12, 8), ("id", 20, 8), ("sum", 28, 4)]
RECORD = [("magic", 0, 4), ("kind", 4, 1), ("flags", 5, 1), ("head check", 6, 2), ("length", 8, 4), ("sum", 12, 4)]


def records(raw):
    """[(kind, offset, length of the body)] of a sound pack."""
    at, out = 32, []
    while at + 16 <= len(raw):
        magic, kind, _, _, n, _ = struct.unpack_from("!IBBHII", raw, at)
        if magic != 0x53477231:
            break
        out.append((kind, at, n))
        at += 16 + n
    return out


def pack_places(raw, r):
    """(name, byte) of every field of the file's head and of one record of each kind, of three places in its body, and of others at random."""
    out = [(f"file {name}", at + r.randrange(n)) for name, at, n in HEADER]
    by_kind = {}
    for rec in records(raw):
        by_kind.setdefault(rec[0], []).append(rec)
    for kind, list_ in sorted(by_kind.items()):
        for name, at, n in RECORD:
            out.append((f"{KINDS[kind]} {name}", r.choice(list_)[1] + at + r.randrange(n)))
        for part in (0.0, 0.5, 0.999):
            _, at, n = r.choice(list_)
            out.append((f"{KINDS[kind]} body", at + 16 + int(n * part)))
    return out + [("anywhere", r.randrange(len(raw))) for _ in range(rounds(40))]


class Flip:
    """with Flip(path, byte, bit): the bit is turned over in the file, and back at the end."""

    def __init__(self, path, byte, bit):
        self.path, self.byte, self.bit = path, byte, bit

    def turn(self):
        with open(self.path, "r+b") as f:
            f.seek(self.byte)
            b = f.read(1)[0]
            f.seek(self.byte)
            f.write(bytes([b ^ 1 << self.bit]))

    def __enter__(self):
        self.turn()

    def __exit__(self, *_):
        self.turn()


def named(listing, path, byte):
    """Does a finding name this file, and a stretch of it that holds the byte (or the whole file)?"""
    for line in listing.damage + listing.notes:
        w = line.split(" ")
        if w[2] == path and (w[3] == "-1" or int(w[3]) <= byte < int(w[3]) + int(w[4])):
            return True
    return False


def packs(s, state, oracle):
    folder = os.path.join(state, "cells/1/packs")
    for name in sorted(os.listdir(folder)):
        path, r, wrong, seen = os.path.join(folder, name), rng("flip " + name), [], {}
        with open(path, "rb") as f:
            raw = f.read()
        places = pack_places(raw, r)
        for what, byte in places:
            with Flip(path, byte, r.randrange(8)):
                l = Listing(run_tool("check", state).stdout)
            if not named(l, path, byte):
                wrong.append(f"{what}: byte {byte} of {path} is not named; {l.damage[:2]}")
            lost = [x for x in oracle.judge(l, sound=False) if not x.startswith("bad ") and "not there" in x]
            if lost and not what.startswith(("blob", "anywhere")):
                wrong.append(f"{what}: byte {byte}: rows went with it: {lost[:2]}")
            seen[what.split()[0]] = seen.get(what.split()[0], 0) + 1
        t.ok(not wrong, f"verify names each of {len(places)} flipped bits of pack {name[12:16]} ({', '.join(f'{v} {k}' for k, v in seen.items())})", told(wrong, s) if wrong else "")


def dump(path):
    """All that a database holds, or why it cannot be read."""
    db = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    db.text_factory = bytes
    try:
        tables = [x[0].decode() for x in db.execute("SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
        return [(name, db.execute(f"SELECT * FROM {name} ORDER BY 1, 2").fetchall()) for name in tables]
    except (sqlite3.Error, ValueError) as e:
        return str(e)
    finally:
        db.close()


def database(s, state, where, n):
    """Copies are flipped: a database that was opened once while damaged is not the one to go on with."""
    path = os.path.join(state, where, "cell.db")
    size, good, r, wrong, matter, noted = os.path.getsize(path), dump(path), rng("flip " + where), [], 0, 0
    places = [r.randrange(100) for _ in range(max(4, n // 10))] + [r.randrange(size) for _ in range(n)]
    for byte in places:
        copy = s("copy")
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(state, copy)
        at = os.path.join(copy, where, "cell.db")
        flip = Flip(at, byte, r.randrange(8))
        flip.turn()
        l = Listing(run_tool("check", copy).stdout)
        found = any(at in x for x in l.damage)
        changed = dump(at) != good
        matter += changed
        noted += found
        if changed and not found:
            wrong.append(f"bit {flip.bit} of byte {byte} (page {byte // 4096 + 1}) changes what {where}/cell.db holds, and verify does not name the file: {l.damage[:2]}")
    t.ok(not wrong, f"verify names each of {matter} flipped bits of {where}/cell.db that change content, {noted} of {len(places)} in all", told(wrong, s) if wrong else "")


def salvaged(s, state, to, oracle, flags):
    """Everything committed is in the new state, where it was, with its UID, and with its flags when the database can be read."""
    shutil.rmtree(to, ignore_errors=True)
    p = run_tool("salvage", state, to)
    l = Listing(p.stdout)
    wrong = [f"salvage: exit {p.returncode}: {p.stderr[-800:]}"] if p.returncode else list(l.bad)
    for token in oracle.durable:
        at = [x for x in l.msg.get(token, [])]
        sure = token not in oracle.maybe["gone"]
        if sure and not at:
            wrong.append(f"{token}: was committed and did not come back")
        if len(at) > 1:
            wrong.append(f"{token}: came back {len(at)} times: {at}")
        if token in oracle.done["gone"] and at and at[0][1] in (INBOX, ARCHIVE):
            wrong.append(f"{token}: was removed and came back to mailbox {at[0][1]}")
        if at and flags and token in oracle.done["flagged"] and token not in oracle.maybe["moved"] and not at[0][3] & FLAGGED:
            wrong.append(f"{token}: its flag is lost though the database could be read")
        uid = oracle.durable[token][1]
        if at and uid and at[0][1] == INBOX and token not in oracle.maybe["moved"] and at[0][2] != uid:
            wrong.append(f"{token}: was UID {uid}, is UID {at[0][2]}")
    after = Listing(run_tool("check", to).stdout)
    return wrong + [f"the salvaged state: {x}" for x in after.damage + after.bad]


def salvage(s, state, oracle):
    wrong = salvaged(s, state, s("to"), oracle, True)
    t.ok(not wrong, f"salvage of a sound cell: all {len(oracle.durable)} committed messages are back in place", told(wrong, s) if wrong else "")
    for name, where in (("the cell's database gone", "cells/1/cell.db"), ("both databases gone", "directory/cell.db")):
        for ext in ("", "-wal", "-shm"):
            if os.path.exists(os.path.join(state, where + ext)):
                os.unlink(os.path.join(state, where + ext))
        wrong = salvaged(s, state, s("to"), oracle, False)
        t.ok(not wrong, f"salvage with {name}: every committed message is back", told(wrong, s) if wrong else "")


def salvage_flipped(s, state, oracle):
    """With and without the database, a bit flipped in a record of each kind: only a message whose own bytes it hit may be missing."""
    folder = os.path.join(state, "cells/1/packs")
    r, wrong, n = rng("salvage flips"), [], 0
    for with_db in (True, False):
        for kind in KINDS:
            for name in sorted(os.listdir(folder)):
                path = os.path.join(folder, name)
                with open(path, "rb") as f:
                    list_ = [x for x in records(f.read()) if x[0] == kind] if kind else [(0, 0, 16)]
                if not list_:
                    continue
                copy = s("copy")
                shutil.rmtree(copy, ignore_errors=True)
                shutil.copytree(state, copy)
                if not with_db:
                    os.unlink(os.path.join(copy, "cells/1/cell.db"))
                _, at, size = r.choice(list_)
                Flip(os.path.join(copy, "cells/1/packs", name), at + r.randrange(16 + size), r.randrange(8)).turn()
                n += 1
                got = salvaged(s, copy, s("to"), oracle, with_db)
                missing = [x for x in got if "did not come back" in x]
                # Bytes that are damaged are gone, and so is a place whose only record is; a removal that is damaged brings back what was removed; the rows help where they can be read.
                allowed = 1 if kind == 1 or kind == 2 and not with_db else 0
                back = [x for x in got if "came back" in x and "was removed" in x or "times" in x] if kind == 3 or kind == 4 and not with_db else []
                if len(missing) > allowed or [x for x in got if x not in missing and x not in back]:
                    wrong += [f"{KINDS[kind]} of {name} at {at}, database {'there' if with_db else 'gone'}: {x}" for x in got]
    t.ok(not wrong, f"salvage with a bit flipped, {n} cases: every message but the one it hit is back", told(wrong, s) if wrong else "")


with Scratch("flips", memory=True) as s:
    state = s("state")
    create(state)
    oracle = Oracle()
    for i in range(2):
        oracle.feed(run_tool("load", state, f"m{i}", 12, 4, 3 + i, check=True).stdout)
    packs(s, state, oracle)
    database(s, state, "cells/1", rounds(90))
    database(s, state, "directory", rounds(30))
    salvage_flipped(s, state, oracle)
    salvage(s, state, oracle)
sys.exit(t.done())
