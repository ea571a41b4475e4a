#!/usr/bin/env python3
"""Writes a large export in the shape of samples/calls.csv, with a known share of faulty rows.

    scripts/make-export.py --rows 1000000 --seed 1 --bad-share 0.01 --out calls.csv --truth truth.csv

The same seed and number of rows give the same bytes. A faulty row has exactly one fault, and each
fault is an error, not a warning; the truth file lists `line,code`, where the line is the one on
which the row starts. So a correct check reports as many rows as the truth file has, on its lines.
"""

import argparse
import csv
import random

COLUMNS = [
    "externalId", "phoneNumber", "title", "datetime", "agentId", "agentName", "agentEmail",
    "numberOfSpeakers", "agentAudioChannel", "outcome", "outcomeReason", "caseId", "labels",
    "hasConsent", "customerCompany", "status", "teamName", "customProp4", "customNumberProp1",
    "conversationSegments", "audioFile",
]
PLACE = {name: index for index, name in enumerate(COLUMNS)}
REQUIRED = ["externalId", "phoneNumber", "title", "datetime", "agentId", "agentName", "agentEmail"]

GIVEN = ["Testine", "Fiktiv", "Åse", "Björn", "Dummy", "Penelope", "Øjvind", "Attrap"]
FAMILY = ["Prøvesen", "Eksempelsen", "Østergård-Attrap", "Låtsasson", "Damgård", "Placeholder"]
TITLES = [
    "Tilbud på bredbånd", "Spørgsmål til regning", "Flytning til ny adresse", "Fejl på linjen",
    "Opsigelse, fortrudt", "Order status", 'Vil have "sommertilbud"', "Møde aftalt:\ntirsdag kl. 10",
]
OUTCOMES = [("Salg", "Pris"), ("Ikke salg", "Har allerede"), ("Genopkald", ""), ("Løst", "Første opkald, uden videre")]
LABELS = ["", "salg", "support|vip", "fastholdelse|2. forsøg", "æbleø"]
ZONES = ["Z", "+01:00", "+02:00", ".250+01:00", "-05:00"]
STATUS = ["closed", "completed", ""]

BAD_TIMES = ["31/12/2024 14.05", "2024-13-05T10:00:00Z", "2023-02-29T10:00:00+01:00", "i går", "2024-05-05T25:61:00Z"]
BAD_EMAILS = ["testine", "testine(at)example.com", "testine@", "@example.com", "a b@example.com"]
CODES = [
    "missing-field", "bad-time", "time-without-zone", "bad-email", "bad-consent", "bad-number",
    "spreadsheet-damage", "duplicate-id", "row-too-short",
]


def agents():
    return [
        (f"a-{number:03}", f"{given} {family}", f"agent.{number}@example.com", f"Team {number % 7}")
        for number, (given, family) in enumerate((given, family) for given in GIVEN for family in FAMILY)
    ]


def good_row(number, seed, bits, people):
    """A row in order. All its choices come from one draw of random bits."""

    def pick(choices):
        nonlocal bits
        bits, index = divmod(bits, len(choices))
        return choices[index]

    agent_id, agent_name, agent_email, team = pick(people)
    outcome, reason = pick(OUTCOMES)
    day, second = pick(range(366)), pick(range(86_400))
    # Times an odd number, modulo a power of two: the ids are distinct and in no order.
    identity = f"c{seed:x}-{number * 1_000_003 % (1 << 31):08x}"
    clock = f"2024-{day % 12 + 1:02}-{day % 28 + 1:02}T{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    return [
        identity, f"+451{pick(range(10_000_000)):07}", pick(TITLES), clock + pick(ZONES),
        agent_id, agent_name, agent_email, pick("12"), "", outcome, reason,
        pick(["", f"CASE-{number}"]), pick(LABELS), pick(["true", "true", "false", ""]),
        pick(["", "", "Eksempel & Søn ApS"]), pick(STATUS), team, "", pick(["", "12.5", "200"]), "", "",
    ]


def spoil(row, code, random_source, earlier):
    """Puts one fault of this code into a good row."""
    pick = random_source.choice
    if code == "missing-field":
        row[PLACE[pick(REQUIRED)]] = ""
    elif code == "bad-time":
        row[PLACE["datetime"]] = pick(BAD_TIMES)
    elif code == "time-without-zone":
        row[PLACE["datetime"]] = row[PLACE["datetime"]][:19]
    elif code == "bad-email":
        row[PLACE["agentEmail"]] = pick(BAD_EMAILS)
    elif code == "bad-consent":
        row[PLACE["hasConsent"]] = pick(["måske", "2", "?"])
    elif code == "bad-number":
        row[PLACE["customNumberProp1"]] = pick(["tolv", "12 kr", "1-2"])
    elif code == "spreadsheet-damage":
        row[PLACE["phoneNumber"]] = pick(["4,51E+09", "4.51235E+09"])
    elif code == "duplicate-id":
        row[PLACE["externalId"]] = pick(earlier)
    elif code == "row-too-short":
        del row[15:]


def write(arguments, out, truth):
    random_source = random.Random(arguments.seed)
    rows = csv.writer(out, lineterminator="\n")
    faults = csv.writer(truth, lineterminator="\n") if truth else None
    rows.writerow(COLUMNS)
    if faults:
        faults.writerow(["line", "code"])
    people, earlier, line, bad = agents(), [], 2, 0
    for number in range(arguments.rows):
        row = good_row(number, arguments.seed, random_source.getrandbits(96), people)
        length = 1 + row[PLACE["title"]].count("\n")
        if earlier and random_source.random() < arguments.bad_share:
            code = random_source.choice(arguments.codes)
            spoil(row, code, random_source, earlier)
            length = 1 + sum(cell.count("\n") for cell in row)
            bad += 1
            if faults:
                faults.writerow([line, code])
        elif number % 64 == 0:
            earlier.append(row[0])
        rows.writerow(row)
        line += length
    return bad


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, required=True)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--bad-share", type=float, default=0.0, help="share of faulty rows, 0 to 1")
    parser.add_argument("--codes", type=lambda text: text.split(","), default=CODES,
                        help="kinds of faults, separated by commas (default: " + ",".join(CODES) + ")")
    parser.add_argument("--out", required=True)
    parser.add_argument("--truth", help="where to list the faulty rows")
    arguments = parser.parse_args()
    if arguments.rows > 1 << 31:
        parser.error("too many rows for distinct ids")
    if unknown := set(arguments.codes) - set(CODES):
        parser.error("no such fault: " + ", ".join(sorted(unknown)))
    with open(arguments.out, "w", encoding="utf-8", newline="", buffering=1 << 20) as out:
        if arguments.truth:
            with open(arguments.truth, "w", encoding="utf-8", newline="") as truth:
                bad = write(arguments, out, truth)
        else:
            bad = write(arguments, out, None)
    print(f"{arguments.out}: {arguments.rows} rows, {bad} of them faulty")


if __name__ == "__main__":
    main()
