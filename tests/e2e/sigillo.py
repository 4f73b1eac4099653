"""A server of our own for a test: state in a temporary folder, free loopback ports, ended by its starter. Also a small JMAP and TAP client."""
import base64, json, os, pwd, random, shutil, signal, smtplib, socket, subprocess, tempfile, time, urllib.error, urllib.request

BUILD = os.environ.get("SIGILLO_BUILD") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../../build"))
BINARY = os.path.join(BUILD, "sigillo")
SOURCE = os.environ.get("SIGILLO_SOURCE") or os.path.abspath(os.path.join(os.path.dirname(__file__), "../.."))
PASSWORD = "correct horse battery"


PORTS = range(12000, 32000)  # below those that the kernel gives to clients: a server that starts again finds its port free


def free_port():
    while True:
        port = random.SystemRandom().choice(PORTS)
        with socket.socket() as s:
            try:
                s.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


class Server:
    """with Server() as s: ...   s.smtp_port, s.http_port, s.state; user info@azienda.example."""

    def __init__(self, domain="azienda.example", user="info", init=True, sets=(), env=None, wrap=()):
        self.root = tempfile.mkdtemp(prefix="sigillo-test-")
        os.chmod(self.root, 0o755)  # the system user sigillo must reach the state below
        self.state = os.path.join(self.root, "state")
        self.domain, self.user = domain, f"{user}@{domain}"
        self.sets, self.env, self.wrap = list(sets), dict(env or {}), list(wrap)
        self.process = None
        self.smtp_port, self.http_port = free_port(), free_port()
        if init:
            self.init()

    def cli(self, *args, stdin=None, check=True):
        p = subprocess.run([BINARY, *args], input=stdin, capture_output=True, text=True, timeout=300)
        if check and p.returncode != 0:
            raise RuntimeError(f"sigillo {' '.join(args)}: exit {p.returncode}\n{p.stdout}{p.stderr}")
        return p

    def verb(self, *args, **kw):
        """A verb with the settings that the server has."""
        return self.cli(*args, *[w for x in self.sets for w in ("--set", x)], **kw)

    def init(self):
        self.verb("init", "--state", self.state, "--firm", "Azienda", "--domain", self.domain, "--user", self.user, "--name", "Giulia Ferri",
                 "--password-stdin", stdin=PASSWORD)

    def start(self, wait=120):
        self.log_path = os.path.join(self.root, f"log-{time.monotonic_ns()}")
        self.log = open(self.log_path, "wb")
        args = [*self.wrap, BINARY, "serve", "--state", self.state, "--set", f"smtp.listen=127.0.0.1:{self.smtp_port}", "--set",
                f"http.listen=127.0.0.1:{self.http_port}"]
        for s in self.sets:
            args += ["--set", s]
        if not any(s.startswith(("dns.test_zone=", "dns.servers=")) for s in self.sets):
            zone = os.path.join(self.root, "zone")  # empty: no test asks the world's name servers
            open(zone, "a").close()
            args += ["--set", f"dns.test_zone={zone}"]
        self.process = subprocess.Popen(args, stderr=self.log, stdout=self.log, env={**os.environ, **self.env}, start_new_session=True)
        end = time.monotonic() + wait
        while time.monotonic() < end:
            if "\nready\n" in "\n" + self.logged():
                return self
            if self.process.poll() is not None:
                break
            time.sleep(0.02)
        raise RuntimeError(f"the server did not say ready (exit {self.process.poll()}):\n{self.logged()[-4000:]}")

    def logged(self):
        with open(self.log_path, "rb") as f:
            return f.read().decode("utf-8", "replace")

    def stop(self, sig=signal.SIGTERM, wait=60):
        if self.process and self.process.poll() is None:
            self.process.send_signal(sig)
            try:
                self.process.wait(wait)
            except subprocess.TimeoutExpired:
                os.killpg(self.process.pid, signal.SIGKILL)
                self.process.wait()
        code, self.process = (self.process.returncode if self.process else None), None
        return code

    def roles(self):
        """{role: [pid]} of the running server."""
        out = {}
        for pid in filter(str.isdigit, os.listdir("/proc")):
            try:
                with open(f"/proc/{pid}/stat") as f:
                    ppid = int(f.read().rsplit(")", 1)[1].split()[1])
                with open(f"/proc/{pid}/cmdline", "rb") as f:
                    words = f.read().split(b"\0")
            except OSError:
                continue
            if ppid == self.process.pid and b"--role" in words:
                out.setdefault(words[words.index(b"--role") + 1].decode(), []).append(int(pid))
        return out

    def __enter__(self):
        try:
            return self.start()
        except BaseException:
            self.__exit__()
            raise

    def __exit__(self, *_):
        self.stop()
        shutil.rmtree(self.root, ignore_errors=True)

    # -- SMTP and JMAP --
    def smtp(self, timeout=180):
        return smtplib.SMTP("127.0.0.1", self.smtp_port, local_hostname="client.example", timeout=timeout)

    def send(self, data, sender="anna@rossimarmi.example", to=None):
        """(code, text) of the final reply."""
        with self.smtp() as c:
            c.ehlo()
            code, text = c.mail(sender)
            if code == 250:
                code, text = c.rcpt(to or self.user)
            if code == 250:
                code, text = c.data(data)
            return code, text.decode("utf-8", "replace")

    def request(self, method, path, body=None, headers=None, auth=True):
        h = dict(headers or {})
        if auth:
            h["Authorization"] = "Basic " + base64.b64encode(f"{self.user}:{PASSWORD}".encode()).decode()
        data = json.dumps(body).encode() if body is not None and not isinstance(body, bytes) else body
        if data is not None:
            h.setdefault("Content-Type", "application/json")
        r = urllib.request.Request(f"http://127.0.0.1:{self.http_port}{path}", data=data, headers=h, method=method)
        try:
            with urllib.request.urlopen(r, timeout=120) as a:
                return a.status, dict(a.headers), a.read()
        except urllib.error.HTTPError as e:
            return e.code, dict(e.headers), e.read()

    def jmap(self, *calls, using=("urn:ietf:params:jmap:core", "urn:ietf:params:jmap:mail", "urn:sigillo:guard")):
        """Each call is (name, args); accountId is filled in. Returns the list of (name, args)."""
        if not hasattr(self, "account"):
            status, _, body = self.request("GET", "/jmap/session")
            if status != 200:
                raise RuntimeError(f"session: {status} {body[:300]}")
            self.account = next(iter(json.loads(body)["accounts"]))
        calls = [[n, {"accountId": self.account, **a}, f"c{i}"] for i, (n, a) in enumerate(calls)]
        status, _, body = self.request("POST", "/jmap/api", {"using": list(using), "methodCalls": calls})
        if status != 200:
            raise RuntimeError(f"jmap: {status} {body[:500]}")
        return [(r[0], r[1]) for r in json.loads(body)["methodResponses"]]

    def mailbox(self, role="inbox", name=None):
        boxes = self.jmap(("Mailbox/get", {"ids": None}))[0][1]["list"]
        return next(b for b in boxes if (b["role"] == role if not name else b["name"] == name))

    def emails(self, role="inbox", name=None, properties=None):
        box = self.mailbox(role, name)["id"]
        query = {"filter": {"inMailbox": box}, "sort": [{"property": "receivedAt", "isAscending": True}], "limit": 500}
        get = {"#ids": {"resultOf": "c0", "name": "Email/query", "path": "/ids"}, "fetchTextBodyValues": True}
        if properties:
            get["properties"] = properties
        return self.jmap(("Email/query", query), ("Email/get", get))[1][1]["list"]


class Tap:
    """t = Tap(); t.ok(condition, "name"); exit with t.done()."""

    def __init__(self):
        self.n = self.failed = 0

    def ok(self, good, name, detail=""):
        self.n += 1
        self.failed += not good
        print(f"{'ok' if good else 'not ok'} {self.n} - {name}", flush=True)
        if not good and detail:
            print("\n".join("# " + line for line in str(detail).splitlines()), flush=True)
        return bool(good)

    def is_(self, got, want, name):
        return self.ok(got == want, name, f"got {got!r}, want {want!r}")

    def skip(self, name, why):
        self.n += 1
        print(f"ok {self.n} - {name} # SKIP {why}", flush=True)

    def done(self):
        print(f"1..{self.n}", flush=True)
        return 1 if self.failed else 0
