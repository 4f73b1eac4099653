"""Reads src/LAYERS: the rooms, the arrows between them, the libraries they may link, the executables."""

import os
import sys

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))


def is_trial(name):
    """Files that only tests and fuzz targets are made of."""
    return name.endswith(("_test.c", "_fuzz.c", "_test_help.h", "_fixture.h", "_testing.h"))


class Room:
    def __init__(self, name, rooms, libs):
        self.name, self.rooms, self.libs = name, rooms, libs


class Exe:
    def __init__(self, name, files, rooms, libs):
        self.name, self.files, self.rooms, self.libs = name, files, rooms, libs


class Layers:
    def __init__(self, root=ROOT):
        self.root, self.rooms, self.exes = root, {}, []
        path = os.path.join(root, "src/LAYERS")
        with open(path, encoding="utf-8") as f:
            for number, line in enumerate(f, 1):
                line = line.split("#", 1)[0].strip()
                if line:
                    self._line(line, f"{path}:{number}")

    def _line(self, line, where):
        if line.startswith("exe "):
            line, _, libs = line.partition("|")
            parts = [p.strip() for p in line[4:].split(":")]
            if len(parts) != 3:
                sys.exit(f"{where}: expected exe NAME : FILE[,FILE] : ROOMS [| LIBRARIES]")
            self.exes.append(Exe(parts[0], [f.strip() for f in parts[1].split(",")], parts[2].split(), libs.split()))
            self._known(parts[2].split(), where)
            return
        head, bar, libs = line.partition("|")
        name, colon, rooms = head.partition(":")
        if not bar or not colon:
            sys.exit(f"{where}: expected ROOM : ROOMS | LIBRARIES")
        self._known(rooms.split(), where)  # a room may only name rooms above its own line: so arrows cannot form a ring
        self.rooms[name.strip()] = Room(name.strip(), rooms.split(), libs.split())

    def _known(self, names, where):
        for name in names:
            if name not in self.rooms:
                sys.exit(f"{where}: room {name} is not known at this line (arrows go to rooms named above)")

    def closure(self, names):
        """The rooms that `names` need to be linked, each before the ones it uses."""
        need, todo = set(), list(names)
        while todo:
            name = todo.pop()
            if name not in need:
                need.add(name)
                todo += self.rooms[name].rooms
        return [n for n in reversed(list(self.rooms)) if n in need]

    def exe_libs(self, exe):
        """What it may be linked with: the libraries its line names, else those of its rooms and of role/."""
        if exe.libs:
            return set(exe.libs)
        return {lib for r in self.closure(exe.rooms) + ["role"] for lib in self.rooms[r].libs}

    def files(self, room, end):
        folder = os.path.join(self.root, "src", room)
        if not os.path.isdir(folder):
            return []
        return sorted(f for f in os.listdir(folder) if f.endswith(end) and not f.startswith("."))

    def sources(self, room):
        return [f for f in self.files(room, ".c") if not f.endswith(("_test.c", "_fuzz.c"))]

    def tests(self, room):
        return self.files(room, "_test.c")

    def fuzzers(self, room):
        return self.files(room, "_fuzz.c")

    def exe_sources(self, exe):
        """main.c takes along every file of role/ that is no other executable's."""
        have = self.sources("role")
        if "main.c" not in exe.files:
            return [f for f in exe.files if f in have]
        others = {f for e in self.exes if e is not exe for f in e.files}
        return [f for f in have if f not in others]
