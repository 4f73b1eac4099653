#!/usr/bin/env python3
"""Runs after meson has configured: makes ninja itself look, on every run, whether source files came or went (rooms.py), and
configure again when they did. meson alone would not notice a new file."""

import os
import re
import subprocess

build = os.environ["MESON_BUILD_ROOT"]
rooms = os.path.join(os.path.dirname(os.path.abspath(__file__)), "rooms.py")
subprocess.run([rooms, "--update", os.path.join(build, "rooms.list")], check=True)
path = os.path.join(build, "build.ninja")
with open(path, encoding="utf-8") as f:
    text = f.read()
if "rule watch_rooms" not in text:
    text = re.sub(r"^(build build\.ninja: REGENERATE_BUILD )", r"\1rooms.list ", text, flags=re.M)
    text += f"\nrule watch_rooms\n command = {rooms} --update rooms.list\n description = Looking for new files\n restat = 1\n"
    text += "\nbuild rooms.list: watch_rooms PHONY\n"
    with open(path + ".watch", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(path + ".watch", path)
