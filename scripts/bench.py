#!/usr/bin/env python3
"""The measuring half of scripts/bench: generates exports, runs everybody, prints ratios.

Each command runs in a process of its own and is measured whole, from its start to its exit. Times
are medians, memory is the peak that the operating system counted. Only ratios between commands of
one table mean anything, for the machine may be busy with other things.
"""

import argparse
import contextlib
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

import bench_line

HERE = pathlib.Path(__file__).resolve().parent
WORK = pathlib.Path(os.environ.get("BENCH_WORK", "bench-work"))
PROGRAM = os.environ.get("CAPTURI_IMPORT", "target/release/capturi-import")
SCAN = os.environ.get("BENCH_SCAN", "")
SINK = os.environ.get("BENCH_SINK", "")
PYTHON = os.environ.get("BENCH_PYTHON", sys.executable)
TOKEN = "bench-token"
# A folder in memory, where there is one.
MEMORY = pathlib.Path("/dev/shm")
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


def run_command(export, out, ledger, url, width, audio=None):
    return [
        PROGRAM, "run", str(export), "--out", str(out), "--ledger", str(ledger), "--base-url", url, "--api-version", "v3",
        "--concurrency", str(width), "--rate", "0", "--quiet",
        *(["--audio", str(audio)] if audio else ["--missing-audio", "create"]),
    ]


def server_command(arguments, port):
    if arguments.server:
        return [part.replace("PORT", str(port)) for part in shlex.split(arguments.server)]
    if SINK:
        return [SINK, "--port", str(port), "--latency-ms", str(arguments.latency)]
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
        for path in [*WORK.glob("run.db*"), *MEMORY.glob("capturi-bench.db*")]:
            path.unlink()
        server.start()

    created = lambda: summary(out / "summary.json", "created", arguments.calls)
    ours = run_command(export, out, ledger, server.url, arguments.width)
    entries = [Entry("capturi-import run, durable ledger", ours, prepare=forget, finish=created)]
    if arguments.latency == 0:
        entries.append(Entry("capturi-import run again, all in place", ours,
                             finish=lambda: summary(out / "summary.json", "already_there", arguments.calls)))
        if MEMORY.is_dir():
            # What durability costs: the same work, and nothing waits for a disk.
            command = run_command(export, out, MEMORY / "capturi-bench.db", server.url, arguments.width)
            entries.append(Entry("capturi-import run, ledger in memory", command, prepare=forget, finish=created))
    if shutil.which("curl"):
        config = WORK / "curl.cfg"
        write_curl_config(export, server.url, config)
        entries.append(Entry("curl --parallel, no ledger", curl(arguments.width, config), prepare=server.start))
    else:
        missing.append("curl")
    if shutil.which("oha"):
        body = WORK / "body.json"
        body.write_text(json.dumps(next(conversations(export))), encoding="utf-8")
        entries.append(Entry("oha, one body again and again", [
            "oha", "--no-tui", "-n", str(arguments.calls), "-c", str(arguments.width), "-m", "POST",
            "-H", f"Authorization: {TOKEN}", "-T", "application/json", "-D", str(body),
            f"{server.url}/v3/conversation",
        ], prepare=server.start))
    else:
        missing.append("oha")
    return entries


def audio_entries(export, audio, arguments, server, missing):
    """Conversations and their recordings; curl makes the one in a first pass and sends the other in a second."""
    out, ledger = WORK / "run-out", WORK / "run.db"

    def forget():
        shutil.rmtree(out, ignore_errors=True)
        for path in WORK.glob("run.db*"):
            path.unlink()
        server.start()

    ours = run_command(export, out, ledger, server.url, arguments.width, audio)
    entries = [Entry("capturi-import run, durable ledger", ours, prepare=forget,
                     finish=lambda: summary(out / "summary.json", "created", arguments.calls))]
    if shutil.which("curl"):
        first, second = WORK / "curl.cfg", WORK / "curl-audio.cfg"
        write_curl_config(export, server.url, first)
        write_curl_uploads(export, audio, server.url, second)
        passes = " && ".join(shlex.join(curl(arguments.width, config)) for config in (first, second))
        entries.append(Entry("curl --parallel in two passes, no ledger", ["sh", "-c", passes], prepare=server.start))
    else:
        missing.append("curl")
    if subprocess.run([PYTHON, "-c", "import aiohttp"], capture_output=True, check=False).returncode == 0:
        command = [PYTHON, str(HERE / "bench-peers.py"), "aiohttp", str(export), server.url, str(arguments.width), str(audio)]
        entries.append(Entry("a script with aiohttp, no ledger", command, prepare=server.start))
    else:
        missing.append(f"aiohttp (for {PYTHON})")
    return entries


def curl(width, config):
    return ["curl", "-sS", "--parallel", "--parallel-max", str(width), "--config", str(config)]


