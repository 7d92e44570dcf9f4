"""Writes the table of docs/rpc.md from the methods that the node registers; `tests/node/test_rpc_table.py` compares."""

from pathlib import Path

from testamur_node.rpc.dispatch import required
from testamur_node.rpc.methods import DEVELOPMENT_NAMESPACES, NAMESPACES

__all__ = ["DOCUMENT", "rendered"]

DOCUMENT = Path(__file__).resolve().parent.parent / "docs" / "rpc.md"
_HEAD = """# JSON-RPC

What the node answers. Made by `tools/rpc_table.py` from the code. HTTP and WebSocket open `eth`, `net`, `web3` and
`testamur` unless `--http-api` names others; `node.ipc` in the home folder opens `debug` and `txpool` beside them, and
`admin.ipc` alone opens `admin`. Who may ask what is settled in `operations.md`, "Access". Methods marked "development"
exist on development chains alone.

The 91 recorded conversations of the Ethereum execution API tests, on their chain of 45 blocks, are answered by their
comparison rule (`tests/interop/test_rpc_compat.py`). On the same chain geth 1.16.5 runs beside the node and both are
asked generated requests of every kind (`tests/interop/tools/test_geth.py`): blocks, receipts, proofs, logs, fees,
calls, estimates, access lists, simulations, traces, transactions to fill in and to send, each at its edges too
(states that cannot be, every fork, the middle of a block), and each parameter of each method spoilt in some seventy
ways. Unchanged web3.py 7.16 and 8, cast, forge script, ethers, viem and hardhat deploy, call, send and read on a
running node (`tests/interop`).

web3.py's own suite for nodes passes 445 of the 452 tests of web3.py 7.16 (geth 1.17.8 passes 439, anvil 1.7.1 381)
and 441 of 448 of 8.0; the seven that remain cannot pass, each with its reason in `tests/web3suite/expected.py`. Its
23 tests of subscriptions pass over WebSocket and over the Unix socket, its 14 of `debug` and `txpool` over HTTP.
eth-tester's suite for backends passes, 101 of 101, on a backend over the solo engine (`docs/testing.md`).

- latest = safe = finalized: a block is final when it is made.
- `pending` is the block that the node would make now, on the head, out of what waits. It is executed when somebody
  asks, apart from blocks and within the time of a call, once for each head, pool and second; blocks, receipts, logs,
  state, proofs, calls, traces, simulations and estimates show it, without hash, nonce and miner. The pending nonce
  counts the contiguous transactions of the pool, beyond that block's room too. A filter up to `pending` tells what is
  committed, and in eth_feeHistory it is empty. An estimate that names no block sees the head's state at the present
  time; on an imported chain, which has no next block, the head as it is.
- eth_sendRawTransaction answers when the transaction is in the pool and its journal (`adr/0017`); it refuses with a
  sentence (-32000) where the pool is full, the sender has its share waiting, the nonce is used or too far ahead, a
  replacement does not raise both fee fields by 10 % (at least 1 wei), or the disk has no room.
- Gas price, base fee, priority fee and fee history are zero on our own chains; a transaction may offer a price and pays
  none. A development chain made with `init --dev --base-fee WEI` charges what EIP-1559 says.
- A development chain seals at once, or with `--block-time SECONDS` by its clock, empty blocks too; tools change that,
  and what the next blocks look like (`docs/testing.md`).
- A development chain's node signs for its unlocked accounts: transactions of types 0, 1, 2 and 4, messages (EIP-191),
  typed data (EIP-712).
- A revert is error 3 with the revert data; a refused parameter is -32602; whatever else the node refuses is -32000 or,
  in eth_simulateV1, the number that the execution API gives it; a limit that was met is named (-32005).
- A method that the listener does not open answers as one that does not exist, -32601. Who may not ask gets -40100, as
  from Besu: with HTTP 401 where no good token was shown, 403 where the holder may not. Too fast is -32005 with HTTP 429
  and `Retry-After`. In a batch each item is judged; the HTTP status is 200 once one item got through.

Where the node differs from geth, and means to:

- What makes geth panic ("method handler crashed") gets an answer or a refusal here: block overrides of debug_traceCall
  without a number, a difficulty in eth_simulateV1 since the merge.
- `pending` is a block that was executed: it has receipts, logs, proofs and encodings, which geth refuses.
- A request without `jsonrpc` is taken. `eth_protocolVersion`, `eth_coinbase`, `eth_mining` and `eth_hashrate`, which
  tools still ask, are answered. `eth_estimateGas` and `eth_call` end at the node's time limit, answers at its size
  limits.
- No JavaScript tracers, no erc7562Tracer and none of geth's views into its database (`debug_dbGet`,
  `debug_accountRange` and their like); a tracer's `timeout` is checked and the node's own limit holds.
- eth_getProof takes 1,024 keys, geth any number.
- No `eth_resend`; eth_fillTransaction leaves `blobs` aside. Where a call pretends that a precompile's address delegates
  to somebody (EIP-7702), that somebody runs; geth runs the precompile.
- Delegations of a call (EIP-7702) count from Prague on, as in blocks; geth applies them under every fork.
- The pool counts what one transaction may cost against its sender's balance, geth all of a sender's together.

| method | parameters | |
|---|---|---|
"""


def rendered() -> str:
    """The document as the code stands."""
    rows = []
    for namespace in NAMESPACES.values():
        note = "development" if namespace.name in DEVELOPMENT_NAMESPACES else ""
        for name, method in sorted(namespace.methods.items()):
            needed = sum(1 for parameter in method.parameters if parameter == required(parameter.decode))
            count = f"{needed}" if needed == len(method.parameters) else f"{needed}–{len(method.parameters)}"
            rows.append((name, f"| `{name}` | {count} | {note} |"))
    return _HEAD + "\n".join(row for _, row in sorted(set(rows))) + "\n"


if __name__ == "__main__":
    DOCUMENT.write_text(rendered(), encoding="utf-8")
