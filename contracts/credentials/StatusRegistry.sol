// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {SafeCast} from "@openzeppelin/contracts/utils/math/SafeCast.sol";

import {Governed} from "../governance/Governed.sol";
import {IDirectory} from "../governance/IDirectory.sol";
import {IIssuerRegistry} from "../registry/IIssuerRegistry.sol";
import {IOperators} from "../governance/IOperators.sol";
import {IStatusRegistry} from "./IStatusRegistry.sol";
import {BitWords} from "../libraries/BitWords.sol";
import {Names} from "../libraries/Names.sol";
import {Roles} from "../libraries/Roles.sol";

/// @title Status lists, as bitmaps
contract StatusRegistry is IStatusRegistry, Governed {
    using BitWords for mapping(uint32 => uint256);
    using SafeCast for uint256;

    uint8 private constant SMALLEST_LOG2 = 17;
    uint8 private constant LARGEST_LOG2 = 24;
    uint8 private constant LAST_REASON = 3;

    IOperators private immutable _operators;
    IDirectory private immutable _directory;

    uint32 private _nextList;
    bool private _isContinued;
    mapping(uint32 => List) private _lists;
    mapping(uint32 => mapping(uint32 => uint256)) private _revoked; // list => index >> 8 => bits
    mapping(uint32 => mapping(uint32 => uint256)) private _suspended;

    constructor(address alliance_, address operators_, address directory_, uint32 firstList) Governed(alliance_) {
        require(firstList != 0, StatusRegistryFirstListZero());
        _operators = IOperators(operators_);
        _directory = IDirectory(directory_);
        _nextList = firstList;
    }

    /// @dev Who may write to the list, and with which reason.
    modifier onlyKeeper(uint32 list, uint8 reason) {
        require(reason <= LAST_REASON, StatusRegistryReasonOutOfBounds(reason));
        _requireKeeper(list);
        _;
    }

    /// @inheritdoc IStatusRegistry
    function openList(uint8 log2size) external returns (uint32 list) {
        (uint32 issuer,, uint8 roles) = _operators.roleOf(msg.sender);
        require(roles & Roles.ISSUE != 0, StatusRegistryNotIssueOperator(msg.sender));
        address current = _directory.current(Names.STATUS_REGISTRY);
        require(current == address(this), StatusRegistryNotCurrent(current));
        require(_isRecognised(issuer), StatusRegistryNotRecognised(issuer));
        require(log2size >= SMALLEST_LOG2 && log2size <= LARGEST_LOG2, StatusRegistrySizeOutOfBounds(log2size));
        if (!_isContinued) {
            // only now does the predecessor open no more
            _nextList = _continued();
            _isContinued = true;
        }
        list = _nextList++;
        _lists[list] = List(issuer, log2size, block.timestamp.toUint40(), 0, 0);
        emit ListOpened(list, issuer, log2size);
    }

    /// @inheritdoc IStatusRegistry
    function advance(uint32 list, uint32 issuer, uint32 first, uint32 size) external {
        require(msg.sender == _directory.current(Names.CREDENTIAL_BATCHES), StatusRegistryNotBatches(msg.sender));
        List memory record = _lists[list];
        require(record.issuer == issuer, StatusRegistryNotIssuer(list, issuer));
        require(first == record.next, CounterMoved(record.next));
        uint32 room = uint32(1 << record.log2size) - first;
        require(size <= room, StatusRegistryListFull(list, room));
        _lists[list].next = first + size;
    }

    /// @inheritdoc IStatusRegistry
    function revoke(uint32 list, uint32 index, uint8 reason) external onlyKeeper(list, reason) {
        _requireIndex(list, index);
        uint256 changed = _revoked[list].raise(index >> 8, 1 << (index & 0xff));
        require(changed != 0, StatusRegistryUnchanged(list, index));
        emit CredentialRevoked(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function suspend(uint32 list, uint32 index, uint8 reason) external onlyKeeper(list, reason) {
        _requireIndex(list, index);
        uint256 changed = _suspended[list].raise(index >> 8, 1 << (index & 0xff));
        require(changed != 0, StatusRegistryUnchanged(list, index));
        emit CredentialSuspended(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function reinstate(uint32 list, uint32 index, uint8 reason) external onlyKeeper(list, reason) {
        _requireIndex(list, index);
        uint256 changed = _suspended[list].lower(index >> 8, 1 << (index & 0xff));
        require(changed != 0, StatusRegistryUnchanged(list, index));
        emit CredentialReinstated(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function revokeWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyKeeper(list, reason)
    {
        _requireWords(list, wordIndexes, masks);
        mapping(uint32 => uint256) storage bits = _revoked[list];
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = bits.raise(wordIndexes[i], masks[i]);
            if (changed != 0) emit WordsRevoked(list, wordIndexes[i], changed, reason);
        }
    }

    /// @inheritdoc IStatusRegistry
    function suspendWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyKeeper(list, reason)
    {
        _requireWords(list, wordIndexes, masks);
        mapping(uint32 => uint256) storage bits = _suspended[list];
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = bits.raise(wordIndexes[i], masks[i]);
            if (changed != 0) emit WordsSuspended(list, wordIndexes[i], changed, reason);
        }
    }

    /// @inheritdoc IStatusRegistry
    function reinstateWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyKeeper(list, reason)
    {
        _requireWords(list, wordIndexes, masks);
        mapping(uint32 => uint256) storage bits = _suspended[list];
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = bits.lower(wordIndexes[i], masks[i]);
            if (changed != 0) emit WordsReinstated(list, wordIndexes[i], changed, reason);
        }
    }

    /// @inheritdoc IStatusRegistry
    function clearRevocations(
        uint32 list,
        uint32[] calldata wordIndexes,
        uint256[] calldata masks,
        bytes32 document
    ) external onlyAlliance {
        _requireWords(list, wordIndexes, masks);
        mapping(uint32 => uint256) storage bits = _revoked[list];
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = bits.lower(wordIndexes[i], masks[i]);
            if (changed != 0) emit RevocationsCleared(list, wordIndexes[i], changed, document);
        }
    }

    /// @inheritdoc IStatusRegistry
    function setCustodian(uint32 list, uint32 custodian, bytes32 document) external onlyAlliance {
        require(_lists[list].issuer != 0, StatusRegistryUnknownList(list));
        require(custodian <= _operators.institutionCount(), StatusRegistryUnknownInstitution(custodian));
        _lists[list].custodian = custodian;
        emit CustodianNamed(list, custodian, document);
    }

    /// @inheritdoc IStatusRegistry
    function listOf(uint32 number) external view returns (List memory) {
        return _lists[number];
    }

    /// @inheritdoc IStatusRegistry
    function nextList() external view returns (uint32) {
        return _isContinued ? _nextList : _continued();
    }

    /// @inheritdoc IStatusRegistry
    function statusOf(uint32 list, uint32 index) external view returns (bool revoked, bool suspended) {
        _requireIndex(list, index);
        revoked = (_revoked[list][index >> 8] >> (index & 0xff)) & 1 == 1;
        suspended = (_suspended[list][index >> 8] >> (index & 0xff)) & 1 == 1;
    }

    /// @inheritdoc IStatusRegistry
    function words(uint32 list, uint32 from, uint32 count)
        external
        view
        returns (uint256[] memory revoked, uint256[] memory suspended)
    {
        revoked = new uint256[](count);
        suspended = new uint256[](count);
        for (uint32 i = 0; i < count; ++i) {
            revoked[i] = _revoked[list][from + i];
            suspended[i] = _suspended[list][from + i];
        }
    }

    /// @inheritdoc IStatusRegistry
    function operators() external view returns (address) {
        return address(_operators);
    }

    /// @inheritdoc IStatusRegistry
    function directory() external view returns (address) {
        return address(_directory);
    }

    /// @dev The number after the last of the version that this one follows, if it is in force and follows one.
    function _continued() private view returns (uint32) {
        uint16 version = _directory.count(Names.STATUS_REGISTRY);
        while (version != 0 && _directory.entry(Names.STATUS_REGISTRY, version).target != address(this)) --version;
        if (version < 2) return _nextList;
        uint32 next = IStatusRegistry(_directory.entry(Names.STATUS_REGISTRY, version - 1).target).nextList();
        return next > _nextList ? next : _nextList;
    }

    /// @dev The issuer keeps its list while it is recognised; while it is not, the custodian that the Alliance named.
    function _requireKeeper(uint32 list) private view {
        List memory record = _lists[list];
        require(record.issuer != 0, StatusRegistryUnknownList(list));
        (uint32 institution,, uint8 roles) = _operators.roleOf(msg.sender);
        uint32 keeper = _isRecognised(record.issuer) ? record.issuer : record.custodian;
        require(institution == keeper && roles & Roles.STATUS != 0, StatusRegistryNotKeeper(list, msg.sender));
    }

    function _requireIndex(uint32 list, uint32 index) private view {
        List memory record = _lists[list];
        require(
            record.issuer != 0 && index >> record.log2size == 0, StatusRegistryIndexOutOfBounds(list, index)
        );
    }

    function _requireWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks) private view {
        require(
            wordIndexes.length == masks.length, StatusRegistryLengthMismatch(wordIndexes.length, masks.length)
        );
        require(_lists[list].issuer != 0, StatusRegistryUnknownList(list));
        uint256 last = (1 << (_lists[list].log2size - 8)) - 1;
        for (uint256 i = 0; i < wordIndexes.length; ++i) {
            require(wordIndexes[i] <= last, StatusRegistryWordOutOfBounds(i, wordIndexes[i]));
        }
    }

    function _isRecognised(uint32 institution) private view returns (bool) {
        return IIssuerRegistry(_directory.current(Names.ISSUER_REGISTRY)).isRecognised(institution);
    }
}
