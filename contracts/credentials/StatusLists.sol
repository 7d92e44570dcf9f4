// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {IStatusLists} from "./IStatusLists.sol";
import {Governed} from "../governance/Governed.sol";
import {IDirectory} from "../governance/IDirectory.sol";
import {INamed} from "../governance/INamed.sol";
import {IOperators} from "../governance/IOperators.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";
import {IIssuerRegistry} from "../registry/IIssuerRegistry.sol";

/// @title The lists themselves: who opened them, who fills them, who keeps them
abstract contract StatusLists is IStatusLists, INamed, Governed {
    using SafeCast for uint256;

    /// @dev Who writes to a list, and the list's size.
    struct Keeper {
        uint32 institution;
        uint16 operatorIndex;
        uint8 log2size;
    }

    uint8 private constant SMALLEST_LOG2 = 17;
    uint8 private constant LARGEST_LOG2 = 24;
    uint8 private constant LAST_REASON = 3;

    IOperators private immutable _operators;
    IDirectory private immutable _directory;

    uint32 private _nextList;
    bool private _isContinued;
    mapping(uint32 => List) private _lists;

    constructor(address operators_, address directory_, uint32 firstList) {
        require(firstList != 0, StatusRegistryFirstListZero());
        _operators = IOperators(operators_);
        _directory = IDirectory(directory_);
        _nextList = firstList;
    }

    /// @inheritdoc INamed
    function directoryName() external pure returns (bytes32) {
        return Names.STATUS_REGISTRY;
    }

    /// @inheritdoc IStatusLists
    function openList(uint8 log2size) external returns (uint32 list) {
        (uint32 issuer, uint16 holder, uint16 roles) = _operators.roleOf(msg.sender);
        require(roles & Roles.ISSUE != 0, StatusRegistryNotIssueOperator(msg.sender));
        address current = _directory.current(Names.STATUS_REGISTRY);
        require(current == address(this), StatusRegistryNotCurrent(current));
        require(_registry().isRecognised(issuer), StatusRegistryNotRecognised(issuer));
        require(log2size >= SMALLEST_LOG2 && log2size <= LARGEST_LOG2, StatusRegistrySizeOutOfBounds(log2size));
        if (!_isContinued) {
            // only now does the predecessor open no more
            _nextList = _continued();
            _isContinued = true;
        }
        list = _nextList++;
        _lists[list] = List(issuer, log2size, block.timestamp.toUint40(), 0, 0, holder);
        emit ListOpened(list, issuer, log2size, holder);
    }

    /// @inheritdoc IStatusLists
    function advance(uint32 list, uint32 issuer, uint16 operatorIndex, uint32 first, uint32 size) external {
        require(msg.sender == _directory.current(Names.CREDENTIAL_BATCHES), StatusRegistryNotBatches(msg.sender));
        List memory record = _lists[list];
        require(record.issuer == issuer, StatusRegistryNotIssuer(list, issuer));
        require(record.holder == operatorIndex, StatusRegistryNotHolder(list, record.holder));
        require(first == record.next, CounterMoved(record.next));
        uint32 room = uint32(1 << record.log2size) - first;
        require(size <= room, StatusRegistryListFull(list, room));
        _lists[list].next = first + size;
        emit ListAdvanced(list, operatorIndex, first, size);
    }

    /// @inheritdoc IStatusLists
    function handOver(uint32 list, address account) external {
        List memory record = _lists[list];
        require(record.issuer != 0, StatusRegistryUnknownList(list));
        require(
            msg.sender == alliance() || _operators.hasRole(msg.sender, record.issuer, Roles.ADMIN),
            StatusRegistryNotAdmin(list, msg.sender)
        );
        require(
            !_operators.isFrozen(msg.sender),
            StatusRegistryAdminFrozen(msg.sender, _operators.freezeOf(msg.sender).until)
        );
        (uint32 institution, uint16 holder, uint16 roles) = _operators.roleOf(account);
        require(institution == record.issuer && roles & Roles.ISSUE != 0, StatusRegistryCannotHold(list, account));
        _lists[list].holder = holder;
        emit ListHandedOver(list, holder, msg.sender);
    }

    /// @inheritdoc IStatusLists
    function setCustodian(uint32 list, uint32 custodian, bytes32 document) external onlyAlliance {
        require(_lists[list].issuer != 0, StatusRegistryUnknownList(list));
        require(custodian <= _operators.institutionCount(), StatusRegistryUnknownInstitution(custodian));
        _lists[list].custodian = custodian;
        emit CustodianNamed(list, custodian, document);
    }

    /// @inheritdoc IStatusLists
    function listOf(uint32 number) public view returns (List memory) {
        return _lists[number];
    }

    /// @inheritdoc IStatusLists
    function nextList() external view returns (uint32) {
        return _isContinued ? _nextList : _continued();
    }

    /// @inheritdoc IStatusLists
    function operators() external view returns (address) {
        return address(_operators);
    }

    /// @inheritdoc IStatusLists
    function directory() external view returns (address) {
        return address(_directory);
    }

    /// @dev Reasons are coarse.
    modifier onlyReason(uint8 reason) {
        require(reason <= LAST_REASON, StatusRegistryReasonOutOfBounds(reason));
        _;
    }

    /// @dev The caller as STATUS operator of the institution that keeps the list, and the list's size.
    function _requireKeeper(uint32 list) internal view returns (Keeper memory keeper) {
        List memory record = _lists[list];
        require(record.issuer != 0, StatusRegistryUnknownList(list));
        uint16 roles;
        (keeper.institution, keeper.operatorIndex, roles) = _operatorOf(msg.sender);
        require(
            roles & Roles.STATUS != 0 && keeper.institution == _keeperOf(record),
            StatusRegistryNotKeeper(list, msg.sender)
        );
        keeper.log2size = record.log2size;
    }

    /// @dev The issuer keeps its list while it is recognised; while it is not, the custodian that the Alliance named, or
    /// where it named none the issuer's accreditor.
    function _keeperOf(List memory record) internal view returns (uint32 keeper) {
        keeper = _registry().keeperOf(record.issuer);
        if (keeper != record.issuer && record.custodian != 0) keeper = record.custodian;
    }

    function _operatorOf(address account) internal view returns (uint32 institution, uint16 index, uint16 roles) {
        return _operators.roleOf(account);
    }

    function _current(bytes32 name) internal view returns (address) {
        return _directory.current(name);
    }

    function _resolve(bytes32 name) internal view returns (address target, uint16 version) {
        return _directory.resolve(name);
    }

    function _entered(bytes32 name, uint16 version) internal view returns (address) {
        return _directory.entry(name, version).target;
    }

    /// @dev The number after the last of the version that this one follows, if it is in force and follows one.
    function _continued() private view returns (uint32) {
        uint16 version = _directory.count(Names.STATUS_REGISTRY);
        while (version != 0 && _directory.entry(Names.STATUS_REGISTRY, version).target != address(this)) --version;
        if (version < 2) return _nextList;
        uint32 next = IStatusLists(_directory.entry(Names.STATUS_REGISTRY, version - 1).target).nextList();
        return next > _nextList ? next : _nextList;
    }

    function _registry() private view returns (IIssuerRegistry) {
        return IIssuerRegistry(_directory.current(Names.ISSUER_REGISTRY));
    }
}
