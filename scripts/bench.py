#!/usr/bin/env python3
"""The measuring half of scripts/bench: generates exports, runs everybody, prints ratios.

Each command runs in a process of its own and is measured whole, from its start to its exit. Times
are medians, memory is the peak that the operating system counted. Only ratios between commands of
one table mean anything, for the machine may be busy with other things.
"""

import argparse
import csv
import json
import os
import pathlib
import resource
import shlex
import shutil
import socket
import statistics
import subprocess
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(os.environ.get("BENCH_WORK", "bench-work"))
PROGRAM = os.environ.get("CAPTURI_IMPORT", "target/release/capturi-import")
SCAN = os.environ.get("BENCH_SCAN", "")
PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
TOKEN = "bench-token"
# A row with too few fields is no fault to a data frame, which fills it up: all must find the same.
CODES = "missing-field,bad-time,time-without-zone,bad-email,bad-consent,bad-number,spreadsheet-damage,duplicate-id"


class Entry:
    """One command to measure. `prepare` runs before each run and is not measured."""

    def __init__(self, name, command, exits=(0,), prepare=None, finish=None):
        self.name, self.command, self.exits = name, command, exits
        self.prepare, self.finish = prepare, finish
        self.wall = self.cpu = self.memory = None
        self.note = ""


# --- the commands: this is the place to change when the command line changes ---------------------


def check_command(export, out):
    return [PROGRAM, "check", str(export), "--out", str(out), "--quiet"]


def run_command(export, out, ledger, url, width):
    return [
        PROGRAM, "run", str(export), "--out", str(out), "--ledger", str(ledger), "--base-url", url,
        "--missing-audio", "create", "--concurrency", str(width), "--rate", "1000000", "--quiet",
    ]


def server_command(arguments, port):
    if arguments.server:
        return [part.replace("PORT", str(port)) for part in shlex.split(arguments.server)]
    return [PROGRAM, "sandbox", "--port", str(port), "--token", TOKEN]


# --- check ---------------------------------------------------------------------------------------


def check_entries(export, truth, missing):
    out = WORK / "check-out"
    ours = Entry("capturi-import check", check_command(export, out), exits=(0, 3),
                 prepare=lambda: shutil.rmtree(out, ignore_errors=True),
                 finish=lambda: compare(out / "problems.csv", truth))
    entries = [ours]
    if SCAN:
        entries.append(Entry("csv crate, fields split, nothing checked", [SCAN, str(export)]))
    else:
        missing.append("benches/scan.rs (does not build)")
    entries.append(Entry("wc -l", ["wc", "-l", str(export)]))
    if shutil.which("xan"):
        entries.append(Entry("xan count", ["xan", "count", str(export)]))
    else:
        missing.append("xan")
    for peer in ("polars", "duckdb"):
        probe = subprocess.run([PYTHON, "-c", f"import {peer}"], capture_output=True, check=False)
        if probe.returncode == 0:
            entries.append(peer_entry(peer, export, truth))
        else:
            missing.append(f"{peer} (for {PYTHON})")
    entries.append(peer_entry("script", export, truth))
    return entries


def peer_entry(peer, export, truth):
    name = "a script with Python's csv" if peer == "script" else peer
    found = WORK / f"found-{peer}.txt"
    command = [PYTHON, str(HERE / "bench-peers.py"), peer, str(export), str(found)]
    return Entry(f"{name}, the same checks", command, finish=lambda: count(found, truth))


def compare(problems, truth):
    """Which rows our check called faulty, against which ones are."""
    with open(truth, encoding="utf-8", newline="") as file:
        wanted = {row["line"]: row["code"] for row in csv.DictReader(file)}
    with open(problems, encoding="utf-8", newline="") as file:
        found = {}
        for row in csv.DictReader(file):
            if row.get("severity", "error") == "error":
                found.setdefault(row["line"], set()).add(row["code"])
    lost, invented = wanted.keys() - found.keys(), found.keys() - wanted.keys()
    renamed = sum(code not in found[line] for line, code in wanted.items() if line in found)
    if lost or invented:
        examples = sorted(lost | invented, key=int)[:5]
        return f"WRONG: {len(lost)} lost, {len(invented)} invented, such as lines {', '.join(examples)}"
    return f"all {len(wanted)} faults" + (f", {renamed} under another code" if renamed else "")


def count(found, truth):
    with open(truth, encoding="utf-8") as file:
        wanted = sum(1 for _ in file) - 1
    number = int(found.read_text(encoding="utf-8"))
    return f"all {wanted} faults" if number == wanted else f"WRONG: {number} of {wanted} faults"


# --- run -----------------------------------------------------------------------------------------


