"""JSON-RPC 2.0: bytes from HTTP, WebSocket or the Unix socket -> dispatch -> methods -> `Node` -> bytes.

`parameters` and `codec` read what callers send, `rendering` writes what they get, `methods` holds the namespaces,
`server` the transports, `access` and `limits` who may ask for how much.
"""
