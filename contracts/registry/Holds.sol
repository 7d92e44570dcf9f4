// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IHolds} from "./IHolds.sol";
import {IIssuerRegistry} from "./IIssuerRegistry.sol";
import {Issuers} from "./Issuers.sol";
import {Names} from "../libraries/Names.sol";

/// @title Holds on what an issuer may anchor, while its quality is looked into
/// @dev An issuer that never was held costs an anchoring nothing: the number of its holds stands beside its state.
abstract contract Holds is Issuers {
    using SafeCast for uint256;

    uint40 private constant LASTS = 60 days;
    uint16 private constant MOST = 16; // each is read by each anchoring

    mapping(uint32 => mapping(uint16 => Hold)) private _holds; // indexes count from 1

    /// @inheritdoc IHolds
    function hold(uint32 institution, uint32 framework, uint32 qualificationType, bytes32 document)
        external
        whileCurrent
        returns (uint16 index)
    {
        require(
            msg.sender == alliance() || msg.sender == _named(Names.QUALITY_AUDITS),
            IssuerRegistryNotAuditor(msg.sender)
        );
        require(framework != 0, IssuerRegistryHoldMalformed());
        _requireAdmitted(institution);
        index = _place(institution, framework, qualificationType);
        uint40 time = block.timestamp.toUint40();
        _holds[institution][index] = Hold(framework, qualificationType, time, time + LASTS);
        emit IssuerHeld(institution, index, framework, qualificationType, time + LASTS, document, msg.sender);
    }

    /// @inheritdoc IHolds
    function setHoldEnd(uint32 institution, uint16 index, uint40 until, bytes32 document)
        external
        onlyAlliance
        whileCurrent
    {
        Hold memory entry = holdOf(institution, index);
        require(entry.framework != 0, IssuerRegistryUnknownHold(institution, index));
        uint40 earliest = block.timestamp.toUint40();
        uint40 latest = type(uint40).max - LASTS; // after which it rests as long
        entry.until = until == 0 ? earliest : until; // a vote cannot know when it executes
        require(
            entry.until >= earliest && entry.until <= latest, IssuerRegistryEndOutOfBounds(until, earliest, latest)
        );
        _holds[institution][index] = entry;
        emit HoldEndSet(institution, index, entry.until, document);
    }

    /// @inheritdoc IHolds
    function holdOf(uint32 institution, uint16 index) public view returns (Hold memory entry) {
        entry = _holds[institution][index];
        if (entry.framework == 0 && _hasPredecessor()) return IIssuerRegistry(predecessor()).holdOf(institution, index);
    }

    /// @dev Reverts where one of the issuer's holds meets that framework and type now.
    function _requireNotHeld(uint32 institution, uint16 count, uint32 framework, uint32 qualificationType)
        internal
        view
    {
        for (uint16 i = 1; i <= count; ++i) {
            Hold memory entry = holdOf(institution, i);
            require(
                entry.until <= block.timestamp || !_meets(entry, framework, qualificationType),
                IssuerRegistryHeld(institution, i, entry.until)
            );
        }
    }

    /// @dev Where a hold goes: where one rested long enough, else after the last. Whoever audits holds the same thing
    /// again only once that rested as long as it lasts, so that the sixty days are no first instalment.
    function _place(uint32 institution, uint32 framework, uint32 qualificationType) private returns (uint16 index) {
        Issuer storage record = _carried(institution);
        uint16 count = record.holds;
        for (uint16 i = 1; i <= count; ++i) {
            Hold memory entry = holdOf(institution, i);
            bool hasRested = entry.until + LASTS <= block.timestamp;
            require(
                hasRested || msg.sender == alliance() || !_meets(entry, framework, qualificationType),
                IssuerRegistryHoldRests(institution, i, entry.until + LASTS)
            );
            if (hasRested && index == 0) index = i;
        }
        if (index != 0) return index;
        require(count < MOST, IssuerRegistryTooManyHolds(institution, MOST));
        index = ++record.holds;
    }

    /// @dev Whether a hold and a scope have a qualification in common.
    function _meets(Hold memory entry, uint32 framework, uint32 qualificationType) private pure returns (bool) {
        return entry.framework == framework
            && (entry.qualificationType == 0 || qualificationType == 0 || entry.qualificationType == qualificationType);
    }
}
