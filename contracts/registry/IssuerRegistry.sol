// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "../governance/Governed.sol";
import {INamed} from "../governance/INamed.sol";
import {IIssuerRegistry} from "./IIssuerRegistry.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Names} from "../libraries/Names.sol";
import {Texts} from "../libraries/Texts.sol";

/// @title Issuers, their names and scopes
contract IssuerRegistry is IIssuerRegistry, Governed, INamed {
    using SafeCast for uint256;

    uint8 private constant NONE = 0;
    uint8 private constant APPLIED = 1;
    uint8 private constant RECOGNISED = 2;
    uint8 private constant SUSPENDED = 3;
    uint8 private constant WITHDRAWN = 4;

    IOperators private immutable _operators;

    mapping(uint32 => Issuer) private _issuers;
    mapping(bytes32 => uint32) private _foldedNames;
    mapping(uint32 => mapping(uint16 => StateChange)) private _history; // indexes count from 1
    mapping(uint32 => mapping(uint16 => Scope)) private _scopes; // indexes count from 1

    constructor(address alliance_, address operators_) Governed(alliance_) {
        _operators = IOperators(operators_);
    }

    /// @inheritdoc INamed
    function directoryName() external pure returns (bytes32) {
        return Names.ISSUER_REGISTRY;
    }

    /// @inheritdoc IIssuerRegistry
    function register(uint32 institution, string calldata name, bytes32 foldedNameHash) external onlyAlliance {
        require(_operators.institutionOf(institution).createdAt != 0, IssuerRegistryUnknownInstitution(institution));
        require(_issuers[institution].state == NONE, IssuerRegistryWrongState(institution, _issuers[institution].state));
        _setState(institution, APPLIED);
        _setName(institution, name, foldedNameHash);
        emit IssuerRegistered(institution, keccak256(bytes(name)), name);
    }

    /// @inheritdoc IIssuerRegistry
    function rename(uint32 institution, string calldata name, bytes32 foldedNameHash) external onlyAlliance {
        _requireRegistered(institution);
        _setName(institution, name, foldedNameHash);
        emit IssuerRenamed(institution, keccak256(bytes(name)), name);
    }

    /// @inheritdoc IIssuerRegistry
    function admit(uint32 institution, Scope[] calldata scopes_) external onlyAlliance {
        uint8 state = _issuers[institution].state;
        require(state == APPLIED || state == WITHDRAWN, IssuerRegistryWrongState(institution, state));
        require(scopes_.length > 0, IssuerRegistryNoScope(institution));
        _setState(institution, RECOGNISED);
        if (_issuers[institution].firstRecognised == 0) {
            _issuers[institution].firstRecognised = block.timestamp.toUint40();
        }
        emit IssuerRecognised(institution);
        for (uint256 i = 0; i < scopes_.length; ++i) {
            _addScope(institution, scopes_[i], i);
        }
    }

    /// @inheritdoc IIssuerRegistry
    function addScope(uint32 institution, Scope calldata scope_) external onlyAlliance {
        _requireRegistered(institution);
        _addScope(institution, scope_, 0);
    }

    /// @inheritdoc IIssuerRegistry
    function endScope(uint32 institution, uint16 index, uint40 to) external onlyAlliance {
        require(index != 0 && index <= _issuers[institution].scopes, IssuerRegistryUnknownScope(institution, index));
        uint40 latest = _scopes[institution][index].to;
        if (latest == 0) latest = type(uint40).max;
        require(
            to >= block.timestamp && to <= latest,
            IssuerRegistryEndOutOfBounds(to, block.timestamp.toUint40(), latest)
        );
        _scopes[institution][index].to = to;
        emit ScopeEnded(institution, index, to);
    }

    /// @inheritdoc IIssuerRegistry
    function suspend(uint32 institution, bytes32 document) external onlyAlliance {
        _requireState(institution, RECOGNISED);
        _setState(institution, SUSPENDED);
        emit IssuerSuspended(institution, document);
    }

    /// @inheritdoc IIssuerRegistry
    function reinstate(uint32 institution, bytes32 document) external onlyAlliance {
        _requireState(institution, SUSPENDED);
        _setState(institution, RECOGNISED);
        emit IssuerReinstated(institution, document);
    }

    /// @inheritdoc IIssuerRegistry
    function withdraw(uint32 institution, bytes32 document) external onlyAlliance {
        uint8 state = _issuers[institution].state;
        require(state != NONE && state != WITHDRAWN, IssuerRegistryWrongState(institution, state));
        _setState(institution, WITHDRAWN);
        emit IssuerWithdrawn(institution, document);
    }

    /// @inheritdoc IIssuerRegistry
    function issuer(uint32 institution) external view returns (Issuer memory) {
        return _issuers[institution];
    }

    /// @inheritdoc IIssuerRegistry
    function stateChange(uint32 institution, uint16 index) external view returns (StateChange memory) {
        return _history[institution][index];
    }

    /// @inheritdoc IIssuerRegistry
    function scope(uint32 institution, uint16 index) external view returns (Scope memory) {
        return _scopes[institution][index];
    }

    /// @inheritdoc IIssuerRegistry
    function institutionOfName(bytes32 foldedNameHash) external view returns (uint32) {
        return _foldedNames[foldedNameHash];
    }

    /// @inheritdoc IIssuerRegistry
    function isRecognised(uint32 institution) external view returns (bool) {
        return _issuers[institution].state == RECOGNISED;
    }

    /// @inheritdoc IIssuerRegistry
    function requireInForce(uint32 institution, uint16 scopeIndex) external view {
        uint8 state = _issuers[institution].state;
        require(state == RECOGNISED, IssuerRegistryNotRecognised(institution, state));
        Scope memory entry = _scopes[institution][scopeIndex];
        require(
            entry.framework != 0 && entry.from <= block.timestamp && (entry.to == 0 || block.timestamp < entry.to),
            IssuerRegistryScopeNotInForce(institution, scopeIndex)
        );
    }

    /// @inheritdoc IIssuerRegistry
    function operators() external view returns (address) {
        return address(_operators);
    }

    function _setState(uint32 institution, uint8 state) private {
        Issuer storage record = _issuers[institution];
        uint40 time = block.timestamp.toUint40();
        record.state = state;
        record.since = time;
        _history[institution][++record.changes] = StateChange(state, time);
    }

    function _setName(uint32 institution, string calldata name, bytes32 foldedNameHash) private {
        require(Texts.isPlain(name), IssuerRegistryNameMalformed(name));
        uint32 owner = _foldedNames[foldedNameHash];
        require(owner == 0 || owner == institution, IssuerRegistryNameTaken(foldedNameHash, owner));
        _foldedNames[foldedNameHash] = institution;
        _issuers[institution].nameHash = keccak256(bytes(name));
        ++_issuers[institution].names;
    }

    function _addScope(uint32 institution, Scope calldata scope_, uint256 position) private {
        require(
            scope_.framework != 0 && scope_.lowestRank <= scope_.highestRank
                && (scope_.to == 0 || scope_.from < scope_.to),
            IssuerRegistryScopeMalformed(position)
        );
        uint16 index = ++_issuers[institution].scopes;
        _scopes[institution][index] = scope_;
        emit ScopeAdded(institution, index, scope_);
    }

    function _requireRegistered(uint32 institution) private view {
        require(_issuers[institution].state != NONE, IssuerRegistryWrongState(institution, NONE));
    }

    function _requireState(uint32 institution, uint8 needed) private view {
        uint8 state = _issuers[institution].state;
        require(state == needed, IssuerRegistryWrongState(institution, state));
    }
}
