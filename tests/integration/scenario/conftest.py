"""The world that these tests act in."""

from tests.world import world

__all__ = ["world"]
