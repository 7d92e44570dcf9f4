"""World state: accounts and storage as a hexary Merkle Patricia trie whose nodes lie in the store."""
