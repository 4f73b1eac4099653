#!/usr/bin/env python3
"""(d) PostgreSQL killed or stopped under load, backends and the fence's holder ended, connections lost around COMMIT, two nodes on one database with slow
commits: each acknowledged message is there once, a follower never sees seq n before n-1."""
import glob, subprocess, sys, time
from crash import *
from pg_proxy import Proxy

t = Tap()
R = rng("postgresql")
PG_TEMP = os.path.join(SOURCE, "tools/pg_temp")


def pg_temp(*args):
    return subprocess.run([PG_TEMP, *args], capture_output=True, text=True, check=True, timeout=120).stdout.strip()


class Database:
    """One server for all cases; each case has its own schemas and state folder."""

    def __init__(self):
        self.url = pg_temp("start")
        self.dir = self.url.split("host=")[1].split("&")[0]
        self.n = 0

    def case(self, s, url=None):
        self.n += 1
        env = {"CRASH_PG_URL": url or self.url, "CRASH_PG_PREFIX": f"c{self.n}", "CRASH_PATIENT": "1"}
        state = s(f"state{self.n}")
        create(state, env={**env, "CRASH_PG_URL": self.url})
        return state, env

    def sql(self, text):
        return subprocess.run(["psql", self.url, "-Atqc", text], capture_output=True, text=True, timeout=60).stdout.strip()

    def data(self):
        return os.path.join(self.dir, "data")


def finish(db, s, state, env, loads, oracle, name, extra=(), follower=None):
    for load in loads:
        oracle.feed(load.wait(90))
    env = {**env, "CRASH_PG_URL": db.url}
    wrong = [f"a loader ended with {x.p.returncode}" for x in loads if x.p.returncode not in (0, -9)] + list(extra)
    wrong += oracle.judge(Listing(run_tool("check", state, env=env).stdout))
    if follower:
        time.sleep(0.2)
        wrong += follower.judge(oracle)
    left = [x for x in oracle.open if not any(x.p.returncode == -9 for x in loads)]
    wrong += [f"{x}: never taken" for x in left[:5]]
    t.ok(not wrong, f"{name}: {len(oracle.durable)} acknowledged are there once" + (", in order for a follower" if follower else ""),
         told(wrong, s, f"schemas {env['CRASH_PG_PREFIX']}_*") if wrong else "")


def server_ends(db, s, how, name, times):
    state, env = db.case(s)
    load, oracle = Load(state, "k", rounds(60), s("out"), env=env, threads=4), Oracle()
    for _ in range(times):
        time.sleep(0.15 + R.random() * 0.5)
        if load.p.poll() is not None:
            break
        how()
        pg_temp("restart", db.dir)
    finish(db, s, state, env, [load], oracle, f"{name}, {times} times under load")


def backends_end(db, s, which, name, fault=None):
    state, env = db.case(s)
    load, oracle, ended = Load(state, "b", rounds(40), s("out"), env={**env, **({"SIGILLO_FAULT": fault} if fault else {})}, threads=4), Oracle(), 0
    while load.p.poll() is None and ended < rounds(15):
        time.sleep(R.random() * 0.08)
        got = db.sql(f"SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity WHERE application_name = 'sigillo' AND {which}")
        ended += int(got or 0)
    finish(db, s, state, env, [load], oracle, f"{name}: {ended} ended", [] if ended else ["no backend was ever ended"])


def around_commit(db, s):
    own = s("proxy")
    os.makedirs(own)
    proxy = Proxy(db.dir, own, lambda: R.choice(["before", "after", None, None, None, None, 0.01, -0.01]))
    state, env = db.case(s, proxy.url)
    load = Load(state, "p", rounds(30), s("out"), env=env, threads=6)
    oracle = Oracle()
    load.wait(90)
    c = proxy.count
    extra = [] if c["before"] and c["after"] else [f"the proxy did not come to it: {c}"]
    finish(db, s, state, env, [load], oracle, f"connection lost before COMMIT ({c['before']}) or before its answer ({c['after']}) of {c['commits']}", extra)
    proxy.close()


def two_nodes(db, s, kill):
    own = s(f"proxy2{kill}")
    os.makedirs(own)
    slow = [0.03, 0.01, -0.02, None, None]
    proxy = Proxy(db.dir, own, lambda: R.choice(slow))
    state, env = db.case(s)
    follower = Follower(state, s(f"seen{kill}"), env=env)
    oracle = Oracle()
    loads = [Load(state, "one", rounds(50), s("out1"), env={**env, "CRASH_PG_URL": proxy.url, "CRASH_NODE": "one"}, threads=4)]
    fault = {"SIGILLO_FAULT": "store:cell.commit:0:delay-7,store:cell.done:0:delay-5"}
    n = 0
    while True:
        loads.append(Load(state, f"two{n}", rounds(50), s(f"out2{n}"), env={**env, **fault, "CRASH_NODE": "two"}, threads=4))
        n += 1
        if not kill or n > rounds(2):
            break
        time.sleep(0.3 + R.random() * 0.4)
        loads[-1].kill()
    for load in loads:
        load.wait(90)
    name = f"two nodes with slow commits, one of them killed {n - 1} times" if kill else "two nodes with slow commits"
    finish(db, s, state, env, loads, oracle, name, [] if proxy.count["slow"] else ["no commit was slow"], follower)
    proxy.close()


db = Database()
try:
    with Scratch("pg") as s:
        server_ends(db, s, lambda: pg_temp("kill", db.dir), "server killed with -9", rounds(3))
        stop = [*as_postgres(), next(p for p in sorted(glob.glob("/usr/lib/postgresql/*/bin/pg_ctl"), reverse=True)), "-D", db.data(), "-m", "immediate", "stop"]
        server_ends(db, s, lambda: subprocess.run(stop, stdout=subprocess.DEVNULL, cwd="/"), "server stopped at once", rounds(2))
        backends_end(db, s, "true", "any backends ended")
        backends_end(db, s, "state = 'idle in transaction'", "the holder of the fence ended", "store:cell.commit:0:delay-12")
        around_commit(db, s)
        two_nodes(db, s, False)
        two_nodes(db, s, True)
finally:
    subprocess.run([PG_TEMP, "stop", db.url], capture_output=True)
sys.exit(t.done())