def write_curl_uploads(export, audio, url, config, more=""):
    with open(export, encoding="utf-8", newline="") as rows, open(config, "w", encoding="utf-8") as file:
        for number, row in enumerate(csv.DictReader(rows)):
            file.write("next\n" if number else "")
            file.write(f'url = "{url}/v1/audio/external/{row["externalId"]}"\nheader = "Authorization: {TOKEN}"\n'
                       f'form = "data=@{audio / recording(row)};type=audio/wav"\noutput = "/dev/null"\nfail\n{more}')


def recording(row):
    return f"{row['externalId']}.wav"


def make_recordings(export, bytes_each):
    """A WAV of this size for each call: silence behind a header of 44 bytes. Made once."""
    folder = WORK / f"{export.stem}-audio-{bytes_each}"
    if not (folder / "whole").exists():
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        data = bytes_each - 44
        header = (b"RIFF" + (data + 36).to_bytes(4, "little") + b"WAVEfmt " + (16).to_bytes(4, "little")
                  + (1).to_bytes(2, "little") + (1).to_bytes(2, "little") + (8000).to_bytes(4, "little")
                  + (16000).to_bytes(4, "little") + (2).to_bytes(2, "little") + (16).to_bytes(2, "little")
                  + b"data" + data.to_bytes(4, "little"))
        with open(export, encoding="utf-8", newline="") as rows:
            for row in csv.DictReader(rows):
                (folder / recording(row)).write_bytes(header + b"\1" * data)
        (folder / "whole").touch()
    return folder


