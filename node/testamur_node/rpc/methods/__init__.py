"""The JSON-RPC methods, one module per subject; importing this package registers them all.

`NAMESPACES` names every namespace; which of them a transport opens is the server's decision (`rpc.access`).
"""

from testamur_node.rpc.context import Context
from testamur_node.rpc.dispatch import Namespace
from testamur_node.rpc.methods import (
    accounts,
    administration,
    blocks,
    configuration,
    debugging,
    development,
    fees,
    identity,
    logs,
    mining,
    simulated_blocks,
    simulation,
    submission,
    subscription,
    transactions,
    trust,
    waiting,
    wishes,
)

__all__ = ["NAMESPACES", "DEVELOPMENT_NAMESPACES"]

_ALL: tuple[Namespace[Context], ...] = (
    *(
        module.eth
        for module in (
            accounts,
            blocks,
            configuration,
            fees,
            identity,
            logs,
            simulated_blocks,
            simulation,
            submission,
            subscription,
            transactions,
        )
    ),
    identity.net,
    identity.web3,
    identity.rpc,
    debugging.debug,
    waiting.txpool,
    administration.admin,
    trust.testamur,
    *(part for module in (development, mining, wishes) for part in (module.evm, module.hardhat, module.anvil)),
)


def _gathered() -> dict[str, Namespace[Context]]:
    """The namespaces by name; `eth` is spread over several modules."""
    gathered: dict[str, Namespace[Context]] = {}
    for part in _ALL:
        gathered.setdefault(part.name, Namespace(part.name)).methods.update(part.methods)
    return gathered


NAMESPACES = _gathered()
DEVELOPMENT_NAMESPACES = ("evm", "hardhat", "anvil")
"""Open on development chains alone: they change time and state."""
