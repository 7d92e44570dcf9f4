"""Every custom error of the suite, provoked once: whoever adds an error adds its case to its contract's module."""

from tests.contracts.refusals import (
    alliance,
    batches,
    directory,
    founding,
    frameworks,
    issuers,
    keys,
    operators,
    permissions,
    status,
)
from tests.contracts.refusals.ground import CASES

__all__ = [
    "CASES",
    "alliance",
    "batches",
    "directory",
    "founding",
    "frameworks",
    "issuers",
    "keys",
    "operators",
    "permissions",
    "status",
]
