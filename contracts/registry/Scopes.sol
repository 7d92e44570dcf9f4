// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IScopes} from "./IScopes.sol";
import {IIssuerRegistry} from "./IIssuerRegistry.sol";
import {Holds} from "./Holds.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Names} from "../libraries/Names.sol";

/// @title Scopes: each of one admission and below one parent, unchangeable but for its end and its suspension
abstract contract Scopes is Holds {
    using SafeCast for uint256;

    uint8 private constant DEEPEST = 4;

    mapping(uint32 => mapping(uint16 => Scope)) private _scopes; // indexes count from 1
    mapping(uint32 => mapping(uint16 => Origin)) private _origins;

    /// @dev Whoever gives scopes: the Alliance, or below a parent the contract of accreditations.
    modifier onlyAccreditation() {
        require(msg.sender == _named(Names.ACCREDITATION), IssuerRegistryNotAccreditation(msg.sender));
        _;
    }

    /// @inheritdoc IScopes
    function addScope(uint32 institution, Terms calldata terms, bytes32 document) external onlyAlliance whileCurrent {
        _requireAdmitted(institution);
        _addScope(institution, terms, Parent(0, 0, 0), 0, document);
    }

    /// @inheritdoc IScopes
    function addScopeUnder(uint32 institution, Terms calldata terms, Parent calldata parent, bytes32 document)
        external
        onlyAccreditation
        whileCurrent
    {
        _requireAdmitted(institution);
        require(parent.institution != 0, IssuerRegistryNoParent(institution, 0));
        _addScope(institution, terms, parent, 0, document);
    }

    /// @inheritdoc IScopes
    function endScope(uint32 institution, uint16 index, uint40 to, bytes32 document)
        external
        onlyAlliance
        whileCurrent
    {
        Scope storage record = _carriedScope(institution, index);
        uint40 earliest = block.timestamp.toUint40();
        uint40 latest = record.to == 0 ? type(uint40).max : record.to;
        uint40 end = to == 0 ? earliest : to; // a vote cannot know when it executes
        require(end >= earliest && end <= latest, IssuerRegistryEndOutOfBounds(end, earliest, latest));
        record.to = end;
        emit ScopeEnded(institution, index, end, document);
    }

    /// @inheritdoc IScopes
    function suspendScope(uint32 institution, uint16 index, bytes32 document) external whileCurrent {
        Scope storage record = _carriedScope(institution, index);
        Suspension by = _suspender(institution, index, record.parentInstitution);
        require(record.suspension < by, IssuerRegistryScopeSuspended(institution, index));
        if (record.suspension == Suspension.None) {
            _origins[institution][index].suspendedSince = block.timestamp.toUint40();
        }
        record.suspension = by;
        emit ScopeSuspended(institution, index, by, document);
    }

    /// @inheritdoc IScopes
    function liftScope(uint32 institution, uint16 index, bytes32 document) external whileCurrent {
        Scope storage record = _carriedScope(institution, index);
        Suspension by = _suspender(institution, index, record.parentInstitution);
        require(
            record.suspension != Suspension.None && record.suspension <= by,
            IssuerRegistryCannotLift(institution, index, record.suspension)
        );
        record.suspension = Suspension.None;
        _origins[institution][index].suspendedSince = 0;
        emit ScopeLifted(institution, index, by, document);
    }

    /// @inheritdoc IScopes
    function scope(uint32 institution, uint16 index) public view returns (Scope memory record) {
        record = _scopes[institution][index];
        if (record.framework == 0 && _hasPredecessor()) {
            return IIssuerRegistry(predecessor()).scope(institution, index);
        }
    }

    /// @inheritdoc IScopes
    function scopeOrigin(uint32 institution, uint16 index) public view returns (Origin memory origin) {
        origin = _origins[institution][index];
        if (origin.createdAt == 0 && _hasPredecessor()) {
            return IIssuerRegistry(predecessor()).scopeOrigin(institution, index);
        }
    }

    /// @inheritdoc IScopes
    function requireInForce(uint32 institution, uint16 scopeIndex) public view {
        (uint32 holder, uint16 index) = (institution, scopeIndex);
        do {
            Scope memory link = scope(holder, index);
            _requireLink(holder, index, link);
            (holder, index) = (link.parentInstitution, link.parentScope);
        } while (holder != 0);
    }

    /// @dev Add a scope to the issuer's present admission. `position` is told where the terms are malformed.
    function _addScope(
        uint32 institution,
        Terms calldata terms,
        Parent memory parent,
        uint256 position,
        bytes32 document
    ) internal {
        require(
            terms.framework != 0 && terms.lowestRank <= terms.highestRank && (terms.to == 0 || terms.from < terms.to),
            IssuerRegistryScopeMalformed(position)
        );
        uint8 depth = parent.institution == 0 ? 1 : _depthBelow(institution, terms, parent, position);
        Issuer storage issuer_ = _carried(institution);
        uint16 index = ++issuer_.scopes;
        Scope memory record = Scope(
            terms.framework,
            terms.qualificationType,
            terms.lowestRank,
            terms.highestRank,
            terms.region,
            terms.from,
            terms.to,
            issuer_.admission,
            parent.institution,
            parent.scope,
            depth,
            Suspension.None
        );
        _scopes[institution][index] = record;
        _origins[institution][index] = Origin(block.timestamp.toUint40(), parent.operatorIndex, 0);
        emit ScopeAdded(institution, index, record, parent.operatorIndex, document);
    }

    function _accounts() internal view virtual returns (IOperators);

    /// @dev The scope to write to, with what the predecessor held.
    function _carriedScope(uint32 institution, uint16 index) private returns (Scope storage record) {
        uint16 count = _carried(institution).scopes;
        require(index != 0 && index <= count, IssuerRegistryUnknownScope(institution, index));
        record = _scopes[institution][index];
        if (record.framework != 0) return record;
        _scopes[institution][index] = scope(institution, index);
        _origins[institution][index] = scopeOrigin(institution, index);
    }

    /// @dev One link of the chain: its holder recognised, in the admission that it belongs to, itself in force.
    function _requireLink(uint32 institution, uint16 index, Scope memory link) private view {
        (IssuerState state, uint16 admission, uint16 holds) = _standing(institution);
        require(state == IssuerState.Recognised, IssuerRegistryNotRecognised(institution, state));
        require(
            link.framework != 0 && link.from <= block.timestamp && (link.to == 0 || block.timestamp < link.to),
            IssuerRegistryScopeNotInForce(institution, index)
        );
        require(link.admission == admission, IssuerRegistryScopeOfOldAdmission(institution, index, link.admission));
        require(link.suspension == Suspension.None, IssuerRegistryScopeSuspended(institution, index));
        if (holds != 0) _requireNotHeld(institution, holds, link.framework, link.qualificationType);
    }

    /// @dev The depth of a scope below its parent, which is in force and covers it in every way.
    function _depthBelow(uint32 institution, Terms calldata terms, Parent memory parent, uint256 position)
        private
        view
        returns (uint8)
    {
        require(parent.institution != institution, IssuerRegistryOwnParent(institution));
        requireInForce(parent.institution, parent.scope);
        Scope memory above = scope(parent.institution, parent.scope);
        require(above.depth < DEEPEST, IssuerRegistryTooDeep(parent.institution, parent.scope));
        require(_covers(above, terms), IssuerRegistryScopeExceedsParent(position, parent.institution, parent.scope));
        IOperators.Operator memory creator = _accounts().operator(parent.institution, parent.operatorIndex);
        require(
            creator.account != address(0) && creator.until == 0,
            IssuerRegistryUnknownCreator(parent.institution, parent.operatorIndex)
        );
        return above.depth + 1;
    }

    function _covers(Scope memory above, Terms calldata terms) private pure returns (bool) {
        return above.framework == terms.framework
            && (above.qualificationType == 0 || above.qualificationType == terms.qualificationType)
            && above.lowestRank <= terms.lowestRank && terms.highestRank <= above.highestRank
            && (above.region == 0 || above.region == terms.region) && above.from <= terms.from
            && (above.to == 0 || (terms.to != 0 && terms.to <= above.to));
    }

    /// @dev In whose name the caller suspends or lifts: the Alliance any scope, accreditations those below a parent.
    function _suspender(uint32 institution, uint16 index, uint32 parent) private view returns (Suspension) {
        if (msg.sender == alliance()) return Suspension.ByAlliance;
        require(msg.sender == _named(Names.ACCREDITATION), IssuerRegistryNotAccreditation(msg.sender));
        require(parent != 0, IssuerRegistryNoParent(institution, index));
        return Suspension.ByAccreditor;
    }
}
