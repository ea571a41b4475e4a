#!/usr/bin/env python3
"""Makes everything under samples/ that is not prose.

    scripts/make-samples.py            write the files
    scripts/make-samples.py --check    compare with what lies there, change nothing, exit 1 if it differs

Only the standard library, no randomness and no clock: two runs write the same bytes. Every person
is invented, mail is at example.com, and phone numbers come from ranges that are kept for fiction
or that no country hands out (Danish numbers that begin with 1).
"""

import argparse
import csv
import io
import json
import math
import pathlib
import re
import struct
import sys

SAMPLES = pathlib.Path(__file__).resolve().parent.parent / "samples"

COLUMNS = [
    "externalId", "phoneNumber", "title", "datetime", "agentId", "agentName", "agentEmail",
    "numberOfSpeakers", "agentAudioChannel", "outcome", "outcomeReason", "caseId", "labels",
    "hasConsent", "customerCompany", "status", "teamName", "customProp4", "customNumberProp1",
    "conversationSegments", "audioFile",
]

AGENTS = [
    ("a-101", "Testine Prøvesen", "testine.proevesen@example.com", "Salg"),
    ("a-102", "Fiktiv Eksempelsen", "fiktiv.eksempelsen@example.com", "Support"),
    ("a-103", "Åse Attrap-Østergård", "aase.attrap@example.com", "Kundeservice Øst"),
    ("a-104", "Björn Låtsasson", "bjorn.latsasson@example.com", "Support"),
    ("a-105", "Dummy Damgård", "dummy.damgaard@example.com", "Fastholdelse"),
    ("a-106", "Placeholder, Penelope", "penelope+calls@mail.example.com", "Sales UK"),
]

PHONES = [
    "+45 12 34 56 {:02}", "+45123456{:02}", "+44 20 7946 01{:02}", "+1 202-555-01{:02}",
    "+46 8 465 004 {:02}", "tel:+45123456{:02}", "+45-1234-56{:02}", "+1 (202) 555-01{:02}",
]

TITLES = [
    "Tilbud på bredbånd", "Regning forstået", "Flytning til ny adresse", "Opsigelse, fortrudt",
    "Order status", "Fejl på linjen", "Betaling i rater", "Ny router", "Complaint about delivery",
    "Spørgsmål om roaming", "Adgangskode nulstillet", "Velkomstopkald",
]

OUTCOMES = [
    ("Salg", "Pris"), ("Ikke salg", "Har allerede"), ("Genopkald", ""), ("", ""),
    ("Løst", "Første opkald"), ("Videre", "Teknik, andet niveau"),
]

LABELS = [
    ["salg", "udgående"], [], ["support"], ["vip", "opfølgning", "æbleø"], ["retention"],
    ["salg, sommer", "2. forsøg"], [],
]

# Local clock and offset: Danish winter and summer, UTC, both halves of the doubled hour of
# 2024-10-27, a leap day, the last second of a year, other continents, fractions of a second.
TIMES = [
    "2024-03-15T09:12:03+01:00", "2024-03-15T10:05:44+01:00", "2024-03-15T10:31:00Z",
    "2024-03-15T11:02:17+00:00", "2024-10-27T02:30:00+02:00", "2024-10-27T02:30:00+01:00",
    "2024-02-29T23:59:59+01:00", "2023-12-31T23:59:59Z", "2024-07-01T08:00:00+02:00",
    "2024-07-01T02:15:30-05:00", "2024-07-01T15:45:10+09:00", "2024-07-02T09:00:00.250+02:00",
    "2024-07-02T12:20:00.5Z", "2024-07-02T17:50:00+05:30", "2024-03-31T03:00:00+02:00",
]

# Ids that the unwary lose: longer than a double is exact, dots, leading zeros, and characters
# that must be escaped in a URL.
ODD_IDS = {
    4: "1729989000.42",
    9: "1710490323000000042",
    14: "00012345",
    17: "salg/2024/0017",
    24: "ordre 2024 118",
    32: "sjælland-0042",
    40: "3f2b8c1e-0000-4000-8000-00000000002a",
    47: "100%+#47",
}


