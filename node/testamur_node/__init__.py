"""The Testamur node: py-evm executes, an engine orders, LMDB keeps."""

import os

# eth-hash reads this when it first hashes; its own default, pycryptodome, is seven times slower
os.environ.setdefault("ETH_HASH_BACKEND", "pysha3")
