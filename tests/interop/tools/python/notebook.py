"""Unchanged web3.py (7.16 or 8) against a node, with its default fees: deploy, call, send, receipts, logs, filters.

Reads URL, KEY and the artifact's path from the environment; prints one JSON object that test_web3.py judges.
"""

import json
import os
import sys

import web3
from eth_account import Account
from hexbytes import HexBytes
from web3 import HTTPProvider, Web3
from web3.exceptions import ContractCustomError, ContractLogicError
from web3.middleware import SignAndSendRawMiddlewareBuilder
from web3.types import TxReceipt


def main() -> int:
    with open(os.environ["ARTIFACT"], encoding="utf-8") as file:
        artifact = json.load(file)
    account = Account.from_key(os.environ["KEY"])
    w3 = Web3(HTTPProvider(os.environ["URL"], request_kwargs={"timeout": 60}))
    w3.middleware_onion.inject(SignAndSendRawMiddlewareBuilder.build(account), layer=0)
    w3.eth.default_account = account.address

    def done(hash_: HexBytes) -> TxReceipt:
        return w3.eth.wait_for_transaction_receipt(hash_, timeout=60, poll_latency=0.1)

    blank = w3.eth.contract(abi=artifact["abi"], bytecode=artifact["bytecode"])
    deployment = done(blank.constructor().transact())
    notebook = w3.eth.contract(address=deployment["contractAddress"], abi=artifact["abi"])
    events = notebook.events.NoteChanged.create_filter(from_block="latest", argument_filters={"by": account.address})
    blocks = w3.eth.filter("latest")
    receipt = done(notebook.functions.set(42, "first").transact())
    legacy = done(notebook.functions.set(43, "second").transact({"gasPrice": w3.eth.gas_price}))
    heard = events.get_new_entries()
    again = events.get_new_entries()
    new_blocks = blocks.get_new_entries()
    logs = w3.eth.get_logs({"address": notebook.address, "fromBlock": deployment["blockNumber"]})
    try:
        notebook.functions.refuse(7).call()
        refusal = None
    except ContractCustomError as error:
        refusal = error.data
    try:
        notebook.functions.complain().transact()
        complaint = None
    except ContractLogicError as error:
        complaint = str(error)
    sys.stdout.write(
        json.dumps(
            {
                "web3": web3.__version__,
                "from": account.address,
                "address": notebook.address,
                "deployment": deployment["status"],
                "receipt": [receipt["status"], receipt["type"], receipt["effectiveGasPrice"]],
                "legacy": [legacy["status"], legacy["type"]],
                "log": [entry["args"]["text"] for entry in notebook.events.NoteChanged().process_receipt(receipt)],
                "heard": [[entry["args"]["by"], entry["args"]["value"]] for entry in heard],
                "again": len(again),
                "blocks": receipt["blockHash"] in new_blocks and legacy["blockHash"] in new_blocks,
                "logs": len(logs),
                "value": notebook.functions.get().call(),
                "count": notebook.functions.count(account.address).call(),
                "refusal": refusal,
                "complaint": complaint,
                "history": w3.eth.fee_history(2, "latest", [50])["baseFeePerGas"],
                "uninstalled": w3.eth.uninstall_filter(events.filter_id),
            }
        )
        + "\n"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
