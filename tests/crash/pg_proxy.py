"""A proxy between a store and PostgreSQL that does to COMMIT what networks do: loses the connection before it, or after it and before the answer, or is slow."""
import os, socket, struct, threading, time


class Proxy:
    """plan() -> None | "before" | "after" | seconds to wait before COMMIT | -seconds to wait before its answer. Only COMMITs of writing transactions are asked for."""

    def __init__(self, server_dir, own_dir, plan):
        self.server = os.path.join(server_dir, ".s.PGSQL.5432")
        self.plan, self.count = plan, {"before": 0, "after": 0, "slow": 0, "commits": 0}
        self.listener = socket.socket(socket.AF_UNIX)
        self.listener.bind(os.path.join(own_dir, ".s.PGSQL.5432"))
        self.listener.listen(64)
        self.url = f"postgresql:///postgres?host={own_dir}&user=sigillo"
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self):
        while True:
            try:
                client, _ = self.listener.accept()
            except OSError:
                return
            threading.Thread(target=Pair, args=(self, client), daemon=True).start()

    def close(self):
        self.listener.close()


class Pair:
    def __init__(self, proxy, client):
        self.proxy, self.client, self.server = proxy, client, socket.socket(socket.AF_UNIX)
        self.hold_answers, self.names, self.writing, self.cut = 0.0, {}, False, False
        try:
            self.server.connect(proxy.server)
        except OSError:
            client.close()
            return
        threading.Thread(target=self._back, daemon=True).start()
        try:
            self._forth()
        except OSError:
            pass
        self._end()

    def _end(self):
        for s in (self.client, self.server):
            try:
                s.shutdown(socket.SHUT_RDWR)
            except OSError:
                pass

    def _back(self):
        """Answers. After "after" they are read and thrown away, so that the server has certainly done its work."""
        try:
            while data := self.server.recv(65536):
                if self.hold_answers:
                    time.sleep(self.hold_answers)
                    self.hold_answers = 0.0
                if not self.cut:
                    self.client.sendall(data)
        except OSError:
            pass
        self._end()

    def _forth(self):
        kept, started = b"", False
        while data := self.client.recv(65536):
            kept += data
            out = b""
            while True:
                n = self._whole(kept, started)
                if not n:
                    break
                message, kept = kept[:n], kept[n:]
                if not started:
                    code = struct.unpack("!I", message[4:8])[0]
                    started = code not in (80877103, 80877104)  # SSLRequest, GSSENCRequest are answered first
                elif self._is_commit(message):
                    what = self._act(out)
                    if what == "before":
                        return
                    out = b""
                    if what == "after":
                        self.cut = True
                        self.server.sendall(message + kept)
                        self.client.shutdown(socket.SHUT_RDWR)
                        time.sleep(0.2)
                        return
                out += message
            self.server.sendall(out)

    @staticmethod
    def _whole(data, started):
        at = 1 if started else 0
        if len(data) < at + 4:
            return 0
        n = at + struct.unpack("!I", data[at:at + 4])[0]
        return n if len(data) >= n else 0

    def _is_commit(self, m):
        """Prepared once (Parse), then bound by name; a writing transaction lifts its statement_timeout right before."""
        if m[:1] == b"P":
            name, text = m[5:].split(b"\0")[:2]
            self.names[name] = text
        if m[:1] != b"B":
            return False
        text = self.names.get(m[5:].split(b"\0")[1], b"")
        if text.startswith(b"SET LOCAL statement_timeout"):
            self.writing = True
        elif text == b"COMMIT" and self.writing:
            self.writing = False
            return True
        return False

    def _act(self, sent_before):
        what = self.proxy.plan()
        self.proxy.count["commits"] += 1
        if what == "before":
            self.proxy.count["before"] += 1
            return what
        self.server.sendall(sent_before)
        if what == "after":
            self.proxy.count["after"] += 1
        elif what:
            self.proxy.count["slow"] += 1
            if what > 0:
                time.sleep(what)
            else:
                self.hold_answers = -what
        return what
