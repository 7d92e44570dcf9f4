// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBlockHistory} from "./IBlockHistory.sol";

/// @title Every block's hash, written by the node as a system call
/// @dev Like EIP-2935's contract it has no functions, only a fallback: a block's hash is 32 bytes that could begin with
/// any function's selector.
contract BlockHistory is IBlockHistory {
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    mapping(uint256 => bytes32) private _hashes;

    /// @dev The system address brings the hash of the parent of the block under way; anyone else brings a block number
    /// and is given its hash, zero where it is unknown.
    fallback(bytes calldata input) external returns (bytes memory) {
        require(input.length == 32, BlockHistoryMalformed(input.length));
        if (msg.sender != SYSTEM) return abi.encode(_hashes[uint256(bytes32(input))]);
        require(block.number > 0, BlockHistoryNoParent());
        _hashes[block.number - 1] = bytes32(input);
        return "";
    }
}
