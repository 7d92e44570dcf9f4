"""go-ethereum as a live oracle: the same requests to it and to our node, on the chain of the recorded conversations.

`geth` builds and starts it, `chain` reads what the chain holds, `comparing` holds answers against each other; the other
modules make requests, each on one subject, from a seeded generator.
"""
