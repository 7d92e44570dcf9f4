// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title A contract that says under which name the Directory may list it
/// @notice The Directory asks before it enters a contract, so that no slip of an address becomes a successor.
interface INamed {
    /// @notice The one name under which the Directory may list this contract.
    /// @return The name in ASCII, zeros behind it.
    function directoryName() external view returns (bytes32);
}
