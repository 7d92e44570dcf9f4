// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title What only a passed proposal of the Alliance may change
/// @notice Every contract that the Alliance governs answers who that is; nobody else owns anything.
interface IGoverned {
    /// @notice The caller is not the Alliance: only a passed proposal may do this.
    error GovernedNotAlliance(address caller);

    /// @notice The contract whose passed proposals govern this one.
    /// @return Its address.
    function alliance() external view returns (address);
}
