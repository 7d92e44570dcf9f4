"""A chain inside a test: the backend that lets eth-tester, and web3.py through it, run on this node's solo engine.

    from eth_tester import EthereumTester
    from testamur_node.tester import SoloBackend

    tester = EthereumTester(SoloBackend())

`chain` is the node in a temporary folder that seals when told, `backend` eth-tester's interface on it, `inbound` and
`outbound` translate. Needs the extra `testamur[tester]`.
"""

from testamur_node.tester.backend import SoloBackend

__all__ = ["SoloBackend"]
