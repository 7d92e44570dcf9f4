"""One credential: its strict document, its canonical forms, its proof, and the template a batch of them shares."""
