"""Scripts that run by themselves or inside brownie: which node they talk to, and whose profile they use.

Brownie is not imported: where it runs and is connected, its network decides; else `TESTAMUR_RPC`, else the profile.
"""

import os
import sys
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from testamur.profile import Profile

__all__ = ["connected_rpc", "open_profile"]


def connected_rpc(environment: Mapping[str, str] = os.environ) -> str | None:
    """The address of the node that brownie is connected to, else TESTAMUR_RPC's; None where neither is said."""
    brownie = sys.modules.get("brownie")
    if brownie is not None and brownie.network.is_connected():
        return str(brownie.web3.provider.endpoint_uri)
    return environment.get("TESTAMUR_RPC")


def open_profile(folder: str | Path | None = None, environment: Mapping[str, str] = os.environ) -> Profile:
    """The profile in `folder`, else TESTAMUR_PROFILE's, else this folder's, on the node of `connected_rpc`."""
    profile = Profile.load(Path(folder or environment.get("TESTAMUR_PROFILE", ".")))
    return replace(profile, rpc=connected_rpc(environment) or profile.rpc)
