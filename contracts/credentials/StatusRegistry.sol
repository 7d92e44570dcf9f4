// SPDX-License-Identifier: Apache-2.0
pragma solidity 0.8.30;

import {BatchVoids} from "./BatchVoids.sol";
import {IStatusRegistry} from "./IStatusRegistry.sol";
import {StatusLists} from "./StatusLists.sol";
import {Governed} from "../governance/Governed.sol";
import {BitWords} from "../libraries/BitWords.sol";
import {Names} from "../libraries/Names.sol";

/// @title Which credentials have left force, as bitmaps
contract StatusRegistry is BatchVoids, IStatusRegistry {
    using BitWords for mapping(uint32 => uint256);

    /// @dev What is done to the bits of a mask.
    enum Change {
        Revoke,
        Suspend,
        Reinstate,
        ClearRevocation
    }

    uint256 private constant LIST_OFFSET = 6; // of a leaf's input: docs/protocol.md 2.1
    uint256 private constant INDEX_OFFSET = 10;

    mapping(uint32 => mapping(uint32 => uint256)) private _revoked; // list => index >> 8 => bits
    mapping(uint32 => mapping(uint32 => uint256)) private _suspended;
    mapping(address => mapping(bytes32 => bool)) private _remedied; // version of Disputes => dispute

    constructor(address alliance_, address operators_, address directory_, uint32 firstList)
        Governed(alliance_)
        StatusLists(operators_, directory_, firstList)
    {}

    /// @inheritdoc IStatusRegistry
    function revoke(uint32 list, uint32 index, uint8 reason) external onlyReason(reason) {
        _changeOne(Change.Revoke, list, index);
        emit CredentialRevoked(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function suspend(uint32 list, uint32 index, uint8 reason) external onlyReason(reason) {
        _changeOne(Change.Suspend, list, index);
        emit CredentialSuspended(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function reinstate(uint32 list, uint32 index, uint8 reason) external onlyReason(reason) {
        _changeOne(Change.Reinstate, list, index);
        emit CredentialReinstated(list, index, reason);
    }

    /// @inheritdoc IStatusRegistry
    function revokeWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyReason(reason)
    {
        _changeWords(Change.Revoke, list, wordIndexes, masks, _requireKeeper(list).log2size, bytes32(uint256(reason)));
    }

    /// @inheritdoc IStatusRegistry
    function suspendWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyReason(reason)
    {
        _changeWords(Change.Suspend, list, wordIndexes, masks, _requireKeeper(list).log2size, bytes32(uint256(reason)));
    }

    /// @inheritdoc IStatusRegistry
    function reinstateWords(uint32 list, uint32[] calldata wordIndexes, uint256[] calldata masks, uint8 reason)
        external
        onlyReason(reason)
    {
        _changeWords(Change.Reinstate, list, wordIndexes, masks, _requireKeeper(list).log2size, bytes32(uint256(reason)));
    }

    /// @inheritdoc IStatusRegistry
    function clearRevocations(
        uint32 list,
        uint32[] calldata wordIndexes,
        uint256[] calldata masks,
        bytes32 document
    ) external onlyAlliance {
        List memory record = listOf(list);
        require(record.issuer != 0, StatusRegistryUnknownList(list));
        _changeWords(Change.ClearRevocation, list, wordIndexes, masks, record.log2size, document);
    }

    /// @inheritdoc IStatusRegistry
    function remedy(
        bytes32 dispute,
        uint16 batchesVersion,
        bytes32 batchId,
        bytes calldata leafInput,
        uint32 leafIndex,
        bytes32[] calldata path,
        uint8 reason
    ) external onlyReason(reason) {
        require(msg.sender == _current(Names.DISPUTES), StatusRegistryNotDisputes(msg.sender));
        require(!_remedied[msg.sender][dispute], StatusRegistryRemedied(dispute));
        require(
            _batches(batchesVersion, batchId).contains(batchId, leafInput, leafIndex, path),
            StatusRegistryNotInBatch(batchId, leafIndex)
        );
        uint32 list = _numberAt(leafInput, LIST_OFFSET);
        uint32 index = _numberAt(leafInput, INDEX_OFFSET);
        _requireIndex(list, index, listOf(list).log2size);
        _remedied[msg.sender][dispute] = true;
        emit DisputeRemedied(dispute, list, index, batchId, msg.sender);
        // its keeper may have revoked it before: the dispute ends all the same
        if (_apply(Change.Revoke, list, index >> 8, 1 << (index & 0xff)) != 0) {
            emit CredentialRevoked(list, index, reason);
        }
    }

    /// @inheritdoc IStatusRegistry
    function statusOf(uint32 list, uint32 index) external view returns (bool revoked, bool suspended) {
        _requireIndex(list, index, listOf(list).log2size);
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
    function _changeOne(Change change, uint32 list, uint32 index) private {
        _requireIndex(list, index, _requireKeeper(list).log2size);
        uint256 changed = _apply(change, list, index >> 8, 1 << (index & 0xff));
        require(changed != 0, StatusRegistryUnchanged(list, index));
    }

    /// @dev All words or none; an event for each that changed. `told` is the reason, or the document.
    function _changeWords(
        Change change,
        uint32 list,
        uint32[] calldata wordIndexes,
        uint256[] calldata masks,
        uint8 log2size,
        bytes32 told
    ) private {
        require(
            wordIndexes.length == masks.length, StatusRegistryLengthMismatch(wordIndexes.length, masks.length)
        );
        for (uint256 i = 0; i < masks.length; ++i) {
            uint32 wordIndex = wordIndexes[i];
            require(wordIndex >> (log2size - 8) == 0, StatusRegistryWordOutOfBounds(i, wordIndex));
            uint256 changed = _apply(change, list, wordIndex, masks[i]);
            if (changed != 0) _tell(change, list, wordIndex, changed, told);
        }
    }

    /// @dev The one place where bits change; the mask's bits that did.
    function _apply(Change change, uint32 list, uint32 wordIndex, uint256 mask) private returns (uint256 changed) {
        if (change == Change.Revoke) return _revoked[list].raise(wordIndex, mask);
        if (change == Change.Suspend) return _suspended[list].raise(wordIndex, mask);
        if (change == Change.Reinstate) return _suspended[list].lower(wordIndex, mask);
        return _revoked[list].lower(wordIndex, mask);
    }

    function _tell(Change change, uint32 list, uint32 wordIndex, uint256 changed, bytes32 told) private {
        uint8 reason = uint8(uint256(told));
        if (change == Change.Revoke) emit WordsRevoked(list, wordIndex, changed, reason);
        else if (change == Change.Suspend) emit WordsSuspended(list, wordIndex, changed, reason);
        else if (change == Change.Reinstate) emit WordsReinstated(list, wordIndex, changed, reason);
        else emit RevocationsCleared(list, wordIndex, changed, told);
    }

    /// @dev The big-endian number at that place of a leaf's input, which `contains` held to its length.
    function _numberAt(bytes calldata leafInput, uint256 offset) private pure returns (uint32) {
        return uint32(bytes4(leafInput[offset:]));
    }

    /// @dev A list that is not there has no size, and so no index.
    function _requireIndex(uint32 list, uint32 index, uint8 log2size) private pure {
        require(log2size != 0 && index >> log2size == 0, StatusRegistryIndexOutOfBounds(list, index));
    }
}
