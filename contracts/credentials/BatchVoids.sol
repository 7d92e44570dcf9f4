// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IBatchVoids} from "./IBatchVoids.sol";
import {ICredentialBatches} from "./ICredentialBatches.sol";
import {StatusLists} from "./StatusLists.sol";
import {IAlliance} from "../governance/IAlliance.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title Which batches have left force as a whole
abstract contract BatchVoids is IBatchVoids, StatusLists {
    using SafeCast for uint256;

    mapping(uint16 => mapping(bytes32 => Void)) private _voids; // version of CredentialBatches => batch

    /// @inheritdoc IBatchVoids
    function voidBatch(uint16 batchesVersion, bytes32 id, uint32 size, uint8 reason) external onlyReason(reason) {
        (uint32 list, uint32 recorded) = _batches(batchesVersion, id).extentOf(id);
        require(recorded != 0, BatchVoidsUnknownBatch(batchesVersion, id));
        require(recorded == size, BatchVoidsOtherSize(id, recorded));
        // a list has one number in all versions: that it is here shows that its batches belong here
        Keeper memory keeper = _requireKeeper(list);
        Void storage entry = _voids[batchesVersion][id];
        require(!_isVoid(entry), BatchVoidsVoidAlready(id));
        uint40 revokedFrom = (block.timestamp + IAlliance(alliance()).parameter(Names.VOID_DELAY)).toUint40();
        _write(entry, keeper, list, revokedFrom, reason);
        emit BatchVoided(id, list, batchesVersion, revokedFrom, reason, msg.sender);
    }

    /// @inheritdoc IBatchVoids
    function liftVoid(uint16 batchesVersion, bytes32 id) external {
        Void storage entry = _voids[batchesVersion][id];
        require(_isVoid(entry), BatchVoidsNotVoid(id));
        (uint32 institution,, uint16 roles) = _operatorOf(msg.sender);
        require(
            roles & Roles.GOVERN != 0
                && (institution == entry.institution || institution == _keeperOf(listOf(entry.list))),
            BatchVoidsCannotLift(id, msg.sender)
        );
        require(block.timestamp < entry.revokedFrom, BatchVoidsLiftTooLate(id, entry.revokedFrom));
        entry.lifted = block.timestamp.toUint40();
        emit BatchVoidLifted(id, entry.list, batchesVersion, msg.sender);
    }

    /// @inheritdoc IBatchVoids
    function clearVoid(uint16 batchesVersion, bytes32 id, bytes32 document) external onlyAlliance {
        Void storage entry = _voids[batchesVersion][id];
        require(_isVoid(entry), BatchVoidsNotVoid(id));
        entry.cleared = block.timestamp.toUint40();
        emit BatchVoidCleared(id, entry.list, batchesVersion, document);
    }

    /// @inheritdoc IBatchVoids
    function voidOf(uint16 batchesVersion, bytes32 id) external view returns (Void memory) {
        return _voids[batchesVersion][id];
    }

    /// @inheritdoc IBatchVoids
    function batchStatusOf(uint16 batchesVersion, bytes32 id) external view returns (bool revoked, bool suspended) {
        Void storage entry = _voids[batchesVersion][id];
        if (!_isVoid(entry)) return (false, false);
        revoked = block.timestamp >= entry.revokedFrom;
        suspended = !revoked;
    }

    /// @dev The CredentialBatches of that version; one that has not acted yet has recorded nothing.
    function _batches(uint16 version, bytes32 id) internal view returns (ICredentialBatches) {
        (address target, uint16 current) = _resolve(Names.CREDENTIAL_BATCHES);
        require(version != 0 && version <= current, BatchVoidsUnknownBatch(version, id));
        return ICredentialBatches(version == current ? target : _entered(Names.CREDENTIAL_BATCHES, version));
    }

    /// @dev By itself, so that the compiler makes one write of it.
    function _write(Void storage entry, Keeper memory keeper, uint32 list, uint40 revokedFrom, uint8 reason) private {
        (entry.since, entry.revokedFrom, entry.lifted, entry.cleared) = (uint40(block.timestamp), revokedFrom, 0, 0);
        (entry.institution, entry.operatorIndex) = (keeper.institution, keeper.operatorIndex);
        (entry.list, entry.reason) = (list, reason);
    }

    function _isVoid(Void storage entry) private view returns (bool) {
        return entry.since != 0 && entry.lifted == 0 && entry.cleared == 0;
    }
}
