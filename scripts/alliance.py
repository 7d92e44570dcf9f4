"""The alliance's first decisions, by vote of the profile's members: a framework, an agreement, who may issue.

    python scripts/alliance.py FOLDER                        the folder of the profile
    brownie run alliance main FOLDER --network NAME

Afterwards each founder has signed the agreement, registered its signing keys and opened a status list, and the profile
has a policy for those who verify. What is there already is left as it is, so that the script can be run again.
"""

import sys
import time

from testamur.batch.lists import open_list
from testamur.chain.brownie import open_profile, run_script
from testamur.chain.connection import Connection
from testamur.chain.contracts import Call
from testamur.chain.governance import document_hash, propose_and_pass, sign_agreement
from testamur.chain.institution import IssuerState, Scope, admit_call, register_calls
from testamur.chain.keys import add_signing_keys
from testamur.registry import read_frameworks
from testamur.verification.creation import create_policy
from testamur.verification.policy import Policy

FRAMEWORK = "LOFOUC 国家开放大学学习成果框架"
LEVELS = 10
QUALIFICATION = "大学课程"
AGREEMENT = "Each member issues only what it examined, and revokes what it finds wrong.\n"
LIST_LOG2SIZE = 17


def main(folder: str | None = None) -> None:
    """Vote, sign, register keys and open lists."""
    with Connection.open(open_profile(folder)) as connection:
        framework = define_framework(connection)
        adopt_agreement(connection)
        for number in [institution.number for institution in connection.profile.institutions]:
            equip(connection, number, framework)
        alliance = connection.contract("Alliance")
        write_policy(connection)
        print(f"members {alliance.read('members')}, proposals {alliance.read('proposalCount')}")


def decide(connection: Connection, text: str, calls: list[Call]) -> None:
    """Propose the calls under the text's hash, vote with every member of the profile, execute."""
    proposal, receipt = propose_and_pass(connection, calls, document_hash(text.encode()))
    state = f"executed in block {receipt.block_number}" if receipt else "waits for the other members"
    print(f"proposal {proposal.id} {text.strip()!r}: {proposal.yes} yes, {state}")


def define_framework(connection: Connection) -> int:
    """The framework's number; levels and one type of qualification come with it."""
    known = {framework.name: framework.number for framework in read_frameworks(connection.suite)}
    if FRAMEWORK in known:
        return known[FRAMEWORK]
    number = max(known.values(), default=0) + 1
    contract = connection.contract("QualificationFrameworks")
    levels = [
        {"rank": rank, "ladder": 1, "blank": False, "code": f"L{rank}", "label": f"学习成果第{rank}级"}
        for rank in range(1, LEVELS + 1)
    ]
    calls = [
        contract.call("addFramework", number, FRAMEWORK, 0, "国家开放大学"),
        contract.call("addLevels", number, levels),
        contract.call("addType", number, 1, QUALIFICATION, 1, LEVELS, 0, 0),
    ]
    decide(connection, f"Framework {FRAMEWORK}", calls)
    return number


def adopt_agreement(connection: Connection) -> None:
    """One version of the agreement, signed by every member of the profile."""
    alliance = connection.contract("Alliance")
    if alliance.read("agreementCount") == 0:
        calls = [alliance.call("adoptAgreement", document_hash(AGREEMENT.encode()), int(time.time()))]
        decide(connection, AGREEMENT, calls)
    version = alliance.read("agreementCount")
    members = alliance.read("members")
    for institution in connection.profile.institutions:
        if institution.number in members and not alliance.read("signed", version, institution.number):
            receipt = sign_agreement(alliance, connection.sender_for(institution, "govern"), version)
            print(f"{institution.name} signed agreement {version} in block {receipt.block_number}")


def equip(connection: Connection, number: int, framework: int) -> None:
    """An issuer recognised, with its signing keys registered and a status list."""
    institution = connection.profile.institution(number)
    if connection.contract("IssuerRegistry").read("issuer", number)["state"] == IssuerState.NONE:
        scope = Scope(framework, lowest_rank=1, highest_rank=LEVELS)
        registering = register_calls(connection, number, institution.name, institution.did)
        decide(connection, f"Admit {institution.name}", [*registering, admit_call(connection, number, [scope])])
    institution = add_signing_keys(connection, institution, f"keys/{institution.slug}")
    if not institution.lists:
        institution = open_list(connection, institution, LIST_LOG2SIZE)
        print(f"{institution.name} opened status list {institution.lists[-1].number}")


def write_policy(connection: Connection) -> None:
    """The policy that the profile names, pinned now where there is none."""
    path = connection.profile.resolve(connection.profile.policy or "policy.toml")
    if not path.exists():
        create_policy(connection.rpc, connection.profile.directory).write(path)
    print(f"policy fingerprint {Policy.load(path).fingerprint}, trust {Policy.load(path).trust}")


if __name__ == "__main__":
    run_script(main, sys.argv[1:])
