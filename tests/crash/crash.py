"""What the programs of the crash suite share: rounds and seed, the store's tool, the sender's list and the judgement (README.md: the oracle)."""
import collections, os, pwd, random, re, shutil, subprocess, sys, tempfile, time

SOURCE = os.environ.get("SIGILLO_SOURCE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
BUILD = os.environ.get("SIGILLO_BUILD") or os.path.join(SOURCE, "build")
sys.path.insert(0, os.path.join(SOURCE, "tests/e2e"))
from sigillo import Tap  # noqa: E402

BINARY = os.path.join(BUILD, "sigillo")
TOOL = os.path.join(BUILD, "tests/store_tool")
ROUNDS = float(os.environ.get("CRASH_ROUNDS", "1"))
SEED = int(os.environ.get("CRASH_SEED", "1"))
INBOX, HELD, ARCHIVE, FLAGGED = 1, 2, 7, 4


def rounds(n):
    """n of the short run, widened by CRASH_ROUNDS."""
    return max(1, int(n * ROUNDS))


def shim(name):
    return os.path.join(BUILD, "tests", name + ".so")


def rng(name):
    return random.Random(f"{SEED} {name}")


def fault_points(*folders):
    """The named points of the source, in the order they stand there."""
    found = {}
    for folder in folders:
        for name in sorted(os.listdir(os.path.join(SOURCE, folder))):
            if name.endswith(".c") and not name.endswith("_test.c"):
                with open(os.path.join(SOURCE, folder, name)) as f:
                    for point in re.findall(r'fault_point\(\s*"([a-z._]+)"', f.read()):
                        found[point] = True
    return list(found)


class Scratch:
    """with Scratch("name") as dir: removed at the end unless keep() was called."""

    def __init__(self, name, memory=False):
        at = "/dev/shm" if memory and os.path.isdir("/dev/shm") and os.access("/dev/shm", os.W_OK) else None
        self.path = tempfile.mkdtemp(prefix=f"sigillo-crash-{name}-", dir=at)
        os.chmod(self.path, 0o755)
        self.kept = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if not self.kept:
            shutil.rmtree(self.path, ignore_errors=True)

    def __call__(self, *names):
        return os.path.join(self.path, *names)

    def keep(self):
        self.kept = True
        return self.path


def run_tool(*args, env=None, stdin="", timeout=120, check=False):
    p = subprocess.run([TOOL, *map(str, args)], input=stdin, capture_output=True, text=True, timeout=timeout, env={**os.environ, **(env or {})}, errors="replace")
    if args[0] != "load" and (p.returncode < 0 or "Sanitizer" in p.stderr):  # nothing that is read may end it
        raise RuntimeError(f"store_tool {' '.join(map(str, args))}: ended with {p.returncode}\n{p.stderr[-4000:]}")
    if check and p.returncode != 0:
        raise RuntimeError(f"store_tool {' '.join(map(str, args))}: exit {p.returncode}\n{p.stdout[-2000:]}{p.stderr[-4000:]}")
    return p


def create(state, env=None):
    os.makedirs(state, exist_ok=True)
    run_tool("create", state, env=env, check=True)


class Listing:
    """What `store_tool list|check` printed."""

    def __init__(self, text):
        self.box, self.msg, self.stub, self.bad, self.damage, self.notes = {}, collections.defaultdict(list), collections.Counter(), [], [], []
        self.complete = False
        for line in text.splitlines():
            w = line.split(" ")
            if w[0] == "box":
                self.box[w[1], int(w[2])] = tuple(map(int, w[3:6]))  # uidvalidity, uidnext, modseq
            elif w[0] == "msg":
                self.msg[w[4]].append((w[1], int(w[2]), int(w[3]), int(w[5])))  # account, role, uid, flags
            elif w[0] == "stub":
                self.stub[w[4]] += 1
            elif w[0] == "bad":
                self.bad.append(line)
            elif w[0] == "damage":
                self.damage.append(line)
            elif w[0] == "note":
                self.notes.append(line)
            elif w[0] == "listed":
                self.complete = True


class Load:
    """A loader in its own process; its lines go through a file, so that none is lost with it."""

    def __init__(self, state, prefix, count, out, again="", env=None, threads=6, seed=1):
        self.out = out
        self.f = open(out, "wb")
        self.p = subprocess.Popen([TOOL, "load", state, prefix, str(count), str(threads), str(seed)], stdin=subprocess.PIPE, stdout=self.f,
                                  stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        self.p.stdin.write(again.encode())
        self.p.stdin.close()

    def wait(self, seconds=60):
        try:
            self.p.wait(seconds)
        except subprocess.TimeoutExpired:
            self.kill()
        self.f.close()
        with open(self.out) as f:
            return f.read()

    def kill(self):
        self.p.kill()
        self.p.wait()


class Follower:
    """Reads /changes over and over while others write. Sees each acknowledged message once, and never a smaller seq after a larger one."""

    def __init__(self, state, out, env=None):
        self.out = out
        self.f = open(out, "wb")
        self.p = subprocess.Popen([TOOL, "follow", state], stdin=subprocess.PIPE, stdout=self.f, stderr=subprocess.DEVNULL, env={**os.environ, **(env or {})})
        end = time.monotonic() + 30
        while os.path.getsize(out) == 0 and time.monotonic() < end:
            time.sleep(0.01)

    def judge(self, oracle):
        self.p.communicate(timeout=60)
        self.f.close()
        wrong, seen, last = [], set(), {}
        with open(self.out) as f:
            lines = f.read().splitlines()
        for line in lines:
            w = line.split(" ")
            if w[0] == "bad":
                wrong.append(line)
            if w[0] != "seen":
                continue
            account, token, seq, was = w[1], w[2], int(w[3]), int(w[4])
            if token in seen:
                wrong.append(f"follower: {token} was created twice")
            if seq <= was or was < last.get(account, (0, 0))[1]:
                wrong.append(f"follower: {token} with seq {seq} after state {was}, {last.get(account)}")
            seen.add(token)
            last[account] = (seq, was)
        hidden = [x for x in oracle.durable if x not in seen and x not in oracle.maybe["gone"]]
        return wrong + [f"follower: {x} was acknowledged and never seen" for x in hidden]


class Oracle:
    """The sender's list: what was tried, what was promised. judge() holds a listing against it."""

    def __init__(self):
        self.tried, self.open = {}, {}  # token -> None; tried without a final answer
        self.durable, self.refused = {}, set()
        self.done = {"gone": set(), "flagged": set(), "moved": {}}
        self.maybe = {"gone": set(), "flagged": set(), "moved": set()}
        self.unknown = 0
        self.boxes, self.uids = {}, {}

    def feed(self, text):
        for line in text.split("\n")[:-1]:  # what stands behind the last line end was cut by the kill
            w = line.split(" ")
            if w[0] == "try":
                self.tried[w[1]] = self.open[w[1]] = None
                self.refused.discard(w[1])
            elif w[0] == "durable":
                self.durable.setdefault(w[1], (w[2], int(w[3])))
                self.open.pop(w[1], None)
            elif w[0].startswith("try-"):
                self.maybe[w[0][4:]].add(w[1])
            elif w[0] == "moved":
                self.done["moved"][w[1]] = int(w[3])
            elif w[0] in ("gone", "flagged"):
                self.done[w[0]].add(w[1])
            elif w[0] == "refused" and w[2] == "durable":
                if w[1] not in self.durable:
                    self.refused.add(w[1])
                self.open.pop(w[1], None)
            elif w[0] == "refused":
                self.maybe[w[2]].discard(w[1])
            elif w[0] == "unknown":
                self.unknown += 1
        return self

    def again(self):
        """What a sender tries again: everything without a final answer, and what was refused."""
        return "".join(t + "\n" for t in [*self.open, *sorted(self.refused)])

    def judge(self, l, sound=True):
        wrong = list(l.bad)
        if not l.complete:
            wrong.append("the listing ended early")
        if sound:
            wrong += l.damage
        wrong += self._uids(l)
        for token in self.tried:
            wrong += self._one(token, l)
        wrong += [f"{t}: was never sent" for t in l.msg if t not in self.tried]
        return wrong

    def _one(self, token, l):
        at = l.msg.get(token, [])
        want = 0 if token in self.done["gone"] else 1 if token in self.durable else 0
        loose = token in self.maybe["gone"] or token not in self.durable
        if len(at) > 1:
            return [f"{token}: there {len(at)} times: {at}"]
        if token in self.refused and at:
            return [f"{token}: was refused as not kept, and is there: {at}"]
        if not loose and len(at) != want or token in self.done["gone"] and at:
            return [f"{token}: was {'removed' if want == 0 else 'acknowledged'}, and is {'still' if at else 'not'} there {at}"]
        if not at:
            return []
        account, role, uid, flags = at[0]
        if (role == HELD) != (l.stub[token] == 1) or l.stub[token] > 1:
            return [f"{token}: in mailbox {role} with {l.stub[token]} stubs"]
        promised = self.durable.get(token)
        moved = token in self.maybe["moved"]
        if promised and promised[1] and not moved and (account, role, uid) != (promised[0], INBOX, promised[1]):
            return [f"{token}: promised as UID {promised[1]} of {promised[0]}, stands as {at[0]}"]
        if token in self.done["moved"] and (role, uid) != (ARCHIVE, self.done["moved"][token]):
            return [f"{token}: promised as UID {self.done['moved'][token]} of the archive, stands as {at[0]}"]
        if token in self.done["flagged"] and not moved and not flags & FLAGGED:
            return [f"{token}: its flag is lost"]
        return []

    def _uids(self, l):
        wrong = []
        for key, (validity, uidnext, modseq) in l.box.items():
            old = self.boxes.get(key)
            if old and validity != old[0]:
                wrong.append(f"mailbox {key}: UIDVALIDITY {old[0]} became {validity}")
            if old and (uidnext < old[1] or modseq < old[2]):
                wrong.append(f"mailbox {key}: UIDNEXT or HIGHESTMODSEQ went back: {old[1:]} to {(uidnext, modseq)}")
            self.boxes[key] = (validity, uidnext, modseq)
        for token, places in l.msg.items():
            for account, role, uid, _ in places:
                if uid:
                    if uid >= l.box[account, role][1]:
                        wrong.append(f"{token}: UID {uid} is not below UIDNEXT {l.box[account, role][1]}")
                    if self.uids.setdefault((account, role, uid), token) != token:
                        wrong.append(f"UID {uid} of {account} {role} was {self.uids[account, role, uid]}, now {token}")
        for token, (account, uid) in self.durable.items():
            if uid and self.uids.setdefault((account, INBOX, uid), token) != token:
                wrong.append(f"UID {uid} of {account} was given to {token} and to {self.uids[account, INBOX, uid]}")
            if uid and (account, INBOX) in l.box and uid >= l.box[account, INBOX][1]:
                wrong.append(f"{token}: promised UID {uid} is not below UIDNEXT {l.box[account, INBOX][1]}")
        return wrong


def told(wrong, scratch=None, extra=""):
    """Detail lines of a failure: what is wrong, where the state lies, how to see it again."""
    kept = f"\nkept: {scratch.keep()}" if scratch else ""
    return "\n".join(wrong[:20]) + (f"\n... {len(wrong)} in all" if len(wrong) > 20 else "") + f"\nseed {SEED}, rounds {ROUNDS}{kept}" + (f"\n{extra}" if extra else "")


def as_postgres():
    return ["runuser", "-u", "postgres", "--"] if os.getuid() == 0 else []


__all__ = [n for n in dir() if not n.startswith("_")]
