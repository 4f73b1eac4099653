"""A disk as a power cut leaves it. Plays the journal of power_shim.c; image() builds what may be found after a cut at this point.

The model is as hostile as POSIX allows: only what a sync that has returned covers is certain. Of the rest each 512-byte sector may be old or new,
whatever the order; a file may have grown without its bytes (zeros, or what lay on the disk before); names that were made, changed or removed without a
sync of their folder may be either way. SQLite's -shm is not there, or holds rubbish."""
import os, struct

SECTOR = 512
HEAD = struct.Struct("<BQqIH")


def journal(path):
    """[(op, inode, offset, path, data)]"""
    with open(path, "rb") as f:
        raw = f.read()
    out, at = [], 0
    while at + HEAD.size <= len(raw):
        op, inode, offset, n, path_n = HEAD.unpack_from(raw, at)
        at += HEAD.size
        out.append((chr(op), inode, offset, raw[at:at + path_n].decode(), raw[at + path_n:at + path_n + n]))
        at += path_n + n
    return out


class File:
    def __init__(self, data=b""):
        self.data = bytearray(data)  # certain
        self.pending = []  # (op, offset, data) in order


class Disk:
    def __init__(self, root):
        """The folder as it stands, all of it synced."""
        self.root, self.files, self.names, self.folders, self.pending, self.begun, self.by_inode = root, [], {}, set(), [], {}, {}
        for at, folders, names in os.walk(root):
            self.folders.update(os.path.join(at, f) for f in folders)
            for name in names:
                path = os.path.join(at, name)
                if name.endswith("-shm"):
                    continue
                with open(path, "rb") as f:
                    self.names[path] = self._file(os.stat(path).st_ino, f.read())
        self.live = dict(self.names)

    def _file(self, inode, data=b""):
        f = File(data)
        self.by_inode[inode] = f
        return f

    def play(self, record):
        op, inode, offset, path, data = record
        if op == "C":
            f = self._file(inode)
            self._name(("C", path, f))
        elif op in "RUM":
            self._name((op, path, data.decode()))
        elif op in "WT" and inode in self.by_inode:
            self.by_inode[inode].pending.append((op, offset, data))
        elif op == "s" and inode in self.by_inode:
            self.begun[offset] = len(self.by_inode[inode].pending)
        elif op == "S" and inode in self.by_inode:
            self._settle(self.by_inode[inode], offset)
        elif op == "d":
            self.begun[offset] = list(self.pending)
        elif op == "D":
            for change in self.begun.pop(offset, []):
                if change in self.pending and any(os.path.dirname(p) == path for p in change[1:] if isinstance(p, str) and p):
                    self._apply(change, self.names, self.folders)
                    self.pending.remove(change)

    def _settle(self, f, number):
        n = self.begun.pop(number, 0)
        for op, offset, data in f.pending[:n]:
            f.data = whole(f.data, op, offset, data)
        f.pending = f.pending[n:]
        for other, at in list(self.begun.items()):  # other syncs of this file that are under way count from a shorter list
            if isinstance(at, int) and at > len(f.pending):
                self.begun[other] = len(f.pending)

    def _name(self, change):
        self.pending.append(change)
        self._apply(change, self.live, self.folders)

    @staticmethod
    def _apply(change, names, folders):
        op, path, what = change
        if op == "C":
            names[path] = what
        elif op == "R" and path in names:
            names[what] = names.pop(path)
        elif op == "U":
            names.pop(path, None)
        elif op == "M":
            folders.add(path)

    def image(self, to, r):
        """Writes one of the possible disks below `to`; r decides which. Returns in a word how the pending was treated."""
        mode = r.choice(["nothing", "all", "prefix", "sectors", "sectors", "sectors"])
        names = dict(self.names)
        for change in self._names_kept(mode, r):
            self._apply(change, names, self.folders)
        for folder in sorted(self.folders):
            os.makedirs(os.path.join(to, os.path.relpath(folder, self.root)), exist_ok=True)
        for path, f in names.items():
            if path.endswith("-shm"):
                if r.random() < 0.5:
                    continue
                data = r.randbytes(32768)
            else:
                data = survived(f, mode, r)
            with open(os.path.join(to, os.path.relpath(path, self.root)), "wb") as out:
                out.write(data)
        return mode

    def _names_kept(self, mode, r):
        if mode in ("nothing", "all"):
            return self.pending if mode == "all" else []
        if mode == "prefix" or r.random() < 0.5:
            return self.pending[:r.randint(0, len(self.pending))]
        return [c for c in self.pending if r.random() < 0.5]


def whole(data, op, offset, new):
    if op == "T":
        return data[:offset] + bytes(max(0, offset - len(data)))
    if len(data) < offset:
        data += bytes(offset - len(data))
    data[offset:offset + len(new)] = new
    return data


def survived(f, mode, r):
    data = bytearray(f.data)
    if mode == "nothing" or not f.pending:
        return data
    pending = f.pending
    if mode == "prefix":
        pending = pending[:r.randint(0, len(pending))]
    if mode in ("all", "prefix"):
        for i, (op, offset, new) in enumerate(pending):
            if mode == "prefix" and i == len(pending) - 1 and op == "W":
                new = new[:r.randint(0, len(new))]  # the last one torn
            data = whole(data, op, offset, new)
        return data
    likely, grown = r.choice([0.1, 0.5, 0.9]), r.choice(["not", "zeros", "rubbish"])
    for op, offset, new in pending:
        if op == "T":
            if r.random() < likely:
                data = whole(data, op, offset, new)
            continue
        end = offset + len(new)
        if grown != "not" and len(data) < end:
            data += bytes(end - len(data)) if grown == "zeros" else r.randbytes(end - len(data))
        at = offset
        while at < end:
            stop = min(end, (at // SECTOR + 1) * SECTOR)
            if r.random() < likely:
                data = whole(data, "W", at, new[at - offset:stop - offset])
            at = stop
    return data
