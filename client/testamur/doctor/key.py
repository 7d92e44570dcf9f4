"""Whether an institution's signing keys open, are registered and count, and whether a status list has room."""

from testamur.chain.connection import Connection
from testamur.chain.errors import KeyUnusableError
from testamur.chain.keys import KeyUsage, key_hash
from testamur.chain.signing_key import load_signing_key, raw_public_key
from testamur.doctor.finding import Finding, ok
from testamur.profile import Institution

__all__ = ["check_lists", "check_signing_key"]

_ROOM_WARNING = 1_000
_DAY = 86_400
_ENDING = 30 * _DAY


def check_signing_key(connection: Connection, institution: Institution, now: float) -> list[Finding]:
    """`unreadable_key`, `key_unknown`, `key_retired`, `key_compromised`, `key_ends`: whether they open and count."""
    number, signing, profile = institution.number, institution.signing, connection.profile
    if signing is None:
        return [
            Finding(
                "key_unknown",
                "error",
                f"the profile has no signing keys for institution {number}",
                "create them with `testamur issuer key add`",
                {"institution": number},
                9,
            )
        ]
    found: list[Finding] = []
    for path, usage in ((signing.credential, KeyUsage.CREDENTIAL), (signing.status, KeyUsage.STATUS)):
        facts = {"institution": number, "key": path, "usage": usage.name.lower()}
        try:
            key = raw_public_key(load_signing_key(profile.resolve(path), profile.password_path))
        except KeyUnusableError as error:
            found.append(Finding("unreadable_key", "error", error.message, error.advice, facts, 9))
            continue
        record = connection.contract("Keys").read("key", number, key_hash(key))
        if (record["institution"], record["usage"]) != (number, usage):
            message = f"the key {path} is not registered for {usage.name.lower()} use of institution {number}"
            advice = "register it with `testamur issuer key add`"
            found.append(Finding("key_unknown", "error", message, advice, facts, 6))
        elif record["compromisedSince"]:
            message = f"the key {path} was marked as compromised"
            found.append(Finding("key_compromised", "error", message, "create and register a new key", facts, 6))
        elif 0 < record["until"] <= now:
            message = f"the key {path} was retired"
            found.append(Finding("key_retired", "error", message, "create and register a new key", facts, 6))
        elif 0 < record["until"] < now + _ENDING:
            days = int((record["until"] - now) // _DAY)
            message = f"the key {path} ends in {days} days, as planned"
            found.append(Finding("key_ends", "warning", message, "create and register a new key in time", facts))
    return found or [ok("keys", institution, "the signing keys open, are registered and in use")]


def check_lists(connection: Connection, institution: Institution) -> list[Finding]:
    """`unreadable_list_key`, `lists_held_elsewhere`, `list_full`: whether a status list of this profile has room."""
    from testamur.batch.lists import read_lists

    facts = {"institution": institution.number, "lists": [item.number for item in institution.lists]}
    try:
        lists = read_lists(connection, institution)
    except KeyUnusableError as error:
        return [Finding("unreadable_list_key", "error", error.message, error.advice, facts, 9)]
    room = max((item.room for item in lists), default=0)
    if not lists and institution.lists:
        message = (
            f"another account of institution {institution.number} fills its status lists, or they are of another chain"
        )
        advice = (
            "nothing: issuing opens another list; or let the ADMIN hand one over: "
            "`testamur issuer hand-over LIST --to ADDRESS`"
        )
        return [Finding("lists_held_elsewhere", "warning", message, advice, facts)]
    if not lists:
        return [ok("lists", institution, "no status list is open yet; issuing opens one")]
    if room < _ROOM_WARNING:
        message = f"the status lists of institution {institution.number} have room for {room} more"
        return [
            Finding("list_full", "warning", message, "nothing: issuing opens another list", {**facts, "room": room})
        ]
    return [ok("lists", institution, f"a status list has room for {room} more")]
