#!/usr/bin/env python3
"""(c) every write, fsync, open, map, resize, rename, read and allocation of the store failing in turn: nothing acknowledged is lost, and what is said is true."""
import collections, concurrent.futures, subprocess, sys
from crash import *

t = Tap()
EVERY = ROUNDS >= 20  # n = 1, 2, 3 ... until a run passes without a hit
FIRST = 12  # always tried one by one: opening, the first group

# kind, errno, mode, what the cell may say afterwards, cases of the short run
TABLE = [
    ("write", "EIO", "once", {"readonly"}, 30),
    ("write", "ENOSPC", "once", {"ok", "down", "readonly"}, 30),
    ("write", "ENOSPC", "on", {"ok", "down", "readonly"}, 30),
    ("write", "ENOSPC", "short", {"ok", "down", "readonly"}, 30),
    ("fsync", "EIO", "once", {"readonly"}, 24),
    ("fsync", "EIO", "on", {"readonly"}, 12),
    ("fsync", "ENOSPC", "once", {"ok", "down", "readonly"}, 16),
    ("open", "EIO", "once", {"ok", "down", "readonly"}, 30),
    ("open", "EMFILE", "once", {"ok", "down", "readonly"}, 30),
    ("open", "ENOSPC", "on", {"ok", "down", "readonly"}, 16),
    ("mmap", "ENOMEM", "once", {"ok", "down", "readonly"}, 16),
    ("mmap", "ENOMEM", "on", {"ok", "down", "readonly"}, 12),
    ("trunc", "EIO", "once", {"ok", "down", "readonly"}, 12),
    ("trunc", "ENOSPC", "once", {"ok", "down", "readonly"}, 12),
    ("name", "EIO", "once", {"ok", "down", "readonly"}, 12),
    ("read", "EIO", "once", {"ok", "down", "readonly"}, 26),
    ("malloc", "ENOMEM", "once", {"ok", "down"}, 80),
    ("malloc", "ENOMEM", "on", {"ok", "down"}, 24),
]


class Case:
    def __init__(self, s, template, before, name, fault, killed=False):
        """killed: the process does not close its store at the end but dies, so that what it left in the log is what a restart finds."""
        self.at, self.fault, self.before, self.env = s(name), fault, before, {"CRASH_END": "kill"} if killed else {}
        self.state, self.log = os.path.join(self.at, "state"), os.path.join(self.at, "log")
        shutil.rmtree(self.at, ignore_errors=True)
        shutil.copytree(template, self.state)

    def load(self):
        env = {"LD_PRELOAD": shim("fault_shim"), "CRASH_STATE": self.state, "CRASH_FAULT": self.fault, "CRASH_FAULT_LOG": self.log, **self.env}
        return run_tool("load", self.state, "f", 4, 3, 5, env=env, timeout=60)

    def logged(self, word):
        """The number behind a word of the log, or None."""
        try:
            with open(self.log) as f:
                return next((int(x.split()[2]) for x in f if x.startswith(word)), None)
        except OSError:
            return None

    def run(self):
        """(hit, wrong, how it ended)"""
        try:
            p = self.load()
        except subprocess.TimeoutExpired:
            return True, ["it hangs"], "hang"
        phase = self.logged("hit")
        oracle = Oracle().feed(self.before).feed(p.stdout)
        wrong, how = self.ending(p, phase is not None)
        wrong += oracle.judge(Listing(run_tool("check", self.state).stdout))
        if phase is not None and not wrong:
            wrong = self.goes_on(oracle)
        return phase is not None, wrong, "late" if phase == 2 and how != "crash" else how

    def ending(self, p, hit):
        last = p.stdout.rstrip().rsplit("\n", 1)[-1].split(" ")
        if p.returncode in (0, -9 if self.env else 0):
            return ([] if last[0] == "end" else ["it ended without its last line"]), last[-1]
        if p.returncode == 1 and hit and "store_tool: " in p.stderr:
            return [], "not opened"
        if p.returncode == -6 and hit and self.fault.startswith("malloc"):
            return [], "abort"
        return [f"ended with {p.returncode}\n{p.stderr[-1500:]}"], "crash"

    def goes_on(self, oracle):
        """verify has run and cleared the mark: it takes mail again, and what was refused or unknown comes in by the sender's next try."""
        p = run_tool("load", self.state, "g", 2, 3, 6, stdin=oracle.again())
        oracle.feed(p.stdout)
        wrong = [f"afterwards: {x}" for x in oracle.judge(Listing(run_tool("check", self.state).stdout))]
        return wrong + [f"sent again and not there: {x}" for x in oracle.tried if x not in oracle.durable][:5]


def numbers(case, most, r):
    """Which n: all of the first, then a sample among as many calls as a run makes that nothing disturbs. EVERY: one by one."""
    case.load()
    calls = case.logged("calls") or 0
    if EVERY or calls <= most:
        return range(1, calls + 40)  # the threads do not take the same way each time
    return [*range(1, FIRST + 1), *sorted(r.sample(range(FIRST + 1, calls + 1), min(most, calls) - FIRST))]


def try_all(s, template, before, row):
    kind, errno, mode, states, most = row
    ends, n_hit = collections.Counter(), 0
    todo = numbers(Case(s, template, before, kind, f"{kind}:999999999:EIO:once"), rounds(most), rng(f"faults {row[:3]}"))

    def one(n):
        return n, *Case(s, template, before, f"{kind}-{n}", f"{kind}:{n}:{errno}:{mode}", n % 2 == 0).run()

    with concurrent.futures.ThreadPoolExecutor(2) as pool:
        for n, hit, wrong, how in pool.map(one, todo):
            n_hit += hit
            ends[how] += hit
            if hit and not wrong and how in ("ok", "down", "readonly") and how not in states:
                wrong = [f"the cell says {how}, not {' or '.join(sorted(states))}"]
            if wrong:
                pool.shutdown(cancel_futures=True)
                return t.ok(False, f"{kind} {n} fails with {errno}, {mode}", told(wrong, s, f"CRASH_FAULT={kind}:{n}:{errno}:{mode}  state: {s(f'{kind}-{n}')}"))
            shutil.rmtree(s(f"{kind}-{n}"), ignore_errors=True)
    return t.ok(n_hit > 0, f"{kind} fails with {errno}, {mode}: {n_hit} cases up to the {todo[-1]}th call ({', '.join(f'{v} {k}' for k, v in ends.most_common() if v)})")


with Scratch("faults", memory=True) as s:
    template = s("template")
    create(template)
    before = run_tool("load", template, "t", 5, 3, 4, check=True).stdout
    only = sys.argv[1:]
    for row in TABLE:
        if not only or row[0] in only:
            try_all(s, template, before, row)
sys.exit(t.done())
