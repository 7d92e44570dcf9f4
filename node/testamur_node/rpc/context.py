"""What every JSON-RPC method works with: the node, the limits, the caller's filters and how a block is named."""

from dataclasses import dataclass
from typing import Protocol

from testamur_node.chain.block import Block, Header
from testamur_node.node import Node
from testamur_node.pending import PendingBlock
from testamur_node.rpc.errors import ServerRefusalError
from testamur_node.rpc.filters import Filters
from testamur_node.rpc.limits import Limits
from testamur_node.rpc.parameters import BlockReference
from testamur_node.state.reader import StateReader

__all__ = [
    "Context", "Session", "find_block", "find_number", "header_of", "pending_block", "state_of", "CLIENT_VERSION",
]  # fmt: skip

CLIENT_VERSION = "testamur-node/0.1.0"


class Session(Protocol):
    """One connection that can be written to at any time: a WebSocket or the Unix socket."""

    def subscribe(self, kind: str, options: object) -> str:
        """Begin telling about something; the id of the subscription."""
        ...

    def unsubscribe(self, identity: str) -> bool:
        """End a subscription; False where there is none with that id."""
        ...


@dataclass(frozen=True, slots=True)
class Context:
    """Given to every method."""

    node: Node
    limits: Limits
    filters: Filters
    modules: tuple[str, ...]
    """Namespaces that are open on this transport."""
    session: Session | None = None
    """None on HTTP, which cannot be written to."""


def find_number(context: Context, reference: BlockReference) -> int | None:
    """The number of the block on the chain that a reference names, None where there is none; `pending` names the head.

    Every block is final when it is made: latest, safe and finalized are one.
    """
    if reference == BlockReference():
        raise ServerRefusalError("invalid arguments; neither block nor hash specified")
    if reference.hash is not None:
        return context.node.number_of(reference.hash)
    if reference.number is not None:
        return context.node.number_of(reference.number)
    return 0 if reference.tag == "earliest" else context.node.header_of(None).number


def find_block(context: Context, reference: BlockReference) -> Block | None:
    """The block itself, for who needs its transactions."""
    number = find_number(context, reference)
    return None if number is None else context.node.block(number)


def header_of(context: Context, reference: BlockReference) -> Header:
    """The header of the block that a reference names; a refusal in geth's words where there is none."""
    number = find_number(context, reference)
    header = None if number is None else context.node.header(number)
    if header is None:
        raise ServerRefusalError("header not found" if reference.hash is None else "header for hash not found")
    return header


def state_of(context: Context, reference: BlockReference) -> StateReader:
    """The state that a reference names; for `pending` that after the block to come."""
    if reference.is_pending:
        return context.node.pending.state(context.limits.call_seconds)
    return context.node.state_at(header_of(context, reference).number)


def pending_block(context: Context) -> PendingBlock:
    """The block to come, as the pool would fill it now."""
    return context.node.pending.block(context.limits.call_seconds)
