"""What a verifier trusts: pure functions over bytes, no input or output, few dependencies. The node imports it too."""
