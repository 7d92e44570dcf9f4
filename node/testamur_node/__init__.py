"""The Testamur node: py-evm executes, an engine orders, LMDB keeps."""
