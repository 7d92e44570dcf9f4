// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "../governance/Governed.sol";
import {IIssuerRegistry} from "./IIssuerRegistry.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title The signing keys of IssuerRegistry, one slot each, under the keccak256 of the raw Ed25519 public key
abstract contract SigningKeys is IIssuerRegistry, Governed {
    using SafeCast for uint256;

    uint8 private constant USAGE_CREDENTIAL = 1;
    uint8 private constant USAGE_STATUS = 2;
    uint40 private constant LONGEST_BACK = 90 days;

    IOperators private immutable _operators;

    mapping(bytes32 => Key) private _keys;

    constructor(address operators_) {
        _operators = IOperators(operators_);
    }

    /// @inheritdoc IIssuerRegistry
    function addKey(bytes32 key_, uint8 usage) external {
        (uint32 institution,, uint16 roles) = _operators.roleOf(msg.sender);
        require(roles & Roles.ADMIN != 0, IssuerRegistryNotAdmin(institution, msg.sender));
        require(key_ != 0, IssuerRegistryKeyMalformed(key_));
        require(usage == USAGE_CREDENTIAL || usage == USAGE_STATUS, IssuerRegistryUnknownUsage(usage));
        bytes32 keyHash = keccak256(abi.encodePacked(key_));
        uint32 owner = _keys[keyHash].institution;
        require(owner == 0, IssuerRegistryKeyTaken(keyHash, owner));
        _keys[keyHash] = Key(institution, usage, block.timestamp.toUint40(), 0, 0);
        emit KeyAdded(institution, keyHash, key_, usage);
    }

    /// @inheritdoc IIssuerRegistry
    function retireKey(bytes32 keyHash) external {
        Key memory record = _requireKey(keyHash);
        _requireAdmin(record.institution);
        require(record.until == 0, IssuerRegistryKeyRetired(keyHash, record.until));
        _keys[keyHash].until = block.timestamp.toUint40();
        emit KeyRetired(record.institution, keyHash);
    }

    /// @inheritdoc IIssuerRegistry
    function markKeyCompromised(bytes32 keyHash, uint40 since) external {
        Key memory record = _requireKey(keyHash);
        uint40 latest = block.timestamp.toUint40();
        uint40 earliest = 1;
        if (msg.sender != alliance()) {
            _requireAdmin(record.institution);
            earliest = latest - LONGEST_BACK;
        }
        if (record.compromisedSince != 0) latest = record.compromisedSince - 1;
        require(since >= earliest && since <= latest, IssuerRegistrySinceOutOfBounds(since, earliest, latest));
        _keys[keyHash].compromisedSince = since;
        emit KeyMarkedCompromised(record.institution, keyHash, since);
    }

    /// @inheritdoc IIssuerRegistry
    function key(bytes32 keyHash) external view returns (Key memory) {
        return _keys[keyHash];
    }

    /// @inheritdoc IIssuerRegistry
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _exists(uint32 institution) internal view returns (bool) {
        return _operators.institutionOf(institution).createdAt != 0;
    }

    function _requireKey(bytes32 keyHash) private view returns (Key memory record) {
        record = _keys[keyHash];
        require(record.institution != 0, IssuerRegistryUnknownKey(keyHash));
    }

    function _requireAdmin(uint32 institution) private view {
        require(
            _operators.hasRole(msg.sender, institution, Roles.ADMIN), IssuerRegistryNotAdmin(institution, msg.sender)
        );
    }
}
