"""Status lists wherever they are kept: a list stays with the version of StatusRegistry that it was opened in.

Numbers go on from version to version, so a number means one list. Changes and questions go to its own registry, also
when the Directory names a successor since.
"""

from collections.abc import Iterable, Mapping, Sequence

from testamur.chain.contracts import Contract, Suite

__all__ = ["may_keep", "read_statuses", "registries_of"]


def registries_of(suite: Suite, lists: Iterable[int]) -> dict[int, Contract]:
    """The StatusRegistry that keeps each list; the one in force for a number that no version has opened."""
    current = suite.contract("StatusRegistry")
    found = dict.fromkeys(sorted(set(lists)), current)
    left = _not_opened(current, found)
    if left:
        for registry in reversed(suite.versions("StatusRegistry")):
            others = _not_opened(registry, left)
            found |= dict.fromkeys(set(left) - set(others), registry)
            left = others
    return found


def read_statuses(suite: Suite, places: Sequence[tuple[int, int]]) -> list[Mapping[str, bool]]:
    """`revoked` and `suspended` of each place (list, index), in order; a place that is not there is refused."""
    registries = registries_of(suite, (number for number, _ in places))
    found: dict[tuple[int, int], Mapping[str, bool]] = {}
    for registry in dict.fromkeys(registries.values()):
        own = [place for place in dict.fromkeys(places) if registries[place[0]] == registry]
        found |= zip(own, registry.read_many("statusOf", own), strict=True)
    return [found[place] for place in places]


def may_keep(suite: Suite, institution: int, number: int) -> bool:
    """Whether a status list is the institution's, in its custody, or its own to keep as the issuer's accreditor.

    Which of these writes to it now, StatusRegistry decides: its issuer while recognised, then a custodian, then the
    accreditor (IIssuerRegistry.keeperOf).
    """
    record = registries_of(suite, [number])[number].read("listOf", number)
    if institution in (record["issuer"], record["custodian"]):
        return True
    return bool(suite.contract("IssuerRegistry").read("keeperOf", record["issuer"]) == institution)


def _not_opened(registry: Contract, lists: Iterable[int]) -> list[int]:
    numbers = list(lists)
    if not numbers:
        return []
    records = registry.read_many("listOf", [(number,) for number in numbers])
    return [number for number, record in zip(numbers, records, strict=True) if not record["issuer"]]
