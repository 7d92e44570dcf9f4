// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";
import {EnumerableSet} from "@openzeppelin/contracts/utils/structs/EnumerableSet.sol";

import {Governed} from "./Governed.sol";
import {IControllers} from "./IControllers.sol";
import {IOperators} from "./IOperators.sol";
import {IPermissions} from "../chain/IPermissions.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title The entries of Operators and how they change; who may change them stands in Operators
abstract contract OperatorLedger is IOperators, Governed {
    using EnumerableSet for EnumerableSet.AddressSet;
    using SafeCast for uint256;

    /// @dev How a new entry is paid for: an ADMIN alone could else use up all 65,535 of an institution.
    enum Allowance {
        Budget, // 64 at once, then one every six hours
        Free,
        Reserve // the last 4,096 too
    }

    uint16 internal constant CONTROLLING = Roles.GOVERN | Roles.ADMIN;
    uint16 internal constant SERVING = Roles.ISSUE | Roles.STATUS;
    uint16 internal constant MANDATED = Roles.REVIEW | Roles.RECOGNISE | Roles.AUDIT | Roles.BANK;
    uint40 internal constant LONGEST_BACK = 90 days;
    uint256 internal constant MOST_ACTIVE = 64;
    uint256 private constant MOST_BY_ADMIN = 56; // a stolen ADMIN leaves room for those who put it out
    uint16 private constant RESERVED_FROM = 61_440;
    uint40 private constant BUDGET = 64;
    uint40 private constant REFILL = 6 hours;

    IPermissions private immutable _permissions;

    uint32 private _institutionCount;
    mapping(address => Reference) private _references;
    mapping(uint32 => mapping(uint16 => Operator)) private _operators; // indexes count from 1
    mapping(uint32 => mapping(uint16 => Restoration)) private _restorations; // by the same indexes
    mapping(uint32 => Institution) private _institutions;
    mapping(uint32 => address) private _recovery;
    mapping(uint32 => EnumerableSet.AddressSet) private _govern; // acting now
    mapping(uint32 => EnumerableSet.AddressSet) private _admin; // acting now
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
        roles = own.roles;
        if (roles & MANDATED != 0) roles &= ~MANDATED | _institutions[own.institution].mandate;
        return (own.institution, own.index, roles);
    }

    /// @inheritdoc IOperators
    function referenceOf(address account) public view returns (Reference memory) {
        return _references[account];
    }

    /// @inheritdoc IOperators
    function operator(uint32 institution, uint16 index) public view returns (Operator memory) {
        return _operators[institution][index];
    }

    /// @inheritdoc IOperators
    function restoration(uint32 institution, uint16 index) public view returns (Restoration memory) {
        return _restorations[institution][index];
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
    function permissions() external view returns (address) {
        return address(_permissions);
    }

    /// @inheritdoc IControllers
    function controllers(uint32 institution) public view returns (Controllers memory) {
        return Controllers(_govern[institution].values(), _admin[institution].values(), _recovery[institution]);
    }

    /// @inheritdoc IControllers
    function recoveryOf(uint32 institution) public view returns (address) {
        return _recovery[institution];
    }

    function _create() internal returns (uint32 institution) {
        institution = ++_institutionCount;
        _institutions[institution].createdAt = block.timestamp.toUint40();
        emit InstitutionCreated(institution);
    }

    function _add(uint32 institution, address account, uint16 roles, Allowance allowance) internal {
        _claim(institution, account);
        Reference memory last = _references[account];
        require(last.roles == 0, OperatorsAccountActive(account));
        require(last.compromisedSince == 0, OperatorsAccountCompromised(account));
        require(account != _recovery[institution], ControllersRecoveryActs(institution, account));
        require(_indexes[account].length < MOST_ACTIVE, OperatorsTooMany(institution, MOST_ACTIVE));
        bool isByAdmin = allowance == Allowance.Budget && roles & CONTROLLING == 0;
        uint16 index = _nextIndex(institution, allowance, isByAdmin ? MOST_BY_ADMIN : MOST_ACTIVE);
        _operators[institution][index] = Operator(account, roles, 0, 0);
        _references[account] =
            Reference(institution, index, block.timestamp.toUint40(), roles, 0, last.nonce + 1, last.restoredAt);
        _indexes[account].push(index);
        if (roles & Roles.GOVERN != 0) _govern[institution].add(account);
        if (roles & Roles.ADMIN != 0) _admin[institution].add(account);
        emit OperatorAdded(institution, account, index, roles, msg.sender);
        _permissions.acquire(account);
    }

    function _nextIndex(uint32 institution, Allowance allowance, uint256 most) private returns (uint16) {
        Institution storage counts = _institutions[institution];
        uint16 made = counts.operatorCount;
        require(counts.activeCount < most, OperatorsTooMany(institution, most));
        require(allowance == Allowance.Reserve || made < RESERVED_FROM, OperatorsReserved(institution, made));
        if (allowance == Allowance.Budget) {
            uint40 now_ = block.timestamp.toUint40();
            uint40 spent = (counts.spentUntil > now_ ? counts.spentUntil : now_) + REFILL;
            require(spent <= now_ + BUDGET * REFILL, OperatorsBudgetSpent(institution, spent - BUDGET * REFILL));
            counts.spentUntil = spent;
        }
        ++counts.activeCount;
        return ++counts.operatorCount;
    }

    function _retire(address account) internal {
        Reference memory own = _references[account];
        _operators[own.institution][own.index].until = block.timestamp.toUint40();
        _references[account].roles = 0;
        --_institutions[own.institution].activeCount;
        _govern[own.institution].remove(account);
        _admin[own.institution].remove(account);
        emit OperatorRetired(own.institution, account, own.index, msg.sender);
        _permissions.release(account);
    }

    /// @dev Every entry of the account is marked: the thief may have acted under an older one.
    function _mark(address account, uint40 since) internal {
        Reference memory own = _references[account];
        if (own.roles != 0) _retire(account);
        _references[account].compromisedSince = since;
        uint16[] memory indexes = _indexes[account];
        for (uint256 i = 0; i < indexes.length; ++i) {
            _operators[own.institution][indexes[i]].compromisedSince = since;
            emit OperatorMarkedCompromised(own.institution, account, indexes[i], since, msg.sender);
        }
    }

    /// @dev The cut-off of every entry of the account moves later, or goes (0).
    function _restore(address account, uint40 since) internal {
        Reference memory own = _references[account];
        uint40 now_ = block.timestamp.toUint40();
        (_references[account].compromisedSince, _references[account].restoredAt) = (since, now_);
        uint16[] memory indexes = _indexes[account];
        for (uint256 i = 0; i < indexes.length; ++i) {
            uint16 clearings = _restorations[own.institution][indexes[i]].clearings + 1;
            _restorations[own.institution][indexes[i]] = Restoration(clearings, now_, own.compromisedSince);
            _operators[own.institution][indexes[i]].compromisedSince = since;
            emit OperatorRestored(own.institution, account, indexes[i], own.compromisedSince, since, clearings);
        }
    }

    function _mandate(uint32 institution, uint16 roles) internal {
        emit MandateSet(institution, roles, _institutions[institution].mandate);
        _institutions[institution].mandate = roles;
    }

    /// @dev The recovery account acts for nothing else, and is in good hands.
    function _setRecovery(uint32 institution, address account) internal {
        address before = _recovery[institution];
        if (account == before) return;
        _claim(institution, account);
        Reference memory own = _references[account];
        require(own.roles == 0, ControllersRecoveryActs(institution, account));
        require(own.compromisedSince == 0, OperatorsAccountCompromised(account));
        _references[account].nonce = own.nonce + 1;
        _recovery[institution] = account;
        emit RecoveryChanged(institution, account, before, msg.sender);
        if (before != address(0)) _permissions.release(before);
        _permissions.acquire(account);
    }

    /// @dev An account belongs to one institution for ever.
    function _claim(uint32 institution, address account) private {
        require(account != address(0), OperatorsZeroAccount());
        uint32 owner = _references[account].institution;
        require(owner == 0 || owner == institution, OperatorsAccountOfAnother(account, owner));
        if (owner != 0) return;
        _references[account].institution = institution;
        _references[account].since = block.timestamp.toUint40();
    }
}
