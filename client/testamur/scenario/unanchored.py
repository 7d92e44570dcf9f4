"""A credential that its institution signed and never recorded: what an institution outside the alliance can make.

Everything about it is in order but the chain: the signature holds, the proof leads to its root. Verifiers must not be
impressed.
"""

import secrets
import uuid
from datetime import UTC, datetime

from testamur.artifacts import GENESIS_ADDRESSES
from testamur.batch.anchor import batch_id
from testamur.batch.bundle import Anchor, Bundle, Inclusion
from testamur.batch.example import example_roster
from testamur.batch.holder import create_holder
from testamur.batch.leaf import KIND_OWN, LeafInput, content
from testamur.batch.roster import parse
from testamur.chain.signing_key import load_signing_key, raw_public_key
from testamur.credential.compiled import IssuingContext, compile_template
from testamur.credential.document import parse as parse_document
from testamur.credential.proof import verification_method
from testamur.credential.template import Template
from testamur.profile import Institution, Profile
from testamur.proof.merkle import leaf_hash
from testamur.scenario.errors import ScenarioError

__all__ = ["unanchored_bundle"]

LIST, STATUS_INDEX = 1, 4711


def unanchored_bundle(profile: Profile, institution: Institution, template: Template) -> Bundle:
    """A bundle of one invented learner, signed with the institution's registered key, anchored nowhere."""
    if institution.signing is None:
        raise ScenarioError(f"the profile has no signing key of {institution.name}")
    key = load_signing_key(profile.resolve(institution.signing.credential), profile.password_path)
    row = parse(example_roster(template, 1, seed=institution.number), template).rows[0]
    context = IssuingContext(
        issuer_did=institution.did,
        issuer_name=institution.name,
        verification_method=verification_method(institution.did, raw_public_key(key)),
        status_list_url=f"{institution.service_url}/v1/status-lists/{LIST}",
        created=datetime.now(UTC).replace(microsecond=0),
    )
    credential = compile_template(template, context, row.level).issue(row, STATUS_INDEX, uuid.uuid4().urn, key.sign)
    salt, outcome_tag, holder = secrets.token_bytes(32), secrets.token_bytes(32), create_holder().commitment
    leaf = LeafInput(
        kind=KIND_OWN,
        issuer=institution.number,
        list=LIST,
        status_index=STATUS_INDEX,
        claims=credential.claims,
        outcome_tag=outcome_tag,
        holder=holder,
        content=content(salt, credential.canonical),
    )
    root = leaf_hash(leaf.encode())  # a tree of one leaf
    contract = GENESIS_ADDRESSES["CredentialBatches"]
    named = batch_id(profile.chain_id, contract, KIND_OWN, institution.number, LIST, 1, root)
    return Bundle(
        document=parse_document(credential.canonical),
        foreign=None,
        inclusion=Inclusion(
            kind=KIND_OWN,
            issuer=institution.number,
            leaf_index=0,
            size=1,
            path=(),
            salt=salt,
            outcome_tag=outcome_tag,
            holder=holder,
            list=LIST,
            status_index=STATUS_INDEX,
        ),
        anchor=Anchor(profile.chain_id, contract, named, root, 1),
    )