class Server:
    """A server of its own for each run, so that nothing is already there."""

    def __init__(self, arguments):
        self.arguments, self.process = arguments, None
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"

    def start(self):
        self.stop()
        log = open(WORK / "server.log", "wb")
        self.process = subprocess.Popen(server_command(self.arguments, self.port), stdin=subprocess.DEVNULL,
                                        stdout=log, stderr=log)
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline and self.process.poll() is None:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", self.port)) == 0:
                    return
            time.sleep(0.02)
        sys.exit(f"the server did not start: see {WORK / 'server.log'}")

    def stop(self):
        if self.process and self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


def run_entries(export, arguments, server, missing):
    out, ledger = WORK / "run-out", WORK / "run.db"

    def forget():
        shutil.rmtree(out, ignore_errors=True)
        for path in WORK.glob("run.db*"):
            path.unlink()
        server.start()

    ours = run_command(export, out, ledger, server.url, arguments.width)
    entries = [
        Entry("capturi-import run, durable ledger", ours, prepare=forget,
              finish=lambda: summary(out / "summary.json", "created", arguments.calls)),
        Entry("capturi-import run again, all in place", ours,
              finish=lambda: summary(out / "summary.json", "already_there", arguments.calls)),
    ]
    if shutil.which("curl"):
        config = WORK / "curl.cfg"
        write_curl_config(export, server.url, config)
        entries.append(Entry("curl --parallel, no ledger", [
            "curl", "-sS", "--parallel", "--parallel-max", str(arguments.width), "--config", str(config),
        ], prepare=server.start))
    else:
        missing.append("curl")
    if shutil.which("oha"):
        body = WORK / "body.json"
        body.write_text(json.dumps(next(conversations(export))), encoding="utf-8")
        entries.append(Entry("oha, one body again and again (409)", [
            "oha", "--no-tui", "-n", str(arguments.calls), "-c", str(arguments.width), "-m", "POST",
            "-H", f"Authorization: {TOKEN}", "-T", "application/json", "-D", str(body),
            f"{server.url}/v2/conversation",
        ], prepare=server.start))
    else:
        missing.append("oha")
    return entries


