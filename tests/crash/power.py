#!/usr/bin/env python3
"""(b) power cut: a load is recorded write by write; the disk is rebuilt as cuts at many points may leave it, opened, judged, loaded on."""
import sys
from crash import *
from power_disk import Disk, journal

t = Tap()
CUTS = rounds(110)
WARNED = ("blob-lost", "group-lost", "place-lost", "place-back")


def record(s, state, prefix, count, again=""):
    """Runs a load under the shim; the disk before it, and its journal."""
    disk, log = Disk(state), s(f"journal-{prefix}")
    env = {"LD_PRELOAD": shim("power_shim"), "POWER_STATE": state, "POWER_JOURNAL": log}
    p = run_tool("load", state, prefix, count, 6, SEED, env=env, stdin=again)
    if p.returncode != 0 or "end groups" not in p.stdout:
        raise RuntimeError(f"the recorded load failed: {p.returncode}\n{p.stderr[-2000:]}")
    return disk, journal(log), p.stdout


def points(records, r):
    """Half anywhere, half right behind a promise or a sync, where a wrong order shows."""
    marks = [i + 1 for i, x in enumerate(records) if x[0] in "ASD" or x[0] in "sd"]
    return sorted({r.randrange(1, len(records)) for _ in range(CUTS // 2)} | {r.choice(marks) for _ in range(CUTS // 2)})


def cut_here(s, disk, said, before, r, go_on):
    image = s("image")
    shutil.rmtree(image, ignore_errors=True)
    os.makedirs(image)
    how = disk.image(image, r)
    oracle = Oracle().feed(before).feed(said)
    wrong = oracle.judge(Listing(run_tool("check", image).stdout))
    if go_on and not wrong:
        more = run_tool("load", image, f"on{r.randrange(1 << 30)}", 3, 4, 1, stdin=oracle.again())
        oracle.feed(more.stdout)
        wrong = [f"loaded on: {x}" for x in oracle.judge(Listing(run_tool("check", image).stdout))]
        wrong += [f"sent again and not there: {x}" for x in oracle.tried if x not in oracle.durable][:5]
    return how, wrong


def cut(s, name, disk, records, before):
    r, said, at, n, modes, promised = rng("power " + name), [], 0, 0, {}, 0
    for i in points(records, r):
        for record_ in records[at:i]:
            disk.play(record_)
            if record_[0] == "A":
                said.append(record_[4].decode())
        at = i
        how, wrong = cut_here(s, disk, "".join(said), before, r, n % 8 == 0)
        modes[how] = modes.get(how, 0) + 1
        n += 1
        if wrong:
            t.ok(False, f"{name}: power cut at record {i} of {len(records)} ({how})", told(wrong, s, f"image: {s('image')}"))
            return
    t.ok(True, f"{name}: {n} power cuts among {len(records)} writes, syncs and promises ({', '.join(f'{v} {k}' for k, v in sorted(modes.items()))}): all that was promised is there")


def selftest(s):
    """The suite must see a store that forgets to sync: the same journal without its syncs loses promises."""
    state = s("forgetful")
    create(state)
    disk, records, out = record(s, state, "forgetful", 8)
    r = rng("forgetful")
    for x in records:
        if x[0] not in "sSdD":
            disk.play(x)
    lost = 0
    for _ in range(3):
        _, wrong = cut_here(s, disk, out, "", r, False)
        lost += bool(wrong)
    t.ok(lost > 0, "a store that did not sync would be found out (the same journal, syncs left out)")


with Scratch("power", memory=True) as s:
    selftest(s)
    state = s("state")
    create(state)
    disk, records, first = record(s, state, "fresh", 60)
    cut(s, "first load of a fresh cell", disk, records, "")
    if not t.failed:
        disk, records, second = record(s, state, "later", 60)
        cut(s, "a later load of a closed cell", disk, records, first)
sys.exit(t.done())
