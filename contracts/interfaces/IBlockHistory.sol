// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title The hash of every block
/// @notice The node writes the parent's hash before each block's transactions, as EIP-2935 does, but keeps them all:
/// a state from decades ago is proved backward from a fresh one.
interface IBlockHistory {
    /// @notice Only the system address writes.
    error BlockHistoryNotSystem(address caller);
    /// @notice A system call brings the 32 bytes of the parent's hash, in block 1 at the earliest.
    error BlockHistoryMalformed(uint256 length);

    /// @notice The hash of block `number`; zero where it is unknown.
    function hashOf(uint256 number) external view returns (bytes32);
}
