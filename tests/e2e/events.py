"""A client of /events for tests, and which net process holds the other end of a connection."""
import base64, json, os, socket, time
from sigillo import PASSWORD


def nets(s):
    return {pids[0]: unit for unit, pids in s.roles().items() if unit.startswith("net")}


def served_by(s, sock):
    """The unit of net (net, net2 ...) that holds the server's end; None while it waits in the backlog."""
    mine, theirs = sock.getsockname()[1], sock.getpeername()[1]
    inode = None
    with open("/proc/net/tcp") as f:
        for line in list(f)[1:]:
            w = line.split()
            if int(w[1].split(":")[1], 16) == theirs and int(w[2].split(":")[1], 16) == mine:
                inode = w[9]
    for pid, unit in nets(s).items():
        try:
            for fd in os.listdir(f"/proc/{pid}/fd"):
                if os.readlink(f"/proc/{pid}/fd/{fd}") == f"socket:[{inode}]":
                    return unit
        except OSError:
            pass
    return None


class Events:
    def __init__(self, s, query="types=*&closeafter=no&ping=5"):
        self.sock = socket.create_connection(("127.0.0.1", s.http_port), timeout=120)
        who = base64.b64encode(f"{s.user}:{PASSWORD}".encode()).decode()
        self.sock.sendall(f"GET /events?{query} HTTP/1.1\r\nHost: 127.0.0.1:{s.http_port}\r\nAuthorization: Basic {who}\r\n\r\n".encode())
        self.buf = b""
        self.status = int(self.until(b"\r\n\r\n").split()[1])

    def until(self, mark):
        while mark not in self.buf:
            got = self.sock.recv(65536)
            if not got:
                raise EOFError
            self.buf += got
        part, self.buf = self.buf.split(mark, 1)
        return part

    def state(self, seconds):
        """The next change of states; None when the stream ended or none came in time."""
        end = time.monotonic() + seconds
        try:
            while time.monotonic() < end:  # pings come meanwhile
                self.sock.settimeout(max(0.01, end - time.monotonic()))
                lines = dict(line.split(": ", 1) for line in self.until(b"\n\n").decode().split("\n") if ": " in line)
                if lines.get("event") == "state":
                    return json.loads(lines["data"])
        except (TimeoutError, EOFError, ConnectionError):
            pass
        return None

    def close(self):
        self.sock.close()
