"""geth's tracers over our observer seam: struct logs, calls, prestate, selectors; and the access list of a message."""
