"""What the benches share: figures with their targets, the machine, CPU and memory of a tree of processes, a quiet moment to measure in."""
import os, platform, re, signal, statistics, subprocess, sys, tempfile, time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.append(os.path.join(HERE, "../tests/e2e"))  # behind this folder: both have a road.py
from sigillo import BUILD, PASSWORD, Server  # noqa: E402,F401

signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))  # so that servers are ended and folders removed
PEERS = os.environ.get("SIGILLO_PEERS")
RUNS = int(os.environ.get("BENCH_RUNS", "3"))
LOAD_MAX = float(os.environ.get("BENCH_LOAD", "0.3"))  # CPUs that others keep busy
QUIET_S, QUIET_WAIT_S = 2, int(os.environ.get("BENCH_WAIT", "60"))
TICK = os.sysconf("SC_CLK_TCK")


class Figure:
    """target: None (only shown), or a bound; at_most tells which side of it is good."""

    def __init__(self, name, value, unit, target=None, at_most=True, note=""):
        self.name, self.value, self.unit, self.target, self.at_most, self.note = name, value, unit, target, at_most, note

    @property
    def met(self):
        if self.target is None or self.value is None:
            return None
        return self.value <= self.target if self.at_most else self.value >= self.target

    def row(self):
        target = "" if self.target is None else f"{'<=' if self.at_most else '>='} {number(self.target)} {self.unit}"
        measured = "left out" if self.value is None else f"{number(self.value)} {self.unit}"
        return [self.name, target, measured, {True: "yes", False: "NO", None: ""}[self.met], self.note]


def number(v):
    return f"{v:,.0f}" if abs(v) >= 100 else f"{v:.1f}" if abs(v) >= 10 else f"{v:.2f}" if abs(v) >= 0.1 or v == 0 else f"{v:.3f}"


def table(figures):
    rows = [["figure", "target", "measured", "met", ""]] + [f.row() for f in figures]
    width = [max(len(r[i]) for r in rows) for i in range(4)]
    lines = ["| " + " | ".join(c.ljust(w) for c, w in zip(r, width)) + f" | {r[4]} |" for r in rows]
    lines.insert(1, "|" + "|".join("-" * (w + 2) for w in width) + "|---|")
    return "\n".join(lines)


def main(measure):
    """Body of a bench that is run by itself; exit 1 when a target was missed."""
    figures = measure()
    print(machine())
    print(table(figures))
    sys.exit(any(f.met is False for f in figures))


def say(text):
    print(f"bench: {text}", file=sys.stderr, flush=True)


# -- the machine --
def sync_ms(folder=None, n=200):
    """Median of an append of 4 KB and its fdatasync."""
    took = []
    with tempfile.NamedTemporaryFile(dir=folder or tempfile.gettempdir()) as f:
        for _ in range(n):
            begun = time.monotonic()
            os.write(f.fileno(), b"x" * 4096)
            os.fdatasync(f.fileno())
            took.append(time.monotonic() - begun)
    return statistics.median(took) * 1000


def machine():
    with open("/proc/cpuinfo") as f:
        m = re.search(r"model name\s*: (.*)", f.read())
    with open("/proc/meminfo") as f:
        memory = int(re.search(r"MemTotal:\s+(\d+)", f.read()).group(1)) / 1048576
    return (f"machine: {os.cpu_count()} cores, {m.group(1) if m else platform.machine()}, {memory:.0f} GB, Linux {platform.release()}; "
            f"4 KB append + fdatasync {sync_ms():.2f} ms; load now {os.getloadavg()[0]:.1f}, others busy {busy(1):.2f} CPUs; median of {RUNS} runs")


def used():
    """CPU seconds of the whole machine so far."""
    with open("/proc/stat") as f:
        v = [int(x) for x in f.readline().split()[1:9]]
    return (v[0] + v[1] + v[2] + v[5] + v[6]) / TICK


def busy(seconds):
    """CPUs in use by everybody over that time."""
    before = used()
    time.sleep(seconds)
    return (used() - before) / seconds


class Others:
    """with Others() as o: ...; o.cpus(own CPU seconds): what the rest of the machine used meanwhile."""

    def __enter__(self):
        self.cpu, self.begun = used(), time.monotonic()
        return self

    def __exit__(self, *_):
        self.cpu, self.took = used() - self.cpu, time.monotonic() - self.begun

    def cpus(self, own):
        return max(0.0, (self.cpu - own) / self.took)


def calm(runs):
    """The runs that nobody disturbed, else the one that was disturbed least. Each run has "others"."""
    return [r for r in runs if r["others"] <= LOAD_MAX] or [min(runs, key=lambda r: r["others"])]


def quiet(what):
    """Waits for a quiet machine, not for ever; returns what others use."""
    end = time.monotonic() + QUIET_WAIT_S
    while (others := busy(QUIET_S)) > LOAD_MAX and time.monotonic() < end:
        pass
    if others > LOAD_MAX + 0.3:
        say(f"{what}: others keep {others:.1f} of {os.cpu_count()} CPUs busy: the figure is worse than the program")
    return others


# -- processes --
def stat(pid):
    """(parent, CPU seconds with those of children that were waited for), or None."""
    try:
        with open(f"/proc/{pid}/stat") as f:
            words = f.read().rsplit(")", 1)[1].split()
    except OSError:
        return None
    return int(words[1]), sum(int(words[i]) for i in range(11, 15)) / TICK


def tree(roots):
    """{pid: CPU seconds} of the processes and all their descendants."""
    everybody = {int(p): s for p in os.listdir("/proc") if p.isdigit() and (s := stat(p))}
    chosen, grown = {p for p in roots if p in everybody}, True
    while grown:
        more = {p for p, (parent, _) in everybody.items() if parent in chosen and p not in chosen}
        chosen |= more
        grown = bool(more)
    return {p: everybody[p][1] for p in chosen}


def cpu(roots):
    return sum(tree(roots).values())


def cpu_by_role(s):
    """{role: CPU seconds}: a role with its workers, the ended ones too."""
    out = {role: cpu(pids) for role, pids in s.roles().items()}
    out["supervisor"] = sum(stat(s.process.pid)[1:])
    return out


def memory(pid, field):
    with open(f"/proc/{pid}/smaps_rollup") as f:
        return int(re.search(rf"^{field}:\s+(\d+)", f.read(), re.M).group(1)) * 1024


def command(name, *args, **kw):
    """Runs a bench program of the build; its line of key=value as a dict of floats."""
    p = subprocess.run([os.path.join(BUILD, "bench", name), *map(str, args)], capture_output=True, text=True, **kw)
    if p.returncode != 0:
        raise RuntimeError(f"{name} {' '.join(map(str, args))}: exit {p.returncode}\n{p.stdout}{p.stderr}")
    return {k: float(v) for k, v in re.findall(r"(\w+)=([\d.]+)", p.stdout + p.stderr)}


def median(values):
    values = [v for v in values if v is not None]
    return statistics.median(values) if values else None


def spread(values):
    values = [v for v in values if v is not None]
    return f"{number(min(values))} to {number(max(values))}" if len(values) > 1 else ""
