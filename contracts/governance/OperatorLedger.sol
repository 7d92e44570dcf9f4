// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {Governed} from "./Governed.sol";
import {IOperators} from "./IOperators.sol";
import {IPermissions} from "../chain/IPermissions.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title The entries of Operators and how they change; who may change them stands in Operators
abstract contract OperatorLedger is IOperators, Governed {
    using EnumerableSet for EnumerableSet.AddressSet;
    using SafeCast for uint256;

    uint16 internal constant CONTROLLING = Roles.GOVERN | Roles.ADMIN;
    uint16 internal constant SERVING = Roles.ISSUE | Roles.STATUS;
    uint256 internal constant MOST_ACTIVE = 64;

    IPermissions private immutable _permissions;

    uint32 private _institutionCount;
    mapping(address => Reference) private _references;
    mapping(uint32 => mapping(uint16 => Operator)) private _operators; // indexes count from 1
    mapping(uint32 => Institution) private _institutions;
    mapping(uint32 => address) private _recovery;
    mapping(uint32 => EnumerableSet.AddressSet) private _govern; // acting now
    mapping(uint32 => EnumerableSet.AddressSet) private _admin; // acting now
    mapping(uint32 => mapping(bool => Replacement)) private _replacements; // by the recovery account, or by ADMIN
    mapping(address => uint16[]) private _indexes; // every entry that the account ever had

    constructor(address permissions_) {
        _permissions = IPermissions(permissions_);
    }

    /// @inheritdoc IOperators
    function hasRole(address account, uint32 institution, uint16 role) public view returns (bool) {
        (uint32 own,, uint16 roles) = roleOf(account);
        return own == institution && role != 0 && roles & role == role;
    }

    /// @inheritdoc IOperators
    function roleOf(address account) public view returns (uint32 institution, uint16 index, uint16 roles) {
        Reference memory own = _references[account];
        return (own.institution, own.index, own.roles);
    }

    /// @inheritdoc IOperators
    function referenceOf(address account) external view returns (Reference memory) {
        return _references[account];
    }

    /// @inheritdoc IOperators
    function operator(uint32 institution, uint16 index) public view returns (Operator memory) {
        return _operators[institution][index];
    }

    /// @inheritdoc IOperators
    function indexesOf(address account) external view returns (uint16[] memory) {
        return _indexes[account];
    }

    /// @inheritdoc IOperators
    function institutionOf(uint32 number) public view returns (Institution memory) {
        return _institutions[number];
    }

    /// @inheritdoc IOperators
    function institutionCount() public view returns (uint32) {
        return _institutionCount;
    }

    /// @inheritdoc IOperators
    function controllers(uint32 institution) external view returns (Controllers memory) {
        return Controllers(_govern[institution].values(), _admin[institution].values(), _recovery[institution]);
    }

    /// @inheritdoc IOperators
    function recoveryOf(uint32 institution) public view returns (address) {
        return _recovery[institution];
    }

    /// @inheritdoc IOperators
    function replacement(uint32 institution, bool byRecovery) public view returns (Replacement memory) {
        return _replacements[institution][byRecovery];
    }

    /// @inheritdoc IOperators
    function permissions() external view returns (address) {
        return address(_permissions);
    }

    function _create() internal returns (uint32 institution) {
        institution = ++_institutionCount;
        _institutions[institution].createdAt = block.timestamp.toUint40();
        emit InstitutionCreated(institution);
    }

    function _add(uint32 institution, address account, uint16 roles) internal {
        _claim(institution, account);
        Reference memory last = _references[account];
        require(last.roles == 0, OperatorsAccountActive(account));
        require(
            _operators[institution][last.index].compromisedSince == 0, OperatorsAccountCompromised(account)
        );
        Institution storage counts = _institutions[institution];
        require(
            counts.activeCount < MOST_ACTIVE && _indexes[account].length < MOST_ACTIVE,
            OperatorsTooMany(institution, MOST_ACTIVE)
        );
        uint16 index = ++counts.operatorCount;
        ++counts.activeCount;
        _operators[institution][index] = Operator(account, roles, 0, 0);
        _references[account] = Reference(institution, index, block.timestamp.toUint40(), roles);
        _indexes[account].push(index);
        if (roles & Roles.GOVERN != 0) _govern[institution].add(account);
        if (roles & Roles.ADMIN != 0) _admin[institution].add(account);
        emit OperatorAdded(institution, account, index, roles);
        _permissions.acquire(account);
    }

    function _retire(address account) internal {
        Reference memory own = _references[account];
        _operators[own.institution][own.index].until = block.timestamp.toUint40();
        _references[account].roles = 0;
        --_institutions[own.institution].activeCount;
        _govern[own.institution].remove(account);
        _admin[own.institution].remove(account);
        emit OperatorRetired(own.institution, account, own.index);
        _permissions.release(account);
    }

    /// @dev Every entry of the account is marked: the thief may have acted under an older one.
    function _mark(address account, uint40 since) internal {
        Reference memory own = _references[account];
        // what the thief asked for must not take effect
        if (own.roles & CONTROLLING != 0) _cancel(own.institution);
        if (own.roles != 0) _retire(account);
        uint16[] memory indexes = _indexes[account];
        for (uint256 i = 0; i < indexes.length; ++i) {
            _operators[own.institution][indexes[i]].compromisedSince = since;
            emit OperatorMarkedCompromised(own.institution, account, indexes[i], since);
        }
    }

    function _wait(uint32 institution, bool byRecovery, Replacement memory waiting) internal {
        _replacements[institution][byRecovery] = waiting;
    }

    function _cancel(uint32 institution) internal {
        _forget(institution, true);
        _forget(institution, false);
    }

    function _forget(uint32 institution, bool byRecovery) private {
        delete _replacements[institution][byRecovery];
    }

    /// @dev Accounts that stay keep their entry; those that go are retired before others are added.
    function _replace(uint32 institution, Controllers memory set) internal {
        _requireEnough(set);
        _cancel(institution);
        _retireAbsent(_govern[institution].values(), set.govern);
        _retireAbsent(_admin[institution].values(), set.admin);
        _addMissing(institution, set.govern, Roles.GOVERN);
        _addMissing(institution, set.admin, Roles.ADMIN);
        require(
            _govern[institution].length() == set.govern.length && _admin[institution].length() == set.admin.length,
            OperatorsDuplicateController(institution)
        );
        _setRecovery(institution, set.recovery);
        emit ControllersReplaced(institution);
    }

    function _requireEnough(Controllers memory set) internal pure {
        require(
            set.govern.length >= 2 && set.admin.length >= 1,
            OperatorsTooFewControllers(set.govern.length, set.admin.length)
        );
        require(set.recovery != address(0), OperatorsZeroAccount());
    }

    function _setRecovery(uint32 institution, address account) private {
        address before = _recovery[institution];
        if (account == before) return;
        _claim(institution, account);
        _recovery[institution] = account;
        emit RecoveryChanged(institution, account);
        if (before != address(0)) _permissions.release(before);
        _permissions.acquire(account);
    }

    function _retireAbsent(address[] memory present, address[] memory wanted) private {
        for (uint256 i = 0; i < present.length; ++i) {
            bool isWanted = false;
            for (uint256 j = 0; j < wanted.length && !isWanted; ++j) {
                isWanted = present[i] == wanted[j];
            }
            if (!isWanted) _retire(present[i]);
        }
    }

    function _addMissing(uint32 institution, address[] memory wanted, uint16 role) private {
        for (uint256 i = 0; i < wanted.length; ++i) {
            if (!hasRole(wanted[i], institution, role)) _add(institution, wanted[i], role);
        }
    }

    /// @dev An account belongs to one institution for ever.
    function _claim(uint32 institution, address account) private {
        require(account != address(0), OperatorsZeroAccount());
        uint32 owner = _references[account].institution;
        require(owner == 0 || owner == institution, OperatorsAccountOfAnother(account, owner));
        if (owner == 0) _references[account] = Reference(institution, 0, block.timestamp.toUint40(), 0);
    }
}
