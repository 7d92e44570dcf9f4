"""Light verification against the model-based vectors of tendermint-rs: 41 files, 99 steps, each with its verdict."""

import json
from pathlib import Path
from typing import Any

from testamur.proof.cometbft import SignedHeader
from testamur.proof.cometbft_json import parse_time, signed_header_from_json, validator_from_json
from testamur.proof.errors import ProofError
from testamur.proof.light import LightBlock, NotEnoughTrustError, verify_step


def signed_header(data: dict[str, Any]) -> SignedHeader:
    """The vectors spell `parts` as older versions did, and leave an absent block id out."""
    commit = data["commit"]
    block_id = {"hash": commit["block_id"]["hash"], "parts": commit["block_id"]["part_set_header"]}
    return signed_header_from_json({"header": data["header"], "commit": {**commit, "block_id": block_id}})


def validators(data: dict[str, Any]) -> tuple[Any, ...]:
    return tuple(validator_from_json(entry) for entry in data["validators"])


def verdict(trusted: tuple[SignedHeader, Any], step: dict[str, Any], period: int) -> tuple[str, LightBlock | None]:
    block = step["block"]
    try:
        light = LightBlock(
            signed_header(block["signed_header"]),
            validators(block["validator_set"]),
            validators(block["next_validator_set"]),
        )
        verify_step(*trusted, light, trust_period_ns=period, now_ns=parse_time(step["now"]))
    except NotEnoughTrustError:
        return "NOT_ENOUGH_TRUST", None
    except ProofError:
        return "INVALID", None
    return "SUCCESS", light


def test_every_step_of_the_model_comes_to_its_verdict(vectors: Path) -> None:
    steps = 0
    for path in sorted((vectors / "tendermint-light/single_step").glob("*.json")):
        case = json.loads(path.read_text())
        initial = case["initial"]
        trusted = signed_header(initial["signed_header"]), validators(initial["next_validator_set"])
        for step in case["input"]:
            found, block = verdict(trusted, step, int(initial["trusting_period"]))
            assert found == step["verdict"], (path.name, steps)
            steps += 1
            if block is not None:
                trusted = block.signed, block.next_validators
    assert steps == 99
