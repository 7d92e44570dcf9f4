"""net_, web3_, rpc_ and the eth_ methods that tell who this node is."""

from testamur.proof.hashing import keccak256

from testamur_node.rpc.codec import data, quantity, read_data
from testamur_node.rpc.context import CLIENT_VERSION, Context
from testamur_node.rpc.dispatch import Namespace, required

__all__ = ["eth", "net", "web3", "rpc"]

eth: Namespace[Context] = Namespace("eth")
net: Namespace[Context] = Namespace("net")
web3: Namespace[Context] = Namespace("web3")
rpc: Namespace[Context] = Namespace("rpc")


@eth.method("chainId")
def chain_id(context: Context) -> str:
    """The EIP-155 chain id."""
    return quantity(context.node.chain_id)


@eth.method("syncing")
def syncing(_context: Context) -> bool:
    """False: what this node serves, it has executed."""
    return False


@eth.method("mining")
def mining(_context: Context) -> bool:
    """False: nothing here works for blocks."""
    return False


@eth.method("hashrate")
def hashrate(_context: Context) -> str:
    """Zero, for the same reason."""
    return "0x0"


@eth.method("coinbase")
def coinbase(context: Context) -> str:
    """The coinbase of this chain's blocks: constant, but where a tool has a development chain use another."""
    return data(context.node.wishes.coinbase or context.node.head.header.coinbase)


@eth.method("protocolVersion")
def protocol_version(_context: Context) -> str:
    """The Ethereum wire protocol that tools expect to read about; this node does not speak it."""
    return "0x44"


@net.method("version")
def network_version(context: Context) -> str:
    """The network id, a decimal string; it is the chain id."""
    return str(context.node.chain_id)


@net.method("listening")
def listening(_context: Context) -> bool:
    """True: it answers."""
    return True


@net.method("peerCount")
def peer_count(_context: Context) -> str:
    """Connected peers: none on a solo chain."""
    return "0x0"


@web3.method("clientVersion")
def client_version(_context: Context) -> str:
    """Name and version."""
    return CLIENT_VERSION


@web3.method("sha3", required(read_data))
def sha3(_context: Context, payload: bytes) -> str:
    """keccak-256 of the given bytes."""
    return data(keccak256(payload))


@rpc.method("modules")
def modules(context: Context) -> dict[str, str]:
    """The namespaces that are open on this transport."""
    return dict.fromkeys(context.modules, "1.0")
