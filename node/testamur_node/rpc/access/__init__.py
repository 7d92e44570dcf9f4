"""Who may ask a node, and about what: hosts and origins, tokens, certificates, permissions, rates.

`gate` puts them together for one listener; everything below it is a pure function or reads its files once, at start.
"""
