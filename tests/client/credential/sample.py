"""A small credential to start from in tests: every value fixed, so that its bytes are the same in every run."""

import copy
from datetime import UTC, datetime
from typing import Any

import orjson
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from testamur.batch.claims import level_urn
from testamur.credential.contexts import CONTEXT_URLS
from testamur.credential.proof import sign, verification_method

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
PUBLIC_KEY = KEY.public_key().public_bytes_raw()
DID = "did:web:cdou.example"
METHOD = verification_method(DID, PUBLIC_KEY)
CREATED = datetime(2026, 7, 1, tzinfo=UTC)
LIST_URL = "https://cdou.example/v1/status-lists/3"


def unsigned() -> dict[str, Any]:
    """A credential without its proof."""
    return {
        "@context": list(CONTEXT_URLS),
        "id": "urn:uuid:58172aac-d8ba-41ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "OpenBadgeCredential"],
        "name": "软件工程专科证书",
        "issuer": {"id": DID, "type": ["Profile"], "name": "成都开放大学"},
        "validFrom": "2026-06-30T16:00:00Z",
        "validUntil": "2036-06-30T15:59:59Z",
        "credentialSubject": {
            "type": ["AchievementSubject"],
            "identifier": [_identity("name", "李华"), _identity("identifier", "2023000017")],
            "creditsEarned": 118.5,
            "achievement": {
                "id": "https://cdou.example/achievements/software-engineering",
                "type": ["Achievement"],
                "name": "软件工程",
                "description": "软件工程专业",
                "criteria": {"narrative": "修满学分，成绩合格"},
                "tag": ["软件", "工程"],
                "alignment": [
                    {
                        "type": ["Alignment"],
                        "targetUrl": level_urn(1, 2, 5, 5101),
                        "targetFramework": "终身学习成果框架",
                        "targetCode": "5",
                        "targetName": "专科",
                    }
                ],
            },
        },
        "credentialStatus": [_status("revocation"), _status("suspension")],
    }


def signed(tree: dict[str, Any] | None = None) -> dict[str, Any]:
    """The credential, or another without proof, with the proof of `KEY`."""
    result: dict[str, Any] = sign(copy.deepcopy(tree) if tree else unsigned(), KEY, METHOD, CREATED)
    return result


def data(tree: dict[str, Any]) -> bytes:
    """A tree as a file holds it."""
    return orjson.dumps(tree)


def _identity(kind: str, text: str) -> dict[str, Any]:
    return {"type": "IdentityObject", "hashed": False, "identityHash": text, "identityType": kind}


def _status(purpose: str) -> dict[str, Any]:
    return {
        "id": f"{LIST_URL}#{purpose}-94567",
        "type": "BitstringStatusListEntry",
        "statusPurpose": purpose,
        "statusListIndex": "94567",
        "statusListCredential": LIST_URL,
    }
