// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SignatureChecker} from "@openzeppelin/contracts/utils/cryptography/SignatureChecker.sol";

import {OperatorLedger} from "./OperatorLedger.sol";
import {OriginBound} from "./OriginBound.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title What accounts sign before they act for an institution
/// @dev An acceptance is used up once it takes effect, not when a request shows it: a stolen ADMIN that reads the
/// acceptances of a proposal cannot make that proposal fail by asking with them first.
abstract contract Acceptances is OperatorLedger, OriginBound {
    bytes32 private constant ACCEPTANCE =
        keccak256("Acceptance(address account,uint32 institution,uint16 roles,uint256 nonce,uint256 deadline)");
    uint16 internal constant RECOVERY = 0; // the roles that a recovery account accepts

    /// @dev A set that can act, and one acceptance of each account that is new in it.
    function _requireConsents(uint32 institution, Controllers calldata set, Acceptance[] calldata acceptances)
        internal
        view
    {
        _requireEnough(institution, set);
        uint256 used = _requireRoleConsents(institution, set.govern, Roles.GOVERN, acceptances, 0);
        used = _requireRoleConsents(institution, set.admin, Roles.ADMIN, acceptances, used);
        if (set.recovery != recoveryOf(institution)) {
            _requireNext(set.recovery, institution, RECOVERY, acceptances, used++);
        }
        require(used == acceptances.length, OperatorsAcceptanceCount(acceptances.length, used));
    }

    function _requireEnough(uint32 institution, Controllers memory set) internal pure {
        require(
            set.govern.length >= 2 && set.admin.length >= 1, ControllersTooFew(set.govern.length, set.admin.length)
        );
        require(set.recovery != address(0), OperatorsZeroAccount());
        _requireAbsent(institution, set.recovery, set.govern);
        _requireAbsent(institution, set.recovery, set.admin);
    }

    function _requireAbsent(uint32 institution, address recovery, address[] memory accounts) private pure {
        for (uint256 i = 0; i < accounts.length; ++i) {
            require(accounts[i] != recovery, ControllersRecoveryActs(institution, recovery));
        }
    }

    function _requireConsent(
        address account,
        uint32 institution,
        uint16 roles,
        uint256 deadline,
        bytes calldata signature
    ) internal view {
        require(block.timestamp <= deadline, OperatorsAcceptanceExpired(account, deadline));
        uint256 nonce = referenceOf(account).nonce;
        bytes32 digest = _digest(keccak256(abi.encode(ACCEPTANCE, account, institution, roles, nonce, deadline)));
        require(
            SignatureChecker.isValidSignatureNow(account, digest, signature), OperatorsAcceptanceInvalid(account)
        );
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
}
