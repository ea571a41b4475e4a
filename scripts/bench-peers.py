#!/usr/bin/env python3
"""The checks of `capturi-import check` and the sending of `run`, as somebody would write them with other tools.

    scripts/bench-peers.py polars|duckdb|script EXPORT.csv FOUND.txt
    scripts/bench-peers.py aiohttp EXPORT.csv URL WIDTH FOLDER

The second sends conversations and recordings (`FOLDER/<id>.wav`), so many at a time, and keeps no ledger.

The first writes how many rows are faulty. Checked are: required fields, time with an offset and a date that
exists, e-mail, consent, number, phones that a spreadsheet rounded, and ids that stand twice.
"""

import csv
import datetime
import re
import sys

REQUIRED = ["externalId", "phoneNumber", "title", "datetime", "agentId", "agentName", "agentEmail"]
OFFSET = r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?(Z|[+-]\d\d:\d\d)$"
EMAIL = r"^[^@\s()]+@[^@\s]+\.[^@\s]+$"
NUMBER = r"^-?\d+(\.\d+)?$"
EXPONENT = r"^\d+([.,]\d+)?[eE][+-]?\d+$"


def with_polars(path):
    import polars as pl

    column = pl.col
    blank = pl.any_horizontal(column(name).fill_null("").str.strip_chars() == "" for name in REQUIRED)
    moment = column("datetime").str.slice(0, 19).str.to_datetime("%Y-%m-%dT%H:%M:%S", strict=False)
    faulty = (
        blank
        | ~column("datetime").str.contains(OFFSET) | moment.is_null()
        | ~column("agentEmail").str.contains(EMAIL)
        | ~column("hasConsent").fill_null("").is_in(["true", "false", ""])
        | ~column("customNumberProp1").fill_null("0").str.contains(NUMBER)
        | column("phoneNumber").str.contains(EXPONENT)
        | ~column("externalId").is_first_distinct()
    )
    frame = pl.scan_csv(path, infer_schema=False).with_row_index("row")
    return frame.filter(faulty.fill_null(True)).select("row", "externalId").collect().height


def with_duckdb(path):
    import duckdb

    blank = " or ".join(f"trim(coalesce({name}, '')) = ''" for name in REQUIRED)
    query = f"""
        select count(*) from (
            select *, row_number() over (partition by externalId order by row) as occurrence
            from (select *, row_number() over () as row from read_csv(?, header = true, all_varchar = true, quote = '"', escape = '"'))
        ) where {blank}
            or not regexp_matches(coalesce(datetime, ''), '{OFFSET}') or try_cast(datetime[:19] as timestamp) is null
            or not regexp_matches(coalesce(agentEmail, ''), '{EMAIL}')
            or coalesce(hasConsent, '') not in ('true', 'false', '')
            or not regexp_matches(coalesce(customNumberProp1, '0'), '{NUMBER}')
            or regexp_matches(coalesce(phoneNumber, ''), '{EXPONENT}')
            or occurrence > 1
    """
    return duckdb.execute(query, [path]).fetchone()[0]


def with_script(path):
    email, number, exponent, offset = map(re.compile, (EMAIL, NUMBER, EXPONENT, OFFSET))
    seen, faulty = set(), 0

    def is_faulty(row):
        if any(not row[name].strip() for name in REQUIRED):
            return True
        try:
            datetime.datetime.fromisoformat(row["datetime"])
        except ValueError:
            return True
        return (
            not offset.match(row["datetime"]) or not email.match(row["agentEmail"])
            or row["hasConsent"] not in ("true", "false", "")
            or not number.match(row["customNumberProp1"] or "0")
            or bool(exponent.match(row["phoneNumber"]))
        )

    with open(path, encoding="utf-8", newline="") as file:
        for row in csv.DictReader(file):
            is_repeated = row["externalId"] in seen
            seen.add(row["externalId"])
            faulty += is_repeated or is_faulty(row)
    return faulty


async def with_aiohttp(path, url, width, folder):
    import asyncio

    import aiohttp

    headers = {"Authorization": "bench-token"}
    turns = asyncio.Semaphore(width)

    async def send(session, row):
        names = {"externalIdentity": "externalId", "customer": "phoneNumber", "subject": "title", "dateTime": "datetime",
                 "agentId": "agentId", "agentName": "agentName", "agentEmail": "agentEmail"}
        body = {field: row[column] for field, column in names.items()}
        identity = row["externalId"]
        async with turns:
            async with session.post(f"{url}/v3/conversation", json=body) as answer:
                answer.raise_for_status()
            with open(f"{folder}/{identity}.wav", "rb") as file:
                form = aiohttp.FormData()
                form.add_field("data", file, filename=f"{identity}.wav", content_type="audio/wav")
                async with session.post(f"{url}/v1/audio/external/{identity}", data=form) as answer:
                    answer.raise_for_status()

    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    connector = aiohttp.TCPConnector(limit=width)
    async with aiohttp.ClientSession(headers=headers, connector=connector) as session:
        await asyncio.gather(*(send(session, row) for row in rows))


def main():
    if sys.argv[1] == "aiohttp":
        import asyncio

        path, url, width, folder = sys.argv[2:]
        asyncio.run(with_aiohttp(path, url, int(width), folder))
        return
    check = {"polars": with_polars, "duckdb": with_duckdb, "script": with_script}[sys.argv[1]]
    found = check(sys.argv[2])
    with open(sys.argv[3], "w", encoding="utf-8") as file:
        print(found, file=file)


if __name__ == "__main__":
    main()