def conversations(export):
    """The calls of the export as v2 bodies, by the documented mapping."""
    with open(export, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            body = {
                "externalIdentity": row["externalId"], "customer": row["phoneNumber"], "subject": row["title"],
                "dateTime": row["datetime"], "agentId": row["agentId"], "agentName": row["agentName"],
                "agentEmail": row["agentEmail"], "audioChannels": f"Mono{row['numberOfSpeakers']}Speaker",
                "customProp1": row["outcome"], "customProp2": row["outcomeReason"], "customProp3": row["caseId"],
                "customerCompany": row["customerCompany"], "status": row["status"], "teamName": row["teamName"],
            }
            body = {key: value for key, value in body.items() if value}
            if row["labels"]:
                body["labels"] = row["labels"].split("|")
            if row["hasConsent"]:
                body["hasConsent"] = row["hasConsent"] == "true"
            if row["customNumberProp1"]:
                body["customNumberProp1"] = json.loads(row["customNumberProp1"])
            yield body


def write_curl_config(export, url, config):
    """curl wants its requests beforehand; making them is not part of its time."""
    with open(config, "w", encoding="utf-8") as file:
        for number, body in enumerate(conversations(export)):
            quoted = json.dumps(body).replace("\\", "\\\\").replace('"', '\\"')
            file.write("next\n" if number else "")
            file.write(f'url = "{url}/v2/conversation"\nheader = "Authorization: {TOKEN}"\n'
                       f'header = "Content-Type: application/json"\ndata-raw = "{quoted}"\n'
                       'output = "/dev/null"\nfail\n')


def summary(path, key, wanted):
    try:
        found = find_count(json.loads(path.read_text(encoding="utf-8")), key)
    except (OSError, ValueError) as error:
        return f"WRONG: no summary ({error})"
    return f"{found} {key}" if found == wanted else f"WRONG: {found} {key} of {wanted}"


def find_count(summary, key):
    """The count of this name, wherever in the summary it stands."""
    if isinstance(summary, dict):
        if isinstance(summary.get(key), int):
            return summary[key]
        for value in summary.values():
            if (found := find_count(value, key)) is not None:
                return found
    return None


# --- measuring -----------------------------------------------------------------------------------


def run_once(entry):
    """Wall seconds, processor seconds, peak MiB; a note instead when it failed."""
    peak = WORK / "peak.txt"
    command = entry.command
    # A child forked from Python cannot show less memory than Python had: /usr/bin/time is small.
    if has_time := os.path.exists("/usr/bin/time"):
        command = ["/usr/bin/time", "-q", "-o", str(peak), "-f", "%M", *command]
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    environment = {**os.environ, "CAPTURI_API_TOKEN": TOKEN}
    with open(WORK / "last.log", "wb") as log:
        started = time.monotonic()
        process = subprocess.run(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                 env=environment, check=False)
        wall = time.monotonic() - started
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime
    memory = int(peak.read_text().split()[-1]) if has_time else after.ru_maxrss
    if process.returncode not in entry.exits:
        end = (WORK / "last.log").read_text(encoding="utf-8", errors="replace").strip().splitlines()[-1:]
        return None, f"FAILED with {process.returncode}: {' '.join(end)[:100]}"
    return (wall, cpu, memory / 1024), ""


def measure(entries, runs):
    """Everybody in turn, and that `runs` times, so that a bad minute hits all alike."""
    taken = {entry: [] for entry in entries}
    for number in range(runs):
        for entry in entries:
            if entry.note.startswith("FAILED"):
                continue
            print(f"  run {number + 1} of {runs}: {entry.name}", file=sys.stderr, flush=True)
            if entry.prepare:
                entry.prepare()
            result, failure = run_once(entry)
            if result is None:
                entry.note = failure
            else:
                taken[entry].append(result)
                entry.note = entry.finish() if entry.finish else ""
    for entry, results in taken.items():
        if results:
            entry.wall, entry.cpu, entry.memory = (statistics.median(column) for column in zip(*results))


def table(title, entries, units, unit):
    """Ratio over 1: so many times as fast as the first entry."""
    print(f"\n{title}\n")
    print(f"| what | s | {unit}/s | µs of CPU a {unit[:-1]} | peak MiB | speed against ours | |")
    print("|---|---:|---:|---:|---:|---:|---|")
    ours = entries[0].wall
    for entry in entries:
        if entry.wall is None:
            print(f"| {entry.name} | | | | | | {entry.note} |")
            continue
        ratio = f"{ours / entry.wall:.2f}" if ours else ""
        print(f"| {entry.name} | {entry.wall:.3f} | {units / entry.wall:,.0f} | {entry.cpu / units * 1e6:.2f} "
              f"| {entry.memory:.0f} | {ratio} | {entry.note} |")


def generate(rows, seed, bad_share):
    """An export and its truth; made once, since the same arguments give the same bytes."""
    export, truth = WORK / f"calls-{rows}-{seed}.csv", WORK / f"truth-{rows}-{seed}.csv"
    if not (export.exists() and truth.exists()):
        subprocess.run([sys.executable, str(HERE / "make-export.py"), "--rows", str(rows), "--seed", str(seed),
                        "--bad-share", str(bad_share), "--codes", CODES, "--out", str(export) + ".part",
                        "--truth", str(truth)], check=True)
        os.replace(str(export) + ".part", export)
    return export, truth


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=1_000_000, help="rows to check")
    parser.add_argument("--calls", type=int, default=20_000, help="calls to deliver")
    parser.add_argument("--runs", type=int, default=3, help="runs of each command")
    parser.add_argument("--width", type=int, default=16, help="requests in flight")
    parser.add_argument("--only", choices=("check", "run"))
    parser.add_argument("--grow", action="store_true", help="measure ten times the work too")
    parser.add_argument("--server", help="command of another server than the sandbox; PORT is replaced")
    arguments = parser.parse_args()
    WORK.mkdir(parents=True, exist_ok=True)
    missing, faulty = [], False
    for times in (1, 10) if arguments.grow else (1,):
        if arguments.only != "run":
            rows = arguments.rows * times
            export, truth = generate(rows, 1, 0.001)
            entries = check_entries(export, truth, missing)
            measure(entries, arguments.runs)
            table(f"check of {rows:,} rows, {export.stat().st_size / 1e6:.0f} MB", entries, rows, "rows")
            faulty |= not is_sound(entries)
        if arguments.only != "check":
            scaled = argparse.Namespace(**{**vars(arguments), "calls": arguments.calls * times})
            export, _ = generate(scaled.calls, 2, 0)
            server = Server(scaled)
            try:
                entries = run_entries(export, scaled, server, missing)
                measure(entries, arguments.runs)
            finally:
                server.stop()
            table(f"run of {scaled.calls:,} calls without recordings, {scaled.width} in flight", entries,
                  scaled.calls, "calls")
            faulty |= not is_sound(entries)
    if missing:
        print("\nNot installed, so left out: " + ", ".join(dict.fromkeys(missing)) + ".")
    return 1 if faulty else 0


def is_sound(entries):
    return not any(entry.note.startswith(("WRONG", "FAILED")) for entry in entries if "capturi" in entry.name)


if __name__ == "__main__":
    sys.exit(main())
