// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {IStatusRegistry} from "./IStatusRegistry.sol";
import {StatusLists} from "./StatusLists.sol";
import {Governed} from "../governance/Governed.sol";
import {BitWords} from "../libraries/BitWords.sol";

/// @title Which credentials have left force, as bitmaps
contract StatusRegistry is StatusLists {
    using BitWords for mapping(uint32 => uint256);

    /// @dev What is done to the bits of a mask.
    enum Change {
        Revoke,
        Suspend,
        Reinstate,
        ClearRevocation
    }

    uint8 private constant LAST_REASON = 3;

    mapping(uint32 => mapping(uint32 => uint256)) private _revoked; // list => index >> 8 => bits
    mapping(uint32 => mapping(uint32 => uint256)) private _suspended;

    constructor(address alliance_, address operators_, address directory_, uint32 firstList)
        Governed(alliance_)
        StatusLists(operators_, directory_, firstList)
    {}

    /// @dev Who may write to the list, and with which reason.
    modifier onlyKeeper(uint32 list, uint8 reason) {
        require(reason <= LAST_REASON, StatusRegistryReasonOutOfBounds(reason));
        _requireKeeper(list);
        _;
    }

    /// @inheritdoc IStatusRegistry
    function revoke(uint32 list, uint32 index, uint8 reason) external onlyKeeper(list, reason) {
        _applyToOne(Change.Revoke, list, index);
        emit CredentialRevoked(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function suspend(uint32 list, uint32 index, uint8 reason) external onlyKeeper(list, reason) {
        _applyToOne(Change.Suspend, list, index);
        emit CredentialSuspended(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function reinstate(uint32 list, uint32 index, uint8 reason) external onlyKeeper(list, reason) {
        _applyToOne(Change.Reinstate, list, index);
        emit CredentialReinstated(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function revokeWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyKeeper(list, reason)
    {
        _requireWords(list, wordIndexes, masks);
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = _apply(Change.Revoke, list, wordIndexes[i], masks[i]);
            if (changed != 0) emit WordsRevoked(list, wordIndexes[i], changed, reason);
        }
    }

    /// @inheritdoc IStatusRegistry
    function suspendWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyKeeper(list, reason)
    {
        _requireWords(list, wordIndexes, masks);
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = _apply(Change.Suspend, list, wordIndexes[i], masks[i]);
            if (changed != 0) emit WordsSuspended(list, wordIndexes[i], changed, reason);
        }
    }

    /// @inheritdoc IStatusRegistry
    function reinstateWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyKeeper(list, reason)
    {
        _requireWords(list, wordIndexes, masks);
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = _apply(Change.Reinstate, list, wordIndexes[i], masks[i]);
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
        for (uint256 i = 0; i < masks.length; ++i) {
            uint256 changed = _apply(Change.ClearRevocation, list, wordIndexes[i], masks[i]);
            if (changed != 0) emit RevocationsCleared(list, wordIndexes[i], changed, document);
        }
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

    /// @dev One credential is a word with one bit; a change that changes nothing is refused.
    function _applyToOne(Change change, uint32 list, uint32 index) private {
        _requireIndex(list, index);
        uint256 changed = _apply(change, list, index >> 8, 1 << (index & 0xff));
        require(changed != 0, StatusRegistryUnchanged(list, index));
    }

    /// @dev The one place where bits change; the mask's bits that did.
    function _apply(Change change, uint32 list, uint32 wordIndex, uint256 mask) private returns (uint256 changed) {
        if (change == Change.Revoke) return _revoked[list].raise(wordIndex, mask);
        if (change == Change.Suspend) return _suspended[list].raise(wordIndex, mask);
        if (change == Change.Reinstate) return _suspended[list].lower(wordIndex, mask);
        return _revoked[list].lower(wordIndex, mask);
    }

    function _requireIndex(uint32 list, uint32 index) private view {
        List memory record = listOf(list);
        require(
            record.issuer != 0 && index >> record.log2size == 0, StatusRegistryIndexOutOfBounds(list, index)
        );
    }

    function _requireWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks) private view {
        require(
            wordIndexes.length == masks.length, StatusRegistryLengthMismatch(wordIndexes.length, masks.length)
        );
        List memory record = listOf(list);
        require(record.issuer != 0, StatusRegistryUnknownList(list));
        uint256 last = (1 << (record.log2size - 8)) - 1;
        for (uint256 i = 0; i < wordIndexes.length; ++i) {
            require(wordIndexes[i] <= last, StatusRegistryWordOutOfBounds(i, wordIndexes[i]));
        }
    }
}