def conversations(export):
    """The calls of the export as v2 bodies, by the documented mapping."""
    with open(export, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            body = {
                "externalIdentity": row["externalId"], "customer": row["phoneNumber"], "subject": row["title"],
                "dateTime": row["datetime"], "agentId": row["agentId"], "agentName": row["agentName"],
                "agentEmail": row["agentEmail"], "audioChannels": f"Mono{row['numberOfSpeakers']}Speaker",
                "customProp1": row["outcome"], "customProp2": row["outcomeReason"], "customProp3": row["caseId"],
                "customerCompany": row["customerCompany"], "status": row["status"], "team": row["teamName"],
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
            file.write(f'url = "{url}/v3/conversation"\nheader = "Authorization: {TOKEN}"\n'
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
    parser.add_argument("--only", choices=("check", "run", "again", "latency", "audio", "big", "line"))
    parser.add_argument("--round-trip", type=float, default=20, help="milliseconds there and back, for line")
    parser.add_argument("--bytes", type=int, default=2_000_000, help="bytes of a recording, for line")
    parser.add_argument("--grow", action="store_true", help="measure ten times the work too")
    parser.add_argument("--server", help="command of another server than the sink; PORT is replaced")
    arguments = parser.parse_args()
    arguments.latency = 0
    WORK.mkdir(parents=True, exist_ok=True)
    if not (SINK or arguments.server):
        print("benches/sink.rs does not build: the sandbox is the server, which keeps what it gets", file=sys.stderr)
    missing, sound = [], True
    for times in (1, 10) if arguments.grow else (1,):
        if arguments.only in (None, "check"):
            sound &= measure_check(arguments, times, missing)
        if arguments.only in (None, "again"):
            sound &= measure_again(arguments, times)
        if arguments.only in (None, "run"):
            sound &= measure_run(arguments, arguments.calls * times, (0, arguments.width), missing)
        if arguments.only in (None, "latency"):
            for width in (16, 64):
                sound &= measure_run(arguments, arguments.calls * times // 5, (20, width), missing)
        if arguments.only in (None, "audio"):
            sound &= measure_audio(arguments, arguments.calls * times // 10, 480_000, missing)
        if arguments.only in (None, "big"):
            sound &= measure_audio(arguments, 20 * times, 100_000_000, missing)
        if arguments.only in (None, "line"):
            sound &= measure_line(arguments, arguments.calls * times // 100, missing)
    if missing:
        print("\nNot installed, so left out: " + ", ".join(dict.fromkeys(missing)) + ".")
    return 0 if sound else 1


def measure_check(arguments, times, missing):
    rows = arguments.rows * times
    export, truth = generate(rows, 1, 0.001)
    entries = check_entries(export, truth, missing)
    measure(entries, arguments.runs)
    table(f"check of {rows:,} rows, {export.stat().st_size / 1e6:.0f} MB", entries, rows, "rows")
    return is_sound(entries)


def measure_again(arguments, times):
    """The nightly case: an export of which every call is done, beside its check."""
    rows = arguments.rows * times
    export, _ = generate(rows, 3, 0)
    out, ledger = WORK / "again-out", WORK / f"again-{rows}.db"
    with serving(argparse.Namespace(**{**vars(arguments), "calls": rows})) as server:
        # A ledger belongs to one server, and its port is new each time.
        for path in WORK.glob(f"again-{rows}.db*"):
            path.unlink()
        command = run_command(export, out, ledger, server.url, 64)
        server.start()
        first = Entry("first run", command)
        if (failure := run_once(first)[1]) != "":
            sys.exit(f"the run that is to be repeated: {failure}")
        entries = [
            Entry("capturi-import run, all in place", command,
                  finish=lambda: summary(out / "summary.json", "already_there", rows)),
            Entry("capturi-import check", check_command(export, WORK / "check-out")),
        ]
        measure(entries, arguments.runs)
    table(f"run over {rows:,} rows that are all done", entries, rows, "rows")
    return is_sound(entries)


def measure_run(arguments, calls, pace, missing):
    latency, width = pace
    scaled = argparse.Namespace(**{**vars(arguments), "calls": calls, "latency": latency, "width": width})
    export, _ = generate(calls, 2, 0)
    with serving(scaled) as server:
        entries = run_entries(export, scaled, server, missing)
        measure(entries, arguments.runs)
    table(f"run of {calls:,} calls without recordings, {width} in flight, answers after {latency} ms", entries, calls,
          "calls")
    return is_sound(entries)


def measure_audio(arguments, calls, size, missing):
    scaled = argparse.Namespace(**{**vars(arguments), "calls": calls})
    export, _ = generate(calls, 2, 0)
    audio = make_recordings(export, size)
    with serving(scaled) as server:
        entries = audio_entries(export, audio, scaled, server, missing)
        measure(entries, arguments.runs)
    table(f"run of {calls:,} calls with recordings of {size:,} bytes, {scaled.width} in flight", entries, calls, "calls")
    gigabytes = calls * size / 1e9
    for entry in entries:
        if entry.wall:
            print(f"{entry.name}: {gigabytes / entry.wall:.2f} GB/s, {entry.cpu / gigabytes:.2f} CPU s/GB")
    return is_sound(entries)


def measure_line(arguments, calls, missing):
    """Recordings over TLS, near and with a round trip, to a server that offers HTTP/2 and to one that does not."""
    absent = [*bench_line.missing_programs(), *([] if shutil.which("curl") else ["curl"])]
    # The sandbox would refuse recordings of calls that nobody made.
    absent += [] if SINK or arguments.server else ["benches/sink.rs (does not build)"]
    if absent:
        missing.extend(absent)
        return True
    scaled = argparse.Namespace(**{**vars(arguments), "calls": calls})
    export, _ = generate(calls, 2, 0)
    audio, gigabytes, sound = make_recordings(export, arguments.bytes), calls * arguments.bytes / 1e9, True
    with serving(scaled) as server:
        server.start()
        with bench_line.line(WORK / "line", server.port, arguments.round_trip) as (urls, authority):
            for (place, offer), url in urls.items():
                entries = line_entries(export, audio, scaled, url, authority, offer)
                measure(entries, arguments.runs)
                what = f"{place} ({arguments.round_trip:g} ms there and back)" if place == "far" else place
                table(f"{calls:,} recordings of {arguments.bytes:,} bytes, TLS, {scaled.width} in flight, {what}, server offers "
                      f"{'HTTP/2' if offer == 'h2' else 'HTTP/1.1 only'}", entries, calls, "calls")
                for entry in entries:
                    if entry.wall:
                        print(f"{entry.name}: {gigabytes / entry.wall:.2f} GB/s, {entry.cpu / gigabytes:.2f} CPU s/GB")
                sound &= is_sound(entries)
    return sound


def line_entries(export, audio, arguments, url, authority, offer):
    """We create the conversations and keep a ledger; curl only sends the recordings."""
    out, ledger = WORK / "run-out", WORK / "run.db"

    def forget():
        shutil.rmtree(out, ignore_errors=True)
        for path in WORK.glob("run.db*"):
            path.unlink()

    ours = run_command(export, out, ledger, url, arguments.width, audio) + ["--ca-bundle", str(authority)]
    entries = [Entry("capturi-import run, durable ledger", ours, prepare=forget,
                     finish=lambda: summary(out / "summary.json", "created", arguments.calls))]
    for version in ("http1.1", "http2")[: 2 if offer == "h2" else 1]:
        config = WORK / f"curl-{version}.cfg"
        write_curl_uploads(export, audio, url, config, f'cacert = "{authority}"\n{version}\n')
        entries.append(Entry(f"curl --{version}, recordings only", curl(arguments.width, config)))
    return entries


@contextlib.contextmanager
def serving(arguments):
    server = Server(arguments)
    try:
        yield server
    finally:
        server.stop()


def is_sound(entries):
    return not any(entry.note.startswith(("WRONG", "FAILED")) for entry in entries if "capturi" in entry.name)


if __name__ == "__main__":
    sys.exit(main())