def make_calls():
    """The sixty calls, as lists of text cells plus the recording of each."""
    calls = []
    for number in range(60):
        agent_id, agent_name, agent_email, team = AGENTS[number * 5 % len(AGENTS)]
        outcome, reason = OUTCOMES[number % len(OUTCOMES)]
        is_stereo = number % 3 == 1
        call = dict.fromkeys(COLUMNS, "")
        call.update(
            externalId=ODD_IDS.get(number, f"SAMPLE-{number + 1:04}"),
            phoneNumber=PHONES[number % len(PHONES)].format(number),
            title=TITLES[number % len(TITLES)],
            datetime=clock(number),
            agentId=agent_id, agentName=agent_name, agentEmail=agent_email,
            numberOfSpeakers="" if is_stereo else ("1" if number % 9 == 0 else "2"),
            agentAudioChannel=("left" if number % 2 else "right") if is_stereo else "",
            outcome=outcome, outcomeReason=reason,
            caseId=f"CASE-{1000 + number}" if number % 4 == 0 else "",
            labels="|".join(LABELS[number % len(LABELS)]),
            hasConsent=("true", "", "true", "false", "")[number % 5],
            customerCompany="Eksempel & Søn ApS" if number % 6 == 2 else "",
            status=("closed", "completed", "")[number % 3],
            teamName=team if number % 2 == 0 else "",
            customProp4="Bredbånd 500/100" if number % 7 == 3 else "",
            customNumberProp1=("", "125", "12.5", "0", "-40")[number % 5],
        )
        calls.append(call)
    odd_ones(calls)
    for number, call in enumerate(calls):
        is_named_by_column = number % 2 == 1 or not is_file_name(call["externalId"])
        if is_named_by_column:
            day, time = call["datetime"][:10], call["datetime"][11:19].replace(":", "")
            call["audioFile"] = f"{day}/{time}-{call['agentId']}-{number + 1:02}.wav"
    return calls


def clock(number):
    """A time of its own for each call, in the offsets of TIMES."""
    text = TIMES[number % len(TIMES)]
    later = number // len(TIMES)
    return text if later == 0 else f"{text[:14]}{(int(text[14:16]) + 7 * later) % 60:02}{text[16:]}"


def odd_ones(calls):
    """What an export holds now and then: quotes, line breaks, an anonymous caller, segments."""
    calls[5]["title"] = 'Spurgte til "sommertilbud", vil ringe igen'
    calls[8]["title"] = "Møde aftalt:\ntirsdag kl. 10"
    calls[20]["title"] = "Æblegrød, øllebrød og ål"
    calls[26]["phoneNumber"] = "anonymous"
    calls[33]["outcomeReason"] = 'Sagde: "nej tak", to gange'
    calls[11]["conversationSegments"] = segments((0, 1))
    calls[29]["conversationSegments"] = segments((0, 1), (1, 1))
    calls[44]["conversationSegments"] = segments((0, 1))
    calls[44]["title"] = "Call with two\nlines, a comma and \"quotes\""


def segments(*parts):
    return json.dumps([{"startSeconds": start, "durationSeconds": seconds} for start, seconds in parts])


def is_file_name(text):
    return not set(text) & set('/\\%#?*:<>|"')


def recording_name(call):
    return call["audioFile"] or call["externalId"] + ".wav"


def as_json(number, call):
    """The call as the JSON export writes it: real numbers, booleans and arrays, absent keys."""
    record = {}
    for key, text in call.items():
        if key == "labels":
            if text:
                record[key] = text.split("|")
        elif text == "":
            if number % 7 == 0 and key in ("caseId", "customerCompany"):
                record[key] = None
        elif key == "hasConsent":
            record[key] = text == "true"
        elif key == "conversationSegments":
            record[key] = json.loads(text)
        elif key in ("numberOfSpeakers", "customNumberProp1"):
            record[key] = json.loads(text)
        elif key == "externalId" and number == 9:
            record[key] = int(text)
        else:
            record[key] = text
    return json.dumps(record, ensure_ascii=False)


# --- recordings -------------------------------------------------------------------------------

RATE = 8000


