"""Runs one role alone, with the test in the place of the supervisor and of the role's peers (os/channel.h, os/msg.def)."""
import array, os, socket, struct, subprocess, time
from sigillo import BUILD

TYPES = {"START": 1, "GRANT": 2, "GO": 3, "READY": 4, "HEALTH": 5, "STOP": 6, "PEER": 7, "CONNECT": 8, "SCAN_WORKER": 20, "SCAN_KILL": 21,
         "SCAN_JOB": 22, "SCAN_FACTS": 23, "DNS_QUERY": 30, "DNS_ANSWER": 31, "KEY_TLS": 40, "KEY_SIGN": 41, "KEY_SEAL": 42, "KEY_UNSEAL": 43,
         "KEY_ERROR": 44, "WAKE": 50}
NAMES = {n: k for k, n in TYPES.items()}
EXE = {"scan": "libexec/sigillo-scan", "dns": "libexec/sigillo-dns"}

# Descriptor 3 must be free for the child's channel: whatever Python opens next goes higher.
try:
    os.fstat(3)
except OSError:
    os.dup2(os.open(os.devnull, os.O_RDONLY), 3)


def vstr(b):
    b = b.encode() if isinstance(b, str) else b
    return struct.pack(">I", len(b)) + b


class Read:
    def __init__(self, body):
        self.b, self.at = body, 0

    def num(self, code):
        (v,) = struct.unpack_from(">" + code, self.b, self.at)
        self.at += struct.calcsize(">" + code)
        return v

    def vstr(self):
        n = self.num("I")
        self.at += n
        return self.b[self.at - n:self.at]

    def done(self):
        return self.at == len(self.b)


class Channel:
    def __init__(self, sock):
        self.sock = sock
        self.last = 0

    @classmethod
    def pair(cls):
        a, b = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        return cls(a), b

    def send(self, kind, body=b"", fds=(), id=0):
        head = struct.pack(">HHQ", 1, TYPES[kind], id)
        extra = [(socket.SOL_SOCKET, socket.SCM_RIGHTS, array.array("i", fds))] if fds else []
        self.sock.sendmsg([head + body], extra)

    def recv(self, wait=10):
        """(type, id, body, fds); type None when the other end is closed."""
        self.sock.settimeout(wait)
        try:
            data, extra, _, _ = self.sock.recvmsg(128 * 1024, socket.CMSG_SPACE(16))
        except ConnectionResetError:
            data, extra = b"", []
        if not data:
            return None, 0, b"", []
        fds = array.array("i")
        for _, _, cmsg in extra:
            fds.frombytes(cmsg[:len(cmsg) - len(cmsg) % fds.itemsize])
        _, kind, id = struct.unpack(">HHQ", data[:12])
        return NAMES.get(kind, kind), id, data[12:], list(fds)

    def ask(self, kind, body=b"", fds=(), wait=10):
        self.last += 1
        self.send(kind, body, fds, self.last)
        got, id, answer, got_fds = self.recv(wait)
        if got is not None and id != self.last:
            raise RuntimeError(f"answer {id} to question {self.last}")
        return got, answer, got_fds

    def close(self):
        self.sock.close()


class Role:
    """with Role("dns", settings, peers=["net"]) as r: r.net.ask(...)"""

    def __init__(self, name, settings=None, peers=("net",), env=None):
        self.name = name
        self.control, child = Channel.pair()
        child_fd = child.fileno()

        def at_three():
            os.dup2(child_fd, 3)

        exe = os.path.join(BUILD, EXE.get(name, "sigillo"))
        self.process = subprocess.Popen([exe, "--role", name], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE, pass_fds=(3,), preexec_fn=at_three,
                                        env={**os.environ, **(env or {})})
        child.close()
        text = "".join(f"{k}={v}\n" for k, v in (settings or {}).items())
        self.control.send("START", text.encode())
        for peer in peers:
            ours, theirs = Channel.pair()
            setattr(self, peer, ours)
            self.control.send("GRANT", vstr("channel") + vstr(peer), [theirs.fileno()])
            theirs.close()
        self.control.send("GO")

    def ready(self, wait=20):
        kind, _, body, _ = self.control.recv(wait)
        return body.decode() if kind == "READY" else None

    def new_peer(self, peer):
        ours, theirs = Channel.pair()
        self.control.send("PEER", vstr(peer), [theirs.fileno()])
        theirs.close()
        setattr(self, peer, ours)

    def wait_end(self, wait=5):
        try:
            self.process.wait(wait)
        except subprocess.TimeoutExpired:
            return None
        return self.process.returncode

    def stop(self):
        self.control.send("STOP")
        return self.wait_end()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.control.close()
        if self.process.poll() is None:
            self.process.kill()
        self.stderr = self.process.stderr.read().decode("utf-8", "replace")
        self.process.stderr.close()
        self.process.wait()
