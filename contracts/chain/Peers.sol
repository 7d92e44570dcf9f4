// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IPeers} from "./IPeers.sol";
import {Validators} from "./Validators.sol";

/// @title The peers that may connect, with a floor under them
abstract contract Peers is IPeers, Validators {
    uint256 private constant MOST_PEERS = 1024;

    bytes20[] private _peerIds;
    mapping(bytes20 => uint256) private _peerPositions; // from 1

    /// @inheritdoc IPeers
    function setPeer(bytes20 peerId, bool allowed) external onlyAlliance {
        if (allowed) {
            _allowPeer(peerId);
            return;
        }
        uint256 position = _peerPositions[peerId];
        if (position == 0) return;
        uint256 left = _peerIds.length - 1;
        uint256 lowest = _peersNeeded();
        require(left >= lowest, PermissionsTooFewPeers(left, lowest));
        bytes20 last = _peerIds[left];
        _peerIds[position - 1] = last;
        _peerPositions[last] = position;
        _peerIds.pop();
        delete _peerPositions[peerId];
        emit PeerChanged(peerId, false);
    }

    /// @inheritdoc IPeers
    function isPeer(bytes20 peerId) external view returns (bool) {
        return _peerPositions[peerId] != 0;
    }

    /// @inheritdoc IPeers
    function peers() external view returns (bytes20[] memory) {
        return _peerIds;
    }

    function _allowPeer(bytes20 peerId) internal {
        if (_peerPositions[peerId] != 0) return;
        require(_peerIds.length < MOST_PEERS, PermissionsTooMany(MOST_PEERS));
        _peerIds.push(peerId);
        _peerPositions[peerId] = _peerIds.length;
        emit PeerChanged(peerId, true);
    }

    /// @dev The other validating institutions' nodes, and one at least.
    function _peersNeeded() private view returns (uint256) {
        uint256 institutions = _validatingInstitutions();
        return institutions > 2 ? institutions - 1 : 1;
    }
}
