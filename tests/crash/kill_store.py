#!/usr/bin/env python3
"""(a) at store level: kill -9 at random moments and at every named point around write, fdatasync and commit; reopened, judged, loaded on."""
import sys, time
from crash import *

t = Tap()
R = rng("kill_store")


def judged(oracle, state, extra=None):
    listing = Listing(run_tool("check", state).stdout)
    return oracle.judge(listing) + (extra or [])


def at_random():
    with Scratch("kill") as s:
        state, oracle, kills = s("state"), Oracle(), 0
        create(state)
        follower = Follower(state, s("seen"))
        for i in range(rounds(14)):
            load = Load(state, f"r{i}", 100000, s("out"), oracle.again())
            time.sleep(0.03 + R.random() ** 2 * 0.6)
            load.kill()
            kills += 1
            oracle.feed(load.wait())
            wrong = judged(oracle, state)
            if wrong:
                break
        time.sleep(0.3)
        wrong += follower.judge(oracle)
        t.ok(not wrong, f"killed {kills} times at random, {len(oracle.durable)} acknowledged: each is there once, UIDs hold, verify is sound, a follower saw them in order",
             told(wrong, s) if wrong else "")


def at_points():
    """Every point, at an early, a middle and a later pass."""
    points = [p for p in fault_points("src/store") if not p.startswith("spool.")]
    with Scratch("points") as s:
        state, oracle = s("state"), Oracle()
        create(state)
        for point in points:
            wrong, hit = [], 0
            for n in sorted({1, 2 + R.randrange(4), 6 + R.randrange(rounds(12))}):
                load = Load(state, f"{point}-{n}", 40, s("out"), oracle.again(), {"SIGILLO_FAULT": f"store:{point}:{n}:kill"})
                text = load.wait()
                hit += load.p.returncode == -9
                oracle.feed(text)
                wrong += judged(oracle, state)
                if wrong:
                    break
            if not hit and not wrong:
                t.skip(f"kill at {point}", "not passed by the store alone")
            else:
                t.ok(not wrong, f"kill at {point}, {hit} times", told(wrong, s, f"SIGILLO_FAULT=store:{point}:{n}:kill") if wrong else "")
        load = Load(state, "last", 20, s("out"), oracle.again())
        oracle.feed(load.wait())
        wrong = judged(oracle, state)
        left = [x for x in oracle.tried if x not in oracle.durable]
        t.ok(not wrong and not left, f"what had no answer was sent again and is there once ({len(oracle.tried)} messages)", told(wrong + left[:5], s) if wrong or left else "")


def listed():
    with open(os.path.join(SOURCE, "docs/crash.md")) as f:
        text = f.read()
    folders = [f"src/{n}" for n in sorted(os.listdir(os.path.join(SOURCE, "src"))) if n != "core" and os.path.isdir(os.path.join(SOURCE, "src", n))]
    missing = [p for p in fault_points(*folders) if f"`{p}`" not in text]
    t.is_(missing, [], "docs/crash.md lists every named point")


listed()
at_random()
at_points()
sys.exit(t.done())
