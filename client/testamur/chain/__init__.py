"""Everything that talks to a chain: JSON-RPC, typed contract calls, accounts, transactions, governance, deployment.

Data flow: `rpc` carries bytes to and from a node; `contracts` turns names and values into calls over the committed
ABIs; `signer` and `transactions` sign and deliver; `governance` and `deploy` are what an alliance does with them.
"""
