"""Postfix and Dovecot beside us, when SIGILLO_PEERS names a folder with peers-up.sh, peers-down.sh, lib.sh and build.sh; else they are left out."""
import glob, os, shutil, subprocess, tempfile, time
from figures import PEERS, cpu, say

QUEUES = ("maildrop", "incoming", "active", "deferred")


def missing():
    """Why there are no peers; empty: there are."""
    if not PEERS:
        return "SIGILLO_PEERS is not set"
    return next((f"{p} is not installed" for p in ("postfix", "dovecot") if not shutil.which(p, path=os.environ["PATH"] + ":/usr/sbin")), "") or (
        "" if os.geteuid() == 0 else "the peers need root")


class Peers:
    """with Peers() as p: p.port, p.rcpt, p.cpu(), p.left(), p.kept()"""

    port, rcpt, users = 3525, "u%d@bench.test", 20

    def __init__(self, more=()):
        self.more = more  # beside Dovecot and Postfix; with rspamd, the port after `port` filters

    def __enter__(self):
        self.state = tempfile.mkdtemp(prefix="sigillo-bench-peers-")
        os.chmod(self.state, 0o755)
        self.env = {**os.environ, "BENCH_STATE": self.state + "/s", "BENCH_BIN": self.state + "/bin", "SMTP_PORT": str(self.port), "SMTP_RSPAMD_PORT": str(self.port + 1), "SMTP_SPAMD_PORT": str(self.port + 2),
                    "IMAP_PORT": str(self.port + 3), "BENCH_USERS": str(self.users), "CG_ROOT": "/nonexistent"}
        try:
            self.tool("build.sh")
            self.up("dovecot")
            for peer in self.more:
                self.up(peer)
            self.up("postfix")
        except BaseException:
            self.__exit__()
            raise
        self.pids = [int(open(f).read()) for f in glob.glob(self.state + "/s/pids/*")]
        return self

    def __exit__(self, *_):
        subprocess.run([os.path.join(PEERS, "peers-down.sh")], env={**self.env, "PEERS": " ".join(("postfix", "dovecot", *self.more)), "WIPE": "1"}, capture_output=True)
        shutil.rmtree(self.state, ignore_errors=True)

    def up(self, peer):
        try:
            self.tool("peers-up.sh", PEERS=peer)
        except RuntimeError:
            if peer != "dovecot" or not self.late():
                raise

    def late(self):
        """On a busy machine Dovecot writes its pid after peers-up.sh has looked for it."""
        pid, end = self.state + "/s/dovecot/run/master.pid", time.monotonic() + 5
        while time.monotonic() < end:
            if os.path.exists(pid) and open(pid).read().strip():
                shutil.copy(pid, self.state + "/s/pids/dovecot")
                time.sleep(1)
                return True
            time.sleep(0.05)
        return False

    def tool(self, name, **env):
        p = subprocess.run([os.path.join(PEERS, name)], env={**self.env, **env}, capture_output=True, text=True, timeout=300)
        if p.returncode != 0:
            raise RuntimeError(f"{name}: exit {p.returncode}\n{p.stdout}{p.stderr}")

    def cpu(self):
        return cpu(self.pids)

    def left(self):
        """Files in Postfix's queues."""
        return sum(len(files) for q in QUEUES for _, _, files in os.walk(f"{self.state}/s/postfix/spool/{q}"))

    def kept(self):
        return sum(len(os.listdir(d)) for d in glob.glob(self.state + "/s/mail/*/Maildir/new"))

    def drain(self):
        end = time.monotonic() + 120
        while self.left() and time.monotonic() < end:
            time.sleep(0.02)
        if self.left():
            say("the peers' queue did not empty in two minutes")
