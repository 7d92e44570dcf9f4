"""Ordering and finality: the solo engine signs alone; CometBFT agrees among validators. Both drive `Application`."""
