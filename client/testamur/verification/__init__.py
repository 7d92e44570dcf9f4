"""Judging a bundle: the verifier's policy, the state it looks at, the nine checks and the verdict they come to.

Data flow: `verify` parses the bundle, `trust` finds a state the policy accepts, `registry` reads typed records out of
it through a `view`, `checks` judge, `verdict` tells. Only `connection` talks to a node; evidence needs none.
"""
