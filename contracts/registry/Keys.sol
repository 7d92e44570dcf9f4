// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "../governance/Governed.sol";
import {IKeys} from "./IKeys.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Roles} from "../libraries/Roles.sol";
import {Texts} from "../libraries/Texts.sol";

/// @title DIDs and signing keys
contract Keys is IKeys, Governed {
    using SafeCast for uint256;

    uint8 private constant USAGE_CREDENTIAL = 1;
    uint8 private constant USAGE_STATUS = 2;
    uint40 private constant LONGEST_BACK = 90 days;
    uint40 private constant CONSENT = 60 days;

    IOperators private immutable _operators;

    mapping(uint32 => mapping(bytes32 => Key)) private _keys; // institution, keccak256(raw key)
    mapping(bytes32 => Did) private _dids; // keccak256(did)
    mapping(uint32 => bytes32[]) private _keysOf; // raw keys
    mapping(uint32 => string[]) private _didsOf;
    mapping(uint32 => mapping(bytes32 => Consent)) private _consents; // institution, keccak256(raw key)

    /// @param alliance_ Whose votes act here.
    /// @param operators_ Who acts for whom.
    constructor(address alliance_, address operators_) Governed(alliance_) {
        _operators = IOperators(operators_);
    }

    /// @inheritdoc IKeys
    function addDid(uint32 institution, string calldata did_) external onlyAlliance {
        require(_operators.institutionOf(institution).createdAt != 0, KeysUnknownInstitution(institution));
        require(Texts.isDid(did_), KeysDidMalformed(did_));
        bytes32 didHash = keccak256(bytes(did_));
        uint32 owner = _dids[didHash].institution;
        require(owner == 0, KeysDidTaken(didHash, owner));
        _dids[didHash] = Did(institution, block.timestamp.toUint40(), 0);
        _didsOf[institution].push(did_);
        emit DidAdded(institution, didHash, did_);
    }

    /// @inheritdoc IKeys
    function endDid(bytes32 didHash, uint40 until, bytes32 document) external onlyAlliance {
        Did memory record = _dids[didHash];
        require(record.institution != 0, KeysUnknownDid(didHash));
        uint40 end = _end(until, record.until);
        _dids[didHash].until = end;
        emit DidEnded(record.institution, didHash, end, document);
    }

    /// @inheritdoc IKeys
    function addKey(bytes32 key_, uint8 usage) external {
        (uint32 institution, uint16 index, uint16 roles) = _operators.roleOf(msg.sender);
        require(roles & Roles.ADMIN != 0, KeysNotAdmin(institution, msg.sender));
        _requireThawed(msg.sender);
        require(key_ != 0, KeysKeyMalformed(key_));
        require(usage == USAGE_CREDENTIAL || usage == USAGE_STATUS, KeysUnknownUsage(usage));
        bytes32 keyHash = keccak256(abi.encodePacked(key_));
        require(_keys[institution][keyHash].institution == 0, KeysKeyTaken(institution, keyHash));
        _keys[institution][keyHash] = Key(institution, usage, index, block.timestamp.toUint40(), 0, 0, 0, 0);
        _keysOf[institution].push(key_);
        emit KeyAdded(institution, keyHash, key_, usage, msg.sender);
    }

    /// @inheritdoc IKeys
    function retireKey(uint32 institution, bytes32 keyHash, uint40 until) external {
        Key memory record = _requireKey(institution, keyHash);
        if (msg.sender != alliance()) _requireAdmin(institution);
        uint40 end = _end(until, record.until);
        _keys[institution][keyHash].until = end;
        emit KeyRetired(institution, keyHash, end, msg.sender);
    }

    /// @inheritdoc IKeys
    function markKeyCompromised(uint32 institution, bytes32 keyHash, uint40 since) external {
        Key memory record = _requireKey(institution, keyHash);
        uint40 latest = block.timestamp.toUint40();
        uint40 earliest = 1;
        if (msg.sender != alliance()) {
            _requireAdmin(institution);
            if (since < latest) _requireThawed(msg.sender);
            earliest = latest - LONGEST_BACK;
            uint40 byVoteUntil = record.clearedAt == 0 ? 0 : record.clearedAt + LONGEST_BACK;
            require(latest >= byVoteUntil, KeysRestoredByVote(institution, keyHash, byVoteUntil));
        }
        if (record.compromisedSince != 0) latest = record.compromisedSince - 1;
        require(since >= earliest && since <= latest, KeysSinceOutOfBounds(since, earliest, latest));
        _keys[institution][keyHash].compromisedSince = since;
        delete _consents[institution][keyHash];
        emit KeyMarkedCompromised(institution, keyHash, since, msg.sender);
    }

    /// @inheritdoc IKeys
    function restoreKey(uint32 institution, bytes32 keyHash, uint40 since, bytes32 document) external onlyAlliance {
        uint40 former = _requireCompromised(institution, keyHash);
        uint40 latest = block.timestamp.toUint40();
        require(since > former && since <= latest, KeysSinceOutOfBounds(since, former + 1, latest));
        _restore(institution, keyHash, former, since, document);
    }

    /// @inheritdoc IKeys
    function consentToClearKey(uint32 institution, bytes32 keyHash) external {
        _requireCompromised(institution, keyHash);
        require(_isGovern(msg.sender, institution), KeysNotGovern(institution, msg.sender));
        uint40 until = block.timestamp.toUint40() + CONSENT;
        _consents[institution][keyHash] = Consent(msg.sender, until);
        emit KeyClearingConsented(institution, keyHash, msg.sender, until);
    }

    /// @inheritdoc IKeys
    function clearKey(uint32 institution, bytes32 keyHash, bytes32 document) external onlyAlliance {
        uint40 former = _requireCompromised(institution, keyHash);
        Consent memory consent = _consents[institution][keyHash];
        require(
            block.timestamp <= consent.until && _isGovern(consent.by, institution), KeysNoConsent(institution, keyHash)
        );
        _restore(institution, keyHash, former, 0, document);
    }

    /// @inheritdoc IKeys
    function key(uint32 institution, bytes32 keyHash) external view returns (Key memory) {
        return _keys[institution][keyHash];
    }

    /// @inheritdoc IKeys
    function keyConsent(uint32 institution, bytes32 keyHash) external view returns (Consent memory) {
        return _consents[institution][keyHash];
    }

    /// @inheritdoc IKeys
    function keyCount(uint32 institution) external view returns (uint256) {
        return _keysOf[institution].length;
    }

    /// @inheritdoc IKeys
    function keysOf(uint32 institution, uint256 from, uint256 count) external view returns (bytes32[] memory page) {
        page = new bytes32[](_pageLength(_keysOf[institution].length, from, count));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _keysOf[institution][from + i];
        }
    }

    /// @inheritdoc IKeys
    function did(bytes32 didHash) external view returns (Did memory) {
        return _dids[didHash];
    }

    /// @inheritdoc IKeys
    function didCount(uint32 institution) external view returns (uint256) {
        return _didsOf[institution].length;
    }

    /// @inheritdoc IKeys
    function didsOf(uint32 institution, uint256 from, uint256 count) external view returns (string[] memory page) {
        page = new string[](_pageLength(_didsOf[institution].length, from, count));
        for (uint256 i = 0; i < page.length; ++i) {
            page[i] = _didsOf[institution][from + i];
        }
    }

    /// @inheritdoc IKeys
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _restore(uint32 institution, bytes32 keyHash, uint40 former, uint40 since, bytes32 document) private {
        Key storage record = _keys[institution][keyHash];
        uint16 clearings = record.clearings + 1;
        (record.compromisedSince, record.clearings, record.clearedAt) = (since, clearings, block.timestamp.toUint40());
        delete _consents[institution][keyHash];
        emit KeyRestored(institution, keyHash, former, since, clearings, document);
    }

    function _isGovern(address account, uint32 institution) private view returns (bool) {
        return _operators.hasRole(account, institution, Roles.GOVERN);
    }

    /// @dev The end that `until` means, 0 being now: no earlier than now, earlier than the one before.
    function _end(uint40 until, uint40 before) private view returns (uint40 end) {
        uint40 earliest = block.timestamp.toUint40();
        uint40 latest = before == 0 ? type(uint40).max : before - 1;
        end = until == 0 ? earliest : until;
        require(end >= earliest && end <= latest, KeysEndOutOfBounds(end, earliest, latest));
    }

    function _requireKey(uint32 institution, bytes32 keyHash) private view returns (Key memory record) {
        record = _keys[institution][keyHash];
        require(record.institution != 0, KeysUnknownKey(institution, keyHash));
    }

    function _requireCompromised(uint32 institution, bytes32 keyHash) private view returns (uint40 since) {
        since = _requireKey(institution, keyHash).compromisedSince;
        require(since != 0, KeysNotCompromised(institution, keyHash));
    }

    function _requireAdmin(uint32 institution) private view {
        require(_operators.hasRole(msg.sender, institution, Roles.ADMIN), KeysNotAdmin(institution, msg.sender));
    }

    function _requireThawed(address admin) private view {
        require(!_operators.isFrozen(admin), KeysAdminFrozen(admin, _operators.freezeOf(admin).until));
    }

    function _pageLength(uint256 length, uint256 from, uint256 count) private pure returns (uint256) {
        return from >= length ? 0 : Math.min(count, length - from);
    }
}
