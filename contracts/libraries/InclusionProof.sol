// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Inclusion proofs of RFC 9162, section 2.1.3.2, over SHA-256
/// @notice `testamur.proof.merkle` follows the same text; both read the same vectors.
library InclusionProof {
    /// @dev SHA-256(0x00 ‖ leafInput).
    function leafHash(bytes calldata leafInput) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x00), leafInput));
    }

    /// @dev SHA-256(0x01 ‖ left ‖ right).
    function nodeHash(bytes32 left, bytes32 right) internal pure returns (bytes32) {
        return sha256(abi.encodePacked(bytes1(0x01), left, right));
    }

    /// @dev The root that `path` leads to from the leaf at `index` of `size`; not valid when the path's length is wrong
    /// or the index outside the tree.
    function rootOf(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata path)
        internal
        pure
        returns (bool isValid, bytes32 root)
    {
        if (index >= size) return (false, 0);
        uint256 position = index;
        uint256 last = size - 1;
        root = leaf;
        for (uint256 i = 0; i < path.length; ++i) {
            if (last == 0) return (false, 0);
            if (position & 1 == 1 || position == last) {
                root = nodeHash(path[i], root);
                while (position & 1 == 0 && position != 0) {
                    position >>= 1;
                    last >>= 1;
                }
            } else {
                root = nodeHash(root, path[i]);
            }
            position >>= 1;
            last >>= 1;
        }
        isValid = last == 0;
    }
}
