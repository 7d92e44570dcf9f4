// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";
import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "./Governed.sol";
import {Founding} from "./Founding.sol";
import {OperatorLedger} from "./OperatorLedger.sol";
import {IAlliance} from "./IAlliance.sol";
import {IOperators} from "./IOperators.sol";
import {OriginBound} from "./OriginBound.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title Who acts for which institution, and who says so
contract Operators is OperatorLedger, OriginBound, Founding {
    using SafeCast for uint256;

    bytes32 private constant ACCEPTANCE =
        keccak256("Acceptance(address account,uint32 institution,uint16 roles,uint256 deadline)");
    uint16 private constant RECOVERY = 0; // the roles that a recovery account accepts
    uint40 private constant LONGEST_BACK = 90 days;

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
            _replace(institution, Controllers(entry.govern, entry.admin, entry.recovery));
            _addAll(institution, entry.issue, Roles.ISSUE);
            _addAll(institution, entry.status, Roles.STATUS);
        }
    }

    /// @inheritdoc IOperators
    function createInstitution(
        uint32 expected,
        address[] calldata govern,
        address[] calldata admin,
        address recovery
    ) external onlyAlliance {
        _requireNumber(expected);
        _replace(_create(), Controllers(govern, admin, recovery));
    }

    /// @inheritdoc IOperators
    function addOperator(address account, uint16 roles, uint256 deadline, bytes calldata acceptance)
        external
        onlySealed
    {
        (uint32 institution,, uint16 callerRoles) = roleOf(msg.sender);
        require(callerRoles & Roles.ADMIN != 0, OperatorsNotAdmin(msg.sender));
        require(roles != 0 && roles & ~SERVING == 0, OperatorsRolesOutOfBounds(roles));
        _requireConsent(account, institution, roles, deadline, acceptance);
        _add(institution, account, roles);
    }

    /// @inheritdoc IOperators
    function retireOperator(address account) external onlySealed {
        (uint32 institution,, uint16 roles) = roleOf(account);
        require(roles != 0, OperatorsAccountNotActive(account));
        if (msg.sender != alliance()) _requireAdmin(institution);
        require(roles & CONTROLLING == 0, OperatorsRolesOutOfBounds(roles));
        _retire(account);
    }

    /// @inheritdoc IOperators
    function markOperatorCompromised(address account, uint40 since) external onlySealed {
        (uint32 institution, uint16 index,) = roleOf(account);
        require(index != 0, OperatorsAccountNotActive(account));
        Operator memory entry = operator(institution, index);
        uint40 latest = block.timestamp.toUint40();
        uint40 earliest = 1;
        if (msg.sender != alliance()) {
            _requireAdmin(institution);
            require(entry.roles & CONTROLLING == 0, OperatorsRolesOutOfBounds(entry.roles));
            earliest = latest - LONGEST_BACK;
        }
        if (entry.compromisedSince != 0) latest = entry.compromisedSince - 1;
        require(since >= earliest && since <= latest, OperatorsSinceOutOfBounds(since, earliest, latest));
        _mark(account, since);
    }

    /// @inheritdoc IOperators
    function replaceControllers(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        external
        onlySealed
    {
        _requireKnown(institution);
        if (msg.sender == alliance()) {
            _replace(institution, set);
            return;
        }
        bool byRecovery = msg.sender == recoveryOf(institution);
        require(
            byRecovery || hasRole(msg.sender, institution, Roles.ADMIN), OperatorsNotController(institution, msg.sender)
        );
        _requireEnough(set);
        _requireConsents(institution, set, acceptances);
        uint256 delay = IAlliance(alliance()).parameter(byRecovery ? Names.RECOVERY_DELAY : Names.CONTROLLER_DELAY);
        uint40 effectiveFrom = (block.timestamp + delay).toUint40();
        _wait(institution, byRecovery, Replacement(keccak256(abi.encode(set)), effectiveFrom));
        emit ControllersRequested(institution, msg.sender, set, effectiveFrom);
    }

    /// @inheritdoc IOperators
    function applyControllers(uint32 institution, Controllers calldata set) external {
        bytes32 setHash = keccak256(abi.encode(set));
        Replacement memory waiting = replacement(institution, false);
        if (waiting.setHash != setHash) waiting = replacement(institution, true);
        require(waiting.setHash == setHash, OperatorsNoReplacement(institution));
        require(
            block.timestamp >= waiting.effectiveFrom, OperatorsReplacementWaits(institution, waiting.effectiveFrom)
        );
        _replace(institution, set);
    }

    /// @inheritdoc IOperators
    function cancelControllers(uint32 institution) external {
        require(hasRole(msg.sender, institution, Roles.GOVERN), OperatorsNotGovern(institution, msg.sender));
        _cancel(institution);
        emit ControllersCancelled(institution, msg.sender);
    }

    /// @dev An alliance needs somebody who acts; more than one is the Alliance's affair.
    function _requireComplete() internal view override {
        _requireKnown(institutionCount());
    }

    function _addAll(uint32 institution, address[] calldata accounts, uint16 roles) private {
        for (uint256 i = 0; i < accounts.length; ++i) {
            _add(institution, accounts[i], roles);
        }
    }

    function _requireNumber(uint32 expected) private view {
        uint32 next = institutionCount() + 1;
        require(expected == next, OperatorsUnexpectedNumber(expected, next));
    }

    function _requireKnown(uint32 institution) private view {
        require(institutionOf(institution).createdAt != 0, OperatorsUnknownInstitution(institution));
    }

    function _requireAdmin(uint32 institution) private view {
        require(hasRole(msg.sender, institution, Roles.ADMIN), OperatorsNotAdmin(msg.sender));
    }

    /// @dev One acceptance of each account that is new in the set.
    function _requireConsents(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        private
        view
    {
        uint256 used = _requireRoleConsents(institution, set.govern, Roles.GOVERN, acceptances, 0);
        used = _requireRoleConsents(institution, set.admin, Roles.ADMIN, acceptances, used);
        if (set.recovery != recoveryOf(institution)) {
            _requireNext(set.recovery, institution, RECOVERY, acceptances, used++);
        }
        require(used == acceptances.length, OperatorsAcceptanceCount(acceptances.length, used));
    }

    function _requireRoleConsents(
        uint32 institution,
        address[] calldata accounts,
        uint16 role,
        Acceptance[] calldata acceptances,
        uint256 used
    ) private view returns (uint256) {
        for (uint256 i = 0; i < accounts.length; ++i) {
            if (hasRole(accounts[i], institution, role)) continue;
            _requireNext(accounts[i], institution, role, acceptances, used++);
        }
        return used;
    }

    function _requireNext(
        address account,
        uint32 institution,
        uint16 roles,
        Acceptance[] calldata acceptances,
        uint256 position
    ) private view {
        require(position < acceptances.length, OperatorsAcceptanceCount(acceptances.length, position + 1));
        Acceptance calldata given = acceptances[position];
        _requireConsent(account, institution, roles, given.deadline, given.signature);
    }

    function _requireConsent(
        address account,
        uint32 institution,
        uint16 roles,
        uint256 deadline,
        bytes calldata signature
    ) private view {
        require(block.timestamp <= deadline, OperatorsAcceptanceExpired(account, deadline));
        bytes32 digest = _digest(keccak256(abi.encode(ACCEPTANCE, account, institution, roles, deadline)));
        require(
            SignatureChecker.isValidSignatureNow(account, digest, signature), OperatorsAcceptanceInvalid(account)
        );
    }
}
