// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IBlockHistory} from "./interfaces/IBlockHistory.sol";

/// @title Every block's hash, written by the node as a system call
contract BlockHistory is IBlockHistory {
    address private constant SYSTEM = 0xffffFFFfFFffffffffffffffFfFFFfffFFFfFFfE;

    mapping(uint256 => bytes32) private _hashes;

    /// @dev Calldata is the hash of the parent of the block under way.
    fallback() external {
        require(msg.sender == SYSTEM, BlockHistoryNotSystem(msg.sender));
        require(msg.data.length == 32 && block.number > 0, BlockHistoryMalformed(msg.data.length));
        _hashes[block.number - 1] = bytes32(msg.data);
    }

    /// @inheritdoc IBlockHistory
    function hashOf(uint256 number) external view returns (bytes32) {
        return _hashes[number];
    }
}
