// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The hash of every block
/// @notice The node writes the parent's hash before each block's transactions, as EIP-2935 does, but keeps them all:
/// a state from decades ago is proved backward from a fresh one. Called with a block number in 32 bytes, and no selector,
/// it answers with that block's hash.
interface IBlockHistory {
    /// @notice A call brings 32 bytes.
    error BlockHistoryMalformed(uint256 length);
    /// @notice The first block has no parent.
    error BlockHistoryNoParent();
}
