"""What the chain says happened, and whether it is complete: every batch and every status, read from its events.

    python scripts/audit.py FOLDER
    brownie run audit main FOLDER --network NAME

A list's batches must follow one another without gap up to its counter, each record must say what its event said, and
the bitmaps must hold what the events add up to. Ends with an error where one of that is not so.
"""

import sys
from collections import defaultdict

from testamur.chain.brownie import open_profile, run_script
from testamur.chain.connection import Connection

WORD_BITS = 256


def main(folder: str | None = None) -> None:
    """Print one line for each status list; fail where the record is not whole."""
    with Connection.open(open_profile(folder)) as connection:
        problems = [*audit_batches(connection), *audit_statuses(connection)]
    if problems:
        raise SystemExit("\n".join(problems))
    print("complete: every list's counters, batches and statuses agree with the events")


def audit_batches(connection: Connection) -> list[str]:
    """Each list's batches beside its counter."""
    problems = []
    batches, registry = connection.contract("CredentialBatches"), connection.contract("StatusRegistry")
    end: dict[int, int] = defaultdict(int)
    for entry in batches.logs("BatchAnchored"):
        told = entry.arguments
        record = batches.read("batch", told["batchId"])
        number = told["list"]
        if (record["issuer"], record["list"], record["size"]) != (told["issuer"], number, told["size"]):
            problems.append(f"batch 0x{told['batchId'].hex()}: the record differs from the event")
        if record["first"] != end[number]:
            problems.append(f"list {number}: a batch begins at {record['first']}, the last one ended at {end[number]}")
        end[number] = record["first"] + record["size"]
    for entry in registry.logs("ListOpened"):
        number = entry.arguments["list"]
        record = registry.read("listOf", number)
        if record["next"] != end[number]:
            problems.append(f"list {number}: the counter stands at {record['next']}, the batches end at {end[number]}")
        print(f"list {number} of institution {record['issuer']}: {record['next']} of {1 << record['log2size']} issued")
    return problems


def audit_statuses(connection: Connection) -> list[str]:
    """Each word that an event ever touched, beside what the events add up to."""
    registry = connection.contract("StatusRegistry")
    revoked: dict[tuple[int, int], int] = defaultdict(int)
    suspended: dict[tuple[int, int], int] = defaultdict(int)
    changes = []
    for event, words, raises in (
        ("CredentialRevoked", revoked, True),
        ("WordsRevoked", revoked, True),
        ("RevocationsCleared", revoked, False),
        ("CredentialSuspended", suspended, True),
        ("WordsSuspended", suspended, True),
        ("CredentialReinstated", suspended, False),
        ("WordsReinstated", suspended, False),
    ):
        changes += [(entry.block_number, entry.index, entry.arguments, words, raises) for entry in registry.logs(event)]
    for _, _, told, words, raises in sorted(changes, key=lambda change: change[:2]):
        index = told.get("index", 0)
        place = (told["list"], told.get("wordIndex", index // WORD_BITS))
        mask = told.get("mask", 1 << index % WORD_BITS)
        words[place] = words[place] | mask if raises else words[place] & ~mask
    problems = []
    for number, word in sorted(revoked.keys() | suspended.keys()):
        held = registry.read("words", number, word, 1)
        if (held["revoked"][0], held["suspended"][0]) != (revoked[number, word], suspended[number, word]):
            problems.append(f"list {number}, word {word}: the bitmap differs from the events")
    counts = [sum(bits.bit_count() for bits in words.values()) for words in (revoked, suspended)]
    print(f"{counts[0]} revoked, {counts[1]} suspended")
    return problems


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
