// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

/// @title Which nodes may connect
/// @notice A list that was never begun lets every node in. One that was keeps as many peers as the validating
/// institutions need to reach each other: add the new ones before the old ones go.
interface IPeers {
    /// @notice Fewer peers would be left than the validators need to reach each other: add others first.
    error PermissionsTooFewPeers(uint256 left, uint256 lowest);

    /// @notice A peer may connect from now on, or may no more.
    /// @param peerId Its 20-byte node id.
    /// @param allowed Whether it may.
    event PeerChanged(bytes20 indexed peerId, bool allowed);

    /// @notice Allow or forbid a peer. Alliance only.
    /// @param peerId Its 20-byte node id.
    /// @param allowed Whether it may connect. One may be forbidden while there stay as many peers as there are
    /// validating institutions less one, and at least one.
    function setPeer(bytes20 peerId, bool allowed) external;

    /// @notice Whether a peer stands in the list.
    /// @param peerId Its 20-byte node id.
    /// @return True where it does.
    function isPeer(bytes20 peerId) external view returns (bool);

    /// @notice The 20-byte node ids, in no particular order.
    /// @return All of them.
    function peers() external view returns (bytes20[] memory);
}
