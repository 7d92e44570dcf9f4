// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {ControllerSets} from "./ControllerSets.sol";
import {Governed} from "./Governed.sol";
import {IOperators} from "./IOperators.sol";
import {OperatorLedger} from "./OperatorLedger.sol";
import {OriginBound} from "./OriginBound.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title Who acts for which institution, and who says so
contract Operators is ControllerSets {
    using SafeCast for uint256;

    uint40 private constant CONSENT = 60 days; // within which a vote clears what a GOVERN agreed to

    constructor(address alliance_, address permissions_, address history, bytes32 origin_)
        Governed(alliance_)
        OperatorLedger(permissions_)
        OriginBound("Testamur Operators", "1", history, origin_)
    {}

    /// @inheritdoc IOperators
    function foundInstitutions(uint32 expected, Founder[] calldata founders) external onlyFounder {
        _requireNumber(expected);
        for (uint256 i = 0; i < founders.length; ++i) {
            Founder calldata entry = founders[i];
            uint32 institution = _create();
            Controllers memory set = Controllers(entry.govern, entry.admin, entry.recovery);
            _requireEnough(institution, set);
            _replace(institution, set, Allowance.Reserve);
            _addAll(institution, entry.issue, Roles.ISSUE);
            _addAll(institution, entry.status, Roles.STATUS);
        }
    }

    /// @inheritdoc IOperators
    function addOperator(address account, uint16 roles, uint256 deadline, bytes calldata acceptance)
        external
        onlySealed
    {
        (uint32 institution,, uint16 callerRoles) = roleOf(msg.sender);
        require(callerRoles & Roles.ADMIN != 0, OperatorsNotAdmin(msg.sender));
        _requireThawed(msg.sender);
        uint16 mandate = institutionOf(institution).mandate;
        require(roles != 0 && roles & ~(SERVING | mandate) == 0, OperatorsRolesOutOfBounds(roles));
        _requireConsent(account, institution, roles, deadline, acceptance);
        _add(institution, account, roles, Allowance.Budget);
    }

    /// @inheritdoc IOperators
    function retireOperator(address account) external onlySealed {
        Reference memory own = referenceOf(account);
        require(own.roles != 0, OperatorsAccountNotActive(account));
        if (msg.sender != alliance()) _requireAdmin(own.institution);
        require(own.roles & CONTROLLING == 0, OperatorsRolesOutOfBounds(own.roles));
        _retire(account);
    }

    /// @inheritdoc IOperators
    function resign() external onlySealed {
        Reference memory own = referenceOf(msg.sender);
        require(own.roles != 0, OperatorsAccountNotActive(msg.sender));
        Controllers memory left = controllers(own.institution);
        uint256 govern = left.govern.length;
        uint256 admin = left.admin.length;
        if (own.roles & Roles.GOVERN != 0) require(--govern >= 2, ControllersTooFew(govern, admin));
        if (own.roles & Roles.ADMIN != 0) {
            require(--admin >= 1, ControllersTooFew(govern, admin));
            if (replacement(own.institution, Asker.Admin).requester == msg.sender) _drop(own.institution, Asker.Admin);
        }
        _retire(msg.sender);
    }

    /// @inheritdoc IOperators
    function markOperatorCompromised(address account, uint40 since) external onlySealed {
        Reference memory own = referenceOf(account);
        require(own.institution != 0, OperatorsAccountNotActive(account));
        require(account != recoveryOf(own.institution), OperatorsAccountRecovers(own.institution, account));
        uint40 latest = block.timestamp.toUint40();
        uint40 earliest = 1;
        if (msg.sender != alliance()) {
            _requireAdmin(own.institution);
            require(own.index != 0, OperatorsAccountNotActive(account));
            uint16 roles = operator(own.institution, own.index).roles;
            require(roles & CONTROLLING == 0, OperatorsRolesOutOfBounds(roles));
            uint40 from = own.restoredAt == 0 ? 0 : own.restoredAt + LONGEST_BACK;
            require(latest >= from, OperatorsRestoredByVote(account, from));
            earliest = latest - LONGEST_BACK;
            if (since < latest) _requireThawed(msg.sender);
        }
        if (own.compromisedSince != 0) latest = own.compromisedSince - 1;
        require(since >= earliest && since <= latest, OperatorsSinceOutOfBounds(since, earliest, latest));
        // what the thief asked for must not take effect
        if (own.roles & CONTROLLING != 0) _dropAll(own.institution);
        _silence(own.institution, _clearing(account)); // who agreed to clear it knew another cut-off
        _mark(account, since);
    }

    /// @inheritdoc IOperators
    function restoreOperator(address account, uint40 since) external onlyAlliance {
        uint40 present = _requireMarked(account).compromisedSince;
        uint40 latest = block.timestamp.toUint40();
        require(since > present && since <= latest, OperatorsSinceOutOfBounds(since, present + 1, latest));
        _silence(referenceOf(account).institution, _clearing(account));
        _restore(account, since);
    }

    /// @inheritdoc IOperators
    function consentToClear(address account) external {
        uint32 institution = _requireMarked(account).institution;
        _requireGovern(institution);
        uint40 until = block.timestamp.toUint40() + CONSENT;
        _speak(institution, _clearing(account), until);
        emit ClearingConsented(institution, account, msg.sender, until);
    }

    /// @inheritdoc IOperators
    function clearOperator(address account) external onlyAlliance {
        uint32 institution = _requireMarked(account).institution;
        bytes32 act = _clearing(account);
        require(
            _voiceOf(institution, act, Roles.GOVERN) != address(0), OperatorsNoConsent(institution, account)
        );
        _silence(institution, act);
        _restore(account, 0);
    }

    /// @inheritdoc IOperators
    function setMandate(uint32 institution, uint16 roles) external onlyAlliance {
        _requireInstitution(institution);
        require(roles & ~MANDATED == 0, OperatorsRolesOutOfBounds(roles));
        _mandate(institution, roles);
    }

    /// @dev An alliance needs somebody who acts; more than one is the Alliance's affair.
    function _requireComplete() internal view override {
        _requireInstitution(institutionCount());
    }

    function _addAll(uint32 institution, address[] calldata accounts, uint16 roles) private {
        for (uint256 i = 0; i < accounts.length; ++i) {
            _add(institution, accounts[i], roles, Allowance.Reserve);
        }
    }

    function _clearing(address account) private pure returns (bytes32) {
        return keccak256(abi.encode(IOperators.clearOperator.selector, account));
    }

    function _requireMarked(address account) private view returns (Reference memory own) {
        own = referenceOf(account);
        require(own.compromisedSince != 0, OperatorsAccountNotCompromised(account));
    }

    function _requireAdmin(uint32 institution) private view {
        require(hasRole(msg.sender, institution, Roles.ADMIN), OperatorsNotAdmin(msg.sender));
    }
}
