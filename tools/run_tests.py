#!/usr/bin/env python3
"""Runs every test and ends with one line "N passed, N failed". How tests are found: tests/README.md."""

import argparse
import concurrent.futures
import json
import os
import re
import signal
import subprocess
import sys
import time

ROOT = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
RUNNER_SECONDS = 900
TAP = re.compile(r"^\s*(not )?ok\b(?:\s+\d+)?\s*(?:-\s*)?(.*)$")
WHY = re.compile(r"\b(not ok|error|fail\w*|assert\w*|Traceback|\w+Error)\b|^\s+File ", re.I)
WHY_LINES = 40
SKIP = re.compile(r"#\s*skip\b:?\s*(.*)$", re.I)


class Result:
    def __init__(self, name):
        self.name, self.passed, self.failed, self.left_out, self.output, self.seconds = name, 0, [], [], "", 0.0


def read_tap(result, code, timed_out):
    plan = None
    seen = 0
    for line in result.output.splitlines():
        planned = re.match(r"^1\.\.(\d+)", line)
        if planned:
            plan = (plan or 0) + int(planned.group(1))
        match = TAP.match(line)
        if not match:
            continue
        seen += 1
        bad, title = match.group(1), match.group(2)
        skip = SKIP.search(title)
        if skip:
            result.left_out.append(": ".join(t for t in (title[: skip.start()].strip(), skip.group(1)) if t))
        elif bad:
            result.failed.append(title)
        else:
            result.passed += 1
    if timed_out:
        result.failed.append("took too long and was ended")
    elif code != 0 and not result.failed:
        result.failed.append(f"ended with {code}" if code > 0 else f"was killed by signal {-code}")
    elif plan is not None and seen < plan:
        result.failed.append(f"only {seen} of {plan} planned tests ran")


def run(name, command, env, seconds, cwd=ROOT, tap=True):
    result = Result(name)
    start = time.monotonic()
    process = subprocess.Popen(
        command, cwd=cwd, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, start_new_session=True
    )
    timed_out = False
    try:
        out, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        timed_out = True
        os.killpg(process.pid, signal.SIGKILL)
        out, _ = process.communicate()
    result.output = out.decode("utf-8", "replace")
    result.seconds = time.monotonic() - start
    if tap:
        read_tap(result, process.returncode, timed_out)
        if result.passed + len(result.failed) + len(result.left_out) == 0:
            result.failed.append("said nothing: no \"ok\" and no \"not ok\"")
    elif process.returncode == 0 and not timed_out:
        result.passed = 1
    else:
        result.failed.append("took too long" if timed_out else f"ended with {process.returncode}")
    return result


def unit_tests(build, jobs, only):
    listed = json.loads(subprocess.check_output(["meson", "introspect", "--tests", build]))
    todo = []
    for test in listed:
        fuzz = any(s.endswith("fuzz") for s in test["suite"])
        name = f"{'fuzz' if fuzz else 'unit'} {test['name']}"
        if only and only not in name:
            continue
        env = dict(os.environ, **test["env"], CMOCKA_MESSAGE_OUTPUT="TAP")
        todo.append((name, test["cmd"], env, test["timeout"], test.get("workdir") or ROOT, not fuzz))
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        yield from pool.map(lambda job: run(*job), todo)


def runners():
    for folder in sorted(os.listdir(os.path.join(ROOT, "tests"))):
        at = os.path.join(ROOT, "tests", folder)
        if folder in ("unit", "data") or not os.path.isdir(at):
            continue
        names = sorted(n for n in os.listdir(at) if n == "run" or n.endswith((".py", ".sh")))
        names = ["run"] if "run" in names else names
        for name in names:
            path = os.path.join(at, name)
            if os.path.isfile(path) and os.access(path, os.X_OK):
                yield f"{folder}/{name}", path


def programs(env, jobs, only):
    """They wait most of the time; the answers come as they end."""
    chosen = [(name, path) for name, path in runners() if not only or only in name]
    with concurrent.futures.ThreadPoolExecutor(jobs) as pool:
        going = [pool.submit(run, name, [path], env, RUNNER_SECONDS, os.path.dirname(path)) for name, path in chosen]
        for done in concurrent.futures.as_completed(going):
            yield done.result()


def web_tests(only):
    web = os.path.join(ROOT, "web")
    if only and only not in "web":
        return
    if os.path.exists(os.path.join(web, "node_modules/.bin/vitest")):
        yield run("web", ["node_modules/.bin/vitest", "run", "--passWithNoTests", "--reporter=tap-flat"], dict(os.environ), 300, web)
    else:
        print("left out: web: the panel's packages are not installed (make web)")


def report(result, verbose):
    mark = "not ok" if result.failed else "ok"
    print(f"{mark:6} {result.seconds:6.1f} s  {result.passed:4} passed  {result.name}", flush=True)
    if result.failed or verbose:
        print("".join(f"    | {line}\n" for line in result.output.splitlines()[-400:]), end="")
    for title in result.failed:
        print(f"    failed: {result.name}: {title}")
    for title in result.left_out:
        print(f"left out: {result.name}: {title}")
    sys.stdout.flush()


def main():
    args = argparse.ArgumentParser()
    args.add_argument("--build", default="build")
    args.add_argument("--asan", default="build-asan")
    args.add_argument("--jobs", type=int, default=os.cpu_count())
    args.add_argument("--verbose", action="store_true")
    args.add_argument("only", nargs="?", help="only tests whose name holds this text")
    args = args.parse_args()
    os.chdir(ROOT)
    if not os.environ.get("SIGILLO_DATA"):
        os.environ.pop("SIGILLO_DATA", None)
        print("left out: every test over the mail corpora: SIGILLO_DATA is not set")
    env = dict(os.environ, SIGILLO_SOURCE=ROOT, SIGILLO_BUILD=os.path.abspath(args.build), SIGILLO_ASAN=os.path.abspath(args.asan))
    passed = failed = 0

    def every():
        yield from unit_tests(args.asan, args.jobs, args.only)
        yield from web_tests(args.only)
        yield from programs(env, args.jobs, args.only)

    bad = []
    for result in every():
        report(result, args.verbose)
        passed += result.passed
        failed += len(result.failed)
        if result.failed:
            bad.append(result)
    for result in bad:  # once more: what stands above them is long
        lines = [line for line in result.output.splitlines() if WHY.search(line)]
        print("".join(f"failed: {result.name}: {title}\n" for title in result.failed) + "".join(f"    | {line}\n" for line in lines[-WHY_LINES:]), end="")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
