#!/usr/bin/env python3
"""Lists what there is to build for meson.build: kind|name|sources|rooms to link|their libraries, and for a room also
|tests|fuzz targets|its own libraries. With --update FILE: writes FILE, when it would differ."""

import os
import sys

from layers import ROOT, Layers


def listing():
    layers = Layers()
    out = []
    for room in layers.rooms.values():
        if room.name == "role":
            continue
        near = layers.closure([room.name])
        libs = sorted({lib for r in near for lib in layers.rooms[r].libs})
        fields = [
            "room",
            room.name,
            ",".join(f"src/{room.name}/{f}" for f in layers.sources(room.name)),
            ",".join(near),
            ",".join(libs),
            ",".join(layers.tests(room.name)),
            ",".join(layers.fuzzers(room.name)),
            ",".join(room.libs),
        ]
        out.append("|".join(fields))
    for exe in layers.exes:
        sources = layers.exe_sources(exe)
        if any(f not in layers.sources("role") for f in exe.files):
            continue  # its main file is not written yet
        near = layers.closure(exe.rooms)
        libs = sorted({lib for r in near for lib in layers.rooms[r].libs} | set(layers.rooms["role"].libs))
        out.append("|".join(["exe", exe.name, ",".join(f"src/role/{f}" for f in sources), ",".join(near), ",".join(libs)]))
    out += helpers(layers)
    return "\n".join(out) + "\n"


def helpers(layers):
    """Programs beside the server: bench/x_bench.c and tests/FOLDER/x_tool.c (linked with every room of sigillo itself),
    tests/FOLDER/x_shim.c (a library to be preloaded)."""
    near = layers.closure(next(e.rooms for e in layers.exes if e.name == "sigillo"))
    libs = sorted({lib for r in near for lib in layers.rooms[r].libs})
    folders = [f"tests/{n}" for n in sorted(os.listdir(os.path.join(ROOT, "tests")))] + ["bench"]
    for folder in folders:
        at = os.path.join(ROOT, folder)
        for name in sorted(os.listdir(at)) if os.path.isdir(at) else []:
            stem = name[:-2]
            if name.endswith("_shim.c"):
                yield f"shim|{stem}|{folder}/{name}||"
            elif name.endswith(("_tool.c", "_bench.c")):
                kind = "bench" if name.endswith("_bench.c") else "tool"
                yield "|".join([kind, stem, f"{folder}/{name}", ",".join(near), ",".join(libs)])


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--update":
        fresh = listing()
        if os.path.exists(sys.argv[2]):
            with open(sys.argv[2], encoding="utf-8") as f:
                if f.read() == fresh:
                    return 0
        with open(sys.argv[2], "w", encoding="utf-8") as f:
            f.write(fresh)
        return 0
    sys.stdout.write(listing())
    return 0


if __name__ == "__main__":
    sys.exit(main())