def tone(frequency, count):
    """A tone with soft ends, as 16 bit samples."""
    edge = max(1, min(160, count // 4))
    samples = []
    for at in range(count):
        loudness = min(1.0, (at + 1) / edge, (count - at) / edge)
        samples.append(round(9000 * loudness * math.sin(2 * math.pi * frequency * at / RATE)))
    return samples


def mu_law(sample):
    """One sample by the segment rule of ITU-T G.711."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), 32635) + 132
    segment = max(0, magnitude.bit_length() - 8)
    return ~(sign | segment << 4 | magnitude >> (segment + 3) & 0x0F) & 0xFF


def wav(channels, is_mu_law):
    """A WAV file of these channels, each a list of samples."""
    interleaved = [sample for frame in zip(*channels) for sample in frame]
    if is_mu_law:
        data = bytes(map(mu_law, interleaved))
        width, code, tail = 1, 7, struct.pack("<H", 0)
    else:
        data = struct.pack(f"<{len(interleaved)}h", *interleaved)
        width, code, tail = 2, 1, b""
    frame = width * len(channels)
    head = struct.pack("<HHIIHH", code, len(channels), RATE, RATE * frame, frame, 8 * width) + tail
    chunks = [(b"fmt ", head)]
    if is_mu_law:
        chunks.append((b"fact", struct.pack("<I", len(channels[0]))))
    chunks.append((b"data", data))
    body = b"WAVE" + b"".join(
        name + struct.pack("<I", len(content)) + content + b"\0" * (len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body)) + body


def recording(number, is_stereo, seconds=None):
    """The recording of call `number`: its pitch is its own, its kind goes round."""
    is_mu_law = number % 4 in (1, 2)
    if seconds is not None:
        is_mu_law = True
    frequency = 220 * 2 ** (number / 26)
    if seconds is None:
        seconds = (0.10 + 0.004 * (number % 30)) * (2 if is_mu_law else 1)
    count = round(RATE * seconds)
    channels = [tone(frequency, count)]
    if is_stereo:
        channels.append(tone(frequency / 2, count))
    return wav(channels, is_mu_law)


def call_recordings(calls):
    for number, call in enumerate(calls):
        parts = json.loads(call["conversationSegments"] or "[]")
        seconds = max((part["startSeconds"] + part["durationSeconds"] for part in parts), default=None)
        yield recording_name(call), recording(number, not call["numberOfSpeakers"], seconds)


# --- the export with problems ------------------------------------------------------------------


class Planted:
    """Rows with faults, their recordings, and what was planted where."""

    def __init__(self):
        self.rows, self.recordings, self.table = [], {}, []
        self.line = 2

    def add(self, code="", note="", cells=None, recording_as=None, **changes):
        """One row. `code` names the problem that belongs to it; empty for a good row."""
        number = len(self.rows) + 1
        agent_id, agent_name, agent_email, team = AGENTS[number % len(AGENTS)]
        row = dict.fromkeys(COLUMNS, "")
        row.update(
            externalId=f"P-{number:03}", phoneNumber=f"+45 12 34 57 {number:02}",
            title=TITLES[number % len(TITLES)], datetime=f"2024-05-{number % 28 + 1:02}T10:{number:02}:00+02:00",
            agentId=agent_id, agentName=agent_name, agentEmail=agent_email, numberOfSpeakers="2",
            labels="prøve", hasConsent="true", teamName=team,
        )
        row.update(changes)
        name = recording_as if recording_as is not None else row["audioFile"] or row["externalId"] + ".wav"
        if name:
            self.recordings.setdefault(name, recording(100 + number, False, 0.2))
        cells = cells(list(row.values())) if cells else list(row.values())
        self.rows.append(cells)
        if code:
            self.table.append((self.line, row["externalId"], code, note))
        self.line += 1 + sum(cell.count("\n") for cell in cells)
        return row


def make_problems():
    planted = Planted()
    add = planted.add
    first = add()
    add(title="En overskrift\nmed linjeskift, som er i orden")
    add("missing-field", "`title` is empty", title="")
    add("blank-field", "`agentName` holds only blanks", agentName="   ")
    add("bad-time", "a date in words", datetime="15. marts 2024 kl. 9")
    add("time-without-zone", "no offset, and the mapping names no zone", datetime="2024-05-07T10:06:00")
    add("bad-time", "29 February in a year without one", datetime="2023-02-29T10:07:00+01:00")
    add("impossible-time", "the day zero of spreadsheets", datetime="1899-12-30T00:00:00Z")
    add("bad-email", "`(at)` instead of `@`", agentEmail="testine.proevesen(at)example.com")
    add("bad-consent", "neither yes nor no", hasConsent="måske")
    add("spreadsheet-damage", "a phone number with an exponent", phoneNumber="4,51235E+09")
    add("customer-not-a-phone", "an anonymous caller; a warning, the call is sent", phoneNumber="anonymous")
    add("repeated-record", "line 2 once more, with the same content; a note, skipped", **first)
    add("duplicate-id", "the id of line 2 with another title", **{**first, "title": "Noget andet"})
    add("row-too-short", "18 fields instead of 21", cells=lambda cells: cells[:18])
    add("row-too-long", "22 fields: an unquoted comma in the title",
        cells=lambda cells: cells[:2] + ["Hej", " igen"] + cells[3:])
    add("unmapped-value", "`numberOfSpeakers` is 3", numberOfSpeakers="3")
    add("unmapped-value", "`agentAudioChannel` is `middle`", agentAudioChannel="middle")
    add("bad-labels", "the same label twice", labels="salg|vip|salg")
    add("bad-number", "`customNumberProp1` in words", customNumberProp1="tolv")
    add("padded-id", "blanks around the id; a warning, they become part of it",
        externalId=" P-021 ", audioFile="P-021.wav")
    add("bad-segments", "a segment of no length", conversationSegments=segments((0, 0)))
    add("recording-outside", "`audioFile` leaves the folder", audioFile="../P-023.wav", recording_as="")
    add("recording-missing", "no file of that name; a warning, the call is held", recording_as="")
    add("recording-empty", "a file of 0 bytes")
    add("recording-ambiguous", "two files of that name in two folders", recording_as="monday/P-026.wav")
    add("recording-truncated", "the header promises more than there is; a warning, the call is held")
    add("recording-mislabelled", "WAV inside, `.mp3` outside; a warning", audioFile="P-028.mp3")
    add("recording-channels", "stereo, but `numberOfSpeakers` says one speaker; a warning",
        numberOfSpeakers="1")
    add()
    files = planted.recordings
    files["P-025.wav"] = b""
    files["tuesday/P-026.wav"] = recording(140, False, 0.2)
    files["P-027.wav"] = files["P-027.wav"][:-600]
    files["P-029.wav"] = recording(141, True, 0.2)
    return planted


def planted_table(planted):
    lines = ["| line | external id | code | what is planted |", "|---:|---|---|---|"]
    for line, identity, code, note in planted.table:
        lines.append(f"| {line} | `{identity}` | `{code}` | {note} |")
    return "\n".join(lines) + "\n"


# --- the export of docs/first-import.md --------------------------------------------------------

OPKALD = ["Opkalds-ID", "Dato", "Tid", "Nummer", "Medarbejder", "Medarbejdernavn", "Retning", "Kampagne",
          "Udfald", "Samtaletid"]
# Rows that show what exports are like: a number that a spreadsheet guarded, an empty name, no recording.
GUARDED, NAMELESS, SILENT = 3, 6, 9


def first_import():
    """An export as a Danish dialer writes it, and the recordings of its calls."""
    people = [("tpr", "Testine Prøvesen"), ("fek", "Fiktiv Eksempelsen"), ("aaa", "Åse Attrap-Østergård")]
    text = io.StringIO()
    writer = csv.writer(text, delimiter=";", lineterminator="\r\n")
    writer.writerow(OPKALD)
    recordings = {}
    for number in range(12):
        login, name = people[number % 3]
        identity = f"2024-{4711 + number}"
        phone = f"123456{10 + number}"
        writer.writerow([
            identity, f"{14 + number // 6:02}-03-2024", f"{9 + number % 6:02}.{(7 * number) % 60:02}.00",
            f"'+45{phone}" if number == GUARDED else phone, login, "" if number == NAMELESS else name,
            "Udgående" if number % 2 else "Indgående", "Fornyelse", ["Solgt", "Nej tak", "Ring igen"][number % 3],
            f"00:00:0{1 + number % 2}",
        ])
        if number != SILENT:
            seconds = 1 + number % 2
            recordings[f"recordings/{identity}_{login}.wav"] = recording(number, True, seconds)
    return {"opkald.csv": text.getvalue().encode("windows-1252"), **recordings}


# --- files -------------------------------------------------------------------------------------


def as_csv(rows):
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    writer.writerows(rows)
    return text.getvalue().encode()


def with_table(readme, table):
    """The README with the table between its two marks."""
    return re.sub(
        r"(<!-- planted: begin -->\n).*?(<!-- planted: end -->)",
        lambda marks: marks[1] + table + marks[2], readme, flags=re.DOTALL,
    )


def all_files():
    calls = make_calls()
    planted = make_problems()
    files = {
        "calls.csv": as_csv(list(call.values()) for call in calls),
        "calls.ndjson": "".join(as_json(number, call) + "\n" for number, call in enumerate(calls)).encode(),
        "with-problems.csv": as_csv(planted.rows),
    }
    files.update((f"recordings/{name}", content) for name, content in call_recordings(calls))
    files.update((f"recordings-with-problems/{name}", content) for name, content in planted.recordings.items())
    files.update((f"first-import/{name}", content) for name, content in first_import().items())
    readme = (SAMPLES / "README.md").read_text(encoding="utf-8")
    files["README.md"] = with_table(readme, planted_table(planted)).encode()
    return files


def main():
    parser = argparse.ArgumentParser(description="Makes the files under samples/.")
    parser.add_argument("--check", action="store_true", help="compare only; exit 1 when something differs")
    arguments = parser.parse_args()
    wanted = all_files()
    there = {str(path.relative_to(SAMPLES)) for path in SAMPLES.rglob("*") if path.is_file()}
    strange = sorted(name for name in there - set(wanted) if name.startswith(("recordings", "first-import")))
    different = [name for name, content in wanted.items()
                 if name not in there or (SAMPLES / name).read_bytes() != content]
    if not arguments.check:
        for name in different:
            path = SAMPLES / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(wanted[name])
    print(f"{len(wanted)} files, {len(different)} {'differ' if arguments.check else 'written'}")
    for name in strange:
        print(f"not made by this script: samples/{name}", file=sys.stderr)
    if arguments.check:
        for name in different:
            print(f"differs: samples/{name}", file=sys.stderr)
    return 1 if arguments.check and (different or strange) else 0


if __name__ == "__main__":
    sys.exit(main())
