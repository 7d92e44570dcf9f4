// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {InclusionProof} from "../../contracts/libraries/InclusionProof.sol";
import {Cheats} from "./Cheats.sol";

/// @title The library behind an external call, so that paths and leaves are calldata
contract InclusionCaller {
    function rootOf(bytes32 leaf, uint256 index, uint256 size, bytes32[] calldata path)
        external
        pure
        returns (bool, bytes32)
    {
        return InclusionProof.rootOf(leaf, index, size, path);
    }

    function leafHash(bytes calldata leafInput) external pure returns (bytes32) {
        return InclusionProof.leafHash(leafInput);
    }
}

/// @title RFC 9162 2.1.1 and 2.1.3.1 written down again, recursively, as the text has them
contract InclusionTest is Cheats {
    InclusionCaller private caller;

    function setUp() public {
        caller = new InclusionCaller();
    }

    function testFuzz_everyLeafLeadsToTheRoot(uint256 seed, uint8 sizeSeed) public view {
        bytes32[] memory leaves = _leaves(seed, bound(sizeSeed, 1, 40));
        bytes32 root = _root(leaves, 0, leaves.length);
        for (uint256 i = 0; i < leaves.length; ++i) {
            (bool isValid, bytes32 reached) = caller.rootOf(leaves[i], i, leaves.length, _path(leaves, i));
            require(isValid && reached == root, "a leaf does not lead to its root");
        }
    }

    function testFuzz_anotherLeafDoesNot(uint256 seed, uint8 sizeSeed, uint8 indexSeed, bytes32 other) public view {
        bytes32[] memory leaves = _leaves(seed, bound(sizeSeed, 1, 40));
        uint256 index = bound(indexSeed, 0, leaves.length - 1);
        vm.assume(other != leaves[index]);
        (, bytes32 reached) = caller.rootOf(other, index, leaves.length, _path(leaves, index));
        require(reached != _root(leaves, 0, leaves.length), "another leaf leads to the root");
    }

    function testFuzz_anIndexOutsideTheTreeIsRefused(uint256 seed, uint8 sizeSeed, uint256 beyond) public view {
        bytes32[] memory leaves = _leaves(seed, bound(sizeSeed, 1, 40));
        uint256 index = bound(beyond, leaves.length, type(uint256).max);
        (bool isValid,) = caller.rootOf(leaves[0], index, leaves.length, _path(leaves, 0));
        require(!isValid, "an index outside the tree passes");
    }

    function testFuzz_aPathOfAnotherLengthIsRefused(uint256 seed, uint8 sizeSeed, uint8 indexSeed) public view {
        bytes32[] memory leaves = _leaves(seed, bound(sizeSeed, 2, 40));
        uint256 index = bound(indexSeed, 0, leaves.length - 1);
        bytes32[] memory path = _path(leaves, index);
        bytes32[] memory longer = new bytes32[](path.length + 1);
        bytes32[] memory shorter = new bytes32[](path.length - 1);
        for (uint256 i = 0; i < path.length; ++i) {
            longer[i] = path[i];
            if (i < shorter.length) shorter[i] = path[i];
        }
        (bool isValid,) = caller.rootOf(leaves[index], index, leaves.length, longer);
        require(!isValid, "a longer path passes");
        (isValid,) = caller.rootOf(leaves[index], index, leaves.length, shorter);
        require(!isValid, "a shorter path passes");
    }

    /// @dev An inner node, or its whole preimage, handed in as a leaf: the first byte keeps the two apart.
    function testFuzz_leavesAndNodesAreHashedApart(bytes32 left, bytes32 right) public view {
        bytes32 node = sha256(abi.encodePacked(bytes1(0x01), left, right));
        require(caller.leafHash(abi.encodePacked(left, right)) != node, "a node passes as a leaf");
        require(caller.leafHash(abi.encodePacked(bytes1(0x01), left, right)) != node, "a node passes as a leaf");
    }

    function _leaves(uint256 seed, uint256 size) private view returns (bytes32[] memory leaves) {
        leaves = new bytes32[](size);
        for (uint256 i = 0; i < size; ++i) {
            leaves[i] = caller.leafHash(abi.encode(seed, i));
        }
    }

    function _root(bytes32[] memory leaves, uint256 from, uint256 to) private pure returns (bytes32) {
        if (to - from == 1) return leaves[from];
        uint256 split = from + _split(to - from);
        return sha256(abi.encodePacked(bytes1(0x01), _root(leaves, from, split), _root(leaves, split, to)));
    }

    /// @dev From the leaf upwards; the recursion meets the siblings from the root downwards.
    function _path(bytes32[] memory leaves, uint256 index) private pure returns (bytes32[] memory path) {
        bytes32[] memory down = new bytes32[](8);
        uint256 depth = 0;
        (uint256 from, uint256 to) = (0, leaves.length);
        while (to - from > 1) {
            uint256 split = from + _split(to - from);
            if (index < split) {
                down[depth++] = _root(leaves, split, to);
                to = split;
            } else {
                down[depth++] = _root(leaves, from, split);
                from = split;
            }
        }
        path = new bytes32[](depth);
        for (uint256 i = 0; i < depth; ++i) {
            path[i] = down[depth - 1 - i];
        }
    }

    /// @dev The largest power of two below `size`.
    function _split(uint256 size) private pure returns (uint256 power) {
        power = 1;
        while (power * 2 < size) power *= 2;
    }
}
