"""Finding things without reading every block: logs by address and topic."""
